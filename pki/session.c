/* session.c - TLS sessions on disk, so that they are resumed after a restart
 *
 *	DATA/sessions/server	sessions of clients, by their ids
 *	DATA/sessions/client	sessions with other servers
 *
 * Two trees of an environment of its own (P-019): a cache, which belongs to no
 * backup and may be thrown away. The tables of core/tls_cache.h are what is used; they
 * are filled from here at the start, and a thread writes what changed some seconds
 * later, sealed. So no handshake waits, and a crash forgets the last few sessions. */
#include "core/log.h"
#include "core/loop.h"
#include "core/num.h"
#include "core/text.h"
#include "core/tls_cache.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "storage/kv.h"

enum {
	CACHE = 256 * 1024,
	RESERVE = 8 << 20,
	WRITE_MS = 2000,
	SWEEP_TURNS = 30,
	USED = 8,
	LENGTH = 8,
	VERSION = 1,
};

static struct {
	struct kv_env *env; /* NULL: sessions are kept in memory only */
	struct kv *trees[TLS_CACHE_SIDES];
} disk;

static const char *const names[TLS_CACHE_SIDES] = { "server", "client" };

/* --- a session, sealed: version, when it was used, what the cache has --- */

static void name_of(struct slice key, struct buf *out)
{
	buf_addz(out, "the TLS session ");
	hex_put(out, key);
	buf_z(out);
}

static int seal_session(struct slice key, struct slice plain, struct buf *out)
{
	struct buf name = { 0 };

	name_of(key, &name);
	int rc = seal_close(name.p, plain, out, NULL);
	buf_done(&name);
	return rc;
}

static bool load(void *arg, struct slice key, struct slice sealed)
{
	enum tls_cache_side side = *(enum tls_cache_side *)arg;
	struct buf name = { 0 }, plain = { 0 };

	if (key.n != TLS_CACHE_KEY)
		return true;
	name_of(key, &name);
	if (seal_open(name.p, sealed, &plain, NULL) == 0 && plain.n > 1 + USED &&
	    plain.p[0] == VERSION)
		tls_cache_load(side, (const unsigned char *)key.p,
		    slice_from(buf_slice(&plain), 1 + USED),
		    (int64_t)num_get64((const unsigned char *)plain.p + 1));
	else /* of another master key or version: nobody will miss it */
		tls_cache_load(side, (const unsigned char *)key.p, SLICE(""), 0);
	buf_done(&name);
	buf_wipe(&plain);
	return !threads_ending();
}

static void load_all(void)
{
	for (enum tls_cache_side side = 0; side < TLS_CACHE_SIDES; side++)
		if (kv_each(disk.trees[side], NULL, SLICE(""), SLICE(""), load, &side) != 0)
			log_event(LOG_WARN, "tls-sessions-not-read", log_z("of", names[side]));
	tls_session_sweep(panel_session_ttl());
}

/* --- what changed: key, length, bytes; one behind another --- */

static void add(struct buf *out, const unsigned char *key, struct slice bytes)
{
	unsigned char n[LENGTH];

	num_put64(n, bytes.n);
	buf_add(out, key, TLS_CACHE_KEY);
	buf_add(out, n, sizeof(n));
	buf_adds(out, bytes);
}

static bool next(struct slice *rest, struct slice *key, struct slice *bytes)
{
	if (rest->n < TLS_CACHE_KEY + LENGTH)
		return false;
	*key = slice_head(*rest, TLS_CACHE_KEY);
	size_t n = num_get64((const unsigned char *)rest->p + TLS_CACHE_KEY);
	*rest = slice_from(*rest, TLS_CACHE_KEY + LENGTH);
	*bytes = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

/* With the table locked. */
static void copy(
    void *arg, const unsigned char key[TLS_CACHE_KEY], struct slice value, int64_t used)
{
	struct buf *out = arg, plain = { 0 };
	unsigned char head[1 + USED] = { VERSION };

	num_put64(head + 1, (uint64_t)used);
	if (value.n > 0) {
		buf_room(&plain, sizeof(head) + value.n);
		buf_add(&plain, head, sizeof(head));
		buf_adds(&plain, value);
	}
	add(out, key, buf_slice(&plain));
	buf_wipe(&plain);
}

static void seal_all(struct slice plain, struct buf *out)
{
	struct slice key, bytes;

	while (next(&plain, &key, &bytes)) {
		struct buf sealed = { 0 };
		if (bytes.n == 0 || seal_session(key, bytes, &sealed) == 0)
			add(out, (const unsigned char *)key.p, buf_slice(&sealed));
		buf_done(&sealed);
	}
}

struct batch {
	struct kv_write write; /* first: kv_write leads back to the batch */
	struct kv *tree;
	struct buf sealed;
};

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct batch *b = (struct batch *)w;
	struct slice rest = buf_slice(&b->sealed), key, bytes;
	int rc = 0;

	while (rc == 0 && next(&rest, &key, &bytes))
		rc = bytes.n > 0 ? kv_put(b->tree, txn, key, bytes) : kv_del(b->tree, txn, key);
	return rc == 0 ? KV_DONE : KV_FAILED;
}

static void write_side(enum tls_cache_side side)
{
	struct batch b = { .write = { .apply = apply }, .tree = disk.trees[side] };
	struct buf plain = { 0 };

	tls_cache_changes(side, copy, &plain);
	seal_all(buf_slice(&plain), &b.sealed);
	if (b.sealed.n > 0)
		kv_write(disk.env, &b.write);
	buf_wipe(&plain);
	buf_done(&b.sealed);
}

static void write_all(void)
{
	for (enum tls_cache_side side = 0; side < TLS_CACHE_SIDES; side++)
		write_side(side);
}

/* --- the thread --- */

static void keep(void *arg)
{
	struct err err = { 0 };

	(void)arg;
	load_all();
	for (unsigned turn = 1; !threads_sleep(WRITE_MS); turn++) {
		if (turn % SWEEP_TURNS == 0) {
			tls_session_sweep(panel_session_ttl());
			if (kv_tidy(disk.env, &err) < 0)
				log_event(LOG_WARN, "tidy-failed", log_z("reason", err.text));
		}
		write_all();
	}
}

static int open_disk(const char *data, struct err *err)
{
	struct buf dir = { 0 };

	buf_printf(&dir, "%s/sessions", data);
	struct kv_opts opts = { .dir = buf_z(&dir), .cache = CACHE, .reserve = RESERVE };
	int rc = kv_env_open(&opts, &disk.env, err);
	for (unsigned side = 0; rc == 0 && side < TLS_CACHE_SIDES; side++)
		rc = kv_open(disk.env, names[side], &disk.trees[side], err);
	buf_done(&dir);
	return rc;
}

int session_start(const char *data, struct err *err)
{
	if (open_disk(data, err) != 0) {
		log_event(LOG_WARN, "tls-sessions-in-memory-only", log_z("reason", err->text));
		kv_env_close(&disk.env);
		return 0;
	}
	return thread_start("sessions", keep, NULL, err);
}

void session_stop(void)
{
	if (disk.env)
		write_all();
	kv_env_close(&disk.env);
	tls_cache_clear();
}
