/* test_tls_session.c - sessions by id: kept, found, bound, over in time, swept, bounded, written
 * behind */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/tls_cache.h"
#include "core/tls_private.h"
#include "tests/unit/wire.h"

enum { DAY = 24 * 60 * 60, MINUTE = 60 };

static struct tls_ctx *alpha, *beta, *shown;
static WOLFSSL_CTX *client_ctx;

static struct tls_ctx *choose(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	(void)arg, (void)hello, (void)may_wait, (void)later;
	return tls_ctx_ref(shown);
}

static int set_up(void **state)
{
	(void)state;
	alpha = wire_server_ctx(
	    &(struct wire_spec){ .domain = "alpha.test", .binding = 1, .session_ttl_s = DAY });
	beta = wire_server_ctx(&(struct wire_spec){ .domain = "beta.test", .binding = 2 });
	client_ctx = wire_client_ctx_without_tickets(true);
	tls_chooser_set(&(struct tls_chooser){ .choose = choose });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tls_ctx_unref(&alpha);
	tls_ctx_unref(&beta);
	wolfSSL_CTX_free(client_ctx);
	tls_cache_clear();
	return 0;
}

/* --- connections --- */

struct pair {
	struct io *server;
	WOLFSSL *client;
};

static struct pair open_pair(WOLFSSL_SESSION *session)
{
	struct wire *wire = wire_new();
	struct pair p = { &wire->io, wire_client(client_ctx, wire) };

	if (session)
		wolfSSL_set_session(p.client, session);
	io_push(&p.server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
	assert_true(wire_shake(p.server, p.client));
	return p;
}

static void close_pair(struct pair *p)
{
	io_close(&p->server);
	wolfSSL_free(p->client);
}

/* A session that is over; the caller's. */
static WOLFSSL_SESSION *make_session(void)
{
	struct pair p = open_pair(NULL);
	WOLFSSL_SESSION *session = wolfSSL_get1_session(p.client);

	close_pair(&p);
	return session;
}

static bool resumes(WOLFSSL_SESSION *session)
{
	struct tls_info info;
	struct pair p = open_pair(session);

	tls_info(p.server, &info);
	assert_int_equal(info.resumed, wolfSSL_session_reused(p.client));
	close_pair(&p);
	return info.resumed;
}

static const unsigned char *id_of(WOLFSSL_SESSION *session)
{
	unsigned n = 0;
	const unsigned char *id = wolfSSL_SESSION_get_id(session, &n);

	assert_int_equal(n, TLS_CACHE_KEY);
	return id;
}

/* As if it had been used that many seconds ago, by a process that is gone: under
   another life, of which nothing is known. */
static void age(WOLFSSL_SESSION *session, int64_t seconds)
{
	struct buf value = { 0 };
	int64_t used;
	uint32_t life = tls_life_new();

	assert_true(tls_cache_get(TLS_CACHE_SERVER, id_of(session), &value, &used));
	memcpy(value.p + 8, &life, sizeof(life));
	tls_cache_load(
	    TLS_CACHE_SERVER, id_of(session), buf_slice(&value), tls_life_now() - seconds * 1000);
	buf_done(&value);
}

/* --- what is tested --- */

static void kept_and_bound(void **state)
{
	(void)state;
	tls_cache_clear();
	shown = alpha;
	WOLFSSL_SESSION *session = make_session();
	assert_int_equal(tls_cache_count(TLS_CACHE_SERVER), 1);
	assert_true(resumes(session));
	assert_true(resumes(session));
	assert_int_equal(tls_cache_count(TLS_CACHE_SERVER), 1);
	shown = beta;
	assert_false(resumes(session));
	shown = alpha;
	assert_true(resumes(session));
	tls_cache_drop(TLS_CACHE_SERVER, id_of(session));
	assert_false(resumes(session));
	wolfSSL_SESSION_free(session);
}

/* P-020 */
static void a_day(void **state)
{
	(void)state;
	tls_cache_clear();
	shown = alpha;
	WOLFSSL_SESSION *session = make_session();
	age(session, DAY - MINUTE);
	assert_true(resumes(session));
	age(session, DAY - MINUTE);
	tls_session_sweep(DAY);
	assert_int_equal(tls_cache_count(TLS_CACHE_SERVER), 1);
	age(session, DAY + 1);
	assert_false(resumes(session));
	tls_cache_clear();
	wolfSSL_SESSION_free(session);

	session = make_session();
	age(session, DAY + 1);
	tls_session_sweep(DAY);
	assert_int_equal(tls_cache_count(TLS_CACHE_SERVER), 0);
	wolfSSL_SESSION_free(session);

	session = make_session();
	age(session, -MINUTE); /* of the future: the clock was set back */
	assert_false(resumes(session));
	wolfSSL_SESSION_free(session);
}

/* C-080 */
static void open_connections(void **state)
{
	uint32_t life = tls_life_new();
	int64_t long_ago = tls_life_now() - 1000 * 1000;

	(void)state;
	assert_int_equal(tls_life_used(life, long_ago), long_ago);
	assert_false(tls_life_lasts(life, long_ago, 999));
	tls_life_open(life);
	tls_life_open(life);
	assert_true(tls_life_lasts(life, long_ago, 1));
	tls_life_close(life);
	assert_true(tls_life_lasts(life, long_ago, 1));
	tls_life_close(life);
	assert_true(tls_life_lasts(life, long_ago, 1)); /* not a second ago */
	assert_false(tls_life_lasts(life, long_ago, 0));
	tls_life_close(life); /* one too many */
	assert_true(tls_life_used(life, long_ago) > long_ago);
}

static void malformed(void **state)
{
	static const struct slice values[] = { { "", 0 }, { "short", 5 } };
	struct buf value = { 0 };
	int64_t used;

	(void)state;
	tls_cache_clear();
	shown = alpha;
	WOLFSSL_SESSION *session = make_session();
	assert_true(tls_cache_get(TLS_CACHE_SERVER, id_of(session), &value, &used));
	for (size_t i = 0; i < COUNT(values); i++) {
		tls_cache_put(TLS_CACHE_SERVER, id_of(session), values[i], used);
		assert_false(resumes(session));
	}
	for (size_t n = 0; n < value.n; n++) { /* cut anywhere */
		tls_cache_put(
		    TLS_CACHE_SERVER, id_of(session), slice_head(buf_slice(&value), n), used);
		assert_false(resumes(session));
	}
	buf_done(&value);
	wolfSSL_SESSION_free(session);
}

/* --- written behind --- */

struct noted {
	size_t put, gone;
	int64_t used;
};

static void note(void *arg, const unsigned char *key, struct slice value, int64_t used)
{
	struct noted *n = arg;

	(void)key;
	*(value.n > 0 ? &n->put : &n->gone) += 1;
	n->used = used;
}

static struct noted changes(void)
{
	struct noted n = { 0 };

