/* cmd_quota.c - GETQUOTA and GETQUOTAROOT (RFC 9208): how much the account may keep
 *
 * An account has one quota root, when it has a bound; admins set it by `signet
 * account quota`. The user's own is "", that of another account is told with its
 * mailboxes only. */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "protocols/imap/status.h"

/* In units of 1024 octets, what is used rounded up. */
static void put_quota(struct buf *out, const char *root, const struct acct_usage *usage)
{
	buf_addz(out, "* QUOTA ");
	imap_put_string(out, slice_str(root));
	buf_printf(out, " (STORAGE %llu %llu)\r\n",
	    (unsigned long long)((usage->bytes + 1023) / 1024),
	    (unsigned long long)(usage->quota / 1024));
}

static bool get_usage(struct imap *im, struct acct *acct, struct acct_usage *usage)
{
	if (acct_usage(acct, usage) == 0)
		return true;
	imap_reply(im, IMAP_NO, "[UNAVAILABLE] Cannot look that up now, try again later");
	return false;
}

static enum imap_done run_root(struct imap *im, struct slice args)
{
	struct buf *out = sess_out(im->sess);
	struct acct_usage usage;
	struct box_status status;
	struct slice name;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	struct imap_place *place = imap_find(im, name, RIGHT_READ, &err);
	if (!place || box_status(place->acct, place->name, &status, &err) != 0)
		return imap_failed(im, &err);
	if (!get_usage(im, place->acct, &usage))
		return IMAP_NO;
	buf_addz(out, "* QUOTAROOT ");
	imap_put_name(im, name);
	const char *root =
	    place->foreign ? pool_printf(sess_cmd_pool(im->sess), "~%s", place->owner) : "";
	if (usage.quota) {
		buf_addc(out, ' ');
		imap_put_string(out, slice_str(root));
	}
	buf_addz(out, "\r\n");
	if (usage.quota)
		put_quota(out, root, &usage);
	return IMAP_OK;
}

static enum imap_done run_get(struct imap *im, struct slice args)
{
	struct acct_usage usage;
	struct slice root;

	if (!imap_astring(sess_cmd_pool(im->sess), &args, &root) || !imap_end(args))
		return IMAP_BAD;
	if (!get_usage(im, im->acct, &usage))
		return IMAP_NO;
	if (root.n > 0 || !usage.quota)
		return imap_reply(im, IMAP_NO, "[NONEXISTENT] There is no such quota root");
	put_quota(sess_out(im->sess), "", &usage);
	return IMAP_OK;
}

/* §5.1: what would be free after an expunge */
static uint64_t deleted_storage(const struct box_status *status)
{
	return status->deleted_size;
}

IMAP_STATUS_ITEM(deleted_storage) = {
	.name = "DELETED-STORAGE",
	.value = deleted_storage,
	.added_up = true,
};

static enum imap_done run_set(struct imap *im, struct slice args)
{
	(void)args;
	return imap_reply(im, IMAP_NO, "[NOPERM] Quotas are set by an administrator");
}

IMAP_COMMAND(getquotaroot) = {
	.name = "GETQUOTAROOT",
	.states = IMAP_KNOWN,
	.capability = "QUOTA QUOTA=RES-STORAGE",
	.ref = "RFC 9208 4.1.2",
	.run = run_root,
};

IMAP_COMMAND(getquota) = {
	.name = "GETQUOTA",
	.states = IMAP_KNOWN,
	.ref = "RFC 9208 4.1.1",
	.run = run_get,
};

IMAP_COMMAND(setquota) = {
	.name = "SETQUOTA",
	.states = IMAP_KNOWN,
	.ref = "RFC 9208 4.1.3",
	.instant = true,
	.run = run_set,
};
