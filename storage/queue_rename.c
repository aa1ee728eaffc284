/* queue_rename.c - mail that waits for other servers, of senders whose domain was renamed
 *
 * Reports on it go to where its sender is now. Its recipients, and what was written into
 * its header, stay: they were said to others. */
#include "storage/queue_private.h"
#include "storage/rename_private.h"

struct renaming {
	struct kv_write w;
	const struct rename *names;
	uint64_t id;
};

/* Appended; true: it is another one. */
static bool new_sender(const struct rename *names, struct slice sender, struct buf *out)
{
	rename_word(names, sender, out);
	return !slice_eq(buf_slice(out), sender);
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	const struct renaming *r = (const struct renaming *)w;
	unsigned char key[QUEUE_ID_BYTES];
	struct buf sender = { 0 }, value = { 0 };
	struct queue_entry entry;
	struct pool pool = { 0 };
	int rc = queue_load(r->id, txn, &pool, &entry);

	if (rc == 1 && new_sender(r->names, entry.reverse_path, &sender)) {
		entry.reverse_path = buf_slice(&sender);
		queue_write_entry(&value, &entry);
		rc = kv_put(queue_home()->queue, txn, queue_key(key, r->id), buf_slice(&value));
	}
	buf_done(&sender);
	buf_done(&value);
	pool_done(&pool);
	return rc < 0 ? KV_FAILED : KV_DONE;
}

struct finding {
	const struct rename *names;
	struct buf ids;
};

static bool note(void *arg, const struct queue_entry *entry)
{
	struct finding *f = arg;
	struct buf sender = { 0 };

	if (new_sender(f->names, entry->reverse_path, &sender))
		buf_add(&f->ids, &entry->id, sizeof(entry->id));
	buf_done(&sender);
	return true;
}

int queue_rename(const struct rename *names, struct err *err)
{
	struct finding f = { .names = names };
	int rc = queue_each(note, &f);

	for (size_t at = 0; rc == 0 && at < f.ids.n; at += sizeof(uint64_t)) {
		struct renaming r = { .w.apply = apply, .names = names };
		memcpy(&r.id, f.ids.p + at, sizeof(r.id));
		rc = kv_write(queue_home()->env, &r.w) == KV_DONE ? 0 : -1;
	}
	buf_done(&f.ids);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "the queue cannot be changed");
}
