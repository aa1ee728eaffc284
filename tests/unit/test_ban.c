/* test_ban.c - offences lead to bans, of IPv4 addresses and IPv6 networks */
#include "core/ban.h"

#include "core/client.h"
#include "tests/unit/unit.h"

enum { BY_DEFAULT = 20 }; /* ban.after-failed-logins */

static const struct sockaddr *at(const char *text)
{
	static struct sockaddr_storage out;
	socklen_t n;

	assert_true(client_address(slice_str(text), 25, &out, &n));
	return (const struct sockaddr *)&out;
}

static void fail_often(const char *address, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		ban_offence(at(address), BAN_LOGIN);
}

static void one_address(void **state)
{
	(void)state;
	fail_often("192.0.2.1", BY_DEFAULT - 1);
	assert_false(ban_has(at("192.0.2.1")));
	fail_often("192.0.2.1", 1);
	assert_true(ban_has(at("192.0.2.1")));
	assert_true(ban_has(at("::ffff:192.0.2.1")));
	assert_false(ban_has(at("192.0.2.2")));
}

/* One customer has a /64, and may come from anywhere in it. */
static void one_network(void **state)
{
	char address[32] = "2001:db8:0:1::a";

	(void)state;
	for (unsigned i = 0; i < BY_DEFAULT; i++) {
		address[14] = (char)('a' + i % 6);
		ban_offence(at(address), BAN_LOGIN);
	}
	assert_true(ban_has(at("2001:db8:0:1:ffff::1")));
	assert_false(ban_has(at("2001:db8:0:2::a")));
}

static void kinds_are_counted_apart(void **state)
{
	(void)state;
	fail_often("198.51.100.1", BY_DEFAULT - 1);
	ban_offence(at("198.51.100.1"), BAN_RECIPIENT);
	assert_false(ban_has(at("198.51.100.1")));
}

static void trusted(void **state)
{
	(void)state;
	fail_often("127.0.0.1", 3 * BY_DEFAULT);
	assert_false(ban_has(at("127.0.0.1")));
	assert_true(ban_is_trusted(at("127.99.1.1")));
}

static void by_hand(void **state)
{
	struct net net;

	(void)state;
	assert_true(net_parse(SLICE("203.0.113.0/25"), &net));
	ban_add(&net, 60000, BAN_BY_ADMIN);
	assert_true(ban_has(at("203.0.113.127")));
	assert_false(ban_has(at("203.0.113.128")));
	assert_true(ban_remove(&net));
	assert_false(ban_remove(&net));
	assert_false(ban_has(at("203.0.113.127")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address),
		cmocka_unit_test(one_network),
		cmocka_unit_test(kinds_are_counted_apart),
		cmocka_unit_test(trusted),
		cmocka_unit_test(by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
