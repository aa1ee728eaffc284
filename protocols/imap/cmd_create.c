/* cmd_create.c - CREATE (RFC 3501 §6.3.3), with a use (RFC 6154 §3) */
#include "protocols/imap/imap.h"
#include "protocols/imap/list.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

/* "USE" SP "(" [use-attr *(SP use-attr)] ")" */
static bool use_param(struct slice *in, struct slice *use, unsigned *n)
{
	if (!imap_is_word(in, "USE") || !imap_take(in, ' ') || !imap_take(in, '('))
		return false;
	if (imap_take(in, ')'))
		return true;
	do {
		if (!imap_take(in, '\\') || !imap_atom(in, use))
			return false;
		++*n;
	} while (imap_take(in, ' '));
	return imap_take(in, ')');
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice name, use = { 0 };
	unsigned uses = 0;
	enum box_use meant = BOX_USE_NONE;
	struct box_status made;
	struct err err;

	if (!imap_take_name(im, &args, &name))
		return IMAP_BAD;
	if (imap_take(&args, ' ') &&
	    (!imap_take(&args, '(') || !use_param(&args, &use, &uses) || !imap_take(&args, ')')))
		return IMAP_BAD;
	if (!imap_end(args))
		return IMAP_BAD;
	if (uses > 1 || (uses == 1 && !imap_use_find(use, &meant)))
		return imap_reply(im, IMAP_NO, "[USEATTR] A mailbox has one of the known uses");
	/* A separator at the end says that there will be children; ours may always
	   have some. */
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	struct imap_place *place = imap_find_new(im, name, &err);
	if (!place || box_create(place->acct, place->name, meant, &err) != 0)
		return imap_failed(im, &err);
	imap_notify_own(im, name);
	if ((im->enabled & IMAP_REV2) && !imap_is_kept(im, place)) /* RFC 9051 §6.3.4 */
		imap_put_kept(im, place, "", place->shown);
	if (box_status(place->acct, place->name, &made, &err) != 0) /* it was removed again */
		return IMAP_OK;
	if (place->box && right_copy(place->acct, place->box, made.id, &err) != 0)
		return imap_failed(im, &err);
	return imap_reply(im, IMAP_OK,
	    pool_printf(sess_cmd_pool(im->sess), "[MAILBOXID (F%u)] Created", made.id));
}

IMAP_COMMAND(create) = {
	.name = "CREATE",
	.states = IMAP_KNOWN,
	.capability = "CREATE-SPECIAL-USE",
	.ref = "RFC 3501 6.3.3, RFC 6154",
	.run = run,
};
