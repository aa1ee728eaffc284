/* find_keep.c - the thread that keeps indexes, and what admins ask of them */
#include <sys/resource.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/metric.h"
#include "storage/box_private.h"
#include "storage/find.h"
#include "storage/find_build.h"
#include "storage/find_look.h"

enum { LOOK_MS = 500, NICE = 15 };

static void collect(struct metric_sink *sink)
{
	metric_put(sink, NULL, (double)find_todo_count());
}

METRIC(search_waiting) = {
	.name = "signet_search_waiting_accounts",
	.type = METRIC_GAUGE,
	.help = "accounts with messages that wait for the search index, or may have some",
	.collect = collect,
};

static bool has_index(const struct find_todo *todo)
{
	struct find_index *index;
	int found = find_index_get(todo->shard, todo->account, &index, NULL);

	find_index_free(&index);
	return found != 0; /* a damaged one is told of when it is built on */
}

static int build(struct find_work *work, struct err *err)
{
	int rc;

	while ((rc = find_build_batch(work, err)) > 0 && !threads_ending())
		;
	return rc;
}

/* First what came, then what was missed: by then ids are below the highest. */
static void keep(struct find_todo *todo)
{
	struct find_work work = {
		.shard = todo->shard, .account = todo->account, .adds = todo->adds
	};
	struct err err = { 0 };

	int rc = build(&work, &err);
	if (rc == 0 && todo->ids.n > 0) {
		work.ids = todo->ids;
		todo->ids = (struct buf){ 0 };
		rc = build(&work, &err);
	}
	buf_done(&work.ids);
	if (rc < 0) {
		log_event(LOG_ERROR, "index-failed", log_n("account", (int64_t)todo->account),
		    log_z("reason", err.text));
		find_forget(todo->shard, todo->account);
	}
}

static void keep_indexes(void *arg)
{
	struct find_todo todo;

	(void)arg;
	/* Of this thread alone, on Linux: others go first. */
	setpriority(PRIO_PROCESS, 0, NICE);
	while (!threads_sleep(LOOK_MS))
		while (!threads_ending() && find_todo_take(&todo, loop_now())) {
			if (todo.adds || has_index(&todo))
				keep(&todo);
			buf_done(&todo.ids);
		}
}

int find_start(struct err *err)
{
	return thread_start("index", keep_indexes, NULL, err);
}

void find_stop(void)
{
	find_todo_forget_all();
	find_index_forget_all();
}

/* --- for admins --- */

void find_remove(struct acct *acct)
{
	find_forget(acct->shard, acct->id);
}

int find_rebuild(struct acct *acct, void (*progress)(void *arg, int64_t done, int64_t total),
    void *arg, struct err *err)
{
	struct find_work work = { .shard = acct->shard, .account = acct->id, .adds = true };
	struct find_size size = { 0 };
	struct acct_usage usage;
	int rc;

	if (acct_usage(acct, &usage) < 0)
		return err_set(err, ERR_TEMP, "the account cannot be read");
	find_forget(acct->shard, acct->id);
	do {
		rc = find_build_batch(&work, err);
		find_size(acct, &size);
		if (rc >= 0)
			progress(arg, (int64_t)size.messages, (int64_t)usage.messages);
	} while (rc > 0 && !threads_ending());
	return rc < 0 ? -1 : 0;
}

int find_size(struct acct *acct, struct find_size *out)
{
	struct find_index *index;
	struct err err;
	int found = find_index_get(acct->shard, acct->id, &index, &err);

	*out = (struct find_size){ 0 };
	if (found < 0)
		find_damaged(acct->shard, acct->id, err.text);
	if (found <= 0)
		return 0;
	out->segments = index->n;
	for (size_t i = 0; i < index->n; i++) {
		const struct find_segment *segment = index->pieces[i]->segment;
		out->messages += segment->n;
		out->bytes += segment->file.n;
		for (uint32_t doc = 0; doc < segment->n; doc++)
			out->partial += find_segment_partial(segment, doc);
	}
	find_index_free(&index);
	return 1;
}
