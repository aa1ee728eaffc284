/* op_queue.c - mail that waits for other servers, as admins see it */
#include <stdlib.h>
#include <time.h>

#include "storage/op_queue.h"

static void put_entry(struct op_call *call, const struct queue_entry *entry)
{
	op_put_number(call, "id", (int64_t)entry->id);
	op_put_time(call, "queued", entry->queued);
	op_put_number(call, "size", (int64_t)entry->size);
	op_put_text(call, "from", entry->reverse_path);
	op_put_bool(call, "held", entry->held);
	op_put_number(call, "priority", entry->priority);
}

static int64_t next_try(const struct queue_entry *entry, const struct queue_rcpt *rcpt)
{
	return rcpt->next > 0 ? rcpt->next : queue_from(entry);
}

/* --- queue list --- */

/* When the first of those that wait is tried next, and the last reply to one. */
static void put_waiting(
    struct op_call *call, const struct op_queue_filter *filter, const struct queue_entry *entry)
{
	struct buf to = { 0 };
	struct slice reply = { 0 };
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < entry->n_rcpts; i++) {
		const struct queue_rcpt *rcpt = &entry->rcpts[i];

		if (!op_queue_waits(filter, rcpt))
			continue;
		buf_printf(&to, "%s%.*s", to.n ? " " : "", SLICE_ARG(rcpt->address));
		if (next_try(entry, rcpt) < next)
			next = next_try(entry, rcpt);
		if (rcpt->reply.n > 0)
			reply = rcpt->reply;
	}
	op_put_text(call, "to", buf_slice(&to));
	if (!entry->held && next != INT64_MAX)
		op_put_time(call, "next", next);
	op_put_text(call, "reply", reply);
	buf_done(&to);
}

struct listing {
	struct op_call *call;
	const struct op_queue_filter *filter;
};

static void put_row(void *arg, const struct queue_entry *entry)
{
	const struct listing *listing = arg;

	op_row(listing->call);
	put_entry(listing->call, entry);
	put_waiting(listing->call, listing->filter, entry);
}

static int run_list(struct op_call *call)
{
	enum { ROWS = 1000 };
	int64_t limit = op_number(call, "limit", ROWS);
	struct op_queue_filter filter;
	struct listing listing = { .call = call, .filter = &filter };

	if (limit < 1)
		return op_fail(call, ERR_INPUT, "--limit is 1 or more");
	if (op_queue_filter(call, &filter) != 0)
		return -1;
	int more = op_queue_choose(
	    call, &filter, (uint64_t)op_number(call, "after", 0), (size_t)limit, put_row, &listing);
	if (more == 1)
		op_more(call);
	return more < 0 ? -1 : 0;
}

static const struct op_arg list_args[] = {
	OP_QUEUE_FILTER,
	{ "after", OP_NUMBER, OP_OPTION, "go on behind the message with this number", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "rows at most; 1000 unless given", NULL },
	{ 0 },
};

OPERATION(queue_list) = {
	.name = "queue list",
	.role = OP_SERVER_ADMIN,
	.args = list_args,
	.help = "list mail that waits for other servers, oldest first",
	.more = "A long queue is read in parts: when the answer says that there is more, ask again "
		"with --after and the number of the last row.",
	.example = "queue list --domain partner.test\nqueue list --sender @alpha.test --older 4h",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- queue show --- */

static const char *const states[] = {
	[QUEUE_WAITING] = "waiting", [QUEUE_DELIVERED] = "delivered", [QUEUE_FAILED] = "failed"
};

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
	if (rcpt->state == QUEUE_WAITING && !entry->held)
		op_put_time(call, "next", next_try(entry, rcpt));
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
	op_put_bool(call, "require-tls", entry.require_tls);
	op_put_bool(call, "tls-optional", entry.tls_optional);
	if (entry.release > 0)
		op_put_time(call, "release", entry.release);
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

/* --- queue view --- */

static int read_text(const struct queue_entry *entry, struct buf *text, size_t max, struct err *err)
{
	struct body *body = NULL;
	ssize_t n = 1;

	int found = queue_body(entry, &body, err);
	if (found == 0)
		err_set(err, ERR_ABSENT, "the text is not there");
	while (found == 1 && n > 0 && text->n < max) {
		n = body_read(body, text->n, buf_room(text, max - text->n), max - text->n);
		if (n > 0)
			text->n += (size_t)n;
	}
	body_close(&body);
	if (found == 1 && n < 0)
		err_set(err, ERR_TEMP, "the text cannot be read");
	return found == 1 && n >= 0 ? 0 : -1;
}

static int run_view(struct op_call *call)
{
	enum { BYTES = 64 * 1024, MOST = 4 * 1024 * 1024 };
	int64_t bytes = op_number(call, "bytes", BYTES);
	struct queue_entry entry;
	struct buf text = { 0 };
	struct err err = { 0 };

	if (bytes < 1 || bytes > MOST)
		return op_fail(call, ERR_INPUT, "--bytes is 1 to %d", MOST);
	if (find(call, &entry) != 0)
		return -1;
	int rc = read_text(&entry, &text, (size_t)bytes, &err);
	if (rc == 0) {
		put_entry(call, &entry);
		op_put_bool(call, "whole", text.n == entry.size);
		op_put_text(call, "text", buf_slice(&text));
	}
	buf_done(&text);
	return op_done(call, rc, &err);
}

static const struct op_arg view_args[] = {
	{ "id", OP_NUMBER, OP_REQUIRED, "its number in signet queue list; mid in the log", NULL },
	{ "bytes", OP_SIZE, OP_OPTION, "so much of it; 64k unless given", NULL },
	{ 0 },
};

OPERATION(queue_view) = {
	.name = "queue view",
	.role = OP_SERVER_ADMIN,
	.args = view_args,
	.help = "show the text of a message of the queue",
	.example = "queue view 1795233600000000",
	.reads = true,
	.run = run_view,
};
