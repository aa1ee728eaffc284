/* signed_find.c - signed messages among those that an account has
 *
 * Told by what is kept of each message's structure; no body is opened. */
#include <stdlib.h>

#include "smime/signed.h"
#include "storage/box.h"
#include "storage/summary.h"

enum { EACH_MAX = 300, ALL_MAX = 3000 /* messages that are looked at */ };

struct finding {
	struct acct *acct;
	struct pool *pool;
	struct signed_found *out;
	size_t n, max, looked;
};

static int newest_first(const void *a, const void *b)
{
	const struct signed_found *one = a, *two = b;

	return (one->when < two->when) - (one->when > two->when);
}

/* With the best of those that were there. */
static void keep(struct finding *f, const struct signed_found *found)
{
	if (f->n == f->max) {
		qsort(f->out, f->n, sizeof(*f->out), newest_first);
		if (f->out[f->n - 1].when >= found->when)
			return;
		f->n--;
	}
	f->out[f->n++] = *found;
}

static bool seems_signed(struct slice structure)
{
	return slice_ifind(structure, SLICE("pkcs7-signature")) >= 0 ||
	    (slice_ifind(structure, SLICE("pkcs7-mime")) >= 0 &&
		slice_ifind(structure, SLICE("signed-data")) >= 0);
}

static const char *text_of(struct slice fields, const char *name, struct pool *pool)
{
	struct msg_field field;

	if (!msg_field_find(fields, slice_str(name), &field))
		return "";
	return pool_str(pool, msg_decode_text(pool, field.value));
}

static void look_at(struct finding *f, struct box *box, const struct box_entry *entry)
{
	struct pool scratch = { 0 };
	struct buf record = { 0 };
	struct summary summary;

	f->looked++;
	if (box_summary(box, entry, &record, &scratch, &summary) == 1 &&
	    seems_signed(summary.structure))
		keep(f,
		    &(struct signed_found){ .mailbox = pool_str(f->pool, slice_str(box_name(box))),
			.uid = entry->uid,
			.when = entry->internal_date,
			.from = text_of(summary.fields, "From", f->pool),
			.subject = text_of(summary.fields, "Subject", f->pool) });
	pool_done(&scratch);
	buf_done(&record);
}

static bool see_mailbox(void *arg, const struct box_info *info)
{
	struct finding *f = arg;
	struct box *box = info->exists ? box_open(f->acct, slice_str(info->name), NULL) : NULL;

	if (!box)
		return true;
	struct box_snap *snap = box_snap(box);
	uint32_t count = box_snap_count(snap);
	for (uint32_t i = 0; i < count && i < EACH_MAX && f->looked < ALL_MAX; i++)
		look_at(f, box, box_snap_nth(snap, count - i));
	box_snap_free(&snap);
	box_close(&box);
	return f->looked < ALL_MAX;
}

int signed_find(const struct dir_account *account, struct pool *pool, struct signed_found *out,
    size_t n, struct err *err)
{
	struct finding f = {
		.acct = acct_open(account->id, account->shard), .pool = pool, .out = out, .max = n
	};

	if (!f.acct)
		return err_set(err, ERR_TEMP, "the account's store is not open");
	int rc = n > 0 ? box_list(f.acct, see_mailbox, &f) : 0;
	acct_close(&f.acct);
	if (rc < 0)
		return err_set(err, ERR_TEMP, "the mailboxes cannot be read");
	qsort(out, f.n, sizeof(*out), newest_first);
	return (int)f.n;
}
