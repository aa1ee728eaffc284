/* test_range.c - ranges of addresses as text, and tables of them */
#include "core/range.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

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

static bool has(const char *range, const char *from)
{
	struct sockaddr_storage a = address(from);
	struct range_address at;
	struct range r;

	return range_parse(slice_str(range), &r) && range_of((const struct sockaddr *)&a, &at) &&
	    memcmp(&r.first, &at, sizeof(at)) <= 0 && memcmp(&at, &r.last, sizeof(at)) <= 0;
}

static void texts(void **state)
{
	static const struct {
		const char *net, *in, *out; /* an address that it has, one that it has not */
	} good[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.2" },
		{ "192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1" },
		{ "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
		{ "0.0.0.0/0", "255.255.255.255", "::1" },
		{ "192.0.2.4-192.0.2.9", "192.0.2.9", "192.0.2.10" },
		{ "192.0.2.4-9", "192.0.2.4", "192.0.2.3" },
		{ "10.", "10.255.0.1", "11.0.0.0" },
		{ "10.1.2.", "10.1.2.0", "10.1.3.0" },
		{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
		{ "2001:db8::1-2001:db8::ff", "2001:db8::ff", "2001:db8::100" },
		{ "::/0", "2001:db8::1", "192.0.2.1" },
		{ "::1/128", "::1", "::" },
	};
	static const char *const bad[] = { "", " ", "192.0.2", "192.0.2.256", "192.0.2.0/33",
		"192.0.2.0/", "/24", "192.0.2.9-192.0.2.1", "192.0.2.1-", "192.0.2.1-::1",
		"192.0.2.1-256", "1.2.3.4.", ".", "1..", "x.", "2001:db8::/129", "2001:db8::1-5",
		"mx.example.org", "[192.0.2.1", "-", "1-2" };
	struct range range;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		want_true(good[i].net, range_parse(slice_str(good[i].net), &range));
		want_true(good[i].net, has(good[i].net, good[i].in));
		want_true(good[i].net, !has(good[i].net, good[i].out));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		want_true(bad[i], !range_parse(slice_str(bad[i]), &range));
	assert_false(range_parse(slice_of("1.2.3.4\0", 8), &range));
}

/* --- tables, beside a search from the first to the last --- */

static uint32_t slowly(const struct range_entry *entries, size_t n, const struct range_address *a)
{
	uint32_t rank = RANGE_NOWHERE;

	for (size_t i = 0; i < n; i++)
		if (memcmp(&entries[i].range.first, a, sizeof(*a)) <= 0 &&
		    memcmp(a, &entries[i].range.last, sizeof(*a)) <= 0 && entries[i].rank < rank)
			rank = entries[i].rank;
	return rank;
}

/* Few different bytes, so that ranges meet, nest and begin together; now and then at
   either end of all addresses. */
static struct range_address some_address(void)
{
	struct range_address a = { 0 };

	if (rand() % 8 == 0)
		memset(&a, 0xff, sizeof(a));
	else if (rand() % 8 > 0)
		a.b[0] = (unsigned char)(rand() % 2 * 255);
	a.b[sizeof(a.b) - 1] = (unsigned char)(rand() % 12 + (rand() % 2 ? 244 : 0));
	return a;
}

static void tables(void **state)
{
	struct range_entry entries[40];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t n = (size_t)(rand() % (int)COUNT(entries));
		for (size_t i = 0; i < n; i++) {
			struct range_address a = some_address(), b = some_address();
			bool order = memcmp(&a, &b, sizeof(a)) <= 0;
			entries[i] = (struct range_entry){ { order ? a : b, order ? b : a },
				(uint32_t)(rand() % 6) };
		}
		struct range_table *table = range_table_new(entries, n);
		for (int i = 0; i < 50; i++) {
			struct range_address a = some_address();
			want_num("rank", range_table_find(table, &a), slowly(entries, n, &a));
		}
		range_table_free(&table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(tables),
	};

	srand(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
