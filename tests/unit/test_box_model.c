/* test_box_model.c - random operations on mailboxes against a plain model
 *
 * Two accounts with three mailboxes each. What is done to the store is done to
 * arrays as well, and after each step counters, snapshots and what a session
 * would have been told must agree with them. TEST_STEPS changes how many. */
#include "tests/unit/box_world.h"

#include <unistd.h>

#include "core/conf.h"
#include "core/num.h"
#include "storage/deliver.h"

enum { STEPS = 20000, ACCTS = 2, BOXES = 3, KEYWORDS = 3, MANY = 40 };

static const char *const box_names[BOXES] = { "INBOX", "a", "b/c" };
static const char *const keyword_names[KEYWORDS] = { "$Forwarded", "work", "LATER" };

/* Flags in the model: keywords are bits behind the system's, by their index
   above. */
struct message {
	uint32_t uid;
	uint32_t size;
	uint64_t flags;
};

struct mailbox {
	bool exists;
	uint32_t uidvalidity, uidnext;
	struct message *list;
	size_t n;
	/* A session that has it selected. */
	struct box *box;
	struct box_snap *shown;
	uint32_t told[4096];
	size_t n_told;
	const struct box_snap *now;
};

struct model {
	struct acct *acct[ACCTS];
	struct mailbox boxes[ACCTS][BOXES];
};

static unsigned pick(unsigned n)
{
	return (unsigned)rand() % n;
}

static uint64_t pick_flags(void)
{
	static const uint64_t flags[] = { 0, BOX_SEEN, BOX_DELETED, BOX_SEEN | BOX_FLAGGED,
		BOX_DELETED | BOX_ANSWERED, BOX_DRAFT };
	uint64_t picked = flags[pick(COUNT(flags))];

	for (unsigned i = 0; i < KEYWORDS; i++)
		if (pick(6) == 0)
			picked |= (uint64_t)1 << (BOX_KEYWORD_SHIFT + i);
	return picked;
}

/* --- the model --- */

static void model_add(struct mailbox *mailbox, uint32_t size, uint64_t flags)
{
	mailbox->list = mem_resize(mailbox->list, (mailbox->n + 1) * sizeof(*mailbox->list));
	mailbox->list[mailbox->n++] = (struct message){ mailbox->uidnext++, size, flags };
}

static void model_drop(struct mailbox *mailbox, size_t i)
{
	mailbox->n--;
	memmove(
	    mailbox->list + i, mailbox->list + i + 1, (mailbox->n - i) * sizeof(*mailbox->list));
}

static struct message *model_find(struct mailbox *mailbox, uint32_t uid)
{
	for (size_t i = 0; i < mailbox->n; i++)
		if (mailbox->list[i].uid == uid)
			return &mailbox->list[i];
	return NULL;
}

/* Rising UIDs, those of removed messages among them. */
static size_t pick_uids(const struct mailbox *mailbox, uint32_t uids[MANY])
{
	size_t n = 0;
	unsigned sparse = pick(10) + 1;

	for (uint32_t uid = 1; uid < mailbox->uidnext && n < MANY; uid++)
		if (pick(sparse) == 0)
			uids[n++] = uid;
	return n;
}

/* --- sessions --- */

static void session_open(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];
	struct err err;

	mailbox->box = box_open(model->acct[a], text(box_names[b]), &err);
	if (!mailbox->box)
		fail_msg("open: %s", err.text);
	mailbox->shown = box_snap(mailbox->box);
	mailbox->n_told = box_snap_count(mailbox->shown);
	for (uint32_t seq = 1; seq <= mailbox->n_told; seq++)
		mailbox->told[seq - 1] = box_snap_nth(mailbox->shown, seq)->uid;
}

static void session_close(struct mailbox *mailbox)
{
	box_snap_free(&mailbox->shown);
	box_close(&mailbox->box);
}

