/* kv_bdb_tree.c - Berkeley DB: reading and changing trees
 *
 * A reader has no transaction and holds a page only inside one call. The
 * writer reads without keeping read locks, since nobody else writes, so that
 * what it holds is what it changed. */
#include "storage/kv_bdb.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "core/buf.h"

enum {
	AT_ONCE = 10, /* times that a reader asks again without a rest */
	REST_FIRST_US = 50,
	REST_MAX_US = 20000,
	VALUE_ROOM = 512,
	CHUNK_FIRST = 16 << 10,
	CHUNK_MAX = 256 << 10,
};

static DBT dbt_of(struct slice s)
{
	return (DBT){ .data = (void *)(uintptr_t)s.p, .size = (u_int32_t)s.n };
}

static DB_TXN *txn_of(const struct kv_txn *txn)
{
	return txn ? txn->handle : NULL;
}

/* How often a read was tried, and from when on. */
struct tries {
	unsigned n;
	int64_t began_us;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void rest(const struct tries *tries)
{
	unsigned doubled = tries->n - AT_ONCE;
	long us = doubled < 10 ? (long)REST_FIRST_US << doubled : REST_MAX_US;

	if (us > REST_MAX_US)
		us = REST_MAX_US;
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

/* A reader that lost its page to the writer asks again, and leaves it the processor
   meanwhile. That others write is no reason to fail; that it is in vain for so long
   (env->patience_us) is a fault, which is logged (kv_fail). */
static bool read_again(const struct kv *kv, const struct kv_txn *txn, int ret, struct tries *tries)
{
	if (txn || (ret != DB_LOCK_DEADLOCK && ret != DB_LOCK_NOTGRANTED))
		return false;
	if (tries->n++ == 0)
		tries->began_us = now_us();
	if (tries->n <= AT_ONCE)
		sched_yield();
	else if (now_us() - tries->began_us > kv->env->patience_us)
		return false;
	else
		rest(tries);
	return true;
}

int kv_get(struct kv *kv, struct kv_txn *txn, struct slice key, struct buf *value)
{
	DBT k = dbt_of(key);
	struct tries tries = { 0 };
	size_t room = VALUE_ROOM;
	int ret;

	buf_clear(value);
	for (;;) {
		DBT v = { .flags = DB_DBT_USERMEM };
		v.data = buf_room(value, room);
		v.ulen = (u_int32_t)value->cap;
		ret = kv->db->get(kv->db, txn_of(txn), &k, &v, txn ? DB_READ_COMMITTED : 0);
		if (ret == 0) {
			value->n = v.size;
			return 1;
		}
		if (ret == DB_BUFFER_SMALL)
			room = v.size;
		else if (!read_again(kv, txn, ret, &tries))
			break;
	}
	return ret == DB_NOTFOUND ? 0 : kv_fail(kv->env, txn, "get", ret);
}

static int put(struct kv *kv, struct kv_txn *txn, struct slice key, DBT *v)
{
	DBT k = dbt_of(key);
	int ret = kv->db->put(kv->db, txn_of(txn), &k, v, 0);

	return ret ? kv_fail(kv->env, txn, "put", ret) : 0;
}

int kv_put(struct kv *kv, struct kv_txn *txn, struct slice key, struct slice value)
{
	DBT v = dbt_of(value);

	return put(kv, txn, key, &v);
}

int kv_put_part(struct kv *kv, struct kv_txn *txn, struct slice key, size_t at, struct slice value)
{
	DBT v = dbt_of(value);

	v.flags = DB_DBT_PARTIAL;
	v.doff = (u_int32_t)at;
	v.dlen = v.size;
	return put(kv, txn, key, &v);
}

int kv_del(struct kv *kv, struct kv_txn *txn, struct slice key)
{
	DBT k = dbt_of(key);
	int ret = kv->db->del(kv->db, txn_of(txn), &k, 0);

	return ret && ret != DB_NOTFOUND ? kv_fail(kv->env, txn, "del", ret) : 0;
}

/* --- walking --- */

/* Where a walk stands, and the records read ahead: many in one call of the
   library, with no page held while they are visited. */
struct walk {
	struct buf from; /* first key wanted */
	struct buf chunk;
	DBT records;
};

static int cursor_chunk(DBC *cursor, struct walk *walk)
{
	/* Only searched for; the library copies its answer to the records. */
	DBT key = { .data = walk->from.p, .size = (u_int32_t)walk->from.n, .flags = DB_DBT_MALLOC };

	walk->records = (DBT){ .data = walk->chunk.p,
		.ulen = (u_int32_t)walk->chunk.cap / 1024 * 1024,
		.flags = DB_DBT_USERMEM };
	int ret = cursor->get(cursor, &key, &walk->records, DB_SET_RANGE | DB_MULTIPLE_KEY);
	if (key.data != walk->from.p)
		free(key.data);
	return ret;
}

static int next_chunk(struct kv *kv, struct kv_txn *txn, struct walk *walk)
{
	DBC *cursor;
	int ret = kv->db->cursor(kv->db, txn_of(txn), &cursor, txn ? DB_READ_COMMITTED : 0);

	if (ret)
		return ret;
	ret = cursor_chunk(cursor, walk);
	int closed = cursor->close(cursor);
	return ret ? ret : closed;
}

/* One call may not be enough: a record that is larger than the chunk, a page
   lost to the writer. */
static int read_chunk(struct kv *kv, struct kv_txn *txn, struct walk *walk)
{
	struct tries tries = { 0 };
	int ret;

	for (;;) {
		ret = next_chunk(kv, txn, walk);
		if (ret == DB_BUFFER_SMALL)
			buf_room(&walk->chunk, walk->chunk.cap * 4);
		else if (!read_again(kv, txn, ret, &tries))
			return ret;
	}
}

/* Visit the records of a chunk. False: the walk is over. */
static bool visit_chunk(struct walk *walk, struct slice prefix,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct slice last = { 0 };
	void *next, *k, *v;
	size_t kn, vn;

	DB_MULTIPLE_INIT(next, &walk->records);
	for (;;) {
		DB_MULTIPLE_KEY_NEXT(next, &walk->records, k, kn, v, vn);
		if (!next)
			break;
		last = slice_of(k, kn);
		if (!slice_starts(last, prefix) || !visit(arg, last, slice_of(v, vn)))
			return false;
	}
	/* The next key there can be. */
	if (last.p) {
		buf_clear(&walk->from);
		buf_adds(&walk->from, last);
	}
	buf_addc(&walk->from, '\0');
	return true;
}

int kv_each(struct kv *kv, struct kv_txn *txn, struct slice prefix, struct slice from,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct walk walk = { 0 };
	int ret;

	buf_adds(&walk.from, slice_cmp(from, prefix) > 0 ? from : prefix);
	buf_room(&walk.from, 1);
	buf_room(&walk.chunk, CHUNK_FIRST);
	while ((ret = read_chunk(kv, txn, &walk)) == 0) {
		if (!visit_chunk(&walk, prefix, visit, arg))
			break;
		if (walk.chunk.cap < CHUNK_MAX)
			buf_room(&walk.chunk, walk.chunk.cap * 4);
	}
	buf_done(&walk.from);
	buf_done(&walk.chunk);
	return ret == 0 || ret == DB_NOTFOUND ? 0 : kv_fail(kv->env, txn, "each", ret);
}

/* The first key behind all that begin with prefix; empty when there is none. */
static void behind(struct slice prefix, struct buf *out)
{
	buf_clear(out);
	buf_adds(out, prefix);
	while (out->n > 0 && (unsigned char)out->p[out->n - 1] == 0xff)
		out->n--;
	if (out->n > 0)
		out->p[out->n - 1]++;
}

static int cursor_last(DBC *cursor, struct slice bound, DBT *key, DBT *value)
{
	if (bound.n > 0) {
		DBT none = { .flags = DB_DBT_USERMEM | DB_DBT_PARTIAL };
		DBT at = { .data = (void *)(uintptr_t)bound.p,
			.size = (u_int32_t)bound.n,
			.flags = DB_DBT_MALLOC };
		int ret = cursor->get(cursor, &at, &none, DB_SET_RANGE);
		if (at.data != bound.p)
			free(at.data);
		if (ret == 0)
			return cursor->get(cursor, key, value, DB_PREV);
		if (ret != DB_NOTFOUND)
			return ret;
	}
	return cursor->get(cursor, key, value, DB_LAST);
}

static int try_last(struct kv *kv, struct kv_txn *txn, struct slice bound, DBT *key, DBT *value)
{
	DBC *cursor;
	int ret = kv->db->cursor(kv->db, txn_of(txn), &cursor, txn ? DB_READ_COMMITTED : 0);

	if (ret)
		return ret;
	ret = cursor_last(cursor, bound, key, value);
	int closed = cursor->close(cursor);
	return ret ? ret : closed;
}

int kv_last(
    struct kv *kv, struct kv_txn *txn, struct slice prefix, struct buf *key, struct buf *value)
{
	DBT k = { .flags = DB_DBT_REALLOC }, v = { .flags = DB_DBT_REALLOC };
	struct tries tries = { 0 };
	struct buf bound = { 0 };
	int ret;

	behind(prefix, &bound);
	do
		ret = try_last(kv, txn, buf_slice(&bound), &k, &v);
	while (ret && read_again(kv, txn, ret, &tries));

	buf_clear(key);
	buf_clear(value);
	if (ret == 0) {
		buf_add(key, k.data, k.size);
		buf_add(value, v.data, v.size);
	}
	free(k.data);
	free(v.data);
	buf_done(&bound);
	if (ret && ret != DB_NOTFOUND)
		return kv_fail(kv->env, txn, "last", ret);
	return ret == 0 && slice_starts(buf_slice(key), prefix);
}
