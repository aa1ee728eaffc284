/* check.c - prove that the store is whole: signet backup verify
 *
 * The server may go on meanwhile, so records that are read one after the other
 * need not agree. What does not is looked at once more: a fault is what is
 * wrong in the same way twice. */
#include <stdlib.h>

#include "core/log.h"
#include "storage/body_store.h"
#include "storage/check.h"
#include "storage/store.h"

struct run {
	struct shard *shard;
	struct store_check *out;
	store_progress *progress;
	void *arg;
	int64_t done, total;
};

static void report(struct run *run, const struct check_fault *fault)
{
	run->out->faults++;
	log_event(LOG_ERROR, "store-fault", log_z("what", fault->what),
	    log_n("account", (int64_t)fault->account), log_n("id", (int64_t)fault->id),
	    log_n("want", (int64_t)fault->want), log_n("found", (int64_t)fault->found));
}

/* --- records --- */

static int find_faults(struct shard *shard, struct check_world *world, struct check_list *faults)
{
	if (check_gather(shard, world) < 0)
		return -1;
	check_compare(world, faults);
	return 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_all(const void *pa, const void *pb)
{
	const struct check_fault *a = pa, *b = pb;
	int order = strcmp(a->what, b->what);

	if (!order)
		order = compare_u64(a->account, b->account);
	if (!order)
		order = compare_u64(a->id, b->id);
	if (!order)
		order = compare_u64(a->want, b->want);
	return order ? order : compare_u64(a->found, b->found);
}

static void report_both(struct run *run, const struct check_list *first, struct check_list *second)
{
	const struct check_fault *fault = first->items;

	if (second->n == 0)
		return;
	qsort(second->items, second->n, sizeof(*fault), by_all);
	for (size_t i = 0; i < first->n; i++)
		if (bsearch(&fault[i], second->items, second->n, sizeof(*fault), by_all))
			report(run, &fault[i]);
}

static int look_again(struct run *run, const struct check_list *faults)
{
	struct check_world world = { 0 };
	struct check_list again = { 0 };
	int r = find_faults(run->shard, &world, &again);

	if (r == 0)
		report_both(run, faults, &again);
	check_list_done(&again);
	check_world_done(&world);
	return r;
}

static int check_records(struct run *run, struct check_world *world)
{
	struct check_list faults = { 0 };
	int r = find_faults(run->shard, world, &faults);

	if (r == 0 && faults.n > 0)
		r = look_again(run, &faults);
	check_list_done(&faults);
	return r;
}

/* --- bodies --- */

static int by_body(const void *pa, const void *pb)
{
	const struct check_message *a = pa, *b = pb;

	return (a->message > b->message) - (a->message < b->message);
}

static void progress(struct run *run, int64_t step)
{
	run->done += step;
	if (run->progress && (run->done % 100 == 0 || run->done == run->total))
		run->progress(run->arg, run->done, run->total, "messages");
}

/* Once for all messages that share it: its bytes against their checksum, its
   size against each summary. */
static void check_body(struct run *run, const struct check_message *messages, size_t n)
{
	struct body *body;
	struct slice whole;
	struct err err;
	int found = body_open(run->shard->bodies, messages->message, &body, &err);

	if (found == 0) /* removed meanwhile; or it has been reported */
		return;
	if (found < 0 || body_map(body, &whole, &err) < 0)
		report(run,
		    &(struct check_fault){ .what = "a body cannot be read",
			.account = messages->account,
			.id = messages->message });
	for (size_t i = 0; found > 0 && i < n; i++)
		if (messages[i].readable && messages[i].size != body_size(body))
			report(run,
			    &(struct check_fault){ "size of a message", messages[i].account,
				messages[i].message, messages[i].size, body_size(body) });
	if (found > 0)
		run->out->bytes += body_size(body);
	body_close(&body);
}

/* In the order in which they lie in their files. */
static void check_bodies(struct run *run, struct check_list *list)
{
	struct check_message *messages = list->items;

	if (list->n > 1)
		qsort(messages, list->n, sizeof(*messages), by_body);
	for (size_t i = 0, n; i < list->n; i += n) {
		for (n = 1; i + n < list->n && messages[i + n].message == messages[i].message;)
			n++;
		check_body(run, messages + i, n);
		progress(run, (int64_t)n);
	}
}

static int check_shard(struct run *run)
{
	struct check_world world = { 0 };
	int r = check_records(run, &world);

	if (r == 0) {
		run->total = run->done + (int64_t)world.messages.n;
		check_bodies(run, &world.messages);
		run->out->accounts = world.accounts.n;
		run->out->mailboxes += world.mailboxes;
		run->out->messages += world.messages.n;
	}
	check_world_done(&world);
	return r;
}

int store_check(store_progress *report_to, void *arg, struct store_check *out, struct err *err)
{
	struct run run = { .out = out, .progress = report_to, .arg = arg };

	*out = (struct store_check){ 0 };
	for (uint32_t i = 0; i < shard_count(); i++) {
		run.shard = shard_of(i);
		if (check_shard(&run) < 0)
			return err_set(err, ERR_TEMP, "%s cannot be read", run.shard->dir);
	}
	return 0;
}
