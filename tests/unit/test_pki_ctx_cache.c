/* test_pki_ctx_cache.c - TLS contexts by name: found, replaced, pushed out, freed */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "pki/ctx_cache.h"
#include "tests/unit/wire.h"

static struct tls_ctx *one, *two;

static int set_up(void **state)
{
	(void)state;
	one = wire_server_ctx(&(struct wire_spec){ .domain = "one.test" });
	two = wire_server_ctx(&(struct wire_spec){ .domain = "two.test" });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tls_ctx_unref(&one);
	tls_ctx_unref(&two);
	return 0;
}

static const char *label(struct ctx_cache *cache, const char *key)
{
	struct tls_ctx *ctx = ctx_cache_get(cache, slice_str(key));
	const char *name = ctx ? tls_ctx_label(ctx) : "none";

	tls_ctx_unref(&ctx); /* `one` and `two` live on */
	return name;
}

static void found_and_replaced(void **state)
{
	struct ctx_cache *cache = ctx_cache_new(10);

	(void)state;
	assert_string_equal(label(cache, "a"), "none");
	ctx_cache_put(cache, SLICE("a"), one);
	ctx_cache_put(cache, SLICE("b"), two);
	assert_string_equal(label(cache, "a"), "one.test");
	assert_string_equal(label(cache, "b"), "two.test");
	assert_string_equal(label(cache, ""), "none");
	ctx_cache_put(cache, SLICE("a"), two);
	assert_string_equal(label(cache, "a"), "two.test");
	assert_int_equal(ctx_cache_count(cache), 2);
	ctx_cache_drop(cache, SLICE("a"));
	ctx_cache_drop(cache, SLICE("a"));
	ctx_cache_drop(cache, SLICE("never there"));
	assert_string_equal(label(cache, "a"), "none");
	ctx_cache_clear(cache);
	assert_int_equal(ctx_cache_count(cache), 0);
	ctx_cache_put(cache, SLICE("a"), one);
	assert_string_equal(label(cache, "a"), "one.test");
	ctx_cache_free(&cache);
	assert_null(cache);
	ctx_cache_free(&cache);
}

static void oldest_goes(void **state)
{
	struct ctx_cache *cache = ctx_cache_new(3);

	(void)state;
	ctx_cache_put(cache, SLICE("a"), one);
	ctx_cache_put(cache, SLICE("b"), one);
	ctx_cache_put(cache, SLICE("c"), one);
	label(cache, "a"); /* used: b is the oldest now */
	ctx_cache_put(cache, SLICE("d"), two);
	assert_string_equal(label(cache, "b"), "none");
	assert_string_equal(label(cache, "a"), "one.test");
	assert_string_equal(label(cache, "c"), "one.test");
	assert_string_equal(label(cache, "d"), "two.test");
	ctx_cache_free(&cache);
}

static void many(void **state)
{
	struct ctx_cache *cache = ctx_cache_new(50);
	char key[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ctx_cache_put(cache, slice_str(key), i % 2 ? one : two);
	}
	assert_int_equal(ctx_cache_count(cache), 50);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		want_text(key, slice_str(label(cache, key)),
		    i < 950	? "none"
			: i % 2 ? "one.test"
				: "two.test");
	}
	ctx_cache_free(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_and_replaced),
		cmocka_unit_test(oldest_goes),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
