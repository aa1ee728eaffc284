/* test_relay.c - replies, dots, times and notifications of mail to other servers */
#include <stdlib.h>

#include "tests/unit/unit.h"

#include "core/conf.h"
#include "core/dns.h"
#include "core/msg.h"
#include "protocols/relay/body.h"
#include "protocols/relay/heap.h"
#include "protocols/relay/job.h"
#include "protocols/relay/reply.h"

/* --- replies --- */

static void replies(void **state)
{
	static const struct {
		const char *name, *lines; /* parted by '|' */
		enum reply_part want;
		const char *text;
	} cases[] = {
		{ "one line", "250 2.0.0 Fine", REPLY_DONE, "250 2.0.0 Fine" },
		{ "code alone", "250", REPLY_DONE, "250 " },
		{ "code and blank", "250 ", REPLY_DONE, "250 " },
		{ "two lines", "550-5.1.1 No|550 5.1.1 user", REPLY_DONE, "550 5.1.1 No user" },
		{ "other status", "550-5.1.1 a|550 5.2.2 b", REPLY_DONE, "550 5.1.1 a 5.2.2 b" },
		{ "unended", "250-a|250-b", REPLY_MORE, NULL },
		{ "other code", "250-a|251 b", REPLY_BAD, NULL },
		{ "no code", "hello", REPLY_BAD, NULL },
		{ "two digits", "25 x", REPLY_BAD, NULL },
		{ "four digits", "2500 x", REPLY_BAD, NULL },
		{ "too low", "199 x", REPLY_BAD, NULL },
		{ "too high", "600 x", REPLY_BAD, NULL },
		{ "no blank", "250x", REPLY_BAD, NULL },
		{ "nothing", "", REPLY_BAD, NULL },
		{ "control bytes", "250 a\tb\x7f\xff", REPLY_DONE, "250 a?b??" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice rest = slice_str(cases[i].lines);
		struct reply reply = { 0 };
		enum reply_part part = REPLY_MORE;
		struct buf out = { 0 };

		do
			part = reply_take(&reply, slice_cut(&rest, '|'));
		while (part == REPLY_MORE && rest.p);
		want_num(cases[i].name, part, cases[i].want);
		if (cases[i].text) {
			reply_short(&reply, &out);
			want_text(cases[i].name, buf_slice(&out), cases[i].text);
		}
		buf_done(&out);
		reply_done(&reply);
	}
}

static void reply_bounds(void **state)
{
	struct reply reply = { 0 };
	struct buf line = { 0 }, out = { 0 };

	(void)state;
	buf_addz(&line, "250-");
	for (int i = 0; i < 1000; i++)
		buf_addc(&line, 'x');
	for (int i = 0; i < REPLY_LINES_MAX; i++)
		assert_int_equal(reply_take(&reply, buf_slice(&line)), REPLY_MORE);
	assert_true(reply.text.n <= REPLY_TEXT_MAX);
	reply_short(&reply, &out);
	assert_true(out.n <= REPLY_SHORT_MAX);
	assert_int_equal(reply_take(&reply, buf_slice(&line)), REPLY_BAD);
	buf_done(&line);
	buf_done(&out);
	reply_done(&reply);
}

static void statuses(void **state)
{
	static const struct {
		const char *text;
		bool failed;
		const char *want;
	} cases[] = {
		{ "550 5.1.1 No", true, "5.1.1" },
		{ "550 5.1.100 No", true, "5.1.100" },
		{ "550 5.1.1", true, "5.1.1" },
		{ "550 No", true, "5.0.0" },
		{ "550 4.1.1 No", true, "5.0.0" },
		{ "550 5.1.1x No", true, "5.0.0" },
		{ "550 5.1 No", true, "5.0.0" },
		{ "550 5.1.1000 No", true, "5.0.0" },
		{ "450 4.2.0 Later", false, "4.2.0" },
		{ "250 2.0.0 Fine", false, "2.0.0" },
		{ "354 Go on", false, "2.0.0" },
		{ "4.4.1 Cannot connect", false, "4.4.1" },
		{ "5.1.2 No domain", true, "5.1.2" },
		{ "", true, "5.0.0" },
		{ "what", false, "4.0.0" },
	};
	char out[12];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_text(cases[i].text,
		    slice_str(reply_status(slice_str(cases[i].text), cases[i].failed, out)),
		    cases[i].want);
}

static void meanings(void **state)
{
	static const struct {
		const char *text;
		bool of_rcpt;
		enum reply_means want;
	} cases[] = {
		{ "250 2.1.5 Fine", true, REPLY_TAKEN },
		{ "450 4.2.0 Later", true, REPLY_LATER },
		{ "550 5.1.1 No", true, REPLY_NEVER },
		{ "421 4.3.2 Going down", true, REPLY_LATER },
		{ "4.4.2 the other side hung up", false, REPLY_LATER },
		{ "452 4.5.3 Too many", true, REPLY_TOO_MANY },
		{ "452 Too many", true, REPLY_TOO_MANY },
		{ "452 4.2.2 Full", true, REPLY_LATER },
		{ "452 4.3.1 No room", true, REPLY_LATER },
		{ "552 Too many", true, REPLY_TOO_MANY },
		{ "552 5.5.3 Too many", true, REPLY_TOO_MANY },
		{ "552 5.2.2 The mailbox is full", true, REPLY_NEVER },
		{ "552 5.3.4 Too large", true, REPLY_NEVER },
		{ "552 Too large", false, REPLY_NEVER },
		{ "550 4.2.2 Full", true, REPLY_NEVER }, /* the first digit counts */
		{ "451 5.1.1 No", true, REPLY_LATER },
		{ "530 5.7.0 Authentication required", false, REPLY_LATER },
		{ "535 5.7.8 Wrong password", false, REPLY_LATER },
		{ "554 5.7.1 Spam", false, REPLY_NEVER },
		{ "354 Go on", false, REPLY_LATER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i].text, reply_means(slice_str(cases[i].text), cases[i].of_rcpt),
		    cases[i].want);
}

/* --- dots: the same whatever the pieces are --- */

static void dots(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", ".\r\n" },
		{ "a\r\n", "a\r\n.\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ "a\r", "a\r\n.\r\n" },
		{ ".", "..\r\n.\r\n" },
		{ ".\r\n", "..\r\n.\r\n" },
		{ "..\r\n.a\r\n", "...\r\n..a\r\n.\r\n" },
		{ "a.\r\n\r\n.b", "a.\r\n\r\n..b\r\n.\r\n" },
		{ "a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n" }, /* no smuggling */
		{ "a\r.\r\n", "a\r.\r\n.\r\n" },
		{ "\n\n.", "\r\n\r\n..\r\n.\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 1; piece < 6; piece++) {
			struct slice rest = slice_str(cases[i].in);
			struct dots dots = { 0 };
			struct buf out = { 0 };

			for (; rest.n > 0; rest = slice_from(rest, piece))
				dots_add(&dots, slice_head(rest, piece), &out);
			dots_end(&dots, &out);
			want_text(cases[i].in, buf_slice(&out), cases[i].want);
			buf_done(&out);
		}
}

/* --- the heap against a list --- */

static void heap(void **state)
{
	enum { N = 200 };
	static struct heap_item items[N];
	struct heap heap = { 0 };

	(void)state;
	srand(7);
	for (int round = 0; round < 20000; round++) {
		struct heap_item *item = &items[rand() % N], *least = NULL;

		if (rand() % 3)
			heap_put(&heap, item, rand() % 1000);
		else
			heap_remove(&heap, item);
		for (size_t i = 0; i < N; i++)
			if (items[i].at && (!least || items[i].when < least->when))
				least = &items[i];
		if (!least)
			assert_null(heap_first(&heap));
		else
			assert_int_equal(heap_first(&heap)->when, least->when);
	}
	heap_done(&heap);
}

/* --- times --- */

static void set(const char *name, const char *value)
{
	assert_int_equal(
	    conf_set(conf_find(slice_str(name)), CONF_SERVER, SLICE(""), slice_str(value), NULL),
	    0);
}

static void schedule(void **state)
{
	(void)state;
	set("relay.retry", "10s 1m 2h");
	assert_int_equal(schedule_next(0, 1000), 1010);
	assert_int_equal(schedule_next(1, 1000), 1010);
	assert_int_equal(schedule_next(2, 1000), 1060);
	assert_int_equal(schedule_next(3, 1000), 8200);
	assert_int_equal(schedule_next(400, 1000), 8200);
	set("relay.retry", "soon");
	assert_int_equal(schedule_next(1, 1000), 1120);
	set("relay.lifetime", "1m");
	assert_false(schedule_is_over(1000, 1060));
	assert_true(schedule_is_over(1000, 1061));
	set("relay.warn-after", "10s");
	assert_false(schedule_warns(1000, 1009));
	assert_true(schedule_warns(1000, 1010));
	set("relay.warn-after", "0");
	assert_false(schedule_warns(1000, 100000));
}

/* --- who is told --- */

static void wishes(void **state)
{
	static const struct {
		const char *sender, *notify;
		bool failure, delay, success;
	} cases[] = {
		{ "me@x", "", true, true, false },
		{ "me@x", "NEVER", false, false, false },
		{ "me@x", "success,Failure", true, false, true },
		{ "me@x", "DELAY", false, true, false },
		{ "", "", false, false, false },
		{ "", "SUCCESS,FAILURE,DELAY", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice from = slice_str(cases[i].sender);
		struct slice notify = slice_str(cases[i].notify);
		bool failure = queue_wants_told(from, notify, QUEUE_FAILED);
		bool delay = queue_wants_told(from, notify, QUEUE_WAITING);
		bool success = queue_wants_told(from, notify, QUEUE_DELIVERED);

		want_num(cases[i].notify, failure, cases[i].failure);
		want_num(cases[i].notify, delay, cases[i].delay);
		want_num(cases[i].notify, success, cases[i].success);
	}
}

static bool has(const struct buf *text, const char *what)
{
	return slice_find(buf_slice(text), slice_str(what)) >= 0;
}

/* What senders wrote breaks no line of a notification. */
static void report(void **state)
{
	struct queue_rcpt rcpts[] = {
		{ .address = SLICE("a@b.test"),
		    .domain = SLICE("b.test"),
		    .orcpt = SLICE("rfc822;old+2Bname+40b.test"),
		    .state = QUEUE_FAILED,
		    .owed = true,
		    .reply = SLICE("550 5.1.1 No"),
		    .host = SLICE("mx.b.test[192.0.2.1]:25") },
		{ .address = SLICE("c@b.test"),
		    .domain = SLICE("b.test"),
		    .orcpt = SLICE("rfc822;x+0D+0ABcc:+20y"),
		    .state = QUEUE_FAILED,
		    .owed = true,
		    .reply = SLICE("5.4.4 No address") },
		{ .address = SLICE("other@c.test"),
		    .domain = SLICE("c.test"),
		    .state = QUEUE_FAILED,
		    .owed = true },
	};
	struct queue_entry entry = { .id = 5,
		.queued = 1000,
		.reverse_path = SLICE("me@x.test"),
		.envid = SLICE("a+0Ab"),
		.rcpts = rcpts,
		.n_rcpts = COUNT(rcpts) };
	struct buf text = { 0 };

	(void)state;
	set("relay.helo", "mail.x.test");
	report_write(&text, 9, &entry, SLICE("b.test"), QUEUE_FAILED, NULL);
	assert_true(has(&text, "\r\nReporting-MTA: dns; mail.x.test\r\n"));
	assert_true(has(&text, "\r\nOriginal-Envelope-Id: a+0Ab\r\n"));
	assert_true(has(&text, "\r\nOriginal-Recipient: rfc822;old+name@b.test\r\n"));
	assert_true(has(&text, "\r\nOriginal-Recipient: rfc822;x+0D+0ABcc:+20y\r\n"));
	assert_true(has(&text, "\r\nRemote-MTA: dns; mx.b.test\r\n"));
	assert_true(has(&text, "\r\nDiagnostic-Code: smtp; 550 5.1.1 No\r\n"));
	assert_true(has(&text, "\r\nDiagnostic-Code: x-signet; 5.4.4 No address\r\n"));
	assert_false(has(&text, "other@c.test"));
	buf_done(&text);
}

/* --- the DNS --- */

static void dns_data(void **state)
{
	static const struct {
		const char *rr;
		size_t n;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "\0\x0a\2MX\4Test\0", 11, "10 mx.test" },
		{ "\0\0\0", 3, "0 ." },
		{ "\0\0", 2, NULL },
		{ "", 0, NULL },
		{ "\0\x0a\2mx\4test", 10, NULL },
		{ "\0\x0a\2mx\4test\0x", 12, NULL },
		{ "\0\x0a\x40mx\0", 6, NULL },
		{ "\0\x0a\xc0\x0c", 4, NULL },
		{ "\0\x0a\3a.b\0", 7, NULL },
		{ "\0\x0a\3a b\0", 7, NULL },
		{ "\0\x0a\2\r\n\0", 6, NULL },
		{ "\0\x0a\x09mx\0", 6, NULL },
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_mx mx;
		bool good = dns_read_mx(slice_of(cases[i].rr, cases[i].n), &pool, &mx);

		want_num(cases[i].rr, good, cases[i].want != NULL);
		if (good)
			want_text(cases[i].want,
			    slice_str(
				pool_printf(&pool, "%u %.*s", mx.preference, SLICE_ARG(mx.host))),
			    cases[i].want);
	}
	struct slice address;
	assert_true(dns_read_address(slice_of("\x7f\0\0\2", 4), DNS_A, &pool, &address));
	want_text("A", address, "127.0.0.2");
	assert_false(dns_read_address(slice_of("\x7f\0\0\2", 4), DNS_AAAA, &pool, &address));
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(reply_bounds),
		cmocka_unit_test(statuses),
		cmocka_unit_test(meanings),
		cmocka_unit_test(dots),
		cmocka_unit_test(heap),
		cmocka_unit_test(schedule),
		cmocka_unit_test(wishes),
		cmocka_unit_test(report),
		cmocka_unit_test(dns_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
