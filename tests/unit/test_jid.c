/* test_jid.c - addresses of XMPP, and queues of stanzas */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "protocols/xmpp/jid.h"
#include "protocols/xmpp/queue.h"

struct address {
	const char *in, *bare, *local, *resource; /* bare NULL: none */
};

static const struct address addresses[] = {
	{ "ann@alpha.test", "ann@alpha.test", "ann", "" },
	{ "Ann@ALPHA.Test/Home", "ann@alpha.test", "ann", "Home" },
	{ "alpha.test", "alpha.test", "", "" },
	{ "alpha.test/x", "alpha.test", "", "x" },
	{ "a@b.test/c/d@e", "a@b.test", "a", "c/d@e" }, /* RFC 7622 3.1: the first slash */
	{ "a@b.test/ x", "a@b.test", "a", " x" },
	{ "jo@m\xc3\xbcller.test", "jo@m\xc3\xbcller.test", "jo", "" },
	{ "jo@xn--mller-kva.test", "jo@m\xc3\xbcller.test", "jo", "" },
	{ "j\xc3\xb6@b.test", "j\xc3\xb6@b.test", "j\xc3\xb6", "" },
	{ "a.b+c@b.test", "a.b+c@b.test", "a.b+c", "" },
	{ "", NULL, NULL, NULL },
	{ "@b.test", NULL, NULL, NULL },
	{ "a@", NULL, NULL, NULL },
	{ "a@b.test/", NULL, NULL, NULL },
	{ "a@b@c.test", NULL, NULL, NULL },
	{ "a b@c.test", NULL, NULL, NULL },
	{ "a'b@c.test", NULL, NULL, NULL },
	{ "a&b@c.test", NULL, NULL, NULL },
	{ "a:b@c.test", NULL, NULL, NULL },
	{ "a\"b@c.test", NULL, NULL, NULL },
	{ "a\x7f"
	  "b@c.test",
	    NULL, NULL, NULL },
	{ "a\xc3@c.test", NULL, NULL, NULL },
	{ "a@b..test", NULL, NULL, NULL },
	{ "a@-b.test", NULL, NULL, NULL },
	{ "a@b.test./x", NULL, NULL, NULL },
	{ "a@b.test/\x01", NULL, NULL, NULL },
	{ "a@b.test/\xff", NULL, NULL, NULL },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		const struct address *a = &addresses[i];
		struct pool pool = { 0 };
		struct jid jid;
		bool good = jid_parse(&pool, slice_str(a->in), &jid);
		if (good != (a->bare != NULL))
			fail_msg("'%s' is %s", a->in, good ? "one" : "none");
		if (good &&
		    (!slice_eq(jid.bare, slice_str(a->bare)) ||
			!slice_eq(jid.local, slice_str(a->local)) ||
			!slice_eq(jid.resource, slice_str(a->resource))))
			fail_msg("'%s': %.*s, %.*s, %.*s", a->in, SLICE_ARG(jid.bare),
			    SLICE_ARG(jid.local), SLICE_ARG(jid.resource));
		pool_done(&pool);
	}
}

/* RFC 7622 3.1: 1023 bytes in each part. */
static void test_long(void **state)
{
	struct pool pool = { 0 };
	struct buf text = { 0 };
	struct jid jid;

	(void)state;
	for (size_t n = 1023; n <= 1024; n++) {
		buf_clear(&text);
		for (size_t i = 0; i < n; i++)
			buf_addc(&text, 'x');
		buf_addz(&text, "@b.test");
		assert_int_equal(jid_parse(&pool, buf_slice(&text), &jid), n == 1023);
		buf_clear(&text);
		buf_addz(&text, "a@b.test/");
		for (size_t i = 0; i < n; i++)
			buf_addc(&text, 'x');
		assert_int_equal(jid_parse(&pool, buf_slice(&text), &jid), n == 1023);
	}
	buf_done(&text);
	pool_done(&pool);
}

/* In order however many, through the wrap of the ring; empty it holds nothing. */
static void test_queue(void **state)
{
	struct xmpp_queue q = { 0 };
	unsigned in = 0, out = 0;

	(void)state;
	assert_null(xmpp_queue_take(&q));
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < round % 7 + 1; i++) {
			char text[16];
			int n = snprintf(text, sizeof(text), "%u", in++);
			struct xmpp_stanza *s =
			    xmpp_stanza_new(XMPP_MESSAGE, slice_of(text, (size_t)n));
			xmpp_queue_put(&q, s);
			xmpp_stanza_unref(&s);
		}
		for (unsigned i = 0; i < round % 5 && q.n > 0; i++) {
			char text[16];
			int n = snprintf(text, sizeof(text), "%u", out++);
			assert_true(slice_eq(
			    xmpp_stanza_text(xmpp_queue_nth(&q, 0)), slice_of(text, (size_t)n)));
			struct xmpp_stanza *s = xmpp_queue_take(&q);
			assert_true(slice_eq(xmpp_stanza_text(s), slice_of(text, (size_t)n)));
			xmpp_stanza_unref(&s);
		}
	}
	assert_int_equal(q.n, in - out);
	assert_true(q.bytes > q.n);
	xmpp_queue_done(&q);
	assert_null(q.at);
	assert_int_equal(q.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