static void on_expunged(void *arg, uint32_t seq, uint32_t uid)
{
	struct mailbox *mailbox = arg;

	assert_true(seq >= 1 && seq <= mailbox->n_told);
	assert_int_equal(mailbox->told[seq - 1], uid);
	mailbox->n_told--;
	memmove(mailbox->told + seq - 1, mailbox->told + seq,
	    (mailbox->n_told - (seq - 1)) * sizeof(*mailbox->told));
}

static void on_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	const struct mailbox *mailbox = arg;

	assert_true(seq >= 1 && seq <= mailbox->n_told);
	assert_int_equal(mailbox->told[seq - 1], entry->uid);
}

static void on_added(void *arg, uint32_t count)
{
	struct mailbox *mailbox = arg;

	assert_true(count > mailbox->n_told && count <= COUNT(mailbox->told));
	for (uint32_t seq = (uint32_t)mailbox->n_told + 1; seq <= count; seq++)
		mailbox->told[seq - 1] = box_snap_nth(mailbox->now, seq)->uid;
	mailbox->n_told = count;
}

static void session_sync(struct mailbox *mailbox)
{
	const struct box_diff diff = { on_expunged, on_flags, on_added, mailbox };
	struct box_snap *now = box_snap(mailbox->box);

	mailbox->now = now;
	box_snap_diff(mailbox->shown, now, &diff);
	assert_true(box_snap_modseq(now) >= box_snap_modseq(mailbox->shown));
	box_snap_free(&mailbox->shown);
	mailbox->shown = now;
	assert_int_equal(mailbox->n_told, mailbox->n);
	for (size_t i = 0; i < mailbox->n; i++)
		assert_int_equal(mailbox->told[i], mailbox->list[i].uid);
}

/* --- do they agree? --- */

static uint64_t model_flags(const struct box_snap *snap, uint64_t flags)
{
	const char *const *names = box_snap_keywords(snap);
	uint64_t out = flags & 0xff;

	for (size_t i = 0; names[i]; i++)
		for (unsigned k = 0; k < KEYWORDS; k++)
			if ((flags >> (BOX_KEYWORD_SHIFT + i) & 1) &&
			    strcmp(names[i], keyword_names[k]) == 0)
				out |= (uint64_t)1 << (BOX_KEYWORD_SHIFT + k);
	return out;
}

static void check_snapshot(const struct mailbox *mailbox)
{
	assert_int_equal(box_snap_count(mailbox->shown), mailbox->n);
	assert_int_equal(box_snap_uidnext(mailbox->shown), mailbox->uidnext);
	assert_int_equal(box_uidvalidity(mailbox->box), mailbox->uidvalidity);
	for (uint32_t i = 0; i < mailbox->n; i++) {
		const struct box_entry *entry = box_snap_nth(mailbox->shown, i + 1);
		assert_int_equal(entry->uid, mailbox->list[i].uid);
		assert_int_equal(entry->size, mailbox->list[i].size);
		assert_int_equal(model_flags(mailbox->shown, entry->flags), mailbox->list[i].flags);
		assert_true(entry->modseq <= box_snap_modseq(mailbox->shown));
	}
}

static void check_status(struct model *model, unsigned a, unsigned b)
{
	const struct mailbox *mailbox = &model->boxes[a][b];
	struct box_status status;
	uint64_t size = 0;
	uint32_t unseen = 0, deleted = 0;

	assert_int_equal(box_status(model->acct[a], text(box_names[b]), &status, NULL), 0);
	for (size_t i = 0; i < mailbox->n; i++) {
		size += mailbox->list[i].size;
		unseen += !(mailbox->list[i].flags & BOX_SEEN);
		deleted += (mailbox->list[i].flags & BOX_DELETED) != 0;
	}
	assert_int_equal(status.uidvalidity, mailbox->uidvalidity);
	assert_int_equal(status.uidnext, mailbox->uidnext);
	assert_int_equal(status.messages, mailbox->n);
	assert_int_equal(status.unseen, unseen);
	assert_int_equal(status.deleted, deleted);
	assert_int_equal(status.size, size);
}