	tls_cache_changes(TLS_CACHE_SERVER, note, &n);
	return n;
}

static void changes_are_told_once(void **state)
{
	unsigned char one[TLS_CACHE_KEY] = { 1 }, two[TLS_CACHE_KEY] = { 2 };

	(void)state;
	tls_cache_clear();
	tls_cache_put(TLS_CACHE_SERVER, one, SLICE("value"), 10);
	tls_cache_use(TLS_CACHE_SERVER, one, 20);
	struct noted n = changes();
	assert_int_equal(n.put, 1);
	assert_int_equal(n.used, 20);
	assert_int_equal(changes().put, 0);

	tls_cache_use(TLS_CACHE_SERVER, one, 30);
	assert_int_equal(changes().put, 1);
	tls_cache_drop(TLS_CACHE_SERVER, one);
	tls_cache_put(TLS_CACHE_SERVER, two, SLICE("value"), 10);
	tls_cache_drop(TLS_CACHE_SERVER, two); /* nobody has seen it */
	n = changes();
	assert_int_equal(n.gone, 1);
	assert_int_equal(n.put, 0);

	tls_cache_load(TLS_CACHE_SERVER, one, SLICE("value"), 10);
	assert_int_equal(changes().put, 0);
	tls_cache_drop(TLS_CACHE_SERVER, one);
	assert_int_equal(changes().gone, 1);
}

static void bounded(void **state)
{
	unsigned char key[TLS_CACHE_KEY] = { 0 };
	size_t most = 0;

	(void)state;
	tls_cache_clear();
	for (unsigned i = 0; i < 50000; i++) {
		memcpy(key, &i, sizeof(i));
		tls_cache_put(TLS_CACHE_SERVER, key, SLICE("value"), 10);
		if (tls_cache_count(TLS_CACHE_SERVER) > most)
			most = tls_cache_count(TLS_CACHE_SERVER);
	}
	assert_int_equal(most, 20000);
	struct noted n = changes();
	assert_int_equal(n.put, 20000);
	assert_int_equal(n.gone, 0);
	tls_session_sweep(1);
	assert_int_equal(tls_cache_count(TLS_CACHE_SERVER), 0);
	assert_int_equal(changes().gone, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_and_bound),
		cmocka_unit_test(a_day),
		cmocka_unit_test(open_connections),
		cmocka_unit_test(malformed),
		cmocka_unit_test(changes_are_told_once),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
