/* test_deliver.c - mail into mailboxes and the queue */
#include "tests/unit/box_world.h"

#include "core/conf.h"
#include "storage/deliver.h"
#include "storage/queue.h"

/* --- one delivery, said shortly --- */

/* To "7 8+lists far@y.test": accounts by number, with details, and addresses
   elsewhere. */
static int send_to(const char *to, const char *message, struct err *err)
{
	static uint64_t mid = 100;
	struct dir_target targets[8] = { { 0 } };
	struct deliver_rcpt rcpts[8] = { { 0 } };
	struct pool pool = { 0 };
	struct slice rest = text(to), word;
	struct deliver d = { .mid = ++mid,
		.reverse_path = SLICE("sender@far.test"),
		.trace = SLICE("Return-Path: <sender@far.test>\r\n"),
		.message = text(message),
		.rcpts = rcpts,
		.envid = SLICE("id+2B7"),
		.ret = SLICE("HDRS"),
		.smtputf8 = true };

	for (size_t i = 0; (word = slice_word(&rest)).n > 0; i++) {
		targets[i].address = pool_str(&pool, word);
		if (slice_chr(word, '@') < 0)
			targets[i].account = strtoul(targets[i].address, NULL, 10);
		if (slice_chr(word, '+') >= 0)
			targets[i].detail = targets[i].address + slice_chr(word, '+') + 1;
		rcpts[i] = (struct deliver_rcpt){ .target = &targets[i],
			.original = SLICE("As+Written@X.test"),
			.notify = SLICE("NEVER"),
			.orcpt = SLICE("rfc822;x@y") };
		if (i > 0)
			rcpts[i - 1].next = &rcpts[i];
	}
	int rc = deliver(&d, err);
	pool_done(&pool);
	return rc;
}

static uint32_t messages_in(uint64_t account, const char *name)
{
	struct acct *acct = acct_open(account, 0);
	struct box_status status = { 0 };

	box_status(acct, text(name), &status, NULL);
	acct_close(&acct);
	return status.messages;
}

static void set(const char *name, const char *value)
{
	assert_int_equal(
	    conf_set(conf_find(text(name)), CONF_SERVER, SLICE(""), text(value), NULL), 0);
}

/* --- where it goes --- */

static void local(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(send_to("7", "A: b\r\n\r\n1", &err), 0);
	assert_int_equal(send_to("7 8", "A: b\r\n\r\n2", &err), 0);
	assert_int_equal(messages_in(7, "INBOX"), 2);
	assert_int_equal(messages_in(8, "INBOX"), 1);
	assert_int_equal(messages_in(7, "Drafts"), 0);
	struct world_count count = world_count();
	assert_int_equal(count.bodies, 2);
	assert_int_equal(count.messages, 3);
	assert_int_equal(count.queued, 0);
}

static void content(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct body *body;
	struct slice whole;
	struct err err;
	struct buf record = { 0 };
	struct summary summary;

	(void)state;
	assert_int_equal(send_to("7", "Subject: s\r\n\r\ntext\r\n", &err), 0);
	struct box *box = box_open(acct, SLICE("INBOX"), &err);
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, 1);
	assert_int_equal(box_body(box, entry, &body, &err), 1);
	assert_int_equal(body_map(body, &whole, &err), 0);
	want_text("body", whole, "Return-Path: <sender@far.test>\r\nSubject: s\r\n\r\ntext\r\n");
	assert_int_equal(entry->size, whole.n);
	assert_int_equal(entry->flags, 0);
	assert_true(entry->internal_date > 1700000000);
	assert_int_equal(box_summary(box, entry, &record, NULL, &summary), 1);
	assert_int_equal(summary.size, whole.n);
	assert_int_equal(summary.body, entry->message);
	body_close(&body);
	buf_done(&record);
	box_snap_free(&snap);
	box_close(&box);
	acct_close(&acct);
}

