/* facts_keep.c - tables of facts (core/facts.h) in the store: read at start, written behind
 *
 * A wave of strangers changes thousands of facts a second; here they become one
 * transaction every few seconds, and none when nothing has changed. */
#include "core/facts.h"

#include <stdlib.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/pool.h"
#include "storage/store.h"
#include "storage/store_private.h"

enum { EVERY_MS = 5000, TIDY_MS = 60 * 1000, BATCH = 1000 };

/* Records of many tables are in one room: "name NUL key". */
static const char room[] = "facts";

/* --- reading --- */

static bool take(void *arg, struct slice key, struct slice record)
{
	const struct facts *facts = arg;

	facts_load(facts, slice_from(key, strlen(facts->name) + 1), record);
	return true;
}

static void full_key(struct buf *out, const struct facts *facts, struct slice key)
{
	buf_addz(out, facts->name);
	buf_addc(out, '\0');
	buf_adds(out, key);
}

int facts_read(struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < facts_table_n; i++) {
		struct buf prefix = { 0 };

		full_key(&prefix, facts_table[i], (struct slice){ 0 });
		if (facts_table[i]->kept &&
		    store_record_each(room, buf_slice(&prefix), take, (void *)facts_table[i]) != 0)
			rc = err_set(err, ERR_TEMP, "cannot read what is known of peers");
		buf_done(&prefix);
	}
	return rc;
}

/* --- writing --- */

struct batch {
	const struct facts *facts;
	size_t n;
	struct pool pool;
	struct store_record records[BATCH];
};

static void add(void *arg, struct slice key, struct slice record)
{
	struct batch *batch = arg;
	struct buf full = { 0 };

	full_key(&full, batch->facts, key);
	batch->records[batch->n++] = (struct store_record){
		.key = pool_slice(&batch->pool, buf_slice(&full)),
		.value = pool_slice(&batch->pool, record),
	};
	buf_done(&full);
}

/* What cannot be written now is lost to the store, not to this process. */
static void write_table(const struct facts *facts)
{
	struct batch *batch = mem_get(sizeof(*batch));
	struct err err;
	size_t n;

	batch->facts = facts;
	do {
		batch->n = 0;
		n = facts_give(facts, BATCH, add, batch);
		if (n > 0 && store_records_put(room, batch->records, n, &err) != 0) {
			log_event(LOG_ERROR, "facts-not-kept", log_z("of", facts->name),
			    log_z("reason", err.text));
			n = 0;
		}
		pool_reset(&batch->pool);
	} while (n == BATCH);
	pool_done(&batch->pool);
	free(batch);
}

void facts_write(void)
{
	for (size_t i = 0; i < facts_table_n; i++)
		if (facts_table[i]->kept)
			write_table(facts_table[i]);
}

void facts_keep_house(void)
{
	static uint64_t write_at, tidy_at;
	uint64_t now = loop_now();

	if (now >= tidy_at) {
		tidy_at = now + TIDY_MS;
		for (size_t i = 0; i < facts_table_n; i++)
			facts_tidy(facts_table[i]);
	}
	if (now >= write_at) {
		write_at = now + EVERY_MS;
		facts_write();
	}
}
