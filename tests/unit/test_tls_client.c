/* test_tls_client.c - connecting by TLS, and what both sides make of each other's certificates */
#include <sys/socket.h>
#include <unistd.h>

#include "core/tls_cache.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

/* --- who judges, and what was asked --- */

struct judging {
	const char *fault; /* NULL: all are taken */
	unsigned n;
};
static struct judging servers_judged, clients_judged;
static char last[256];
static size_t last_chain;

static int verify(void *arg, const struct tls_claim *claim, struct buf *accounts, struct err *err)
{
	struct judging *judging = claim->server ? &servers_judged : &clients_judged;

	(void)arg;
	judging->n++;
	last_chain = claim->chain.n;
	snprintf(last, sizeof(last), "%s %s %.*s", claim->server ? "server" : "client",
	    claim->server ? claim->host : claim->domain, SLICE_ARG(claim->names));
	if (judging->fault)
		return err_set(err, ERR_INPUT, "%s", judging->fault);
	buf_addz(accounts, "ann@alpha.test");
	return 0;
}

/* --- contexts --- */

enum asking { NOT, OPTIONAL, STRICT, REQUIRED };
static struct tls_ctx *servers[REQUIRED + 1], *shown, *own;
static bool waits;

static struct tls_ctx *choose(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	(void)arg, (void)hello, (void)may_wait, (void)later;
	return tls_ctx_ref(shown);
}

static int set_up(void **state)
{
	(void)state;
	for (int i = NOT; i <= REQUIRED; i++)
		servers[i] = wire_server_ctx(&(struct wire_spec){ .domain = "alpha.test",
		    .binding = (uint64_t)i + 1,
		    .asks = i != NOT,
		    .client_strict = i == STRICT,
		    .client_required = i == REQUIRED });
	own = wire_server_ctx(&(struct wire_spec){ .domain = "beta.test", .connects = true });
	tls_chooser_set(&(struct tls_chooser){ .choose = choose });
	tls_verifier_set(&(struct tls_verifier){ .verify = verify });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = NOT; i <= REQUIRED; i++)
		tls_ctx_unref(&servers[i]);
	tls_ctx_unref(&own);
	return 0;
}

/* --- two ends --- */

struct ends {
	struct io *server, *client;
	int server_says, client_says;
};

static void ends_open(struct ends *e, const struct tls_client_spec *spec)
{
	int fd[2];
	struct err err = { 0 };

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	e->server = io_sock_new(fd[0], 0);
	e->client = io_sock_new(fd[1], 0);
	io_push(&e->server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
	struct io *layer = tls_connect_new(spec, &err);
	if (!layer)
		fail_msg("%s", err.text);
	io_push(&e->client, layer);
}

static void ends_close(struct ends *e)
{
	io_close(&e->server);
	io_close(&e->client);
}

/* As a loop does: a worker takes over where it must. */
static int shake_server(struct ends *e)
{
	int rc = tls_handshake(e->server, false);

	waits |= rc == TLS_LATER;
	return rc == TLS_LATER ? tls_handshake(e->server, true) : rc;
}

static bool shake(struct ends *e)
{
	e->server_says = e->client_says = TLS_AGAIN;
	for (int i = 0; i < 100; i++) {
		if (e->client_says == TLS_AGAIN)
			e->client_says = tls_handshake(e->client, true);
		if (e->server_says == TLS_AGAIN)
			e->server_says = shake_server(e);
	}
	return e->client_says == TLS_DONE && e->server_says == TLS_DONE;
}

/* What the one writes the other reads; -1 where it cannot be read. */
static ssize_t carry(struct io *from, struct io *to)
{
	char got[16];

	if (io_write(from, SLICE("NOOP\r\n")) != 0 || io_flush(from) != 0)
		return -1;
	ssize_t n = IO_AGAIN;
	for (int i = 0; i < 10 && n == IO_AGAIN; i++)
		n = io_read(to, got, sizeof(got));
	return n;
}

/* --- the server's certificate --- */

static void servers_are_judged(void **state)
{
	static const struct {
		const char *name, *fault;
		bool must, works;
		const char *verdict;
	} cases[] = {
		{ "good, must be", NULL, true, true, "ok" },
		{ "good", NULL, false, true, "ok" },
		{ "bad", "it has expired", false, true, "it has expired" },
		{ "bad, must be good", "it has expired", true, false, "it has expired" },
	};

	(void)state;
	shown = servers[NOT];
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_client_spec spec = { .host = "mx.alpha.test",
			.names = SLICE("alpha.test"),
			.must_verify = cases[i].must };
		struct tls_peer peer;
		struct ends e;
		servers_judged = (struct judging){ .fault = cases[i].fault };
		tls_cache_clear();
		ends_open(&e, &spec);
		want_num(cases[i].name, shake(&e), cases[i].works);
		want_num(cases[i].name, servers_judged.n, 1);
		want_text(cases[i].name, slice_str(last), "server mx.alpha.test alpha.test");
		tls_peer(e.client, &peer);
		want_num(cases[i].name, peer.verified, !cases[i].fault);
		want_text(cases[i].name, slice_str(peer.verdict), cases[i].verdict);
		want_true(cases[i].name, peer.chain.n > 200 && peer.chain.n == last_chain);
		if (cases[i].works) {
			struct tls_info info;
			want_num(cases[i].name, carry(e.client, e.server), 6);
			want_num(cases[i].name, carry(e.server, e.client), 6);
			tls_info(e.server, &info);
			want_text(cases[i].name, info.sni, "mx.alpha.test");
			tls_info(e.client, &info);
			want_text(cases[i].name, slice_str(info.version), "TLSv1.3");
		} else {
			want_text(cases[i].name, slice_str(tls_reason(e.client)),
			    "certificate of the server: it has expired");
			want_num(cases[i].name, e.server_says, TLS_FAIL);
			want_true(cases[i].name, strstr(tls_reason(e.server), "alert"));
		}
		ends_close(&e);
	}
}

