/* test_limit.c - counters by key, and answers held back */
#include "core/limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "core/hash.h"
#include "tests/unit/unit.h"

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage out = { 0 };
	struct sockaddr_in *four = (struct sockaddr_in *)&out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		out.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		out.ss_family = AF_INET6;
	else
		out.ss_family = AF_UNIX;
	return out;
}

static void counts(void **state)
{
	struct slice a = SLICE("a"), b = SLICE("b");

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_true(limit_enter(LIMIT_ADDRESS, a, 2));
		assert_true(limit_enter(LIMIT_ADDRESS, a, 2));
		assert_false(limit_enter(LIMIT_ADDRESS, a, 2));
		assert_true(limit_enter(LIMIT_ADDRESS, a, 3));
		assert_true(limit_enter(LIMIT_ADDRESS, b, 1));
		assert_true(limit_enter(LIMIT_ACCOUNT, a, 1));
		assert_false(limit_enter(LIMIT_ACCOUNT, a, 1));
		assert_false(limit_enter(LIMIT_ACCOUNT, b, 0));
		for (int i = 0; i < 3; i++)
			limit_leave(LIMIT_ADDRESS, a);
		limit_leave(LIMIT_ADDRESS, b);
		limit_leave(LIMIT_ACCOUNT, a);
		limit_leave(LIMIT_ACCOUNT, a); /* one too many does no harm */
	}
}

static void many_keys(void **state)
{
	char key[16];

	(void)state;
	for (int i = 0; i < 50000; i++)
		assert_true(limit_enter(
		    LIMIT_ADDRESS, slice_of(key, (size_t)snprintf(key, sizeof key, "%d", i)), 1));
	for (int i = 0; i < 50000; i++)
		assert_false(limit_enter(
		    LIMIT_ADDRESS, slice_of(key, (size_t)snprintf(key, sizeof key, "%d", i)), 1));
	for (int i = 0; i < 50000; i++)
		limit_leave(
		    LIMIT_ADDRESS, slice_of(key, (size_t)snprintf(key, sizeof key, "%d", i)));
}

static void networks(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "2001:db8::1", "2001:db8::ffff", true },
		{ "2001:db8::1", "2001:db8:0:1::1", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "a socket", "another", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sockaddr_storage a = address(cases[i].a), b = address(cases[i].b);
		unsigned char x[8], y[8];
		size_t nx = limit_address_key((struct sockaddr *)&a, x);
		size_t ny = limit_address_key((struct sockaddr *)&b, y);

		want_num(cases[i].a, slice_eq(slice_of(x, nx), slice_of(y, ny)), cases[i].same);
	}
}

static void holds_back(void **state)
{
	struct sockaddr_storage here = address("192.0.2.1"), there = address("192.0.2.9");
	unsigned first = limit_fail((struct sockaddr *)&here, SLICE("ann")), last = first;

	(void)state;
	assert_true(first > 0);
	for (int i = 0; i < 100; i++) {
		unsigned ms = limit_fail((struct sockaddr *)&here, SLICE("ann"));
		assert_true(ms >= last);
		last = ms;
	}
	assert_true(last > 4 * first && last <= 60000);
	/* The login is known as attacked from anywhere, the address for any login. */
	assert_int_equal(limit_fail((struct sockaddr *)&there, SLICE("ann")), last);
	assert_int_equal(limit_fail((struct sockaddr *)&here, SLICE("bob")), last);
	assert_true(limit_fail((struct sockaddr *)&there, SLICE("cy")) < last);
	limit_succeed((struct sockaddr *)&here, SLICE("ann"));
	struct sockaddr_storage new = address("198.51.100.1");
	assert_int_equal(limit_fail((struct sockaddr *)&new, SLICE("ann")), first);
}

static void forgets_the_oldest(void **state)
{
	struct sockaddr_storage a = { .ss_family = AF_INET };
	struct sockaddr_storage victim = address("203.0.113.1");
	char login[16];

	(void)state;
	unsigned first = limit_fail((struct sockaddr *)&victim, SLICE("old"));
	limit_fail((struct sockaddr *)&victim, SLICE("old"));
	for (uint32_t i = 0; i < 20000; i++) {
		((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(0x0a000000 + i);
		limit_fail((struct sockaddr *)&a,
		    slice_of(login, (size_t)snprintf(login, sizeof login, "l%u", i)));
	}
	assert_int_equal(limit_fail((struct sockaddr *)&victim, SLICE("old")), first);
}

static void hashes(void **state)
{
	unsigned bucket[16] = { 0 };

	(void)state;
	assert_true(hash_bytes(SLICE("ann")) == hash_bytes(SLICE("ann")));
	assert_true(hash_bytes(SLICE("")) != hash_bytes(SLICE("\0")));
	assert_true(hash_bytes(SLICE("1234567")) != hash_bytes(SLICE("12345678")));
	for (uint32_t i = 0; i < 16000; i++)
		bucket[hash_bytes(slice_of(&i, sizeof i)) % 16]++;
	for (size_t i = 0; i < COUNT(bucket); i++)
		assert_in_range(bucket[i], 850, 1150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(networks),
		cmocka_unit_test(holds_back),
		cmocka_unit_test(forgets_the_oldest),
		cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
