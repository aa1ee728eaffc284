/* cmd_subscribe.c - SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.6, §6.3.7) */
#include "protocols/imap/imap.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

static enum imap_done subscribe(struct imap *im, struct slice args, bool on)
{
	struct slice name;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	if (on && imap_is_foreign(im, name) && !imap_find(im, name, RIGHT_LOOKUP, &err))
		return imap_failed(im, &err);
	if (box_subscribe(im->acct, name, on, &err) != 0)
		return imap_failed(im, &err);
	imap_notify_own(im, name);
	return IMAP_OK;
}

static enum imap_done run_subscribe(struct imap *im, struct slice args)
{
	return subscribe(im, args, true);
}

static enum imap_done run_unsubscribe(struct imap *im, struct slice args)
{
	return subscribe(im, args, false);
}

IMAP_COMMAND(subscribe) = {
	.name = "SUBSCRIBE",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.6",
	.run = run_subscribe,
};

IMAP_COMMAND(unsubscribe) = {
	.name = "UNSUBSCRIBE",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.7",
	.run = run_unsubscribe,
};
