/* stored.c - a message of a mailbox, as a whole */
#include "smime/stored.h"

#include "storage/box.h"

enum { MESSAGE_MAX = 64 << 20 };

static int copy(struct body *body, struct buf *out, struct err *err)
{
	struct slice whole;

	if (body_size(body) > MESSAGE_MAX)
		return err_set(err, ERR_LIMIT, "the message is larger than %d bytes", MESSAGE_MAX);
	if (body_map(body, &whole, err) != 0)
		return -1;
	buf_adds(out, whole);
	return 0;
}

static int read_entry(
    struct box *box, const struct box_entry *entry, struct buf *out, struct err *err)
{
	struct body *body = NULL;
	int found = box_body(box, entry, &body, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, ERR_ABSENT, "the message was removed just now");
	int rc = copy(body, out, err);
	body_close(&body);
	return rc;
}

static int read_uid(struct box *box, uint32_t uid, struct buf *out, int64_t *when, struct err *err)
{
	struct box_snap *snap = box_snap(box);
	uint32_t seq = box_snap_find(snap, uid, false);

	if (seq > 0 && when)
		*when = box_snap_nth(snap, seq)->internal_date;
	int rc = seq > 0 ? read_entry(box, box_snap_nth(snap, seq), out, err)
			 : err_set(err, ERR_ABSENT, "%s has no message with UID %u", box_name(box),
			       (unsigned)uid);

	box_snap_free(&snap);
	return rc;
}

int smime_stored_message(const struct dir_account *account, const char *mailbox, uint32_t uid,
    struct buf *out, int64_t *when, struct err *err)
{
	struct acct *acct = acct_open(account->id, account->shard);
	struct box *box = box_open(acct, slice_str(mailbox), err);
	int rc = box ? read_uid(box, uid, out, when, err) : -1;

	if (box)
		box_close(&box);
	acct_close(&acct);
	return rc;
}