static void check_usage(struct model *model, unsigned a)
{
	struct acct_usage usage;
	uint64_t bytes = 0, messages = 0;

	for (unsigned b = 0; b < BOXES; b++)
		for (size_t i = 0; i < model->boxes[a][b].n; i++, messages++)
			bytes += model->boxes[a][b].list[i].size;
	assert_int_equal(acct_usage(model->acct[a], &usage), 0);
	assert_int_equal(usage.bytes, bytes);
	assert_int_equal(usage.messages, messages);
}

static void check_all(struct model *model, bool deep)
{
	for (unsigned a = 0; a < ACCTS; a++) {
		for (unsigned b = 0; b < BOXES; b++) {
			struct mailbox *mailbox = &model->boxes[a][b];
			if (!mailbox->exists)
				continue;
			session_sync(mailbox);
			check_snapshot(mailbox);
			if (deep || pick(8) == 0)
				check_status(model, a, b);
		}
		check_usage(model, a);
	}
	if (deep)
		world_count();
}

/* --- operations --- */

static void op_append(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];
	struct box_append messages[3];
	struct slice keywords[3][KEYWORDS];
	uint64_t flags[3];
	size_t n = pick(3) + 1;
	char body[3][64];
	struct pool pool = { 0 };
	struct box_added added;

	for (size_t i = 0; i < n; i++) {
		snprintf(body[i], sizeof(body[i]), "Subject: %u\r\n\r\n%.*s\r\n", pick(1000),
		    (int)pick(20), "twenty bytes of text");
		flags[i] = pick_flags();
		messages[i] = (struct box_append){
			.message = text(body[i]), .flags = flags[i] & 0xff, .keywords = keywords[i]
		};
		for (unsigned k = 0; k < KEYWORDS; k++)
			if (flags[i] >> (BOX_KEYWORD_SHIFT + k) & 1)
				keywords[i][messages[i].n_keywords++] = text(keyword_names[k]);
	}
	int rc = box_append(model->acct[a], text(box_names[b]), messages, n, &pool, &added, NULL);
	assert_int_equal(rc, mailbox->exists ? 0 : -1);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		assert_int_equal(added.uids[i], mailbox->uidnext);
		model_add(mailbox, (uint32_t)strlen(body[i]), flags[i]);
	}
	assert_true(rc < 0 || added.uidvalidity == mailbox->uidvalidity);
	pool_done(&pool);
}

static void op_deliver(struct model *model, unsigned a, unsigned b)
{
	struct dir_target target = {
		.account = 7 + a, .address = "x@x.test", .detail = box_names[b]
	};
	struct dir_target other = { .account = 7 + (1 - a), .address = "y@x.test" };
	struct deliver_rcpt second = { .target = &other };
	struct deliver_rcpt first = { .target = &target, .next = pick(2) ? &second : NULL };
	struct deliver d = { .trace = SLICE("Received: x\r\n"),
		.message = SLICE("A: b\r\n\r\nc\r\n"),
		.rcpts = &first };
	uint32_t size = (uint32_t)(d.trace.n + d.message.n);

	assert_int_equal(deliver(&d, NULL), 0);
	model_add(&model->boxes[a][model->boxes[a][b].exists ? b : 0], size, 0);
	if (first.next)
		model_add(&model->boxes[1 - a][0], size, 0);
}

static void op_flags(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];
	uint32_t uids[MANY];
	enum box_how how = pick(3);
	uint64_t flags = pick_flags(), bits = flags & 0xff;

	if (!mailbox->exists)
		return;
	size_t n = pick_uids(mailbox, uids);
	for (unsigned k = 0; k < KEYWORDS; k++)
		if (flags >> (BOX_KEYWORD_SHIFT + k) & 1)
			bits |= box_keyword(mailbox->box, text(keyword_names[k]), true, NULL);
	assert_int_equal(box_flags(mailbox->box, uids, n, how, bits, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		struct message *message = model_find(mailbox, uids[i]);
		if (message)
			message->flags = box_flags_changed(message->flags, how, flags);
	}
}

static bool among(uint32_t uid, const uint32_t *uids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (uids[i] == uid)
			return true;
	return false;
}

