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

/* --- queue list --- */

static bool visit(void *arg, const struct queue_entry *entry)
{
	struct buf to = { 0 };

	for (size_t i = 0; i < entry->n_rcpts; i++)
		buf_printf(&to, "%s%.*s", i ? " " : "", SLICE_ARG(entry->rcpts[i].address));
	op_row(arg);
	put_entry(arg, entry);
	op_put_text(arg, "to", buf_slice(&to));
	buf_done(&to);
	return true;
}

static int run_list(struct op_call *call)
{
	if (queue_each(visit, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the queue");
	return 0;
}

OPERATION(queue_list) = {
	.name = "queue list",
	.role = OP_SERVER_ADMIN,
	.help = "list mail that waits for other servers, oldest first",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- queue show, queue delete --- */

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
		op_put_text(call, "to", entry.rcpts[i].address);
		op_put_text(call, "original", entry.rcpts[i].original);
		op_put_text(call, "notify", entry.rcpts[i].notify);
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
