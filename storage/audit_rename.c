/* audit_rename.c - the audit trail of a domain that was renamed
 *
 * What happened is told as it was; only the index by which a domain's events are found
 * gets the new name. */
#include "storage/audit_private.h"
#include "storage/rename_private.h"

enum { AT_ONCE = 500 };

struct moving {
	struct dir_change change; /* first member */
	char class;
	const struct rename *names;
	struct buf ids; /* the ends of the keys: as they are */
};

static bool note(void *arg, struct slice key, struct slice value)
{
	struct moving *m = arg;

	(void)value;
	if (key.n > AUDIT_ID)
		buf_adds(&m->ids, slice_from(key, key.n - AUDIT_ID));
	return m->ids.n < (size_t)AT_ONCE * AUDIT_ID;
}

static enum kv_result move(struct dir_change *change, struct kv_txn *txn)
{
	struct moving *m = (struct moving *)change;
	struct kv *tree = dir_kv(DIR_TREE_AUDIT);
	struct buf old = { 0 }, new = { 0 };
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < m->ids.n; at += AUDIT_ID) {
		struct slice id = slice_of(m->ids.p + at, AUDIT_ID);
		buf_clear(&old);
		buf_clear(&new);
		audit_domain_prefix(&old, m->class, m->names->old.p);
		audit_domain_prefix(&new, m->class, m->names->new.p);
		buf_adds(&old, id);
		buf_adds(&new, id);
		rc = kv_del(tree, txn, buf_slice(&old));
		if (rc == 0)
			rc = kv_put(tree, txn, buf_slice(&new), SLICE("\1"));
	}
	buf_done(&old);
	buf_done(&new);
	return dir_result(rc);
}

/* Some at a time, so that no transaction grows with the trail. 1: there may be more. */
static int move_some(const struct rename *names, char class, struct err *err)
{
	struct moving m = { .class = class, .names = names };
	struct buf prefix = { 0 };

	audit_domain_prefix(&prefix, class, names->old.p);
	int rc =
	    kv_each(dir_kv(DIR_TREE_AUDIT), NULL, buf_slice(&prefix), buf_slice(&prefix), note, &m);
	bool any = m.ids.n > 0;
	if (rc < 0)
		err_set(err, ERR_TEMP, "the audit trail cannot be read");
	else if (any)
		rc = dir_commit(&m.change, move, err);
	dir_change_done(&m.change);
	buf_done(&m.ids);
	buf_done(&prefix);
	return rc < 0 ? -1 : any;
}

int audit_rename(const struct rename *names, struct err *err)
{
	for (const char *class = AUDIT_CLASSES; *class; class ++) {
		int rc;
		while ((rc = move_some(names, *class, err)) == 1)
			;
		if (rc < 0)
			return -1;
	}
	return 0;
}
