/* test_tls.c - TLS from the ClientHello to close_notify, with a client that is unkind */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

/* --- the chooser of all these tests: by server name --- */

enum { HOSTS = 3 };
static struct tls_ctx
    *hosts[HOSTS]; /* alpha.test (default), beta.test, strict.test (TLS 1.3 only) */
static unsigned asked, waited;
static bool must_wait, nobody;
static char last_target[64];

static struct tls_ctx *choose(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	(void)arg;
	asked++;
	snprintf(last_target, sizeof(last_target), "%.*s", SLICE_ARG(hello->target));
	if (nobody)
		return NULL;
	if (must_wait && !may_wait) {
		*later = true;
		return NULL;
	}
	waited += may_wait;
	for (int i = 1; i < HOSTS; i++)
		if (slice_ieq(hello->sni, slice_str(tls_ctx_label(hosts[i]))))
			return tls_ctx_ref(hosts[i]);
	return tls_ctx_ref(hosts[0]);
}

static int set_up(void **state)
{
	(void)state;
	hosts[0] = wire_server_ctx(&(struct wire_spec){ .domain = "alpha.test", .binding = 1 });
	hosts[1] = wire_server_ctx(&(struct wire_spec){ .domain = "beta.test", .binding = 2 });
	hosts[2] = wire_server_ctx(
	    &(struct wire_spec){ .domain = "strict.test", .binding = 3, .oldest = 13 });
	tls_chooser_set(&(struct tls_chooser){ .choose = choose });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < HOSTS; i++)
		tls_ctx_unref(&hosts[i]);
	return 0;
}

/* --- one connection --- */

struct pair {
	WOLFSSL_CTX *ctx;
	struct wire *wire;
	WOLFSSL *client;
	struct io *server;
};

