/* test_xml.c - cutting a stream into elements, reading them, writing them again */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/xml.h"

#define ROOT "<stream:stream xmlns='jabber:client' xmlns:stream='urn:s'>"

static const struct xml_limits limits = { .depth = 8, .attrs = 4, .name = 32 };

/* --- the scanner --- */

struct cut {
	const char *name, *in;
	bool header;
	enum xml_piece want;
	size_t at; /* of XML_ELEMENT, XML_OPEN, XML_CLOSE; 0: all of it */
	enum xml_fault fault;
};

static const struct cut cuts[] = {
	{ "empty", "<a/>", false, XML_ELEMENT, 0, 0 },
	{ "with content", "<a><b/>text<c>x</c></a>", false, XML_ELEMENT, 0, 0 },
	{ "next one behind", "<a/><b/>", false, XML_ELEMENT, 4, 0 },
	{ "leading space", " \r\n\t<a/>", false, XML_ELEMENT, 0, 0 },
	{ "only space", "   ", false, XML_MORE, 0, 0 },
	{ "text outside", "x<a/>", false, XML_WRONG, 0, XML_MALFORMED },
	{ "gt in a quote", "<a b='>' c=\"/>\">t</a>", false, XML_ELEMENT, 0, 0 },
	{ "slash before gt in text", "<a>/></a>", false, XML_ELEMENT, 0, 0 },
	{ "slash in a value", "<a b='/'>t</a>", false, XML_ELEMENT, 0, 0 },
	{ "slash, then a quote", "<a b=/'x'>t</a>", false, XML_ELEMENT, 0, 0 },
	{ "cdata", "<a><![CDATA[</a>]]></a>", false, XML_ELEMENT, 0, 0 },
	{ "brackets in cdata", "<a><![CDATA[]]]]>x]]]></a>", false, XML_ELEMENT, 0, 0 },
	{ "brackets at its end", "<a><![CDATA[]x]]]]></a>", false, XML_ELEMENT, 0, 0 },
	{ "cdata without end", "<a><![CDATA[]]</a>]>", false, XML_MORE, 0, 0 },
	{ "cdata outside", "<![CDATA[x]]>", false, XML_WRONG, 0, XML_MALFORMED },
	{ "comment", "<a><!-- x --></a>", false, XML_WRONG, 0, XML_RESTRICTED },
	{ "document type", "<!DOCTYPE a>", false, XML_WRONG, 0, XML_RESTRICTED },
	{ "instruction", "<a><?x y?></a>", false, XML_WRONG, 0, XML_RESTRICTED },
	{ "declaration later", "<?xml version='1.0'?><a/>", false, XML_WRONG, 0, XML_RESTRICTED },
	{ "lt in a tag", "<a <b/>", false, XML_WRONG, 0, XML_MALFORMED },
	{ "two lt", "<<a/>", false, XML_WRONG, 0, XML_MALFORMED },
	{ "end of the stream", "</s:s>", false, XML_CLOSE, 0, 0 },
	{ "end tag, not complete", "<a></a", false, XML_MORE, 0, 0 },
	{ "header", "<s:s a='b'>", true, XML_OPEN, 0, 0 },
	{ "header and declaration", "<?xml version='1.0'?>\n<s a='?>'><b/>", true, XML_OPEN, 32,
	    0 },
	{ "declaration not at first", "<a?xml ?>", true, XML_OPEN, 0, 0 },
	{ "instruction in a header", " <?xml ?><s>", true, XML_WRONG, 0, XML_RESTRICTED },
	{ "depth", "<a><a><a><a><a><a><a><a><a>", false, XML_WRONG, 0, XML_LIMIT },
	{ "as deep as may be", "<a><a><a><a><a><a><a><a/>", false, XML_MORE, 0, 0 },
};

static enum xml_piece cut(const struct cut *c, size_t step, size_t *at, enum xml_fault *fault)
{
	struct xml_scan scan = { 0 };
	enum xml_piece piece = XML_MORE;
	size_t all = strlen(c->in);

	for (size_t n = step; piece == XML_MORE; n += step) {
		piece = xml_scan(&scan, slice_of(c->in, n < all ? n : all), c->header, 8, fault);
		if (n >= all)
			break;
	}
	*at = scan.at;
	return piece;
}