static void op_expunge(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];
	uint32_t uids[MANY];
	bool all = pick(2);

	if (!mailbox->exists)
		return;
	size_t n = pick_uids(mailbox, uids);
	assert_int_equal(box_expunge(mailbox->box, all ? NULL : uids, all ? 0 : n, NULL), 0);
	for (size_t i = mailbox->n; i-- > 0;)
		if ((mailbox->list[i].flags & BOX_DELETED) &&
		    (all || among(mailbox->list[i].uid, uids, n)))
			model_drop(mailbox, i);
}

static void op_copy(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *from = &model->boxes[a][b];
	unsigned to_a = pick(ACCTS), to_b = pick(BOXES);
	struct mailbox *to = &model->boxes[to_a][to_b];
	uint32_t uids[MANY];
	bool move = pick(2);
	struct pool pool = { 0 };
	struct box_added added;
	size_t got = 0;

	if (!from->exists)
		return;
	size_t n = pick_uids(from, uids);
	int rc = box_copy(from->box, uids, n, model->acct[to_a], text(box_names[to_b]), move, &pool,
	    &added, NULL);
	assert_int_equal(rc, to->exists ? 0 : -1);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct message *message = model_find(from, uids[i]);
		if (!message)
			continue;
		assert_int_equal(added.from[got], uids[i]);
		assert_int_equal(added.uids[got], to->uidnext);
		got++;
		model_add(to, message->size, message->flags);
		if (move)
			model_drop(from, (size_t)(model_find(from, uids[i]) - from->list));
	}
	if (rc == 0) {
		assert_int_equal(added.n, got);
		assert_int_equal(added.uidvalidity, to->uidvalidity);
	}
	pool_done(&pool);
}

static void make(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];
	struct box_status status;

	if (b > 0)
		assert_int_equal(
		    box_create(model->acct[a], text(box_names[b]), BOX_USE_NONE, NULL), 0);
	assert_int_equal(box_status(model->acct[a], text(box_names[b]), &status, NULL), 0);
	assert_true(status.uidvalidity > mailbox->uidvalidity);
	mailbox->exists = true;
	mailbox->uidvalidity = status.uidvalidity;
	mailbox->uidnext = 1;
	session_open(model, a, b);
}

static void op_delete(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];

	if (b == 0)
		return;
	if (!mailbox->exists) {
		make(model, a, b);
		return;
	}
	if (pick(10) > 0)
		return;
	assert_int_equal(box_delete(model->acct[a], text(box_names[b]), NULL), 0);
	struct box_snap *snap = box_snap(mailbox->box);
	assert_true(box_snap_gone(snap));
	box_snap_free(&snap);
	session_close(mailbox);
	mailbox->exists = false;
	mailbox->n = 0;
}

static void op_reselect(struct model *model, unsigned a, unsigned b)
{
	if (!model->boxes[a][b].exists)
		return;
	session_close(&model->boxes[a][b]);
	session_open(model, a, b);
}

/* Some entries become what older versions wrote: a record for each. Nothing else changes. */
struct age {
	struct kv_write w; /* first member */
	uint64_t account;
	uint32_t box, first;
	bool found;
	unsigned char block[BOX_BLOCK_BYTES];
};

static bool find_block(void *arg, struct slice key, struct slice value)
{
	struct age *age = arg;

	if (key.n != 8 + 4 + 4 + 1)
		return true;
	age->found = true;
	age->first = num_get32((const unsigned char *)key.p + 8 + 4);
	assert_true(box_block_read(value, age->block));
	return pick(3) > 0; /* not always the first */
}

static void age_one(struct age *age, struct kv_txn *txn, uint32_t uid)
{
	enum { OLD_FORM = 3, FLAGS = 1 + 4 };
	unsigned char record[1 + BOX_SLOT_BYTES] = { OLD_FORM };
	struct box_entry entry;
	struct box_key key = box_entry_key(age->account, age->box, uid);

	if (!box_slot_read(age->block, uid, &entry))
		return;
	memcpy(record + 1, age->block + 1 + (uid - age->first) * BOX_SLOT_BYTES, BOX_SLOT_BYTES);
	record[FLAGS] = (unsigned char)entry.flags;
	box_slot_clear(age->block, uid);
	assert_int_equal(
	    kv_put(shard_of(0)->entry, txn, box_key_slice(&key), slice_of(record, sizeof(record))),
	    0);
}