static void pair_open(struct pair *p, bool tls12, const char *sni)
{
	p->ctx = wire_client_ctx(tls12);
	if (sni)
		wolfSSL_CTX_UseSNI(p->ctx, WOLFSSL_SNI_HOST_NAME, sni, (unsigned short)strlen(sni));
	p->wire = wire_new();
	p->client = wire_client(p->ctx, p->wire);
	p->server = &p->wire->io;
	io_push(&p->server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
}

static void pair_close(struct pair *p)
{
	wolfSSL_free(p->client);
	wolfSSL_CTX_free(p->ctx);
	io_close(&p->server);
}

static void pair_shake(struct pair *p, const char *name)
{
	if (!wire_shake(p->server, p->client))
		fail_msg("%s: no handshake: server says \"%s\"", name, tls_reason(p->server));
}

/* What each side says arrives. */
static void pair_talk(struct pair *p, const char *name)
{
	char got[64];

	assert_int_equal(io_write(p->server, SLICE("* OK ready")), 0);
	want_num(name, wolfSSL_read(p->client, got, sizeof(got)), 10);
	assert_int_equal(wolfSSL_write(p->client, "NOOP\r\n", 6), 6);
	ssize_t n = IO_AGAIN;
	for (int i = 0; i < 500 && n == IO_AGAIN; i++)
		n = io_read(p->server, got, sizeof(got));
	want_num(name, n, 6);
	assert_int_equal(io_read(p->server, got, sizeof(got)), IO_AGAIN);
}

/* --- handshakes --- */

static void versions_and_names(void **state)
{
	static const struct {
		const char *name;
		bool tls12;
		const char *sni, *domain, *version;
		size_t chop;
		bool pause;
	} cases[] = {
		{ "1.3", false, "alpha.test", "alpha.test", "TLSv1.3", 0, false },
		{ "1.2", true, "alpha.test", "alpha.test", "TLSv1.2", 0, false },
		{ "1.3 other name", false, "beta.test", "beta.test", "TLSv1.3", 0, false },
		{ "1.2 other name", true, "BETA.test", "beta.test", "TLSv1.2", 0, false },
		{ "no name", false, NULL, "alpha.test", "TLSv1.3", 0, false },
		{ "unknown name", true, "nobody.test", "alpha.test", "TLSv1.2", 0, false },
		{ "1.3 byte by byte", false, "beta.test", "beta.test", "TLSv1.3", 1, true },
		{ "1.2 byte by byte", true, "beta.test", "beta.test", "TLSv1.2", 1, true },
		{ "1.3 by seven", false, NULL, "alpha.test", "TLSv1.3", 7, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pair p;
		struct tls_info info;
		pair_open(&p, cases[i].tls12, cases[i].sni);
		p.wire->chop = cases[i].chop;
		p.wire->pause = cases[i].pause;
		pair_shake(&p, cases[i].name);
		tls_info(p.server, &info);
		want_text(cases[i].name, slice_str(info.domain), cases[i].domain);
		want_text(cases[i].name, slice_str(info.version), cases[i].version);
		want_text(cases[i].name, info.sni, cases[i].sni ? cases[i].sni : "");
		want_true(cases[i].name, strstr(info.cipher, "AES_128_GCM_SHA256"));
		want_num(cases[i].name, info.resumed, false);
		pair_talk(&p, cases[i].name);
		pair_close(&p);
	}
}

static void every_cipher_and_group(void **state)
{
	static const struct {
		bool tls12;
		const char *suite;
		int group;
	} cases[] = {
		{ false, "TLS13-AES128-GCM-SHA256", WOLFSSL_ECC_X25519 },
		{ false, "TLS13-AES256-GCM-SHA384", WOLFSSL_ECC_SECP256R1 },
		{ false, "TLS13-CHACHA20-POLY1305-SHA256", WOLFSSL_ECC_SECP384R1 },
		{ true, "ECDHE-ECDSA-AES128-GCM-SHA256", WOLFSSL_ECC_SECP256R1 },
		{ true, "ECDHE-ECDSA-AES256-GCM-SHA384", WOLFSSL_ECC_X25519 },
		{ true, "ECDHE-ECDSA-CHACHA20-POLY1305", WOLFSSL_ECC_SECP384R1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pair p;
		pair_open(&p, cases[i].tls12, NULL);
		wolfSSL_free(p.client);
		assert_int_equal(
		    wolfSSL_CTX_set_cipher_list(p.ctx, cases[i].suite), WOLFSSL_SUCCESS);
		wolfSSL_CTX_UseSupportedCurve(p.ctx, (word16)cases[i].group);
		if (!cases[i].tls12) {
			int group = cases[i].group;
			wolfSSL_CTX_set_groups(p.ctx, &group, 1);
		}
		p.client = wire_client(p.ctx, p.wire);
		pair_shake(&p, cases[i].suite);
		pair_talk(&p, cases[i].suite);
		pair_close(&p);
	}
}

/* The client's first key share is for a group that the server does not take. */
static void hello_retry(void **state)
{
	struct pair p;
	int groups[] = { WOLFSSL_ECC_SECP521R1, WOLFSSL_ECC_X25519 };

	(void)state;
	pair_open(&p, false, "beta.test");
	wolfSSL_set_groups(p.client, groups, 2);
	pair_shake(&p, "retry");
	pair_talk(&p, "retry");
	pair_close(&p);
}

static void through_a_socket(void **state)
{
	int fd[2];
	struct tls_info info;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	struct io *server = io_sock_new(fd[0], 0);
	io_push(&server, tls_accept_new(NULL, SLICE("stream.test"), NULL));
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
	WOLFSSL *client = wolfSSL_new(ctx);
	wolfSSL_set_fd(client, fd[1]);
	assert_true(wire_shake(server, client));
	assert_string_equal(last_target, "stream.test");
	tls_info(server, &info);
	assert_string_equal(info.domain, "alpha.test");
	tls_bye(server);
	io_close(&server);
	wolfSSL_free(client);
	wolfSSL_CTX_free(ctx);
	close(fd[1]);
}

static void chosen_on_a_worker(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, false, "beta.test");
	must_wait = true;
	asked = waited = 0;
	assert_int_not_equal(wolfSSL_connect(p.client), WOLFSSL_SUCCESS);
	assert_int_equal(tls_handshake(p.server, false), TLS_LATER);
	assert_int_equal(tls_handshake(p.server, false), TLS_LATER);
	assert_int_equal(tls_handshake(p.server, true), TLS_AGAIN);
	must_wait = false;
	assert_int_equal(asked, 3);
	assert_int_equal(waited, 1);
	pair_shake(&p, "later");
	pair_talk(&p, "later");
	assert_int_equal(asked, 3); /* once is enough */
	pair_close(&p);
}

/* --- what does not become a connection --- */

static void garbage(void **state)
{
	static const struct {
		const char *name;
		struct slice bytes;
		const char *reason;
		int alert; /* 0: none */
	} cases[] = {
		{ "plain text", { "EHLO client.test\r\n", 18 }, "plain text where TLS was expected",
		    0 },
		{ "HTTP", { "GET / HTTP/1.0\r\n\r\n", 18 }, "plain text where TLS was expected",
		    0 },
		{ "zeros", { "\0\0\0\0\0\0\0\0", 8 }, "data where TLS was expected", 0 },
		{ "SSLv2", { "\x80\x2e\x01\x03\x01\x00", 6 },
		    "SSLv2 hello or other data where TLS was expected", 0 },
		{ "empty record", { "\x16\x03\x01\x00\x00", 5 },
		    "a record of the ClientHello is empty or too long", 50 },
		{ "long record", { "\x16\x03\x01\xff\xff", 5 },
		    "a record of the ClientHello is empty or too long", 50 },
		{ "no hello", { "\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9 },
		    "the first message is no ClientHello", 10 },
		{ "long hello", { "\x16\x03\x01\x00\x04\x01\x01\x00\x00", 9 },
		    "the ClientHello is too long", 50 },
		{ "short hello", { "\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", 11 },
		    "the ClientHello is malformed", 50 },
		{ "trailer", { "\x16\x03\x01\x00\x07\x01\x00\x00\x02\x03\x03\x00", 12 },
		    "more than a ClientHello came in its record", 10 },
		{ "alert first", { "\x15\x03\x01\x00\x02\x02\x28", 7 },
		    "data where TLS was expected", 0 },
		{ "silence", { "", 0 }, "client closed without a word", 0 },
		{ "cut", { "\x16\x03\x01\x00\x80\x01", 6 },
		    "client closed in the middle of its ClientHello", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t chop = 0; chop < 2; chop++) {
			struct wire *w = wire_new();
			struct io *server = &w->io;
			io_push(&server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
			buf_adds(&w->to_server, cases[i].bytes);
			w->client_gone = true;
			w->chop = chop;
			want_num(cases[i].name, tls_handshake(server, false), TLS_FAIL);
			want_text(cases[i].name, slice_str(tls_reason(server)), cases[i].reason);
			want_num(cases[i].name, tls_handshake(server, true), TLS_FAIL);
			want_num(cases[i].name, (int64_t)w->to_client.n, cases[i].alert ? 7 : 0);
			if (cases[i].alert)
				want_num(cases[i].name, w->to_client.p[6], cases[i].alert);
			tls_bye(server);
			io_close(&server);
		}
}

static void too_old(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, true, "strict.test");
	assert_false(wire_shake(p.server, p.client));
	want_text("1.2", slice_str(tls_reason(p.server)), "client offers no TLS 1.3");
	pair_close(&p);

	/* A hello of TLS 1.0: the library reads it and sends the alert. */
	static const char old[] = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x01"
				  "0123456789abcdef0123456789abcdef\x00\x00\x02\xc0\x2b\x01\x00";
	struct wire *w = wire_new();
	struct io *server = &w->io;
	io_push(&server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
	buf_add(&w->to_server, old, sizeof(old) - 1);
	assert_int_equal(tls_handshake(server, false), TLS_FAIL);
	want_text("1.0", slice_str(tls_reason(server)), "client offers no TLS 1.2 or 1.3");
	want_num("1.0 alert", (int64_t)w->to_client.n, 7);
	want_num("1.0 alert", w->to_client.p[6], 70); /* protocol_version */
	io_close(&server);
}

static void nothing_to_show(void **state)
{
	struct pair p;

	(void)state;
	nobody = true;
	pair_open(&p, false, "alpha.test");
	assert_false(wire_shake(p.server, p.client));
	want_text("nobody", slice_str(tls_reason(p.server)), "there is no certificate to show");
	pair_close(&p);
	nobody = false;
}

/* The client does not like the certificate, and says why. */
static void refused_by_client(void **state)
{
	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++) {
		struct pair p;
		pair_open(&p, tls12, "alpha.test");
		wolfSSL_set_verify(p.client, WOLFSSL_VERIFY_PEER, NULL);
		assert_false(wire_shake(p.server, p.client));
		want_text("unknown", slice_str(tls_reason(p.server)),
		    "client closed during the handshake: alert bad_certificate");
		pair_close(&p);
	}
}

static void client_leaves(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, false, "alpha.test");
	wolfSSL_connect(p.client);
	assert_int_equal(tls_handshake(p.server, false), TLS_AGAIN);
	p.wire->client_gone = true;
	assert_int_equal(tls_handshake(p.server, false), TLS_FAIL);
	want_text("gone", slice_str(tls_reason(p.server)), "client closed during the handshake");
	pair_close(&p);
}

/* --- the ClientHello in several records --- */

/* Cut the one record that is waiting into records of n bytes. */
static void split_hello(struct wire *w, size_t n)
{
	struct buf out = { 0 };
	struct slice rest = slice_from(buf_slice(&w->to_server), 5);

	while (rest.n > 0) {
		struct slice part = slice_head(rest, n);
		char header[] = { 22, 3, 1, (char)(part.n >> 8), (char)part.n };
		buf_add(&out, header, sizeof(header));
		buf_adds(&out, part);
		rest = slice_from(rest, part.n);
	}
	buf_done(&w->to_server);
	w->to_server = out;
}

static void split(void **state)
{
	static const size_t sizes[] = { 1, 3, 4, 5, 50, 100 };

	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++)
		for (size_t i = 0; i < COUNT(sizes); i++) {
			struct pair p;
			struct tls_info info;
			pair_open(&p, tls12, "beta.test");
			wolfSSL_connect(p.client);
			split_hello(p.wire, sizes[i]);
			pair_shake(&p, "split");
			tls_info(p.server, &info);
			want_text("split", slice_str(info.domain), "beta.test");
			pair_talk(&p, "split");
			pair_close(&p);
		}
}

/* --- resumption --- */

static WOLFSSL_SESSION *session_with(bool tls12, const char *sni)
{
	struct pair p;

	pair_open(&p, tls12, sni);
	pair_shake(&p, "first");
	pair_talk(&p, "first"); /* in TLS 1.3 the ticket comes after the handshake */
	WOLFSSL_SESSION *session = wolfSSL_get1_session(p.client);
	pair_close(&p);
	return session;
}

/* The library's client takes any answer of TLS 1.2 to a ticket for a
   resumption and breaks off; so look for the certificate of a full handshake. */
static bool shows_certificate(const char *sni, WOLFSSL_SESSION *session)
{
	struct pair p;

	pair_open(&p, true, sni);
	assert_int_equal(wolfSSL_set_session(p.client, session), WOLFSSL_SUCCESS);
	wolfSSL_connect(p.client);
	assert_int_equal(tls_handshake(p.server, false), TLS_AGAIN);
	bool shows = slice_find(buf_slice(&p.wire->to_client), SLICE("mail.")) >= 0;
	pair_close(&p);
	return shows;
}

static bool resumes(bool tls12, const char *sni, WOLFSSL_SESSION *session)
{
	struct pair p;
	struct tls_info info;

	pair_open(&p, tls12, sni);
	assert_int_equal(wolfSSL_set_session(p.client, session), WOLFSSL_SUCCESS);
	pair_shake(&p, "second");
	tls_info(p.server, &info);
	bool both = info.resumed && wolfSSL_session_reused(p.client);
	want_num("both agree", info.resumed, wolfSSL_session_reused(p.client));
	pair_talk(&p, "second");
	pair_close(&p);
	return both;
}

static bool refused(bool tls12, const char *sni, WOLFSSL_SESSION *session)
{
	return tls12 ? shows_certificate(sni, session) : !resumes(false, sni, session);
}

static void resumption(void **state)
{
	struct tls_ticket_key keys[2] = { { "name 1", "key 1" }, { "name 2", "key 2" } };
	struct tls_ticket_key turned[2] = { keys[1], keys[0] };

	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++) {
		tls_ticket_keys_set(keys, 1);
		WOLFSSL_SESSION *s = session_with(tls12, "alpha.test");
		assert_true(resumes(tls12, "alpha.test", s));
		assert_true(resumes(tls12, "nobody.test", s)); /* leads to alpha.test, too */
		assert_true(refused(tls12, "beta.test", s));   /* C-082 */

		tls_ticket_keys_set(turned, 2); /* a newer key seals, the old one opens */
		assert_true(resumes(tls12, "alpha.test", s));
		tls_ticket_keys_set(turned, 1); /* the old one is gone */
		assert_true(refused(tls12, "alpha.test", s));
		wolfSSL_SESSION_free(s);
	}
}

static void ticket_ends(void **state)
{
	struct tls_ctx *shown = hosts[0];

	(void)state;
	hosts[0] = wire_server_ctx(
	    &(struct wire_spec){ .domain = "alpha.test", .binding = 9, .session_ttl_s = 1 });
	WOLFSSL_SESSION *s12 = session_with(true, "alpha.test");
	WOLFSSL_SESSION *s13 = session_with(false, "alpha.test");
	sleep(3);
	/* The client would not offer what it knows to be old. */
	wolfSSL_SSL_SESSION_set_timeout(s12, 100);
	wolfSSL_SSL_SESSION_set_timeout(s13, 100);
	assert_true(refused(true, "alpha.test", s12));
	assert_true(refused(false, "alpha.test", s13));
	wolfSSL_SESSION_free(s12);
	wolfSSL_SESSION_free(s13);
	tls_ctx_unref(&hosts[0]);
	hosts[0] = shown;
}

/* A server in another process, with contexts of its own and that ticket key:
   0 when it resumes, 1 when it refuses. */
static int other_process(bool tls12, WOLFSSL_SESSION *session, const struct tls_ticket_key *key)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		tls_ticket_keys_set(key, 1);
		tls_ctx_unref(&hosts[0]);
		hosts[0] =
		    wire_server_ctx(&(struct wire_spec){ .domain = "alpha.test", .binding = 1 });
		_exit(refused(tls12, "alpha.test", session) ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void another_process(void **state)
{
	struct tls_ticket_key key = { "name", "same key" }, other = { "name", "other key" };

	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++) {
		tls_ticket_keys_set(&key, 1);
		WOLFSSL_SESSION *s = session_with(tls12, "alpha.test");
		assert_int_equal(other_process(tls12, s, &key), 0);
		assert_int_equal(other_process(tls12, s, &other), 1);
		wolfSSL_SESSION_free(s);
	}
}

/* --- the rest --- */

static void binding(void **state)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++) {
		unsigned char ours[32], theirs[32];
		struct pair p;
		pair_open(&p, tls12, NULL);
		assert_false(tls_channel_binding(p.server, ours));
		pair_shake(&p, "binding");
		assert_int_equal(wolfSSL_export_keying_material(p.client, theirs, sizeof(theirs),
				     label, strlen(label), NULL, 0, 1),
		    WOLFSSL_SUCCESS);
		assert_true(tls_channel_binding(p.server, ours));
		assert_memory_equal(ours, theirs, sizeof(ours));
		pair_close(&p);
	}
	/* RFC 9266: not under TLS 1.2 without the extended master secret */
	unsigned char ours[32];
	struct pair p;
	pair_open(&p, true, NULL);
	wolfSSL_DisableExtendedMasterSecret(p.client);
	pair_shake(&p, "no extended master secret");
	assert_false(tls_channel_binding(p.server, ours));
	pair_close(&p);
}

