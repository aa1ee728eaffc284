/* box_event.c - run a script for a message that lies in a mailbox, and do what it says */
#include "storage/box_event.h"

#include "core/conf.h"
#include "core/log.h"
#include "storage/box_private.h"
#include "storage/notice.h"
#include "storage/rules_fault.h"

struct run {
	const struct box_event *event;
	struct box *box;
	struct box_snap *snap;
	struct box_entry entry;
	struct pool pool;
	struct slice text;
	bool kept; /* by a keep, or since something could not be done */
};

/* --- flags: names for the script, bits for the mailbox --- */

static const struct {
	const char *name;
	uint64_t bit;
} system_flags[] = {
	{ "\\Seen", BOX_SEEN },
	{ "\\Answered", BOX_ANSWERED },
	{ "\\Flagged", BOX_FLAGGED },
	{ "\\Deleted", BOX_DELETED },
	{ "\\Draft", BOX_DRAFT },
};
enum { N_SYSTEM_FLAGS = sizeof(system_flags) / sizeof(*system_flags) };

static size_t name_flags(const struct run *run, uint64_t flags, struct slice *names)
{
	const char *const *keywords = box_snap_keywords(run->snap);
	size_t n = 0;

	for (size_t i = 0; i < N_SYSTEM_FLAGS; i++)
		if (flags & system_flags[i].bit)
			names[n++] = slice_str(system_flags[i].name);
	for (flags >>= BOX_KEYWORD_SHIFT; flags && *keywords; flags >>= 1, keywords++)
		if (flags & 1)
			names[n++] = slice_str(*keywords);
	return n;
}

static struct slice list_flags(struct run *run, uint64_t flags)
{
	struct slice names[N_SYSTEM_FLAGS + BOX_KEYWORDS_MAX];
	size_t n = name_flags(run, flags, names);
	struct buf text = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%.*s", i ? " " : "", SLICE_ARG(names[i]));
	struct slice list = pool_slice(&run->pool, buf_slice(&text));
	buf_done(&text);
	return list;
}

/* A keyword for which there is no room is lost, the rest is not. */
static uint64_t bits_of(struct box *box, const struct sieve_action *action)
{
	uint64_t bits = action->flags;

	for (size_t i = 0; i < action->n_keywords; i++)
		bits |= box_keyword(box, action->keywords[i], true, NULL);
	return bits;
}

static int set_flags(
    struct box *box, uint32_t uid, const struct sieve_action *action, uint64_t now, struct err *err)
{
	uint64_t bits = bits_of(box, action);

	return bits == now ? 0 : box_flags(box, &uid, 1, BOX_SET, bits, err);
}

/* --- what a script says --- */

static int copy(struct run *run, struct slice name, struct box_added *added, struct err *err)
{
	return box_copy(
	    run->box, &run->entry.uid, 1, run->event->acct, name, false, &run->pool, added, err);
}

/* RFC 6785 3.3: another message, whatever becomes of this one. */
static int do_store(struct run *run, const struct sieve_action *action, struct err *err)
{
	struct acct *acct = run->event->acct;
	struct slice name = action->name.n > 0 ? action->name : SLICE("INBOX");
	struct box_added added = { 0 };

	if (*name.p == '~')
		return err_set(err, ERR_DENIED, "only mailboxes of the account itself can have it");
	int rc = copy(run, name, &added, err);
	if (rc != 0 && err->kind == ERR_ABSENT && conf_on(&conf_key_rules_create_mailboxes) &&
	    box_create(acct, name, BOX_USE_NONE, err) == 0)
		rc = copy(run, name, &added, err);
	if (rc != 0 || added.n == 0)
		return rc;
	struct box *box = box_open(acct, name, err);
	if (!box)
		return -1;
	rc = box_flags(box, added.uids, 1, BOX_SET, bits_of(box, action), err);
	box_close(&box);
	return rc;
}

static int do_keep(struct run *run, const struct sieve_action *action, struct err *err)
{
	run->kept = true;
	return set_flags(run->box, run->entry.uid, action, run->entry.flags, err);
}

static int do_redirect(struct run *run, const struct sieve_action *action, struct err *err)
{
	int rc = notice_redirect(run->event->owner, action->name, run->text, err);

	if (rc > 0)
		err_set(err, ERR_ABSENT, "%.*s leads nowhere", SLICE_ARG(action->name));
	return rc == 0 ? 0 : -1;
}

static int do_action(struct run *run, const struct sieve_action *action, struct err *err)
{
	switch (action->kind) {
	case SIEVE_STORE:
		return do_store(run, action, err);
	case SIEVE_KEEP:
		return do_keep(run, action, err);
	case SIEVE_REDIRECT:
		return do_redirect(run, action, err);
	default:
		return err_set(err, ERR_INPUT, "that is for mail that comes in");
	}
}

/* --- all of it --- */

static void tell(struct run *run, const char *what, const struct err *err)
{
	const struct rules_account account = { run->event->acct->id, run->event->acct->shard->id,
		run->event->owner };

	log_event(LOG_WARN, what, log_s("account", run->event->owner),
	    log_z("mailbox", run->event->mailbox), log_n("uid", run->entry.uid),
	    log_z("reason", err->text));
	rules_fault_note(&account, SCRIPT_ACCOUNT, slice_str(err->text));
	run->kept = true;
}

/* RFC 6785 2.2.4: who empties the mailbox is its user. */
static void mark_deleted(struct run *run)
{
	struct err err;

	if (box_flags(run->box, &run->entry.uid, 1, BOX_ADD, BOX_DELETED, &err) != 0)
		tell(run, "event-failed", &err);
}

static void run_script(struct run *run, uint64_t changed)
{
	struct slice flags[N_SYSTEM_FLAGS + BOX_KEYWORDS_MAX];
	const struct sieve_event event = { .cause = run->event->cause,
		.user = run->event->user,
		.mailbox = slice_str(run->event->mailbox),
		.changed = list_flags(run, changed),
		.flags = flags,
		.n_flags = name_flags(run, run->entry.flags, flags) };
	const struct sieve_message message = { .text = run->text, .event = &event };
	struct sieve_action *actions;
	struct err err;

	if (sieve_run(run->event->script, &message, &run->pool, &actions, &err) != 0) {
		tell(run, "event-faulty", &err);
		return;
	}
	for (; actions; actions = actions->next)
		if (do_action(run, actions, &err) != 0)
			tell(run, "event-failed", &err);
	if (!run->kept)
		mark_deleted(run);
	log_event(LOG_INFO, "event", log_s("account", run->event->owner),
	    log_z("mailbox", run->event->mailbox), log_s("cause", run->event->cause),
	    log_n("uid", run->entry.uid), log_z("kept", run->kept ? "yes" : "no"));
}

void box_event_run(const struct box_event *event, struct box *box, uint32_t uid, uint64_t changed)
{
	struct run run = { .event = event, .box = box, .snap = box_snap(box) };
	uint32_t seq = box_snap_find(run.snap, uid, false);
	struct body *body = NULL;
	struct err err;

	if (seq > 0) {
		run.entry = *box_snap_nth(run.snap, seq);
		if (box_body(box, &run.entry, &body, &err) == 1 &&
		    body_map(body, &run.text, &err) == 0)
			run_script(&run, changed);
		else
			tell(&run, "event-failed", &err);
		body_close(&body);
	}
	box_snap_free(&run.snap);
	pool_done(&run.pool);
}