static void test_scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		const struct cut *c = &cuts[i];
		for (size_t step = 1; step <= strlen(c->in); step++) {
			enum xml_fault fault = XML_OK;
			size_t at = 0;
			enum xml_piece piece = cut(c, step, &at, &fault);
			if (piece != c->want || fault != c->fault)
				fail_msg(
				    "%s, by %zu: piece %d, fault %d", c->name, step, piece, fault);
			if (piece != XML_WRONG && at != (c->at ? c->at : strlen(c->in)))
				fail_msg("%s, by %zu: ends at %zu", c->name, step, at);
		}
	}
}

/* --- the reader, by what the writer makes of what was read --- */

struct doc {
	const char *in, *out; /* out NULL: the fault */
	enum xml_fault fault;
};

static const struct doc docs[] = {
	{ "<a/>", "<a xmlns='jabber:client'/>", 0 },
	{ "<a><b c='d'>t</b></a>", "<a xmlns='jabber:client'><b c='d'>t</b></a>", 0 },
	{ "<a x='1' y=\"2\"/>", "<a xmlns='jabber:client' x='1' y='2'/>", 0 },
	{ "<a>&lt;&amp;&gt;&quot;&apos;</a>", "<a xmlns='jabber:client'>&lt;&amp;&gt;\"'</a>", 0 },
	{ "<a>&#13;&#x41;</a>", "<a xmlns='jabber:client'>&#13;A</a>", 0 },
	{ "<a b='&apos;&#10;&lt;'/>", "<a xmlns='jabber:client' b='&apos;&#10;&lt;'/>", 0 },
	{ "<a><![CDATA[<&]]]></a>", "<a xmlns='jabber:client'>&lt;&amp;]</a>", 0 },
	{ "<a><![CDATA[<&]]]]></a>", "<a xmlns='jabber:client'>&lt;&amp;]]</a>", 0 },
	{ "<stream:x/>", "<x xmlns='urn:s'/>", 0 },
	{ "<a><b xmlns='urn:b'><c/></b><d xmlns=''/></a>",
	    "<a xmlns='jabber:client'><b xmlns='urn:b'><c/></b><d xmlns=''/></a>", 0 },
	{ "<p:a xmlns:p='urn:p' p:q='1'/>", "<a xmlns='urn:p' xmlns:a1='urn:p' a1:q='1'/>", 0 },
	{ "<a xml:lang='en'/>", "<a xmlns='jabber:client' xml:lang='en'/>", 0 },
	{ "<a>\xc3\xa9\xf0\x9f\x98\x80</a>",
	    "<a xmlns='jabber:client'>\xc3\xa9\xf0\x9f\x98\x80</a>", 0 },
	{ "<a>\xc3</a>", NULL, XML_MALFORMED },
	{ "<a>\xed\xa0\x80</a>", NULL, XML_MALFORMED },
	{ "<a>\x01</a>", NULL, XML_MALFORMED },
	{ "<a>&#0;</a>", NULL, XML_MALFORMED },
	{ "<a>&#xd800;</a>", NULL, XML_MALFORMED },
	{ "<a></b>", NULL, XML_MALFORMED },
	{ "<a", NULL, XML_MALFORMED },
	{ "<a>", NULL, XML_MALFORMED },
	{ "<a/><b/>", NULL, XML_MALFORMED },
	{ "", NULL, XML_MALFORMED },
	{ "text", NULL, XML_MALFORMED },
	{ "<a b='1' b='2'/>", NULL, XML_MALFORMED },
	{ "<a b=1/>", NULL, XML_MALFORMED },
	{ "<q:a/>", NULL, XML_MALFORMED },
	{ "<a b='<'/>", NULL, XML_MALFORMED },
	{ "<a>&nothing;</a>", NULL, XML_RESTRICTED },
	{ "<a b='&nothing;'/>", NULL, XML_RESTRICTED },
	{ "<a><!-- x --></a>", NULL, XML_RESTRICTED },
	{ "<a><?x y?></a>", NULL, XML_RESTRICTED },
	{ "<a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>", NULL, XML_LIMIT },
	{ "<a b='1' c='1' d='1' e='1' f='1'/>", NULL, XML_LIMIT },
	{ "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/>", NULL, XML_LIMIT },
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++) {
		struct pool pool = { 0 };
		struct buf out = { 0 };
		enum xml_fault fault = XML_OK;
		const struct xml *x =
		    xml_read(&pool, SLICE(ROOT), slice_str(docs[i].in), false, &limits, &fault);
		if (x)
			xml_write(&out, x, SLICE(""));
		if (fault != docs[i].fault || (docs[i].out == NULL) != (x == NULL))
			fail_msg("%s: fault %d", docs[i].in, fault);
		if (x && strcmp(buf_z(&out), docs[i].out) != 0)
			fail_msg("%s: became %s", docs[i].in, buf_z(&out));
		buf_done(&out);
		pool_done(&pool);
	}
}

