/* event.c - when a mailbox's script runs, and for which messages (RFC 6785) */
#include "protocols/imap/event.h"

#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "storage/box_event.h"
#include "storage/dir.h"
#include "storage/script.h"

/* --- is there a script? --- */

/* So that a session looks at its notes only when some have changed. */
static _Atomic uint64_t generation = 1;

void imap_events_changed(void)
{
	generation++;
}

static bool has_scripts(struct imap *im, struct acct *acct)
{
	uint64_t now = generation;

	if (acct != im->acct)
		return imap_metadata_scripts(acct);
	if (im->events_known != now) {
		im->events = imap_metadata_scripts(acct);
		im->events_known = now;
	}
	return im->events;
}

/* The text of the script that a mailbox names. RFC 6785 2.3.1: one that is not there
   is none. */
static bool read_script(const struct dir_account *owner, struct acct *acct, uint32_t box,
    struct buf *name, struct buf *text)
{
	struct script_owner whose = script_of_account(owner->id, owner->shard);

	return imap_metadata_script(acct, box, name) == 1 &&
	    script_get(&whose, buf_slice(name), text) == 1;
}

static struct sieve_script *find_script(
    struct acct *acct, const char *owner, struct pool *pool, uint32_t box)
{
	struct buf name = { 0 }, text = { 0 };
	struct sieve_script *script = NULL;
	struct dir_account account;
	struct err err;

	if (dir_account(slice_str(owner), pool, &account) == 1 &&
	    read_script(&account, acct, box, &name, &text) &&
	    !(script = sieve_compile(buf_slice(&text), &err)))
		log_event(LOG_WARN, "event-faulty", log_z("account", owner),
		    log_s("script", buf_slice(&name)), log_z("reason", err.text));
	buf_done(&text);
	buf_done(&name);
	return script;
}

/* --- running it --- */

struct events {
	struct box_event event;
	struct sieve_script *script;
	struct box *box; /* a handle of its own: rights are the owner's, as the script is */
	const uint32_t *uids;
	const uint64_t *changed; /* flags, or NULL */
	size_t n, at;
	enum imap_done done;
	/* Of the command itself. */
	void *work;
	void (*release)(struct imap *im);
};

static enum imap_done go_on(struct imap *im)
{
	struct events *events = im->work;
	uint64_t began = loop_now();

	while (events->at < events->n) {
		size_t i = events->at++;

		if (!events->changed || events->changed[i])
			box_event_run(&events->event, events->box, events->uids[i],
			    events->changed ? events->changed[i] : 0);
		if (imap_turn_over(im, began, events->at, events->n))
			return IMAP_LATER;
	}
	return events->done;
}

/* A client that has gone away takes with it what was not done yet. */
static void release(struct imap *im)
{
	struct events *events = im->work;

	if (events->at < events->n)
		log_event(LOG_WARN, "events-left", log_s("account", events->event.owner),
		    log_n("messages", (int64_t)(events->n - events->at)));
	sieve_free(&events->script);
	box_close(&events->box);
	im->work = events->work;
	im->release = events->release;
	if (im->release)
		im->release(im);
}

/* box becomes the events'. */
static enum imap_done start(
    struct imap *im, struct events *events, struct acct *acct, const char *owner, struct box *box)
{
	struct pool *pool = sess_cmd_pool(im->sess);

	events->script = find_script(acct, owner, pool, box_id(box));
	if (!events->script) {
		box_close(&box);
		return events->done;
	}
	events->event.acct = acct;
	events->event.owner = slice_str(owner);
	events->event.user = slice_str(im->who);
	events->event.mailbox = box_name(box);
	events->event.script = events->script;
	events->box = box;
	events->work = im->work;
	events->release = im->release;
	im->work = events;
	im->release = release;
	im->resume = go_on;
	return go_on(im);
}

enum imap_done imap_event_new(struct imap *im, enum imap_done done, const struct imap_place *place,
    const char *cause, const struct box_added *added)
{
	struct events *events;

	if (added->n == 0 || !has_scripts(im, place->acct))
		return done;
	struct box *box = box_open(place->acct, place->name, NULL);
	if (!box) /* removed meanwhile */
		return done;
	events = pool_get(sess_cmd_pool(im->sess), sizeof *events);
	events->event.cause = slice_str(cause);
	events->uids = added->uids;
	events->n = added->n;
	events->done = done;
	return start(im, events, place->acct, place->owner, box);
}

/* --- flags --- */

struct box_snap *imap_event_before(struct imap *im)
{
	return has_scripts(im, im->place ? im->place->acct : im->acct) ? box_snap(im->box) : NULL;
}

static uint64_t flags_in(const struct box_snap *snap, uint32_t uid)
{
	uint32_t seq = box_snap_find(snap, uid, false);

	return seq ? box_snap_nth(snap, seq)->flags : 0;
}

/* The flags of each that are not as they were; how many messages have any. */
static size_t compare(struct imap *im, const struct box_snap *before, const uint32_t *uids,
    size_t n, uint64_t *changed)
{
	struct box_snap *now = box_snap(im->box);
	size_t some = 0;

	for (size_t i = 0; i < n; i++) {
		changed[i] = flags_in(before, uids[i]) ^ flags_in(now, uids[i]);
		some += changed[i] != 0;
	}
	box_snap_free(&now);
	return some;
}

enum imap_done imap_event_flags(
    struct imap *im, enum imap_done done, struct box_snap **before, const uint32_t *uids, size_t n)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct acct *acct = im->place ? im->place->acct : im->acct;

	if (!*before)
		return done;
	uint64_t *changed = pool_get(pool, (n + 1) * sizeof *changed);
	size_t some = compare(im, *before, uids, n, changed);
	box_snap_free(before);
	if (some == 0)
		return done;
	struct events *events = pool_get(pool, sizeof *events);
	events->event.cause = SLICE(IMAP_EVENT_FLAG);
	events->uids = uids;
	events->changed = changed;
	events->n = n;
	events->done = done;
	return start(im, events, acct, im->place ? im->place->owner : im->who, box_same(im->box));
}

/* --- what is announced --- */

/* RFC 6785 2.1, RFC 5804 3: where its scripts are kept; under the name by which the client
   came. */
static void words(const struct imap *im, struct buf *out)
{
	unsigned port = im->state == IMAP_STRANGER ? 0 : listen_port("managesieve");
	struct tls_info info;

	if (port == 0)
		return;
	bool named = sess_tls_info(im->sess, &info) && info.domain;
	buf_printf(out, " IMAPSIEVE=sieve://%s", named ? info.domain : strchr(im->who, '@') + 1);
	if (port != 4190)
		buf_printf(out, ":%u", port);
}

IMAP_EXTENSION(imapsieve) = { .words = words };
