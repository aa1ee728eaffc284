/* master_rotate.c - another master key in place of the one before, while the server runs
 *
 * First the new key is on the disk before the old ones; then each record that an old one
 * sealed is sealed anew, some at a time; when no record has an old key's id in it any
 * more, wherever it may stand, the old ones are dropped. Whoever is cut off in the middle
 * finds more than one key at the next start, and goes on. */
#include "pki/master_rotate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/text.h"
#include "pki/seal.h"
#include "storage/sealed.h"
#include "storage/store.h"

enum { TICK_MS = 200, BATCH = 200, GRACE_MS = 2000, AGAIN_MS = 60 * 1000 };

static atomic_bool wanted;

static struct {
	pthread_mutex_t lock;
	struct master_progress now;
} progress = { .lock = PTHREAD_MUTEX_INITIALIZER };

void master_progress(struct master_progress *out)
{
	pthread_mutex_lock(&progress.lock);
	*out = progress.now;
	pthread_mutex_unlock(&progress.lock);
}

static void tell(bool running, uint64_t done, uint64_t left, const char *trouble)
{
	pthread_mutex_lock(&progress.lock);
	progress.now.running = running;
	progress.now.done += done;
	progress.now.left = left;
	snprintf(progress.now.trouble, sizeof(progress.now.trouble), "%s", trouble);
	pthread_mutex_unlock(&progress.lock);
}

/* --- some records --- */

struct old {
	char *room;
	struct buf key, value, new;
};

struct batch {
	struct old old[BATCH];
	size_t n;
	uint64_t all; /* that are old, also those that had no room here */
};

static bool note_old(void *arg, const char *room, struct slice key, struct slice value)
{
	struct batch *batch = arg;

	if (!seal_is_old(value))
		return true;
	batch->all++;
	if (batch->n < BATCH) {
		struct old *old = &batch->old[batch->n++];
		old->room = mem_str(slice_str(room));
		buf_adds(&old->key, key);
		buf_adds(&old->value, value);
	}
	return !threads_ending();
}

static void batch_done(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		free(batch->old[i].room);
		buf_done(&batch->old[i].key);
		buf_done(&batch->old[i].value);
		buf_done(&batch->old[i].new);
	}
	*batch = (struct batch){ 0 };
}

static const struct sealed *row_of(const char *room)
{
	for (size_t i = 0; i < sealed_table_n; i++)
		if (strcmp(sealed_table[i]->room, room) == 0)
			return sealed_table[i];
	return NULL;
}

static int take(struct old *old, struct err *err)
{
	const struct sealed *row = row_of(old->room);
	struct buf what = { 0 };
	struct slice secret;
	int rc;

	if (!row || !row->find(buf_slice(&old->key), buf_slice(&old->value), &what, &secret))
		rc = err_set(
		    err, ERR_TEMP, "nobody knows what of a record of '%s' is sealed", old->room);
	else
		rc = seal_anew(
		    buf_slice(&old->value), secret, buf_z(&what), buf_z(&what), &old->new, err);
	buf_done(&what);
	return rc;
}

/* Those that could be: how many; what could not be keeps the old key. */
static size_t swap_batch(struct batch *batch, struct err *err)
{
	struct store_swap swaps[BATCH];
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		struct old *old = &batch->old[i];
		if (take(old, err) == 0)
			swaps[n++] = (struct store_swap){ old->room, buf_slice(&old->key),
				buf_slice(&old->value), buf_slice(&old->new) };
	}
	return n > 0 && store_record_swap(swaps, n, err) == 0 ? n : 0;
}

/* --- all of them --- */

/* True: no record is old. */
static bool pass(struct err *err)
{
	struct batch batch = { 0 };
	size_t done;

	do {
		batch_done(&batch);
		if (store_record_each_room(note_old, &batch) != 0) {
			err_set(err, ERR_TEMP, "the records cannot be read");
			batch.all = 1;
			break;
		}
		done = batch.n > 0 ? swap_batch(&batch, err) : 0;
		tell(true, done, batch.all - done, err->text);
	} while (done > 0 && !threads_ending());
	bool clean = batch.all == 0 && !threads_ending();
	batch_done(&batch);
	return clean;
}

/* Whoever reads a record, changes it and puts it back may put an old seal back: time is
   given to those, and then it is looked once more. A backup that has copied records of
   before is given the old keys, too. */
static bool finish(struct err *err)
{
	while (store_backup_runs() && !threads_sleep(TICK_MS))
		;
	return !threads_sleep(GRACE_MS) && pass(err) && !store_backup_runs() &&
	    seal_drop_old(err) == 0;
}

static bool rotate(void)
{
	struct err err = { 0 };

	pthread_mutex_lock(&progress.lock);
	progress.now = (struct master_progress){ .running = true };
	pthread_mutex_unlock(&progress.lock);
	bool done = pass(&err) && finish(&err);
	if (done)
		log_event(LOG_INFO, "master-key-changed");
	else if (!threads_ending())
		log_event(LOG_ERROR, "master-key-not-changed", log_z("reason", err.text));
	tell(!done, 0, 0, done ? "" : err.text);
	return done;
}

static void keep_up(void *arg)
{
	uint64_t again = 0;

	(void)arg;
	while (!threads_sleep(TICK_MS)) {
		if (!atomic_load(&wanted) || loop_now() < again)
			continue;
		atomic_store(&wanted, false);
		if (!rotate()) {
			atomic_store(&wanted, true);
			again = loop_now() + AGAIN_MS;
		}
	}
}

static void first_id(struct buf *hex)
{
	struct seal_state state;

	seal_state(&state);
	hex_put(hex, slice_of(state.id[0], SEAL_ID));
}

int master_rotate(struct err *err)
{
	struct buf before = { 0 }, after = { 0 };

	first_id(&before);
	int rc = seal_turn(err);
	if (rc == 0) {
		first_id(&after);
		op_changed("master-key", NULL, buf_slice(&before), buf_slice(&after));
		tell(true, 0, 0, "");
		atomic_store(&wanted, true);
	}
	buf_done(&before);
	buf_done(&after);
	return rc;
}

int master_rotate_start(struct err *err)
{
	struct seal_state state;

	seal_state(&state);
	atomic_store(&wanted, state.n > 1 && !state.external);
	return thread_start("master", keep_up, NULL, err);
}
