/* find_build.c - messages into the index, batch by batch
 *
 * New messages are those whose id is above the highest one that was looked at. Ids are
 * given before messages are committed, so some come late: searches find these and say
 * so. A batch ends in one new segment, which may be merged with others at once. */
#include "storage/find_build.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metric.h"
#include "core/num.h"
#include "storage/box_private.h"
#include "storage/find.h"
#include "storage/find_make.h"
#include "storage/find_pieces.h"

enum {
	IDS = 1000, /* read from the database at a time */
	BATCH_MEMORY = 24 << 20,
};

CONF_KEY(search_text_max) = {
	.name = "search.text-max",
	.type = CONF_SIZE,
	.def = "1M",
	.min = 16 << 10,
	.max = 64 << 20,
	.help = "bytes of a message's text that the search index takes: what is longer is read "
		"when somebody searches",
};

METRIC(search_indexed) = {
	.name = "signet_search_indexed_messages_total",
	.type = METRIC_COUNTER,
	.help = "messages read for the search index",
	.cells = METRIC_CELLS(1),
};

/* Who changes an index holds it: one batch after another. */
static pthread_mutex_t building = PTHREAD_MUTEX_INITIALIZER;

struct batch {
	struct find_index *index;
	struct find_make *make;
	struct buf ids;
	bool more;
};

/* --- which --- */

static bool is_message_key(struct slice key)
{
	return key.n == 8 + 8;
}

static bool collect(void *arg, struct slice key, struct slice value)
{
	struct batch *batch = arg;

	(void)value;
	if (!is_message_key(key))
		return true;
	batch->more = batch->ids.n == IDS * sizeof(uint64_t);
	if (batch->more)
		return false;
	uint64_t id = num_get64((const unsigned char *)key.p + 8);
	buf_add(&batch->ids, &id, sizeof(id));
	return true;
}

