/* op_queue_destinations.c - how much waits for whom: counted by the index, no message is read */
#include <stdlib.h>
#include <time.h>

#include "core/op.h"
#include "storage/queue.h"

struct destination {
	struct slice name;
	int64_t messages, held, due;
	int64_t next; /* the first that is not held */
};

struct counting {
	struct pool *pool;
	struct buf rows; /* struct destination */
	int64_t now, messages;
};

static size_t count_of(const struct counting *c)
{
	return c->rows.n / sizeof(struct destination);
}

static struct destination *last_of(struct counting *c)
{
	return count_of(c) > 0 ? (struct destination *)(void *)c->rows.p + count_of(c) - 1 : NULL;
}

/* Rows of a domain come together. */
static bool count_row(void *arg, const struct queue_row *row)
{
	struct counting *c = arg;
	struct destination *d = last_of(c);

	if (!d || !slice_eq(d->name, row->domain)) {
		struct destination fresh = { .name = pool_slice(c->pool, row->domain),
			.next = QUEUE_HELD };
		buf_add(&c->rows, &fresh, sizeof(fresh));
		d = last_of(c);
	}
	c->messages++;
	d->messages++;
	d->held += row->when == QUEUE_HELD;
	d->due += row->when <= c->now;
	if (row->when < d->next)
		d->next = row->when;
	return true;
}

static int compare(const void *pa, const void *pb)
{
	const struct destination *a = pa, *b = pb;

	if (a->messages != b->messages)
		return a->messages > b->messages ? -1 : 1;
	return slice_cmp(a->name, b->name);
}

static void put_row(struct op_call *call, const struct destination *d)
{
	op_row(call);
	op_put_text(call, "domain", d->name);
	op_put_number(call, "messages", d->messages);
	op_put_number(call, "due", d->due);
	op_put_number(call, "held", d->held);
	if (d->next != QUEUE_HELD)
		op_put_time(call, "next", d->next);
}

static int run(struct op_call *call)
{
	enum { ROWS = 100 };
	struct counting c = { .pool = op_pool(call), .now = time(NULL) };
	size_t limit = (size_t)op_number(call, "limit", ROWS);

	if (queue_rows((struct slice){ 0 }, count_row, &c) != 0) {
		buf_done(&c.rows);
		return op_fail(call, ERR_TEMP, "cannot read the queue");
	}
	struct destination *rows = (struct destination *)(void *)c.rows.p;
	if (count_of(&c) > 1)
		qsort(rows, count_of(&c), sizeof(*rows), compare);
	op_put_number(call, "domains", (int64_t)count_of(&c));
	op_put_number(call, "messages", c.messages);
	for (size_t i = 0; i < count_of(&c) && i < limit; i++)
		put_row(call, &rows[i]);
	buf_done(&c.rows);
	return 0;
}

static const struct op_arg args[] = {
	{ "limit", OP_NUMBER, OP_OPTION, "rows at most; 100 unless given", NULL },
	{ 0 },
};

OPERATION(queue_destinations) = {
	.name = "queue destinations",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "count the mail that waits for each domain, most first",
	.more = "A message for several domains counts for each of them.",
	.example = "queue destinations --limit 20",
	.reads = true,
	.lists = true,
	.run = run,
};