/* RFC 6066 3 */
static void no_name_for_addresses(void **state)
{
	static const char *const hosts[] = { "192.0.2.1", "2001:db8::1", "" };

	(void)state;
	shown = servers[NOT];
	servers_judged.fault = NULL;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct tls_info info;
		struct ends e;
		ends_open(&e, &(struct tls_client_spec){ .host = hosts[i] });
		want_true(hosts[i], shake(&e));
		tls_info(e.server, &info);
		want_text(hosts[i], info.sni, "");
		ends_close(&e);
	}
}

static void not_tls(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e, &(struct tls_client_spec){ .host = "mx.alpha.test" });
	assert_int_equal(tls_handshake(e.client, true), TLS_AGAIN);
	assert_int_equal(io_write(e.server->below, SLICE("454 no TLS\r\n")), 0);
	assert_int_equal(tls_handshake(e.client, true), TLS_FAIL);
	assert_int_not_equal(strlen(tls_reason(e.client)), 0);
	ends_close(&e);

	ends_open(&e, &(struct tls_client_spec){ .host = "mx.alpha.test" });
	io_close(&e.server);
	assert_int_equal(tls_handshake(e.client, true), TLS_FAIL);
	assert_string_equal(tls_reason(e.client), "server closed during the handshake");
	ends_close(&e);
}

/* --- the client's certificate --- */

