/* test_dns_cache.c - answers that are kept for as long as they live */
#include "core/dns_private.h"

#include "tests/unit/unit.h"

static bool known(const char *name, struct pool *pool, struct dns_answer *out)
{
	enum dns_status status = DNS_FAILED;

	return dns_known(slice_str(name), DNS_TXT, pool, out, &status) && status == DNS_FOUND;
}

static void kept_as_it_came(void **state)
{
	const struct slice rr[] = { SLICE("\3abc"), SLICE(""), SLICE("\1x") };
	const struct dns_answer answer = { true, SLICE("canon.test"), rr, COUNT(rr) };
	struct pool pool = { 0 };
	struct dns_answer got;

	(void)state;
	assert_false(known("a.test", &pool, &got));
	dns_cache_put(SLICE("A.test"), DNS_TXT, DNS_FOUND, &answer, 60);
	assert_true(known("a.TEST", &pool, &got));
	want_num("records", (int64_t)got.n, 3);
	want_text("first", got.rr[0], "\3abc");
	want_num("empty", (int64_t)got.rr[1].n, 0);
	want_text("last", got.rr[2], "\1x");
	want_text("name", got.name, "canon.test");
	want_true("secure", got.secure);
	dns_cache_put(
	    SLICE("a.test"), DNS_TXT, DNS_FOUND, &(struct dns_answer){ .rr = rr, .n = 1 }, 60);
	assert_true(known("a.test", &pool, &got));
	want_num("newer", (int64_t)got.n, 1);
	dns_cache_clear();
	assert_false(known("a.test", &pool, &got));
	pool_done(&pool);
}

static void not_kept(void **state)
{
	static char large[5000];
	const struct slice rr = slice_of(large, sizeof(large));
	const struct dns_answer answer = { .rr = &rr, .n = 1 };
	struct pool pool = { 0 };
	struct dns_answer got;
	enum dns_status status;

	(void)state;
	dns_cache_put(SLICE("large.test"), DNS_TXT, DNS_FOUND, &answer, 60);
	assert_false(known("large.test", &pool, &got));
	dns_cache_put(SLICE("b.test"), DNS_TXT, DNS_FOUND, &(struct dns_answer){ 0 }, 0);
	assert_false(known("b.test", &pool, &got));
	dns_cache_put(SLICE("c.test"), DNS_TXT, DNS_FAILED, &(struct dns_answer){ 0 }, 60);
	assert_false(dns_known(SLICE("c.test"), DNS_TXT, &pool, &got, &status));
	dns_cache_put(SLICE("d.test"), DNS_TXT, DNS_ABSENT, &(struct dns_answer){ 0 }, 60);
	assert_true(dns_known(SLICE("d.test"), DNS_TXT, &pool, &got, &status));
	want_num("absent", status, DNS_ABSENT);
	assert_false(dns_known(SLICE("d.test"), DNS_A, &pool, &got, &status));
	dns_stop();
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_as_it_came),
		cmocka_unit_test(not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
