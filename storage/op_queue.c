/* op_queue.c - mail that waits for other servers, as admins see it */
#include "core/op.h"
#include "storage/queue.h"

static void put_entry(struct op_call *call, const struct queue_entry *entry)
{
	op_put_number(call, "id", (int64_t)entry->id);
	op_put_time(call, "queued", entry->queued);
	op_put_number(call, "size", (int64_t)entry->size);
	op_put_text(call, "from", entry->reverse_path);
}

static const char *const states[] = {
	[QUEUE_WAITING] = "waiting", [QUEUE_DELIVERED] = "delivered", [QUEUE_FAILED] = "failed"
};

/* --- queue list --- */

struct list {
	struct op_call *call;
	const char *domain; /* NULL: all */
	int64_t left;	    /* rows that may come */
};

static bool is_waiting(const struct list *list, const struct queue_rcpt *rcpt)
{
	return (rcpt->state == QUEUE_WAITING || rcpt->owed) &&
	    (!list->domain || slice_eq(rcpt->domain, slice_str(list->domain)));
}

/* When the first of those that wait is tried next, and the last reply to one. */
static void put_waiting(struct op_call *call, const struct queue_entry *entry, struct list *list)
{
	struct buf to = { 0 };
	struct slice reply = { 0 };
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < entry->n_rcpts; i++) {
		const struct queue_rcpt *rcpt = &entry->rcpts[i];

		if (!is_waiting(list, rcpt))
			continue;
		buf_printf(&to, "%s%.*s", to.n ? " " : "", SLICE_ARG(rcpt->address));
		if (rcpt->next < next)
			next = rcpt->next;
		if (rcpt->reply.n > 0)
			reply = rcpt->reply;
	}
	op_put_text(call, "to", buf_slice(&to));
	op_put_time(call, "next", next > 0 ? next : entry->queued);
	op_put_text(call, "reply", reply);
	buf_done(&to);
}

static bool visit(void *arg, const struct queue_entry *entry)
{
	struct list *list = arg;
	bool any = false;

	for (size_t i = 0; i < entry->n_rcpts && !any; i++)
		any = is_waiting(list, &entry->rcpts[i]);
	if (!any)
		return true;
	op_row(list->call);
	put_entry(list->call, entry);
	put_waiting(list->call, entry, list);
	return --list->left > 0;
}

static int run_list(struct op_call *call)
{
	enum { ROWS = 1000 };
	struct list list = { call, op_text(call, "domain"), op_number(call, "limit", ROWS) };

	if (list.left < 1)
		return op_fail(call, ERR_INPUT, "--limit is 1 or more");
	if (queue_each(visit, &list) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the queue");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "domain", OP_DOMAIN, OP_OPTION | OP_FOREIGN, "only mail for this domain", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "rows at most; 1000 unless given", NULL },
	{ 0 },
};

OPERATION(queue_list) = {
	.name = "queue list",
	.role = OP_SERVER_ADMIN,
	.args = list_args,
	.help = "list mail that waits for other servers, oldest first",
	.example = "queue list --domain partner.test",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- queue show --- */

static const struct op_arg id_args[] = {
	{ "id", OP_NUMBER, OP_REQUIRED, "its number in signet queue list; mid in the log", NULL },
	{ 0 },
};

static int find(struct op_call *call, struct queue_entry *entry)
{
	int64_t id = op_number(call, "id", 0);
	int found = queue_get((uint64_t)id, op_pool(call), entry);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the queue");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "there is no %lld in the queue", (long long)id);
	return 0;
}

static void put_rcpt(
    struct op_call *call, const struct queue_entry *entry, const struct queue_rcpt *rcpt)
{
	op_put_text(call, "to", rcpt->address);
	op_put_text(call, "original", rcpt->original);
	op_put_text(call, "notify", rcpt->notify);
	op_put_text(call, "state", slice_str(states[rcpt->state]));
	op_put_number(call, "attempts", rcpt->attempts);
	if (rcpt->attempts > 0)
		op_put_time(call, "tried", rcpt->tried);
	if (rcpt->state == QUEUE_WAITING)
		op_put_time(call, "next", rcpt->next ? rcpt->next : entry->queued);
	op_put_text(call, "host", rcpt->host);
	op_put_text(call, "reply", rcpt->reply);
}

static int run_show(struct op_call *call)
{
	struct queue_entry entry;

	if (find(call, &entry) != 0)
		return -1;
	put_entry(call, &entry);
	op_put_text(call, "envid", entry.envid);
	op_put_bool(call, "smtputf8", entry.smtputf8);
	for (size_t i = 0; i < entry.n_rcpts; i++) {
		op_row(call);
		put_rcpt(call, &entry, &entry.rcpts[i]);
	}
	return 0;
}

OPERATION(queue_show) = {
	.name = "queue show",
	.role = OP_SERVER_ADMIN,
	.args = id_args,
	.help = "show one message of the queue and its recipients",
	.reads = true,
	.run = run_show,
};

/* --- queue retry, queue flush --- */

static int run_retry(struct op_call *call)
{
	struct err err = { 0 };

	if (queue_retry((uint64_t)op_number(call, "id", 0), &err) != 0)
		return op_fail_err(call, &err);
	return 0;
}

OPERATION(queue_retry) = {
	.name = "queue retry",
	.role = OP_SERVER_ADMIN,
	.args = id_args,
	.help = "try to deliver a message now",
	.example = "queue retry 1795233600000000",
	.run = run_retry,
};

struct flush {
	const char *domain;
	struct buf ids;
};

static bool take_id(void *arg, const struct queue_entry *entry)
{
	struct flush *flush = arg;
	struct list list = { .domain = flush->domain };

	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (is_waiting(&list, &entry->rcpts[i])) {
			buf_add(&flush->ids, &entry->id, sizeof(entry->id));
			break;
		}
	return true;
}

static int run_flush(struct op_call *call)
{
	struct flush flush = { .domain = op_text(call, "domain") };
	struct err err = { 0 };

	if (queue_each(take_id, &flush) != 0) {
		buf_done(&flush.ids);
		return op_fail(call, ERR_TEMP, "cannot read the queue");
	}
	const uint64_t *ids = (const void *)flush.ids.p;
	size_t n = flush.ids.n / sizeof(*ids);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = queue_retry(ids[i], &err);
		if (rc != 0 && err.kind == ERR_ABSENT)
			rc = 0; /* it went meanwhile */
		op_progress(call, (int64_t)i + 1, (int64_t)n, "messages");
	}
	buf_done(&flush.ids);
	op_put_number(call, "messages", (int64_t)n);
	return rc == 0 ? 0 : op_fail_err(call, &err);
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

/* --- queue delete --- */

static int run_delete(struct op_call *call)
{
	struct queue_entry entry;
	struct err err = { 0 };

	if (find(call, &entry) != 0)
		return -1;
	if (queue_delete(entry.id, &err) != 0)
		return op_fail_err(call, &err);
	return 0;
}

OPERATION(queue_delete) = {
	.name = "queue delete",
	.role = OP_SERVER_ADMIN,
	.args = id_args,
	.help = "remove a message from the queue; nobody is told",
	.example = "queue delete 1795233600000000",
	.run = run_delete,
};
