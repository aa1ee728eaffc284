/* proto.c - IMAP as a protocol of the kernel: greeting, running, waking, goodbye */
#include <stdlib.h>

#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/place.h"

CONF_KEY(imap_login_time) = {
	.name = "imap.login-time",
	.type = CONF_DURATION,
	.def = "60s",
	.min = 1000,
	.max = 3600000,
	.help = "how long an IMAP client may be silent before it logs in",
};

enum { LINE_MAX_BYTES = 65536 }; /* the highest that imap.max-line allows */

static void put_untagged_ok(struct imap *im, const char *text)
{
	struct buf *out = sess_out(im->sess);

	buf_addz(out, "* OK [");
	imap_put_capabilities(im, out);
	buf_addz(out, text);
}

static enum sess_next open_session(struct sess *s)
{
	struct imap *im = sess_state(s);

	im->sess = s;
	im->state = IMAP_STRANGER;
	sess_cmd_pool(s)->wipe = true; /* passwords */
	sess_timeout(s, (uint64_t)conf_num(&conf_key_imap_login_time));
	put_untagged_ok(im, "] Signet is ready\r\n");
	return SESS_NEXT;
}

/* --- running --- */

static enum imap_done wrong_state(struct imap *im)
{
	static const char *const text[] = {
		[IMAP_STRANGER] = "Log in first",
		[IMAP_AUTHENTICATED] = "Not now; select a mailbox first, perhaps",
		[IMAP_SELECTED] = "Not while a mailbox is selected",
	};

	if (im->state != IMAP_STRANGER && im->command->states == IMAP_STRANGER)
		return imap_reply(im, IMAP_BAD, "You are logged in");
	return imap_reply(im, IMAP_BAD, text[im->state]);
}

static void say_hidden(struct imap *im)
{
	buf_addz(sess_out(im->sess), "* BYE [NOPERM] The mailbox is not shown to you any more\r\n");
}

static enum imap_done start(struct imap *im)
{
	if (im->tag.n == 0)
		return imap_reply(im, IMAP_BAD, "A tag, a blank, then a command");
	if (!im->command)
		return imap_reply(im, IMAP_BAD, "Unknown command");
	if (!(im->command->states & (unsigned)im->state))
		return wrong_state(im);
	if ((im->enabled & IMAP_UIDONLY) && im->command->by_number && !im->uid)
		return imap_reply(im, IMAP_BAD, "[UIDREQUIRED] You wanted no message numbers");
	if (!imap_still_allowed(im)) {
		say_hidden(im);
		return IMAP_END;
	}
	return im->command->run(im, im->args);
}

/* The next thing that the command has to do. */
static enum imap_done go_on(struct imap *im)
{
	if (im->refused)
		return im->refusal;
	if (im->resume)
		return im->resume(im);
	if (im->line)
		return im->line(im, im->args);
	return start(im);
}

/* Before the tagged line: what happened to the mailbox meanwhile. */
static bool tell_news(struct imap *im)
{
	bool expunges = im->uid || !im->command || !im->command->numbered;

	if (im->notify && !im->here)
		imap_notify_tell(im);
	if (im->state != IMAP_SELECTED || im->here || imap_sync(im, expunges))
		return !im->broken;
	buf_addz(sess_out(im->sess), "* BYE The mailbox was deleted\r\n");
	return false;
}

static enum sess_next finish(struct imap *im, enum imap_done done)
{
	enum sess_next next = SESS_CLOSE;

	im->commands++;
	if (done != IMAP_END && tell_news(im))
		next = imap_answer(im, done);
	if (im->hopeless && next == SESS_NEXT) {
		buf_addz(sess_out(im->sess), "* BYE So much will not be read\r\n");
		next = SESS_CLOSE;
	}
	imap_command_end(im);
	return next;
}

/* May the command's text hold a password? After a login the state is another one. */
static bool is_secret(const struct imap *im)
{
	return im->state == IMAP_STRANGER || (im->command && im->command->states == IMAP_STRANGER);
}