/* Entities that grow: refused where they are declared, before anything grows. */
static void test_laughs(void **state)
{
	static const char *const evil[] = {
		"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
		"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a '1'><!ENTITY b '&a;&a;'>]><a>&b;</a>",
		"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
		"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://x/'> %p;]><a/>",
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++) {
		enum xml_fault fault = XML_OK;
		assert_null(xml_read(
		    &pool, (struct slice){ 0 }, slice_str(evil[i]), false, &limits, &fault));
		assert_int_equal(fault, XML_RESTRICTED);
	}
	pool_done(&pool);
}

static void test_header(void **state)
{
	struct pool pool = { 0 };
	enum xml_fault fault = XML_OK;
	struct slice none = { 0 };

	(void)state;
	const struct xml *x = xml_read(&pool, none,
	    SLICE("<?xml version='1.0' encoding='UTF-8'?><s:stream xmlns:s='urn:s' to='b.test'>"),
	    true, &limits, &fault);
	assert_non_null(x);
	assert_true(xml_is(x, SLICE("urn:s"), SLICE("stream")));
	assert_true(slice_eq(xml_attr(x, "to"), SLICE("b.test")));
	assert_null(xml_attr(x, "from").p);
	assert_null(xml_read(&pool, none, SLICE("<s/>"), true, &limits, &fault));
	assert_int_equal(fault, XML_MALFORMED);
	assert_null(xml_read(&pool, none, SLICE("<?xml version='1.0' encoding='ISO-8859-1'?><s>"),
	    true, &limits, &fault));
	assert_int_equal(fault, XML_ENCODING);
	pool_done(&pool);
}

static void test_tree(void **state)
{
	struct pool pool = { 0 };
	enum xml_fault fault = XML_OK;
	struct buf out = { 0 };

	(void)state;
	const struct xml *x = xml_read(&pool, SLICE(ROOT),
	    SLICE("<iq a='1' to='x' b='2'>t1<q xmlns='urn:q'>one&amp;<i/>two</q><r/></iq>"), false,
	    &limits, &fault);
	assert_non_null(x);
	const struct xml *q = xml_child(x, "urn:q", "q");
	assert_non_null(q);
	assert_ptr_equal(xml_child(x, NULL, NULL), q);
	assert_null(xml_child(x, "urn:other", NULL));
	assert_true(slice_eq(xml_next(q)->name, SLICE("r")));
	assert_null(xml_next(xml_next(q)));
	assert_true(slice_eq(xml_text(&pool, q), SLICE("one&two")));
	assert_true(slice_eq(xml_text(&pool, xml_child(x, NULL, "r")), SLICE("")));

	const struct xml *y = xml_with(&pool, x, "to", SLICE("it's"));
	xml_write(&out,
	    xml_with(&pool, xml_with(&pool, y, "from", SLICE("me")), "b", (struct slice){ 0 }),
	    SLICE("jabber:client"));
	assert_string_equal(buf_z(&out),
	    "<iq from='me' to='it&apos;s' a='1'>t1<q xmlns='urn:q'>one&amp;<i/>two</q><r/></iq>");
	assert_true(slice_eq(xml_attr(x, "to"), SLICE("x")));
	buf_done(&out);
	pool_done(&pool);
}

/* Expat hands text over in many pieces; none may be lost, at any length. */
static void test_long_text(void **state)
{
	(void)state;
	for (size_t n = 1; n < 20000; n = n * 3 + 1) {
		struct pool pool = { 0 };
		struct buf in = { 0 };
		enum xml_fault fault = XML_OK;
		buf_addz(&in, "<a>");
		for (size_t i = 0; i < n; i++)
			buf_addz(&in, i % 3 == 0 ? "\n" : i % 3 == 1 ? "&amp;" : "x");
		buf_addz(&in, "</a>");
		const struct xml *x =
		    xml_read(&pool, SLICE(ROOT), buf_slice(&in), false, &limits, &fault);
		assert_non_null(x);
		struct slice text = xml_text(&pool, x);
		assert_int_equal(text.n, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(text.p[i], "\n&x"[i % 3]);
		buf_done(&in);
		pool_done(&pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_laughs),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_long_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
