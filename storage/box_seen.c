/* box_seen.c - \Seen of one user
 *
 * Room "seen": the mailbox's id in four bytes and the user's address; the value
 * is a version byte and runs of UIDs, each its first and last in four bytes.
 * Room "seen-apart": the ids of mailboxes that ask for it. */
#include "storage/box_seen.h"

#include <stdlib.h>

#include "core/num.h"
#include "storage/acct_record.h"
#include "storage/rename.h"

static const char room[] = "seen", room_apart[] = "seen-apart";

RENAMED(seen) = { .room = "seen", .of_accounts = true };
BOX_NOTES(seen) = { .room = "seen" };
BOX_NOTES(seen_apart) = { .room = "seen-apart" };

enum { VERSION = 1, RUN_BYTES = 8, BYTES_MAX = ACCT_RECORD_VALUE_MAX };

struct run {
	uint32_t first, last;
};

static void seen_key(struct buf *key, uint32_t box, const char *who)
{
	unsigned char p[4];

	num_put32(p, box);
	buf_clear(key);
	buf_add(key, p, sizeof(p));
	buf_addz(key, who);
}

/* --- runs --- */

static struct run *runs_of(const struct buf *ranges, size_t *n)
{
	*n = ranges->n / sizeof(struct run);
	return (struct run *)(void *)ranges->p;
}

