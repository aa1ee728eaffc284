/* op_queue_act.c - what admins do to mail that waits: one message, or all that a filter means */
#include <string.h>

#include "storage/op_queue.h"

static void take_id(void *arg, const struct queue_entry *entry)
{
	buf_add(arg, &entry->id, sizeof(entry->id));
}

/* A message by its number, or a filter; one of them must be there, so that nobody
   means all of it by leaving something out. */
static int choose(struct op_call *call, struct buf *ids)
{
	uint64_t id = (uint64_t)op_number(call, "id", 0);
	struct op_queue_filter filter;

	if (op_queue_filter(call, &filter) != 0)
		return -1;
	bool any =
	    filter.domain || filter.sender || filter.before || filter.held || op_bool(call, "all");
	if (op_given(call, "id") == any)
		return op_fail(call, ERR_INPUT,
		    "say which: a number, or --domain, --sender, --older, --held, or --all");
	if (any)
		return op_queue_choose(call, &filter, 0, SIZE_MAX, take_id, ids) < 0 ? -1 : 0;
	buf_add(ids, &id, sizeof(id));
	return 0;
}

/* What senders are told, in one line. */
static struct slice reason(struct op_call *call)
{
	const char *why = op_text(call, "reason");
	char *text =
	    pool_printf(op_pool(call), "5.7.1 %s", why ? why : "Returned by an administrator");

	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return slice_str(text);
}

static int act_on_all(struct op_call *call, enum queue_act act, const struct buf *ids, size_t *done)
{
	const uint64_t *id = (const void *)ids->p;
	size_t n = ids->n / sizeof(*id), found;
	struct slice text = act == QUEUE_BOUNCE ? reason(call) : (struct slice){ 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < n; i += QUEUE_ACT_MAX) {
		size_t part = n - i < QUEUE_ACT_MAX ? n - i : QUEUE_ACT_MAX;
		if (queue_act(act, id + i, part, text, &found, &err) != 0)
			return op_fail_err(call, &err);
		*done += found;
		op_progress(call, (int64_t)(i + part), (int64_t)n, "messages");
	}
	return 0;
}

static int run(struct op_call *call, enum queue_act act)
{
	struct buf ids = { 0 };
	size_t done = 0;

	int rc = choose(call, &ids);
	if (rc == 0)
		rc = act_on_all(call, act, &ids, &done);
	buf_done(&ids);
	if (rc == 0 && done == 0 && op_given(call, "id"))
		return op_fail(call, ERR_ABSENT, "there is no %lld in the queue",
		    (long long)op_number(call, "id", 0));
	op_put_number(call, "messages", (int64_t)done);
	return rc;
}

#define ACT_ARGS                                                                                   \
	{ "id", OP_NUMBER, 0, "its number in signet queue list; mid in the log", NULL },           \
	    OP_QUEUE_FILTER,                                                                       \
	{                                                                                          \
		"all", OP_BOOL, OP_OPTION, "all that waits", NULL                                  \
	}

static const struct op_arg args[] = {
	ACT_ARGS,
	{ 0 },
};

/* --- queue retry, queue flush --- */

static int run_retry(struct op_call *call)
{
	return run(call, QUEUE_RETRY);
}

OPERATION(queue_retry) = {
	.name = "queue retry",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "try to deliver a message now",
	.example = "queue retry 1795233600000000\nqueue retry --domain partner.test",
	.run = run_retry,
};

static int run_flush(struct op_call *call)
{
	struct op_queue_filter filter = { .domain = op_text(call, "domain") };
	struct buf ids = { 0 };
	size_t done = 0;

	int rc = op_queue_choose(call, &filter, 0, SIZE_MAX, take_id, &ids);
	if (rc >= 0)
		rc = act_on_all(call, QUEUE_RETRY, &ids, &done);
	buf_done(&ids);
	op_put_number(call, "messages", (int64_t)done);
	return rc;
}

static const struct op_arg flush_args[] = {
	{ "domain", OP_DOMAIN, OP_OPTION | OP_FOREIGN, "only mail for this domain", NULL },
	{ 0 },
};

OPERATION(queue_flush) = {
	.name = "queue flush",
	.role = OP_SERVER_ADMIN,
	.args = flush_args,
	.help = "try to deliver all that waits now",
	.example = "queue flush --domain partner.test",
	.run = run_flush,
};

/* --- queue hold, queue release, queue requeue --- */

static int run_hold(struct op_call *call)
{
	return run(call, QUEUE_HOLD);
}

OPERATION(queue_hold) = {
	.name = "queue hold",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "keep messages in the queue without trying to deliver them",
	.more = "They stay until signet queue release, also beyond relay.lifetime.",
	.example = "queue hold 1795233600000000\nqueue hold --sender @alpha.test",
	.run = run_hold,
};

static int run_release(struct op_call *call)
{
	return run(call, QUEUE_RELEASE);
}

OPERATION(queue_release) = {
	.name = "queue release",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "let go messages that are held, or that were to wait for a time",
	.example = "queue release --held",
	.run = run_release,
};

static int run_requeue(struct op_call *call)
{
	return run(call, QUEUE_REQUEUE);
}

OPERATION(queue_requeue) = {
	.name = "queue requeue",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "treat messages as if they had come now",
	.more =
	    "Their lifetime begins anew, attempts count from none, and where an address leads is "
	    "looked up again.",
	.example = "queue requeue --domain partner.test",
	.run = run_requeue,
};

/* --- queue bounce, queue delete --- */

static int run_bounce(struct op_call *call)
{
	return run(call, QUEUE_BOUNCE);
}

static const struct op_arg bounce_args[] = {
	ACT_ARGS,
	{ "reason", OP_TEXT, OP_OPTION, "what the senders are told", NULL },
	{ 0 },
};

OPERATION(queue_bounce) = {
	.name = "queue bounce",
	.role = OP_SERVER_ADMIN,
	.args = bounce_args,
	.help = "give up delivering messages, and tell their senders",
	.example = "queue bounce --domain partner.test --older 2d",
	.run = run_bounce,
};

/* By its number also what cannot be read. */
static int run_delete(struct op_call *call)
{
	struct queue_entry entry;
	struct err err = { 0 };
	uint64_t id = (uint64_t)op_number(call, "id", 0);

	if (!op_given(call, "id") || queue_get(id, op_pool(call), &entry) >= 0)
		return run(call, QUEUE_DELETE);
	return op_done(call, queue_delete(id, &err), &err);
}

OPERATION(queue_delete) = {
	.name = "queue delete",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "remove messages from the queue; nobody is told",
	.example = "queue delete 1795233600000000",
	.run = run_delete,
};