/* An account gets it once, whatever leads there. */
static void once(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(send_to("8 7 7+x far@y 8 far@y near@y", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(messages_in(7, "INBOX"), 1);
	assert_int_equal(messages_in(8, "INBOX"), 1);
	struct world_count count = world_count();
	assert_int_equal(count.bodies, 1);
	assert_int_equal(count.body_users, 3);
	assert_int_equal(count.queued, 1);
}

static void detail(void **state)
{
	static const struct {
		const char *detail, *want;
	} cases[] = {
		{ "lists", "lists" },
		{ "lists/c", "lists/c" },
		{ "Lists", "INBOX" },
		{ "nope", "INBOX" },
		{ "Sent", "INBOX" }, /* not for strangers */
		{ "inbox", "INBOX" },
		{ "", "INBOX" },
		{ "/", "INBOX" },
		{ "a%", "INBOX" },
		{ "only-subscribed", "INBOX" },
		{ NULL, "INBOX" },
	};
	struct acct *acct = acct_open(7, 0);
	struct err err;
	char to[32];

	(void)state;
	assert_int_equal(box_create(acct, SLICE("lists"), BOX_USE_NONE, &err), 0);
	assert_int_equal(box_create(acct, SLICE("lists/c"), BOX_USE_NONE, &err), 0);
	assert_int_equal(box_subscribe(acct, SLICE("only-subscribed"), true, &err), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = cases[i].detail ? cases[i].detail : "none";
		uint32_t before = messages_in(7, cases[i].want);
		snprintf(to, sizeof(to), "7%s%s", cases[i].detail ? "+" : "",
		    cases[i].detail ? cases[i].detail : "");
		want_num(name, send_to(to, "A: b\r\n\r\n", &err), 0);
		want_num(name, messages_in(7, cases[i].want), before + 1);
	}
	set("storage.detail-mailboxes", "off");
	uint32_t before = messages_in(7, "INBOX");
	assert_int_equal(send_to("7+lists", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(messages_in(7, "INBOX"), before + 1);
	set("storage.detail-mailboxes", "");
	/* The first of two that lead to one account. */
	assert_int_equal(send_to("7+lists 7+lists/c", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(messages_in(7, "lists"), 2);
	assert_int_equal(messages_in(7, "lists/c"), 1);
	acct_close(&acct);
}

/* --- refused --- */

static void quota(void **state)
{
	struct dir_target target = { .account = 7 };
	struct err err;

	(void)state;
	assert_int_equal(send_to("7", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(deliver_room(&target, 1 << 30), 1);
	assert_int_equal(shard_set_quota(shard_of(0), 7, 100, &err), 0);
	assert_int_equal(deliver_room(&target, 20), 1);
	assert_int_equal(deliver_room(&target, 100), 0);
	assert_int_equal(send_to("7", "A: b\r\n\r\n", &err), 0);
	/* For one, for all: it is nowhere. */
	assert_int_equal(send_to("6 7 far@y", "A: b\r\n\r\n", &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(messages_in(6, "INBOX"), 0);
	struct world_count count = world_count();
	assert_int_equal(count.entries, 2);
	assert_int_equal(count.bodies, 2);
	assert_int_equal(count.queued, 0);
}

static void removed(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(send_to("7 8", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(shard_purge_account(shard_of(0), 7, &err), 0);
	assert_int_equal(send_to("7 8", "A: b\r\n\r\n", &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(messages_in(8, "INBOX"), 1);
	struct world_count count = world_count();
	assert_int_equal(count.entries, 1);
	assert_int_equal(count.body_users, 1);
}

static void nobody(void **state)
{
	struct deliver d = { .message = SLICE("A: b\r\n\r\n") };
	struct err err;

	(void)state;
	assert_int_equal(deliver(&d, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(world_count().bodies, 0);
}

/* --- the queue --- */

static bool take_id(void *arg, const struct queue_entry *entry)
{
	struct buf *ids = arg;

	buf_add(ids, &entry->id, sizeof(entry->id));
	return true;
}

static void queue(void **state)
{
	struct buf ids = { 0 };
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct body *body;
	struct err err;

	assert_int_equal(send_to("far@y 7", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(send_to("two@y one@y", "A: c\r\n\r\n", &err), 0);
	world_reopen(state);
	assert_int_equal(queue_each(take_id, &ids), 0);
	assert_int_equal(ids.n, 2 * sizeof(uint64_t));
	const uint64_t *id = (const void *)ids.p;
	assert_true(id[0] < id[1]);

	assert_int_equal(queue_get(id[1], &pool, &entry), 1);
	assert_int_equal(entry.id, id[1]);
	want_text("reverse path", entry.reverse_path, "sender@far.test");
	want_text("envid", entry.envid, "id+2B7");
	want_text("ret", entry.ret, "HDRS");
	assert_true(entry.smtputf8 && !entry.body8);
	assert_true(entry.queued > 1700000000);
	assert_int_equal(entry.n_rcpts, 2);
	want_text("address", entry.rcpts[0].address, "one@y");
	want_text("address", entry.rcpts[1].address, "two@y");
	want_text("original", entry.rcpts[1].original, "As+Written@X.test");
	want_text("notify", entry.rcpts[1].notify, "NEVER");
	want_text("orcpt", entry.rcpts[1].orcpt, "rfc822;x@y");
	assert_int_equal(body_open(shard_of(0)->bodies, entry.body, &body, &err), 1);
	assert_int_equal(body_size(body), entry.size);
	body_close(&body);

	assert_int_equal(world_count().bodies, 2);
	assert_int_equal(queue_delete(id[1], &err), 0);
	assert_int_equal(queue_delete(id[1], &err), 0);
	assert_int_equal(queue_get(id[1], &pool, &entry), 0);
	assert_int_equal(world_count().bodies, 1);
	assert_int_equal(queue_delete(id[0], &err), 0);
	assert_int_equal(world_count().bodies, 1);
	assert_int_equal(shard_purge_account(shard_of(0), 7, &err), 0);
	assert_int_equal(world_count().bodies, 0);
	buf_done(&ids);
	pool_done(&pool);
}

static enum kv_result put_damaged(struct kv_write *w, struct kv_txn *txn)
{
	static const char *const values[] = { "", "\x01", "\x01\0\0\0\0\0\0\0\0\0\0\0",
		"\x02"
		"567890123456789012345678901234567890",
		"\x01"
		"56789012345678901234567\xff\xff\xff\xff\xff" };
	char key[8] = "damaged";

	(void)w;
	for (size_t i = 0; i < COUNT(values); i++) {
		key[7] = (char)i;
		if (kv_put(shard_of(0)->queue, txn, slice_of(key, 8), text(values[i])) < 0)
			return KV_FAILED;
	}
	return KV_DONE;
}

/* A record that nobody can read holds up no other. */
static void damaged_queue(void **state)
{
	struct kv_write w = { .apply = put_damaged };
	struct buf ids = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(send_to("far@y", "A: b\r\n\r\n", &err), 0);
	assert_int_equal(kv_write(shard_of(0)->env, &w), KV_DONE);
	assert_int_equal(queue_each(take_id, &ids), 0);
	assert_int_equal(ids.n, sizeof(uint64_t));
	buf_done(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(local),
		WORLD_TEST(content),
		WORLD_TEST(once),
		WORLD_TEST(detail),
		WORLD_TEST(quota),
		WORLD_TEST(removed),
		WORLD_TEST(nobody),
		WORLD_TEST(queue),
		WORLD_TEST(damaged_queue),
	};

	return cmocka_run_group_tests_name("deliver", tests, NULL, NULL);
}
