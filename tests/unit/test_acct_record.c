/* test_acct_record.c - records that other rooms keep with an account */
#include "storage/acct_record.h"
#include "core/num.h"
#include "tests/unit/box_world.h"

enum { ANN = 7, BOB = 8 };

static int put(struct acct *acct, const char *room, const char *key, const char *value)
{
	struct acct_record record = { text(key), text(value) };
	struct err err;

	return acct_record_put(acct, room, &record, 1, &err);
}

static void want(struct acct *acct, const char *room, const char *key, const char *value)
{
	struct buf got = { 0 };
	int found = acct_record_get(acct, room, text(key), &got);

	want_num(key, found, value ? 1 : 0);
	if (value)
		want_text(key, buf_slice(&got), value);
	buf_done(&got);
}

static bool add_line(void *arg, struct slice key, struct slice value)
{
	buf_printf(arg, "%.*s=%.*s;", SLICE_ARG(key), SLICE_ARG(value));
	return true;
}

static void want_each(struct acct *acct, const char *prefix, const char *lines)
{
	struct buf out = { 0 };

	assert_int_equal(acct_record_each(acct, "roster", text(prefix), add_line, &out), 0);
	want_text(prefix, buf_slice(&out), lines);
	buf_done(&out);
}

static void kept_apart(void **state)
{
	struct acct *ann = acct_open(ANN, 0), *bob = acct_open(BOB, 0);

	put(ann, "roster", "bob", "friend");
	put(ann, "roster", "cy", "colleague");
	put(ann, "rosters", "bob", "other room");
	put(bob, "roster", "ann", "friend, too");
	want(ann, "roster", "bob", "friend");
	want(ann, "rosters", "bob", "other room");
	want(bob, "roster", "bob", NULL);
	want_each(ann, "", "bob=friend;cy=colleague;");
	want_each(ann, "c", "cy=colleague;");
	put(ann, "roster", "bob", "");
	acct_close(&ann), acct_close(&bob);

	world_reopen(state);
	ann = acct_open(ANN, 0);
	want(ann, "roster", "bob", NULL);
	want_each(ann, "", "cy=colleague;");
	acct_close(&ann);
}

static int append_x(void *arg, struct slice value, struct buf *out, struct err *err)
{
	const size_t *most = arg;

	if (value.n >= *most)
		return err_set(err, ERR_LIMIT, "enough");
	buf_adds(out, value);
	buf_addc(out, 'x');
	return 0;
}

static void changed_in_place(void **state)
{
	struct acct *ann = acct_open(ANN, 0);
	size_t most = 2;
	struct err err;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(acct_record_change(ann, "n", text("k"), append_x, &most, &err), 0);
	want(ann, "n", "k", "xx");
	assert_int_equal(acct_record_change(ann, "n", text("k"), append_x, &most, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	want(ann, "n", "k", "xx");
	acct_close(&ann);
}

static void refused_when_too_large(void **state)
{
	struct acct *ann = acct_open(ANN, 0);
	struct buf large = { 0 };
	struct err err;

	(void)state;
	memset(buf_room(&large, ACCT_RECORD_VALUE_MAX + 1), 'x', ACCT_RECORD_VALUE_MAX + 1);
	large.n = ACCT_RECORD_VALUE_MAX + 1;
	struct acct_record record = { text("k"), buf_slice(&large) };
	assert_int_equal(acct_record_put(ann, "n", &record, 1, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	record.value.n--;
	assert_int_equal(acct_record_put(ann, "n", &record, 1, &err), 0);
	buf_done(&large);
	acct_close(&ann);
}

static void gone_with_the_account(void **state)
{
	struct acct *ann = acct_open(ANN, 0);
	struct err err;

	(void)state;
	put(ann, "roster", "bob", "friend");
	world_append(ann, "INBOX", "Subject: x\r\n\r\n", 0);
	assert_int_equal(shard_purge_account(shard_of(0), ANN, &err), 0);
	want(ann, "roster", "bob", NULL);
	assert_int_equal(put(ann, "roster", "bob", "again"), -1);
	acct_close(&ann);
}

static bool count(void *arg, struct slice key, struct slice value)
{
	(void)key, (void)value;
	++*(unsigned *)arg;
	return true;
}

static unsigned count_notes(struct acct *acct)
{
	unsigned n = 0;

	for (size_t i = 0; i < box_notes_table_n; i++)
		assert_int_equal(acct_record_each(acct, box_notes_table[i]->room,
				     (struct slice){ 0 }, count, &n),
		    0);
	return n;
}

/* What rooms have noted of a mailbox goes with it; of others it stays. */
static void notes_go_with_their_mailbox(void **state)
{
	struct acct *ann = acct_open(ANN, 0);
	struct box_status a, b;
	struct err err;

	(void)state;
	assert_int_equal(box_create(ann, text("A"), BOX_USE_NONE, &err), 0);
	assert_int_equal(box_create(ann, text("B"), BOX_USE_NONE, &err), 0);
	assert_int_equal(box_status(ann, text("A"), &a, &err), 0);
	assert_int_equal(box_status(ann, text("B"), &b, &err), 0);
	assert_true(box_notes_table_n > 0);
	for (size_t i = 0; i < box_notes_table_n; i++) {
		for (unsigned n = 0; n < 300; n++) {
			struct acct_record records[2];
			char keys[2][16];

			for (unsigned j = 0; j < 2; j++) {
				num_put32((unsigned char *)keys[j], j ? b.id : a.id);
				num_put32((unsigned char *)keys[j] + 4, n);
				records[j] =
				    (struct acct_record){ slice_of(keys[j], 8), text("x") };
			}
			assert_int_equal(
			    acct_record_put(ann, box_notes_table[i]->room, records, 2, &err), 0);
		}
	}
	assert_int_equal(count_notes(ann), 600 * box_notes_table_n);
	assert_int_equal(box_delete(ann, text("A"), &err), 0);
	assert_int_equal(count_notes(ann), 300 * box_notes_table_n);
	acct_close(&ann);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(kept_apart),
		WORLD_TEST(changed_in_place),
		WORLD_TEST(refused_when_too_large),
		WORLD_TEST(gone_with_the_account),
		WORLD_TEST(notes_go_with_their_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
