/* test_msg_address.c - address lists, good, obsolete and broken */
#include "tests/unit/beginnings.h"
#include "tests/unit/unit.h"

#include "core/msg.h"

/* name<route:mailbox@host>, "group:" and ";", with a blank between them */
static void show(struct buf *out, const struct msg_address *a)
{
	buf_clear(out);
	for (; a; a = a->next) {
		if (out->n > 0)
			buf_addc(out, ' ');
		buf_adds(out, a->name);
		if (a->kind == MSG_GROUP_END) {
			buf_addc(out, ';');
		} else if (a->kind == MSG_GROUP) {
			buf_adds(out, a->mailbox);
			buf_addc(out, ':');
		} else {
			buf_addc(out, '<');
			buf_adds(out, a->route);
			if (a->route.n > 0)
				buf_addc(out, ':');
			buf_adds(out, a->mailbox);
			buf_addc(out, '@');
			buf_adds(out, a->host);
			buf_addc(out, '>');
		}
	}
}

static const struct {
	const char *in, *want;
} cases[] = {
	/* RFC 5322 */
	{ "", "" },
	{ " \r\n ", "" },
	{ "ann@alpha.test", "<ann@alpha.test>" },
	{ "Ann <ann@alpha.test>", "Ann<ann@alpha.test>" },
	{ "<ann@alpha.test>", "<ann@alpha.test>" },
	{ "\"Lee, Ann\" <ann@alpha.test>", "Lee, Ann<ann@alpha.test>" },
	{ "\"a \\\"b\\\" \\\\c\" <a@x>", "a \"b\" \\c<a@x>" },
	{ "Ann  \"von\" \r\n Lee <a@x>", "Ann von Lee<a@x>" },
	{ "a@x,b@y , c@z", "<a@x> <b@y> <c@z>" },
	{ "\"a b\"@x", "<a b@x>" },
	{ "a.\"b c\".d@x", "<a.b c.d@x>" },
	{ "a@[192.0.2.1]", "<a@[192.0.2.1]>" },
	{ "a@[ 192.0\r\n .2.1 ]", "<a@[192.0.2.1]>" },
	{ "team: a@x, B <b@y>;", "team: <a@x> B<b@y> ;" },
	{ "\"my team\":;", "my team: ;" },
	{ "a: b@x;, c@y", "a: <b@x> ; <c@y>" },
	{ "a@x (Ann)", "Ann<a@x>" },
	{ "(Ann) a@x", "Ann<a@x>" },
	{ "<a@x> (Ann (of x))", "Ann (of x)<a@x>" },
	{ "B <a@x> (Ann)", "B<a@x>" },
	{ "a@x (\\(Ann\\))", "(Ann)<a@x>" },
	{ "a@x ()", "<a@x>" },
	{ "=?utf-8?q?Zo=C3=AB?= <z@x>", "=?utf-8?q?Zo=C3=AB?=<z@x>" },
	{ "zo\xc3\xab@b\xc3\xbc"
	  "cher.test",
	    "<zo\xc3\xab@b\xc3\xbc"
	    "cher.test>" },
	/* obsolete forms, §4.4 */
	{ "John Q. Public <j@x>", "John Q. Public<j@x>" },
	{ "a . b @ c . d", "<a.b@c.d>" },
	{ "a(1).(2)b(3)@(4)c(5).(6)d", "6<a.b@c.d>" },
	{ "<@a,@b:c@d>", "<@a,@b:c@d>" },
	{ "X < @a , @b : c@d >", "X<@a,@b:c@d>" },
	{ ",,a@x,,b@y,", "<a@x> <b@y>" },
	{ "g:,,a@x,,;", "g: <a@x> ;" },
	/* broken */
	{ "root", "<root@>" },
	{ "two words", "two words<@>" },
	{ "\"quoted\"", "quoted<@>" },
	{ "a@", "<a@>" },
	{ "@x", "<@x>" },
	{ "<>", "" },
	{ "Nobody <>", "Nobody<@>" },
	{ "a@x <a@x>", "a@x<a@x>" },
	{ "a@x Ann <a@x>", "a@x Ann<a@x>" },
	{ "a@x Ann", "<a@x>" },
	{ "a@b@c", "<a@b@c>" },
	{ "a@b c@d", "<a@b>" },
	{ "a@b \"c\"@d", "<a@b>" },
	{ "Ann <a@x, b@y", "Ann<a@x> <b@y>" },
	{ "Ann <a@x", "Ann<a@x>" },
	{ "<a@x> <b@y>", "<a@x> <b@y>" },
	{ "<a@x>b@y", "<a@x> <b@y>" },
	{ "<<a@x>>", "<a@x>" },
	{ "a@x>, b)@y", "<a@x> <b@y>" },
	{ "<mailto:a@x>", "<mailto:a@x>" },
	{ "<@route>", "" },
	{ "[List] <l@x>", "[List]<l@x>" },
	{ "a@x; b@y", "<a@x> <b@y>" },
	{ "g: a@x", "g: <a@x> ;" },
	{ "g: h: a@x;", "g: ; h: <a@x> ;" },
	{ ":;", ": ;" },
	{ "a@x:b", "<a@x>" },
	{ "\"open <a@x>", "open <a@x><@>" },
	{ "\"open\\", "open\\<@>" },
	{ "(open a@x", "" },
	{ "a@x (open", "open<a@x>" },
	{ "a@x (open\\", "open\\<a@x>" },
	{ "a@[open", "<a@[open>" },
	{ "\"\" <a@x>", "<a@x>" },
};

static void reads(void **state)
{
	struct pool pool = { 0 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		show(&out, msg_addresses(&pool, slice_str(cases[i].in)));
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
	pool_done(&pool);
}

/* Whatever is cut off, nothing is read that is not there. */
static void read(struct slice in)
{
	struct pool pool = { 0 };

	msg_addresses(&pool, in);
	pool_done(&pool);
}

static void reads_any_beginning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		each_beginning(cases[i].in, read);
}

static size_t count(const struct msg_address *a, enum msg_address_kind kind)
{
	size_t n = 0;

	for (; a; a = a->next)
		n += a->kind == kind;
	return n;
}

static void is_bounded(void **state)
{
	struct pool pool = { 0 };
	struct buf in = { 0 };
	struct msg_address *a;

	(void)state;
	for (size_t i = 0; i < 10 * MSG_ADDRESSES_MAX; i++)
		buf_addz(&in, i % 2000 == 0 ? "g:a@x," : "a@x,");
	a = msg_addresses(&pool, buf_slice(&in));
	assert_in_range(count(a, MSG_MAILBOX), MSG_ADDRESSES_MAX - 10, MSG_ADDRESSES_MAX);
	assert_int_equal(count(a, MSG_GROUP), count(a, MSG_GROUP_END));
	buf_done(&in);
	pool_done(&pool);
}

static void repeat(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		buf_addz(b, s);
}

static void nests_comments_without_end(void **state)
{
	struct pool pool = { 0 };
	struct buf in = { 0 };
	struct msg_address *a;

	(void)state;
	buf_addz(&in, "a@x ");
	repeat(&in, "(", 1000000);
	repeat(&in, ")", 1000000);
	buf_addz(&in, ", b@y");
	a = msg_addresses(&pool, buf_slice(&in));
	assert_int_equal(count(a, MSG_MAILBOX), 2);
	buf_done(&in);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(reads_any_beginning),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(nests_comments_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