static void alpn(void **state)
{
	static const struct {
		const char *offered;
		bool works;
	} cases[] = { { NULL, true }, { "imap", true }, { "h2,imap", true },
		{ "http/1.1", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wire *w = wire_new();
		struct io *server = &w->io;
		WOLFSSL_CTX *ctx = wire_client_ctx(false);
		WOLFSSL *client = wire_client(ctx, w);
		char *offered = cases[i].offered ? mem_str(slice_str(cases[i].offered)) : NULL;
		io_push(&server, tls_accept_new(NULL, (struct slice){ 0 }, "imap"));
		if (offered)
			wolfSSL_UseALPN(client, offered, (unsigned)strlen(offered),
			    WOLFSSL_ALPN_FAILED_ON_MISMATCH);
		want_num("alpn", wire_shake(server, client), cases[i].works);
		if (!cases[i].works)
			want_text("alpn", slice_str(tls_reason(server)),
			    "client asks for another protocol (ALPN)");
		free(offered);
		wolfSSL_free(client);
		wolfSSL_CTX_free(ctx);
		io_close(&server);
	}
}

static void goodbye(void **state)
{
	struct pair p;
	char c;

	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++) {
		pair_open(&p, tls12, NULL);
		pair_shake(&p, "bye");
		pair_talk(&p, "bye");
		wolfSSL_shutdown(p.client);
		assert_int_equal(io_read(p.server, &c, 1), IO_END);
		tls_bye(p.server);
		tls_bye(p.server); /* once is enough */
		assert_true(wolfSSL_read(p.client, &c, 1) <= 0);
		assert_int_equal(wolfSSL_get_error(p.client, 0), WOLFSSL_ERROR_ZERO_RETURN);
		pair_close(&p);

		pair_open(&p, tls12, NULL);
		pair_shake(&p, "cut");
		p.wire->client_gone = true;
		assert_int_equal(io_read(p.server, &c, 1), IO_END);
		pair_close(&p);
	}
}

