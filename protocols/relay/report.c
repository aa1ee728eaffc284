/* report.c - who is told what became of mail, and the telling (RFC 3461) */
#include "core/log.h"
#include "protocols/relay/job.h"
#include "storage/deliver.h"

static const char *const state_names[] = {
	[QUEUE_WAITING] = "delayed", [QUEUE_DELIVERED] = "relayed", [QUEUE_FAILED] = "failed"
};

/* A chain of what deliver() takes. */
static struct deliver_rcpt *recipients(
    struct slice address, const struct dir_target *target, struct pool *pool)
{
	struct deliver_rcpt *first = NULL, **last = &first;

	for (; target; target = target->next) {
		struct deliver_rcpt *rcpt = pool_get(pool, sizeof(*rcpt));

		*rcpt = (struct deliver_rcpt){
			.target = target, .original = address, .notify = SLICE("NEVER")
		};
		*last = rcpt;
		last = &rcpt->next;
	}
	return first;
}

/* 1: *out leads there; 0: nowhere; -1. */
static int find_sender(struct slice address, struct pool *pool, struct deliver_rcpt **out)
{
	struct dir_target *target = NULL;

	switch (dir_route(address, pool, &target)) {
	case DIR_LOCAL:
		*out = recipients(address, target, pool);
		return *out != NULL;
	case DIR_REMOTE:
		target = pool_get(pool, sizeof(*target));
		target->address = pool_str(pool, address);
		*out = recipients(address, target, pool);
		return 1;
	case DIR_UNKNOWN:
		return 0;
	default:
		return -1;
	}
}

static bool is_8bit(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return true;
	return false;
}

static int send_one(const struct queue_entry *entry, struct slice domain, enum queue_state state,
    struct deliver_rcpt *to, struct err *err)
{
	struct buf text = { 0 };
	struct body *body = NULL;
	struct deliver d = {
		.mid = log_id(), .trace = SLICE("Return-Path: <>\r\n"), .rcpts = to, .ours = true
	};

	if (queue_body(entry, &body, err) < 0)
		return -1;
	report_write(&text, d.mid, entry, domain, state, body);
	body_close(&body);
	d.message = buf_slice(&text);
	d.body8 = is_8bit(d.message);
	d.smtputf8 = is_8bit(entry->reverse_path);
	d.require_tls = entry->require_tls; /* RFC 8689 5 */
	d.priority = entry->priority;
	int rc = deliver(&d, err);
	buf_done(&text);
	if (rc != 0)
		return -1;
	relay_count(COUNT_REPORTS);
	log_event(LOG_INFO, "report-sent", log_n("report", (int64_t)d.mid),
	    log_s("to", entry->reverse_path), log_z("action", state_names[state]));
	return 0;
}

static bool is_owed(const struct queue_entry *entry, struct slice domain, enum queue_state state)
{
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (entry->rcpts[i].owed && entry->rcpts[i].state == state &&
		    slice_eq(entry->rcpts[i].domain, domain))
			return true;
	return false;
}

int report_send(const struct queue_entry *entry, struct slice domain, struct err *err)
{
	struct deliver_rcpt *to = NULL;
	struct pool pool = { 0 };
	int rc = 0;

	int found = find_sender(entry->reverse_path, &pool, &to);
	if (found < 0)
		rc = err_set(err, ERR_TEMP, "the sender cannot be looked up now");
	if (found == 0)
		log_event(LOG_WARN, "report-impossible", log_s("to", entry->reverse_path),
		    log_z("reason", "no such user"));
	for (int state = QUEUE_WAITING; found == 1 && rc == 0 && state <= QUEUE_FAILED; state++)
		if (is_owed(entry, domain, (enum queue_state)state))
			rc = send_one(entry, domain, (enum queue_state)state, to, err);
	pool_done(&pool);
	return rc;
}
