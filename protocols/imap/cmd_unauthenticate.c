/* cmd_unauthenticate.c - UNAUTHENTICATE (RFC 8437): as it was before the login, on the same
 * connection */
#include "core/log.h"
#include "protocols/imap/notify.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	if (args.n != 0)
		return IMAP_BAD;
	imap_leave(im);
	imap_notify_free(im);
	/* §3: all that ENABLE and the like have switched on is off; TLS and
	   compression stay. */
	im->enabled = 0;
	im->state = IMAP_STRANGER;
	im->who = NULL;
	im->events_known = 0; /* whether there are scripts was asked of his notes */
	acct_close(&im->acct);
	sess_account_end(im->sess);
	sess_timeout(im->sess, (uint64_t)conf_num(&conf_key_imap_login_time));
	log_event(LOG_INFO, "unauthenticate", log_n("commands", (int64_t)im->commands));
	return IMAP_OK;
}

IMAP_COMMAND(unauthenticate) = {
	.name = "UNAUTHENTICATE",
	.states = IMAP_KNOWN,
	.ref = "RFC 8437",
	.run = run,
};

/* §3: told to who is logged in. */
static void words(const struct imap *im, struct buf *out)
{
	if (im->state != IMAP_STRANGER)
		buf_addz(out, " UNAUTHENTICATE");
}

IMAP_EXTENSION(unauthenticate) = { .words = words };