void imap_command_end(struct imap *im)
{
	if (im->release)
		im->release(im);
	imap_places_free(im);
	spool_free(&im->messages);
	if (is_secret(im))
		buf_wipe(&im->text);
	else
		buf_done(&im->text);
	im->want = 0;
	im->reading = IMAP_LINE;
	im->refused = im->hopeless = im->uid = im->here = false;
	im->command = NULL;
	im->tag = im->args = (struct slice){ 0 };
	im->reply = NULL;
	im->resume = NULL;
	im->line = NULL;
	im->release = NULL;
	im->work = NULL;
	im->told = NULL;
	im->progress = 0;
	im->limited = 0;
}

static enum sess_next run(struct sess *s)
{
	struct imap *im = sess_state(s);

	if (im->spill)
		return imap_spill(im);
	im->here = im->here && loop_thread();
	enum imap_done done = go_on(im);
	if (done == IMAP_WORK)
		return SESS_LATER;
	if (done == IMAP_LATER)
		return SESS_MORE;
	if (done == IMAP_WAIT)
		return SESS_NEXT;
	return finish(im, done);
}

/* --- between commands --- */

/* News of one's own mailbox that were read by who made them: all that is left is to
   write a line or a few. Many may watch it, and passing each to a worker costs more. */
static bool is_quickly_told(struct imap *im)
{
	if (imap_notify_fetches(im))
		return false;
	if (im->state != IMAP_SELECTED)
		return true;
	if (im->place || im->contexts)
		return false;
	struct box_snap *now = box_snap(im->box);
	bool near = box_snap_near(im->shown, now);
	box_snap_free(&now);
	return near;
}

/* RFC 2177: while the client idles it is told at once. */
static enum sess_next wake(struct sess *s)
{
	struct imap *im = sess_state(s);

	bool idling = atomic_load(&im->idling), known = im->state != IMAP_STRANGER;
	int live = atomic_load(&im->live);

	if (loop_thread() && !is_quickly_told(im))
		return SESS_LATER;
	if (im->notify && known && !imap_notify_tell(im))
		return SESS_LATER;
	if (im->state != IMAP_SELECTED || (!idling && live == IMAP_LIVE_NOT))
		return SESS_NEXT;
	if (!imap_still_allowed(im))
		say_hidden(im);
	else if (!imap_sync(im, idling || live == IMAP_LIVE_NOW))
		buf_addz(sess_out(s), "* BYE The mailbox was deleted\r\n");
	else if (!im->broken)
		return SESS_NEXT;
	return SESS_CLOSE;
}

/* RFC 3501 §6.2.1: what the client learned before TLS is void; of it we keep
   nothing, since before TLS nobody can log in. */
static void secured(struct sess *s)
{
	imap_command_end(sess_state(s));
}

static void bye(struct sess *s, enum sess_bye why)
{
	static const char *const text[] = {
		[SESS_BYE_IDLE] = "Nothing heard for too long",
		[SESS_BYE_DRAIN] = "[UNAVAILABLE] The server ends, come back soon",
		[SESS_BYE_LIMIT] = "[LIMIT] Too many connections, come back later",
		[SESS_BYE_ENDED] = "[UNAVAILABLE] Ended by an administrator",
	};

	buf_addz(sess_out(s), "* BYE ");
	buf_addz(sess_out(s), text[why]);
	buf_addz(sess_out(s), "\r\n");
}

static void done(struct sess *s)
{
	struct imap *im = sess_state(s);

	imap_command_end(im);
	imap_leave(im);
	imap_notify_free(im);
	auth_free(&im->auth);
	sess_handle_free(&im->handle);
	if (im->acct)
		log_event(LOG_INFO, "logout", log_n("commands", (int64_t)im->commands),
		    log_n("fetched", (int64_t)im->fetched),
		    log_n("appended", (int64_t)im->appended));
	acct_close(&im->acct);
}

PROTOCOL(imap) = {
	.name = "imap",
	.alpn = "imap",
	.state_size = sizeof(struct imap),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = imap_frame,
	.run = run,
	.secured = secured,
	.overlong = imap_overlong,
	.wake = wake,
	.bye = bye,
	.done = done,
};

LISTENER(imap) = {
	.name = "imap",
	.port = 143,
	.proto = &proto_imap,
	.tls = LISTEN_STARTTLS,
	.client = "IMAP",
};
LISTENER(imaps) = {
	.name = "imaps",
	.port = 993,
	.proto = &proto_imap,
	.tls = LISTEN_TLS,
	.client = "IMAP",
};
