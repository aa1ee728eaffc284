/* test_box_name.c - names of mailboxes: form, hierarchy, LIST, RENAME, limits */
#include "tests/unit/box_world.h"

#include "core/conf.h"

static void form(void **state)
{
	static const struct {
		const char *name, *want; /* NULL: refused */
	} cases[] = {
		{ "Work", "Work" },
		{ "inbox", "INBOX" },
		{ "InBox/a/INbox", "INBOX/a/INbox" },
		{ "inboxes", "inboxes" },
		{ "a/b/c", "a/b/c" },
		{ "", NULL },
		{ "/a", NULL },
		{ "a/", NULL },
		{ "a//b", NULL },
		{ "a*", NULL },
		{ "%", NULL },
		{ "#news", NULL },
		{ "a#", "a#" },
		{ "a\tb", NULL },
		{ "a\x01", NULL },
		{ "a\x7f", NULL },
		{ "a\xc2\x85", NULL },
		{ "a\xe2\x80\xa8", NULL },
		{ "a\xe2\x80\xa6", "a\xe2\x80\xa6" },
		{ "a\xff", NULL },
		{ "a\xc0\xaf", NULL },
		{ "Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe" },
		{ "Entwu\xcc\x88rfe", "Entw\xc3\xbcrfe" }, /* NFC */
		{ "a b\"\\", "a b\"\\" },
		{ "..", ".." },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = box_name_fold(text(cases[i].name), &out, NULL);
		want_num(cases[i].name, rc, cases[i].want ? 0 : -1);
		if (rc == 0)
			want_text(cases[i].name, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
}

static bool write_info(void *arg, const struct box_info *info)
{
	static const char uses[] = " adjst";
	struct buf *out = arg;

	if (out->n > 0)
		buf_addc(out, ' ');
	if (!info->exists)
		buf_addc(out, '-');
	if (info->subscribed)
		buf_addc(out, '*');
	buf_addz(out, info->name);
	if (info->children)
		buf_addc(out, '+');
	if (info->use != BOX_USE_NONE)
		buf_printf(out, "(%c)", uses[info->use]);
	return true;
}

static void want_list(const char *name, struct acct *acct, const char *want)
{
	struct buf out = { 0 };

	want_num(name, box_list(acct, write_info, &out), 0);
	want_text(name, buf_slice(&out), want);
	buf_done(&out);
}

static void set_limit(const char *name, const char *value)
{
	struct err err;

	assert_int_equal(
	    conf_set(conf_find(text(name)), CONF_SERVER, SLICE(""), text(value), &err), 0);
}

static void no_defaults(void)
{
	set_limit("storage.default-mailboxes", ",");
}

static void defaults(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct box_status status;

	(void)state;
	set_limit("storage.default-mailboxes", "");
	want_list("new account", acct, "*INBOX *Archive(a) *Drafts(d) *Junk(j) *Sent(s) *Trash(t)");
	assert_int_equal(box_status(acct, SLICE("inbox"), &status, NULL), 0);
	assert_int_equal(status.uidnext, 1);
	assert_int_equal(status.modseq, 1);
	acct_close(&acct);
	acct = acct_open(8, 0);
	assert_int_equal(box_status(acct, SLICE("Sent"), &status, NULL), 0);
	acct_close(&acct);
}

/* Each step and what LIST says behind it. */
static void steps(void **state)
{
	enum { CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE };
	static const struct {
		int what;
		const char *name, *to;
		enum err_kind want;
		const char *list;
	} cases[] = {
		{ CREATE, "b", NULL, 0, "*INBOX b" },
		{ CREATE, "b", NULL, ERR_EXISTS, "*INBOX b" },
		{ CREATE, "inbox", NULL, ERR_EXISTS, "*INBOX b" },
		{ CREATE, "a/x/", NULL, 0, "*INBOX -a+ a/x b" },
		{ CREATE, "a-b", NULL, 0, "*INBOX -a+ a/x a-b b" },
		{ CREATE, "inbox/Y", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b b" },
		{ DELETE, "a", NULL, ERR_DENIED, "*INBOX+ INBOX/Y -a+ a/x a-b b" },
		{ CREATE, "a", NULL, 0, "*INBOX+ INBOX/Y a+ a/x a-b b" },
		{ DELETE, "a", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b b" },
		{ DELETE, "INBOX", NULL, ERR_INPUT, "*INBOX+ INBOX/Y -a+ a/x a-b b" },
		{ DELETE, "nope", NULL, ERR_ABSENT, "*INBOX+ INBOX/Y -a+ a/x a-b b" },
		{ SUBSCRIBE, "p/q", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b b -*p/q" },
		{ SUBSCRIBE, "b", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b *b -*p/q" },
		{ SUBSCRIBE, "b", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b *b -*p/q" },
		{ DELETE, "b", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b -*b -*p/q" },
		{ CREATE, "b", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b *b -*p/q" },
		{ UNSUBSCRIBE, "p/q", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b *b" },
		{ UNSUBSCRIBE, "p/q", NULL, 0, "*INBOX+ INBOX/Y -a+ a/x a-b *b" },
		{ RENAME, "a", "c/d", 0, "*INBOX+ INBOX/Y a-b *b -c+ -c/d+ c/d/x" },
		{ RENAME, "a", "z", ERR_ABSENT, "*INBOX+ INBOX/Y a-b *b -c+ -c/d+ c/d/x" },
		{ RENAME, "c", "c/e", ERR_INPUT, "*INBOX+ INBOX/Y a-b *b -c+ -c/d+ c/d/x" },
		{ RENAME, "c", "b", 0, "*INBOX+ INBOX/Y a-b *b+ -b/d+ b/d/x" },
		{ RENAME, "b", "B", 0, "*INBOX+ INBOX/Y B+ -B/d+ B/d/x a-b -*b" },
		{ RENAME, "a-b", "B/d/x", ERR_EXISTS, "*INBOX+ INBOX/Y B+ -B/d+ B/d/x a-b -*b" },
		{ RENAME, "a-b", "b", 0, "*INBOX+ INBOX/Y B+ -B/d+ B/d/x *b" },
		{ RENAME, "b", "b", ERR_EXISTS, "*INBOX+ INBOX/Y B+ -B/d+ B/d/x *b" },
		{ RENAME, "b", "inbox", ERR_EXISTS, "*INBOX+ INBOX/Y B+ -B/d+ B/d/x *b" },
		{ RENAME, "INBOX", "old", 0, "*INBOX+ INBOX/Y B+ -B/d+ B/d/x *b old" },
		{ RENAME, "INBOX", "INBOX/z", 0, "*INBOX+ INBOX/Y INBOX/z B+ -B/d+ B/d/x *b old" },
		{ RENAME, "INBOX", "b", ERR_EXISTS,
		    "*INBOX+ INBOX/Y INBOX/z B+ -B/d+ B/d/x *b old" },
		{ RENAME, "INBOX/Y", "y", 0, "*INBOX+ INBOX/z B+ -B/d+ B/d/x *b old y" },
		{ CREATE, "b\xc3\xa4", NULL, 0,
		    "*INBOX+ INBOX/z B+ -B/d+ B/d/x *b b\xc3\xa4 old y" },
		{ CREATE, "ba\xcc\x88", NULL, ERR_EXISTS,
		    "*INBOX+ INBOX/z B+ -B/d+ B/d/x *b b\xc3\xa4 old y" },
		{ CREATE, "b%", NULL, ERR_INPUT,
		    "*INBOX+ INBOX/z B+ -B/d+ B/d/x *b b\xc3\xa4 old y" },
	};
	struct acct *acct = acct_open(7, 0);

	no_defaults();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice name = text(cases[i].name);
		struct err err = { 0 };
		char what[200];
		snprintf(what, sizeof(what), "step %zu, %s %s", i, cases[i].name,
		    cases[i].to ? cases[i].to : "");
		int rc = cases[i].what == CREATE ? box_create(acct, name, BOX_USE_NONE, &err)
		    : cases[i].what == DELETE	 ? box_delete(acct, name, &err)
		    : cases[i].what == RENAME
		    ? box_rename(acct, name, text(cases[i].to), &err)
		    : box_subscribe(acct, name, cases[i].what == SUBSCRIBE, &err);
		want_num(what, rc, cases[i].want ? -1 : 0);
		want_num(what, err.kind, cases[i].want);
		want_list(what, acct, cases[i].list);
		if (i % 7 == 0) {
			acct_close(&acct);
			world_reopen(state);
			acct = acct_open(7, 0);
		}
	}
	acct_close(&acct);
}

static void uidvalidity_never_comes_back(void **state)
{
	struct acct *acct = acct_open(7, 0);
	uint32_t last = 0;

	(void)state;
	no_defaults();
	for (unsigned i = 0; i < 20; i++) {
		struct box_status status;
		assert_int_equal(box_create(acct, SLICE("x"), BOX_USE_NONE, NULL), 0);
		assert_int_equal(box_status(acct, SLICE("x"), &status, NULL), 0);
		assert_true(status.uidvalidity > last);
		last = status.uidvalidity;
		world_append(acct, "x", "A: b\r\n\r\n", 0);
		assert_int_equal(box_delete(acct, SLICE("x"), NULL), 0);
	}
	struct world_count count = world_count();
	assert_int_equal(count.boxes, 1);
	assert_int_equal(count.entries + count.messages + count.bodies, 0);
	acct_close(&acct);
}

/* RFC 9051 §6.3.6: the messages move, INBOX is empty, sessions lose it. */
static void rename_inbox(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct box_status was, is;
	struct err err;

	(void)state;
	no_defaults();
	world_append(acct, "INBOX", "A: b\r\n\r\n", BOX_SEEN);
	world_append(acct, "INBOX", "A: c\r\n\r\n", 0);
	struct box *box = box_open(acct, SLICE("INBOX"), &err);
	assert_int_equal(box_status(acct, SLICE("INBOX"), &was, &err), 0);
	assert_int_equal(box_rename(acct, SLICE("INBOX"), SLICE("old"), &err), 0);
	struct box_snap *snap = box_snap(box);
	assert_true(box_snap_gone(snap));
	box_snap_free(&snap);
	box_close(&box);

	assert_int_equal(box_status(acct, SLICE("INBOX"), &is, &err), 0);
	assert_int_equal(is.messages, 0);
	assert_true(is.uidvalidity > was.uidvalidity);
	assert_int_equal(box_status(acct, SLICE("old"), &is, &err), 0);
	assert_int_equal(is.messages, 2);
	assert_int_equal(is.unseen, 1);
	box = box_open(acct, SLICE("old"), &err);
	snap = box_snap(box);
	assert_false(box_snap_gone(snap));
	assert_int_equal(box_snap_count(snap), 2);
	box_snap_free(&snap);
	box_close(&box);
	acct_close(&acct);
}

/* A session keeps its mailbox when that gets another name. */
static void rename_selected(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct err err;

	(void)state;
	assert_int_equal(box_create(acct, SLICE("a"), BOX_USE_NONE, &err), 0);
	uint32_t uid = world_append(acct, "a", "A: b\r\n\r\n", 0);
	struct box *box = box_open(acct, SLICE("a"), &err);
	assert_int_equal(box_rename(acct, SLICE("a"), SLICE("b"), &err), 0);
	assert_int_equal(box_flags(box, &uid, 1, BOX_ADD, BOX_SEEN, &err), 0);
	world_append(acct, "b", "A: b\r\n\r\n", 0);
	struct box_snap *snap = box_snap(box);
	assert_false(box_snap_gone(snap));
	assert_int_equal(box_snap_count(snap), 2);
	assert_int_equal(box_snap_nth(snap, 1)->flags, BOX_SEEN);
	box_snap_free(&snap);
	box_close(&box);
	assert_null(box_open(acct, SLICE("a"), &err));
	assert_int_equal(err.kind, ERR_ABSENT);
	acct_close(&acct);
}

static void deleted_while_open(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct err err;

	(void)state;
	assert_int_equal(box_create(acct, SLICE("a"), BOX_USE_NONE, &err), 0);
	uint32_t uid = world_append(acct, "a", "A: b\r\n\r\n", BOX_DELETED);
	struct box *box = box_open(acct, SLICE("a"), &err);
	struct box_snap *snap = box_snap(box);
	assert_int_equal(box_delete(acct, SLICE("a"), &err), 0);
	assert_int_equal(box_flags(box, &uid, 1, BOX_ADD, BOX_SEEN, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_int_equal(box_expunge(box, NULL, 0, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_int_equal(box_keyword(box, SLICE("k"), true, &err), 0);

	struct buf record = { 0 };
	struct pool pool = { 0 };
	struct summary summary;
	assert_int_equal(box_summary(box, box_snap_nth(snap, 1), &record, &pool, &summary), 0);
	buf_done(&record);
	pool_done(&pool);
	box_snap_free(&snap);
	snap = box_snap(box);
	assert_true(box_snap_gone(snap));
	box_snap_free(&snap);
	box_close(&box);
	acct_close(&acct);
}

static void limits(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct err err;
	char name[8];

	(void)state;
	no_defaults();
	set_limit("storage.mailbox-name", "5");
	assert_int_equal(box_create(acct, SLICE("abcdef"), BOX_USE_NONE, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(box_subscribe(acct, SLICE("abcdef"), true, &err), -1);
	assert_int_equal(box_subscribe(acct, SLICE("abcdef"), false, &err), 0);
	set_limit("storage.mailbox-depth", "2");
	assert_int_equal(box_create(acct, SLICE("a/b"), BOX_USE_NONE, &err), 0);
	assert_int_equal(box_create(acct, SLICE("a/b/c"), BOX_USE_NONE, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(box_rename(acct, SLICE("a"), SLICE("b/c"), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	set_limit("storage.mailboxes", "10");
	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		int rc = i % 2 ? box_create(acct, text(name), BOX_USE_NONE, &err)
			       : box_subscribe(acct, text(name), true, &err);
		want_num(name, rc, i < 8 ? 0 : -1); /* INBOX and a/b are there */
	}
	assert_int_equal(err.kind, ERR_LIMIT);
	/* A subscription leaves its name behind: that counts, too. */
	assert_int_equal(box_subscribe(acct, SLICE("n1"), true, &err), 0);
	assert_int_equal(box_rename(acct, SLICE("n1"), SLICE("m1"), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(box_subscribe(acct, SLICE("n1"), false, &err), 0);
	assert_int_equal(box_rename(acct, SLICE("n1"), SLICE("m1"), &err), 0);
	assert_int_equal(box_delete(acct, SLICE("m1"), &err), 0);
	assert_int_equal(box_create(acct, SLICE("m2"), BOX_USE_NONE, &err), 0);
	set_limit("storage.mailbox-name", "");
	set_limit("storage.mailbox-depth", "");
	set_limit("storage.mailboxes", "");
	acct_close(&acct);
}

static void removed_account(void **state)
{
	struct acct *acct = acct_open(7, 0), *other = acct_open(8, 0);
	struct box_append append = { .message = SLICE("A: b\r\n\r\n") };
	struct pool pool = { 0 };
	struct box_added added;
	struct acct_usage usage;
	struct err err;

	set_limit("storage.default-mailboxes", "");
	struct box_append many[600];
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = append;
	assert_int_equal(
	    box_append(acct, SLICE("INBOX"), many, COUNT(many), &pool, &added, &err), 0);
	assert_int_equal(box_append(acct, SLICE("Sent"), many, 10, &pool, &added, &err), 0);
	world_append(other, "INBOX", "A: b\r\n\r\n", 0);
	struct box *box = box_open(acct, SLICE("INBOX"), &err);

	assert_int_equal(shard_purge_account(shard_of(0), 7, &err), 0);
	struct world_count count = world_count();
	assert_int_equal(count.boxes, 6);
	assert_int_equal(count.entries, 1);
	assert_int_equal(count.bodies, 1);
	struct box_snap *snap = box_snap(box);
	assert_true(box_snap_gone(snap));
	box_snap_free(&snap);
	box_close(&box);

	assert_int_equal(box_append(acct, SLICE("INBOX"), many, 1, &pool, &added, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	assert_null(box_open(acct, SLICE("INBOX"), &err));
	assert_int_equal(err.kind, ERR_ABSENT);
	assert_int_equal(shard_purge_account(shard_of(0), 7, &err), 0);
	assert_int_equal(acct_usage(acct, &usage), 0);
	assert_int_equal(usage.bytes + usage.messages, 0);
	acct_close(&acct);
	acct_close(&other);
	world_reopen(state);
	acct = acct_open(7, 0);
	assert_int_equal(box_create(acct, SLICE("x"), BOX_USE_NONE, &err), -1);
	acct_close(&acct);
	pool_done(&pool);
}

/* What the last run marked and did not finish is finished at the start. */
static enum kv_result mark_dead(struct kv_write *w, struct kv_txn *txn)
{
	struct box_tx tx = { 0 };
	struct box_name name;

	(void)w;
	box_tx_begin(&tx, txn, shard_of(0), 7);
	box_name_get(&tx, SLICE("a"), &name);
	box_name_del(&tx, SLICE("a"));
	box_rec_del(&tx, name.box);
	box_dead_put(&tx, name.box);
	box_tx_done(&tx);
	return KV_DONE;
}

static void resume(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct kv_write w = { .apply = mark_dead };
	struct err err;

	assert_int_equal(box_create(acct, SLICE("a"), BOX_USE_NONE, &err), 0);
	world_append(acct, "a", "A: b\r\n\r\n", 0);
	world_append(acct, "INBOX", "A: b\r\n\r\n", 0);
	assert_int_equal(kv_write(shard_of(0)->env, &w), KV_DONE);
	acct_close(&acct);
	assert_int_equal(world_count().entries, 2);
	world_reopen(state);
	assert_int_equal(world_count().entries, 1);
	assert_int_equal(world_count().bodies, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form),
		WORLD_TEST(defaults),
		WORLD_TEST(steps),
		WORLD_TEST(uidvalidity_never_comes_back),
		WORLD_TEST(rename_inbox),
		WORLD_TEST(rename_selected),
		WORLD_TEST(deleted_while_open),
		WORLD_TEST(limits),
		WORLD_TEST(removed_account),
		WORLD_TEST(resume),
	};

	return cmocka_run_group_tests_name("box_name", tests, NULL, NULL);
}