/* C-091, C-094, C-095, C-097, C-098, C-099, C-100, C-101 */
static void clients_are_judged(void **state)
{
	static const struct {
		const char *name;
		enum asking asking;
		bool has;
		const char *fault;
		bool works;
		size_t judged;
		bool verified;
	} cases[] = {
		{ "nobody asks", NOT, true, NULL, true, 0, false },
		{ "none", OPTIONAL, false, NULL, true, 0, false },
		{ "good", OPTIONAL, true, NULL, true, 1, true },
		{ "bad", OPTIONAL, true, "bad", true, 1, false },
		{ "strict, none", STRICT, false, NULL, true, 0, false },
		{ "strict, good", STRICT, true, NULL, true, 1, true },
		{ "strict, bad", STRICT, true, "bad", false, 1, false },
		{ "required, none", REQUIRED, false, NULL, false, 0, false },
		{ "required, good", REQUIRED, true, NULL, true, 1, true },
		{ "required, bad", REQUIRED, true, "bad", false, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_peer peer;
		struct ends e;
		servers_judged.fault = NULL;
		clients_judged = (struct judging){ .fault = cases[i].fault };
		shown = servers[cases[i].asking];
		waits = false;
		tls_cache_clear();
		ends_open(&e,
		    &(struct tls_client_spec){
			.host = "alpha.test", .own = cases[i].has ? own : NULL });
		bool works =
		    shake(&e) && carry(e.client, e.server) == 6 && carry(e.server, e.client) == 6;
		want_num(cases[i].name, works, cases[i].works);
		want_num(cases[i].name, clients_judged.n, cases[i].judged);
		want_num(cases[i].name, waits, cases[i].asking != NOT);
		tls_peer(e.server, &peer);
		want_num(cases[i].name, peer.verified, cases[i].verified);
		want_text(cases[i].name, slice_str(peer.accounts),
		    cases[i].verified ? "ann@alpha.test" : "");
		want_num(cases[i].name, peer.chain.n > 0, cases[i].judged > 0);
		if (cases[i].judged)
			want_text(cases[i].name, slice_str(last), "client alpha.test ");
		ends_close(&e);
	}
}

/* --- sessions are resumed --- */

/* Connect, talk, close. Was the session an old one? */
static bool resumes(const struct tls_client_spec *spec)
{
	struct tls_info info;
	struct tls_peer peer;
	struct ends e;

	servers_judged.n = 0;
	ends_open(&e, spec);
	if (!shake(&e) || carry(e.client, e.server) != 6 || carry(e.server, e.client) != 6)
		fail_msg("no connection");
	tls_info(e.client, &info);
	tls_peer(e.client, &peer);
	assert_int_equal(peer.verified, !servers_judged.fault);
	assert_int_equal(peer.chain.n, last_chain);
	assert_int_equal(servers_judged.n, servers_judged.fault && spec->must_verify ? 2 : 1);
	ends_close(&e);
	return info.resumed;
}

static void sessions_are_resumed(void **state)
{
	struct tls_client_spec spec = { .host = "mx.alpha.test", .must_verify = true };

	(void)state;
	shown = servers[NOT];
	servers_judged = (struct judging){ 0 };
	tls_cache_clear();
	assert_false(resumes(&spec));
	assert_true(resumes(&spec));
	assert_true(resumes(&spec)); /* each gives a new ticket */
	assert_int_equal(tls_cache_count(TLS_CACHE_CLIENT), 1);
	assert_int_equal(tls_cache_count(TLS_CACHE_SERVER), 0);
}

/* What was made under one policy is not used under another. */
static void other_policy_other_session(void **state)
{
	struct tls_client_spec lax = { .host = "mx.alpha.test" }, strict = lax, other = lax,
			       named = lax;

	(void)state;
	shown = servers[NOT];
	tls_cache_clear();
	strict.must_verify = true;
	other.host = "mx.beta.test";
	named.names = SLICE("alpha.test");
	assert_false(resumes(&lax));
	assert_false(resumes(&strict));
	assert_false(resumes(&other));
	assert_false(resumes(&named));
	assert_true(resumes(&lax));
	assert_true(resumes(&strict));
	assert_int_equal(tls_cache_count(TLS_CACHE_CLIENT), 4);
}

/* A server that was good and is not any more gets no session of then. */
static void resumed_servers_are_judged(void **state)
{
	struct tls_client_spec spec = { .host = "mx.alpha.test", .must_verify = true };
	struct ends e;

	(void)state;
	shown = servers[NOT];
	tls_cache_clear();
	assert_false(resumes(&spec));
	servers_judged = (struct judging){ .fault = "it was revoked" };
	ends_open(&e, &spec);
	assert_false(shake(&e));
	assert_string_equal(tls_reason(e.client), "certificate of the server: it was revoked");
	ends_close(&e);

	servers_judged = (struct judging){ 0 };
	spec.must_verify = false;
	assert_false(resumes(&spec));
	servers_judged.fault = "it was revoked";
	assert_true(resumes(&spec));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_judged),
		cmocka_unit_test(no_name_for_addresses),
		cmocka_unit_test(not_tls),
		cmocka_unit_test(clients_are_judged),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(other_policy_other_session),
		cmocka_unit_test(resumed_servers_are_judged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
