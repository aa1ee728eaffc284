/* test_net.c - networks: read, cut, written, compared */
#include "core/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/unit/unit.h"

static void texts(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: it is none */
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "192.0.2.129/25", "192.0.2.128/25" },
		{ "192.0.2.129/24", "192.0.2.0/24" },
		{ "192.0.2.129/0", "0.0.0.0/0" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:db8:1:2:3::/64", "2001:db8:1:2::/64" },
		{ "2001:db8:ffff::/33", "2001:db8:8000::/33" },
		{ "::/0", "::/0" },
		{ "::1/128", "::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "", NULL },
		{ "/", NULL },
		{ "192.0.2.1/", NULL },
		{ "192.0.2.1/33", NULL },
		{ "192.0.2.1/-1", NULL },
		{ "192.0.2", NULL },
		{ "192.0.2.1/24/24", NULL },
		{ "2001:db8::/129", NULL },
		{ "example.org", NULL },
		{ "1111111111111111111111111111111111111111111111111111", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct net net;
		struct buf out = { 0 };
		bool good = net_parse(slice_str(cases[i].text), &net);

		if (good)
			net_text(&net, &out);
		assert_int_equal(good, cases[i].want != NULL);
		if (good)
			assert_string_equal(buf_z(&out), cases[i].want);
		buf_done(&out);
	}
}

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage out = { 0 };

	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&out)->sin_addr) == 1)
		out.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&out)->sin6_addr) == 1)
		out.ss_family = AF_INET6;
	else
		out.ss_family = AF_UNIX;
	return out;
}

static void lists(void **state)
{
	static const struct {
		const char *list, *address;
		bool want;
	} cases[] = {
		{ "", "192.0.2.1", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "  192.0.2.0/24,\t10.0.0.0/8 ", "10.1.2.3", true },
		{ "192.0.2.0/24, 10.0.0.0/8", "11.1.2.3", false },
		{ "nonsense 10.0.0.0/8", "10.1.2.3", true },
		{ "2001:db8::/32", "2001:db8:1::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "0.0.0.0/0", "192.0.2.1", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.1", false },
		{ "::/0", "2001:db8::1", true },
		{ "192.0.2.1/33 192.0.2.1/x", "192.0.2.1", false },
		{ "::/0", "/run/socket", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sockaddr_storage peer = address(cases[i].address);

		assert_int_equal(
		    nets_have(slice_str(cases[i].list), (struct sockaddr *)&peer), cases[i].want);
	}
	assert_int_equal(nets_fault(SLICE("192.0.2.1, ::1")).n, 0);
	assert_true(slice_eq(nets_fault(SLICE("192.0.2.1, here ::1")), SLICE("here")));
}

static void peers(void **state)
{
	struct sockaddr_storage four = address("192.0.2.77"), six = address("2001:db8:1:2:3::4"),
				mapped = address("::ffff:192.0.2.77"), local = address("/run");
	struct net a, b;

	(void)state;
	assert_true(net_of_peer((struct sockaddr *)&four, 24, 64, &a));
	assert_true(net_of_peer((struct sockaddr *)&mapped, 24, 64, &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(net_parse(SLICE("192.0.2.0/24"), &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(net_of_peer((struct sockaddr *)&six, 24, 64, &a));
	assert_true(net_parse(SLICE("2001:db8:1:2::/64"), &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_false(net_has(&a, &(struct net){ .bits = 10 }));
	assert_false(net_of_peer((struct sockaddr *)&local, 24, 64, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(lists),
		cmocka_unit_test(peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