static enum kv_result apply_age(struct kv_write *w, struct kv_txn *txn)
{
	struct age *age = (struct age *)w;
	struct kv *tree = shard_of(0)->entry;
	struct box_key key = box_entries_key(age->account, age->box);

	age->found = false;
	kv_each(tree, txn, box_key_slice(&key), SLICE(""), find_block, age);
	if (!age->found)
		return KV_DONE;
	for (uint32_t uid = age->first; uid < age->first + BOX_BLOCK; uid++)
		if (pick(2))
			age_one(age, txn, uid);
	key = box_block_key(age->account, age->box, age->first);
	assert_int_equal(
	    kv_put(tree, txn, box_key_slice(&key), slice_of(age->block, sizeof(age->block))), 0);
	return KV_DONE;
}

static void op_age(struct model *model, unsigned a, unsigned b)
{
	struct mailbox *mailbox = &model->boxes[a][b];
	struct age age = { .w = { .apply = apply_age }, .account = 7 + a };

	if (!mailbox->exists)
		return;
	age.box = box_id(mailbox->box);
	assert_int_equal(kv_write(shard_of(0)->env, &age.w), KV_DONE);
}

static void (*const ops[])(struct model *model, unsigned a, unsigned b) = {
	op_append,
	op_append,
	op_deliver,
	op_deliver,
	op_flags,
	op_flags,
	op_expunge,
	op_copy,
	op_delete,
	op_reselect,
	op_age,
};

/* --- all of it --- */

static void each_session(struct model *model, bool open)
{
	for (unsigned a = 0; a < ACCTS; a++) {
		if (open)
			model->acct[a] = acct_open(7 + a, 0);
		for (unsigned b = 0; b < BOXES; b++)
			if (model->boxes[a][b].exists && open)
				session_open(model, a, b);
			else if (model->boxes[a][b].exists)
				session_close(&model->boxes[a][b]);
		if (!open)
			acct_close(&model->acct[a]);
	}
}

static void set(const char *name, const char *value)
{
	assert_int_equal(
	    conf_set(conf_find(text(name)), CONF_SERVER, SLICE(""), text(value), NULL), 0);
}

static unsigned steps(void)
{
	const char *given = getenv("TEST_STEPS");

	return given ? (unsigned)strtoul(given, NULL, 10) : STEPS;
}

static void clear_away(struct model *model)
{
	each_session(model, false);
	for (unsigned a = 0; a < ACCTS; a++) {
		assert_int_equal(shard_purge_account(shard_of(0), 7 + a, NULL), 0);
		for (unsigned b = 0; b < BOXES; b++)
			free(model->boxes[a][b].list);
	}
	struct world_count count = world_count();
	assert_int_equal(count.boxes + count.entries + count.messages + count.bodies, 0);
}

static void agrees(void **state)
{
	struct model *model = mem_get(sizeof(*model));
	unsigned n = steps();

	srand(11);
	set("storage.default-mailboxes", ",");
	for (unsigned a = 0; a < ACCTS; a++) {
		model->acct[a] = acct_open(7 + a, 0);
		for (unsigned b = 0; b < BOXES; b++)
			make(model, a, b);
	}
	for (unsigned i = 0; i < n; i++) {
		ops[pick(COUNT(ops))](model, pick(ACCTS), pick(BOXES));
		check_all(model, i % 500 == 499);
		if (i % 5000 == 4999) {
			each_session(model, false);
			world_reopen(state);
			each_session(model, true);
			set("storage.view-cache", i % 10000 == 9999 ? "" : "0");
		}
	}
	clear_away(model);
	free(model);
}

int main(void)
{
	/* It is not about the disk, and would wait for it most of the time. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);

	const struct CMUnitTest tests[] = {
		WORLD_TEST(agrees),
	};

	return cmocka_run_group_tests_name("box_model", tests, NULL, NULL);
}