static int collect_new(struct batch *batch)
{
	struct shard *shard = batch->index->shard;
	struct box_key from = box_message_key(batch->index->account, batch->index->highest + 1);
	struct slice prefix = slice_head(box_key_slice(&from), 8);

	buf_clear(&batch->ids);
	batch->more = false;
	return kv_each(shard->message, NULL, prefix, box_key_slice(&from), collect, batch);
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Those that were missed, without what is there by now, and each once. */
static void collect_missed(struct batch *batch, struct buf *ids)
{
	uint64_t *list = (uint64_t *)(void *)ids->p, before = 0;
	size_t n = ids->n / sizeof(*list);

	buf_clear(&batch->ids);
	if (n > 0)
		qsort(list, n, sizeof(*list), by_id);
	for (size_t i = 0; i < n; i++) {
		if (list[i] != before && list[i] <= batch->index->highest &&
		    !find_index_has(batch->index, list[i]))
			buf_add(&batch->ids, &list[i], sizeof(list[i]));
		before = list[i];
	}
	buf_clear(ids);
}

/* --- reading --- */

/* One that can't be read is left out: who searches reads it and says what is wrong. */
static void add_message(struct batch *batch, uint64_t id)
{
	struct body *body = NULL;
	struct slice whole;
	struct err err;

	if (body_open(batch->index->shard->bodies, id, &body, &err) == 1 &&
	    body_map(body, &whole, &err) == 0)
		find_make_message(batch->make, id, whole);
	body_close(&body);
	metric_add(&metric_search_indexed, 0, 1);
}

/* How many of them until memory is used up. */
static size_t add_messages(struct batch *batch)
{
	const uint64_t *ids = (const uint64_t *)(const void *)batch->ids.p;
	size_t n = batch->ids.n / sizeof(*ids), i = 0;

	while (i < n && find_make_memory(batch->make) < BATCH_MEMORY && !threads_ending())
		add_message(batch, ids[i++]);
	return i;
}

static int read_missed(struct batch *batch, struct find_work *work)
{
	collect_missed(batch, &work->ids);
	size_t n = batch->ids.n / sizeof(uint64_t), done = add_messages(batch);

	buf_adds(&work->ids, slice_from(buf_slice(&batch->ids), done * sizeof(uint64_t)));
	batch->more = done < n;
	return 0;
}

static int read_new(struct batch *batch)
{
	do {
		if (collect_new(batch) < 0)
			return -1;
		size_t n = batch->ids.n / sizeof(uint64_t), done = add_messages(batch);
		if (done > 0) {
			batch->index->highest = ((uint64_t *)(void *)batch->ids.p)[done - 1];
			batch->index->changed = true;
		}
		batch->more |= done < n;
		if (done < n)
			break;
	} while (batch->more);
	return 0;
}

static int read_messages(struct batch *batch, struct find_work *work)
{
	return work->ids.n > 0 ? read_missed(batch, work) : read_new(batch);
}

/* --- writing --- */

static int write_batch(struct batch *batch, struct err *err)
{
	struct find_write write;
	int rc = 0;

	if (find_make_count(batch->make) > 0) {
		find_make_finish(batch->make, &write);
		rc = find_pieces_add(&batch->index, &write, err);
		find_write_done(&write);
	}
	if (rc == 0)
		rc = find_pieces_merge(&batch->index, err);
	if (rc == 0 && !batch->more)
		rc = find_pieces_purge(&batch->index, err);
	return rc == 0 && batch->index->changed ? find_index_put(batch->index, err) : rc;
}

/* --- a batch --- */

static int begin(struct batch *batch, struct find_work *work, struct err *err)
{
	struct find_index *index;
	int found = find_index_get(work->shard, work->account, &index, err);

	if (found < 0)
		return -1;
	/* Another version of it, so that searches see the old one until the new one is
	   whole. */
	if (found == 1) {
		batch->index = find_index_with(index, index->pieces, index->n);
		batch->index->changed = false;
		find_index_free(&index);
	} else {
		batch->index = find_index_new(work->shard, work->account);
		batch->index->changed = true;
	}
	batch->make = find_make_new((size_t)conf_num(&conf_key_search_text_max));
	return 0;
}

static int run(struct find_work *work, struct err *err)
{
	struct batch batch = { 0 };

	if (begin(&batch, work, err) < 0)
		return -1;
	/* What a crash could take back must not be in it: the same id might be given again. */
	kv_settle(work->shard->env);
	int rc = work->adds ? read_messages(&batch, work) : 0;
	if (rc == 0)
		rc = write_batch(&batch, err);
	else
		err_set(err, ERR_TEMP, "the store cannot be read");
	find_make_free(&batch.make);
	find_index_free(&batch.index);
	buf_done(&batch.ids);
	return rc < 0 ? -1 : batch.more;
}

static bool is_gone(const struct find_work *work)
{
	struct acct acct = { work->shard, work->account };
	struct box_acct rec;
	struct box_tx tx;

	box_tx_read(&tx, &acct);
	int found = box_acct_get(&tx, &rec);
	box_tx_done(&tx);
	return found <= 0 || rec.gone;
}

/* Mail goes first. */
static bool disk_has_room(const struct find_work *work)
{
	struct kv_stats stats;

	kv_stats(work->shard->env, &stats);
	return stats.disk_free >= (uint64_t)conf_num(conf_find(SLICE("storage.reserve")));
}

int find_build_batch(struct find_work *work, struct err *err)
{
	pthread_mutex_lock(&building);
	int rc = 0;

	if (!disk_has_room(work))
		rc = err_set(err, ERR_TEMP, "the disk is nearly full");
	else if (!is_gone(work))
		rc = run(work, err);
	pthread_mutex_unlock(&building);
	return rc;
}

void find_forget(struct shard *shard, uint64_t account)
{
	find_todo_drop(shard, account);
	pthread_mutex_lock(&building);
	find_index_remove(shard, account);
	pthread_mutex_unlock(&building);
}