/* The first run that does not end before the UID. */
static size_t place_of(const struct run *runs, size_t n, uint32_t uid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (runs[mid].last < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool box_seen_has(const struct buf *ranges, uint32_t uid)
{
	size_t n;
	const struct run *runs = runs_of(ranges, &n);
	size_t at = place_of(runs, n, uid);

	return at < n && runs[at].first <= uid;
}

/* Put `with` in the place of `n` runs from `at` on. */
static void replace(struct buf *ranges, size_t at, size_t n, const struct run *with, size_t n_with)
{
	struct buf tail = { 0 };

	buf_adds(&tail, slice_from(buf_slice(ranges), (at + n) * sizeof(*with)));
	ranges->n = at * sizeof(*with);
	buf_add(ranges, with, n_with * sizeof(*with));
	buf_adds(ranges, buf_slice(&tail));
	buf_done(&tail);
}

static void add(struct buf *ranges, uint32_t uid)
{
	size_t n;
	const struct run *runs = runs_of(ranges, &n);
	size_t at = place_of(runs, n, uid), old = 0;
	struct run run = { uid, uid };

	if (at > 0 && runs[at - 1].last + 1 == uid) {
		run.first = runs[--at].first;
		old++;
	}
	if (at + old < n && runs[at + old].first == uid + 1)
		run.last = runs[at + old++].last;
	replace(ranges, at, old, &run, 1);
}

static void take(struct buf *ranges, uint32_t uid)
{
	size_t n, left = 0;
	const struct run *runs = runs_of(ranges, &n);
	size_t at = place_of(runs, n, uid);
	struct run run = runs[at], rest[2];

	if (run.first < uid)
		rest[left++] = (struct run){ run.first, uid - 1 };
	if (run.last > uid)
		rest[left++] = (struct run){ uid + 1, run.last };
	replace(ranges, at, 1, rest, left);
}

void box_seen_put(struct buf *ranges, uint32_t uid, bool on)
{
	if (box_seen_has(ranges, uid) == on)
		return;
	if (on)
		add(ranges, uid);
	else
		take(ranges, uid);
}

/* --- the record --- */

static bool read_runs(struct slice value, struct buf *ranges)
{
	const unsigned char *p = (const unsigned char *)value.p;

	buf_clear(ranges);
	if (value.n == 0 || p[0] != VERSION || (value.n - 1) % RUN_BYTES != 0)
		return value.n == 0;
	for (size_t i = 1; i < value.n; i += RUN_BYTES) {
		struct run run = { num_get32(p + i), num_get32(p + i + 4) };
		buf_add(ranges, &run, sizeof(run));
	}
	return true;
}

static void write_runs(const struct buf *ranges, struct buf *value)
{
	size_t n;
	const struct run *runs = runs_of(ranges, &n);
	unsigned char p[RUN_BYTES];

	buf_clear(value);
	if (n > 0)
		buf_addc(value, VERSION);
	for (size_t i = 0; i < n; i++) {
		num_put32(p, runs[i].first);
		num_put32(p + 4, runs[i].last);
		buf_add(value, p, sizeof(p));
	}
}

static int load(struct box_tx *tx, uint32_t box, const char *who, struct buf *ranges)
{
	struct buf key = { 0 };

	seen_key(&key, box, who);
	int found = box_record_get(tx, room, buf_slice(&key), &tx->value);
	if (found == 0)
		buf_clear(&tx->value);
	if (found >= 0 && !read_runs(buf_slice(&tx->value), ranges))
		found = -1;
	buf_done(&key);
	return found < 0 ? -1 : 0;
}

int box_seen_begin(struct box_batch *batch)
{
	return load(&batch->tx, batch->box, batch->seen->who, &batch->ranges);
}

int box_seen_end(struct box_batch *batch)
{
	struct buf key = { 0 }, value = { 0 };
	int rc = 0;

	seen_key(&key, batch->box, batch->seen->who);
	write_runs(&batch->ranges, &value);
	if (value.n > BYTES_MAX)
		rc = 1;
	else if (box_record_put(&batch->tx, room, buf_slice(&key), buf_slice(&value)) < 0)
		rc = -1;
	if (rc == 1)
		err_set(batch->err, ERR_LIMIT, "no more can be noted as seen here");
	buf_done(&key);
	buf_done(&value);
	return rc;
}

/* --- snapshots --- */

static struct box_snap *make(const struct box_snap *base, const struct buf *ranges)
{
	struct box_snap *snap = box_snap_edit(box_snap_ref((struct box_snap *)(uintptr_t)base));

	for (uint32_t seq = 1; seq <= base->count; seq++) {
		struct box_entry entry = *box_snap_nth(base, seq);
		bool seen = box_seen_has(ranges, entry.uid);
		if (seen == !!(entry.flags & BOX_SEEN))
			continue;
		entry.flags ^= BOX_SEEN;
		box_snap_put(snap, &entry);
	}
	box_snap_seal(snap);
	return snap;
}

struct box_snap *box_seen_snap(struct box *box, struct box_snap *base)
{
	struct box_seen *seen = box->seen;
	struct buf ranges = { 0 };
	struct box_tx tx;

	if (seen->base == base) {
		box_snap_free(&base);
		return box_snap_ref(seen->made);
	}
	box_tx_read(&tx, &box->acct);
	load(&tx, box->id, seen->who, &ranges);
	box_tx_done(&tx);
	box_snap_free(&seen->base);
	box_snap_free(&seen->made);
	seen->base = base;
	seen->made = make(base, &ranges);
	buf_done(&ranges);
	return box_snap_ref(seen->made);
}

void box_seen_free(struct box_seen **seenp)
{
	struct box_seen *seen = *seenp;

	*seenp = NULL;
	if (!seen)
		return;
	box_snap_free(&seen->base);
	box_snap_free(&seen->made);
	free(seen->who);
	free(seen);
}

void box_seen_as(struct box *box, struct slice who)
{
	box_seen_free(&box->seen);
	box->seen = mem_get(sizeof(*box->seen));
	box->seen->who = mem_str(who);
}

/* --- who asks for it --- */

int box_seen_apart(struct acct *acct, uint32_t box)
{
	struct buf key = { 0 }, value = { 0 };

	seen_key(&key, box, "");
	int found = acct_record_get(acct, room_apart, buf_slice(&key), &value);
	buf_done(&key);
	buf_done(&value);
	return found;
}

int box_seen_apart_set(struct acct *acct, struct slice name, bool on, struct err *err)
{
	struct buf key = { 0 };
	struct box_name found;

	if (box_find(acct, name, &found, err) != 0)
		return -1;
	seen_key(&key, found.box, "");
	struct acct_record record = { .key = buf_slice(&key),
		.value = on ? SLICE("\1") : (struct slice){ 0 } };
	int rc = acct_record_put(acct, room_apart, &record, 1, err);
	buf_done(&key);
	return rc;
}