/* A record that was changed on its way ends the connection. */
static void tampered(void **state)
{
	struct pair p;
	char c;

	(void)state;
	for (int tls12 = 0; tls12 < 2; tls12++) {
		pair_open(&p, tls12, NULL);
		pair_shake(&p, "tampered");
		pair_talk(&p, "tampered");
		wolfSSL_write(p.client, "NOOP\r\n", 6);
		p.wire->to_server.p[p.wire->to_server.n - 1] ^= 1;
		assert_int_equal(io_read(p.server, &c, 1), IO_FAIL);
		assert_int_equal(io_read(p.server, &c, 1), IO_FAIL);
		pair_close(&p);
	}
}

static void much_data(void **state)
{
	enum { N = 1000 * 1000 };
	char *out = mem_get(N), *in = mem_get(N);
	struct pair p;
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		out[i] = (char)(i * 7 + i / 251);
	pair_open(&p, false, NULL);
	pair_shake(&p, "much");
	assert_int_equal(io_write(p.server, slice_of(out, N)), 0);
	for (int n; got < N && (n = wolfSSL_read(p.client, in + got, (int)(N - got))) > 0;)
		got += (size_t)n;
	assert_memory_equal(in, out, N);
	for (got = 0; got < N;) {
		size_t part = N - got < 50000 ? N - got : 50000;
		assert_int_equal(wolfSSL_write(p.client, out + got, (int)part), (int)part);
		memset(in, 0, part);
		size_t seen = 0;
		for (ssize_t n; (n = io_read(p.server, in + seen, part - seen)) > 0;)
			if ((seen += (size_t)n) == part)
				break;
		assert_memory_equal(in, out + got, part);
		got += part;
	}
	pair_close(&p);
	free(out);
	free(in);
}

static void bad_keys(void **state)
{
	struct err err = { 0 };
	struct tls_ctx_spec spec = { .label = "bad.test",
		.oldest = 12,
		.key = SLICE("no key"),
		.chain = SLICE("no chain") };

	(void)state;
	assert_null(tls_ctx_new(&spec, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_and_names),
		cmocka_unit_test(every_cipher_and_group),
		cmocka_unit_test(hello_retry),
		cmocka_unit_test(through_a_socket),
		cmocka_unit_test(chosen_on_a_worker),
		cmocka_unit_test(garbage),
		cmocka_unit_test(too_old),
		cmocka_unit_test(nothing_to_show),
		cmocka_unit_test(refused_by_client),
		cmocka_unit_test(client_leaves),
		cmocka_unit_test(split),
		cmocka_unit_test(resumption),
		cmocka_unit_test(ticket_ends),
		cmocka_unit_test(another_process),
		cmocka_unit_test(binding),
		cmocka_unit_test(alpn),
		cmocka_unit_test(goodbye),
		cmocka_unit_test(tampered),
		cmocka_unit_test(much_data),
		cmocka_unit_test(bad_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
