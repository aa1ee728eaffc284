/* tls_bench.c - what TLS costs the server: handshakes a second, MB/s, memory of idle connections
 *
 * usage: tls_bench [full|resumed|bulk|memory [CONNECTIONS]]
 *
 * The client is wolfSSL's in the same process, over memory; only the server's
 * side is timed (processor time of this thread). */
#include "core/tls.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "tests/unit/wire.h"

static void die(const char *what)
{
	fprintf(stderr, "tls_bench: %s\n", what);
	exit(1);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- contexts --- */

static struct tls_ctx *serving;

static struct tls_ctx *choose(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	(void)arg;
	(void)hello;
	(void)may_wait;
	(void)later;
	return tls_ctx_ref(serving);
}

static void make_rsa(struct buf *pem)
{
	static unsigned char der[4096], text[8192];
	RsaKey key;
	WC_RNG rng;

	wc_InitRng(&rng);
	wc_InitRsaKey(&key, NULL);
	if (wc_MakeRsaKey(&key, 2048, WC_RSA_EXPONENT, &rng) != 0)
		die("no RSA key");
	int n = wc_RsaKeyToDer(&key, der, sizeof(der));
	n = wc_DerToPem(der, (word32)n, text, sizeof(text), PRIVATEKEY_TYPE);
	if (n <= 0)
		die("no RSA PEM");
	buf_add(pem, text, (size_t)n);
	wc_FreeRsaKey(&key);
	wc_FreeRng(&rng);
}

static struct tls_ctx *make_ctx(bool rsa)
{
	struct wire_spec spec = { .domain = "alpha.test", .binding = 1 };
	struct buf pem = { 0 };

	wire_start();
	if (rsa) {
		make_rsa(&pem);
		spec.key_pem = buf_z(&pem);
	}
	struct tls_ctx *ctx = wire_server_ctx(&spec);
	buf_done(&pem);
	return ctx;
}

static WOLFSSL_CTX *client_ctx(bool old, int group, const char *ciphers)
{
	WOLFSSL_CTX *ctx = wire_client_ctx(old);

	wolfSSL_CTX_SetDevId(ctx, TLS_DEVICE);
	wolfSSL_CTX_UseSNI(ctx, WOLFSSL_SNI_HOST_NAME, "mail.alpha.test", 15);
	if (wolfSSL_CTX_UseSupportedCurve(ctx, (word16)group) != WOLFSSL_SUCCESS ||
	    (!old && wolfSSL_CTX_set_groups(ctx, &group, 1) != WOLFSSL_SUCCESS))
		die("no such group");
	if (ciphers && wolfSSL_CTX_set_cipher_list(ctx, ciphers) != WOLFSSL_SUCCESS)
		die("no such cipher");
	return ctx;
}

/* --- one connection --- */

struct pair {
	struct io *server;
	struct wire *wire;
	WOLFSSL *client;
	double server_cpu;
};

static void connect_pair(struct pair *p, WOLFSSL_CTX *ctx, WOLFSSL_SESSION *session)
{
	bool client_done = false;
	int rc = TLS_AGAIN;

	p->wire = wire_new();
	p->client = wire_client(ctx, p->wire);
	if (session)
		wolfSSL_set_session(p->client, session);
	p->server = &p->wire->io;
	double t = cpu_seconds();
	io_push(&p->server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
	p->server_cpu = cpu_seconds() - t;
	for (int i = 0; i < 10 && (!client_done || rc != TLS_DONE); i++) {
		if (!client_done)
			client_done = wolfSSL_connect(p->client) == WOLFSSL_SUCCESS;
		t = cpu_seconds();
		rc = tls_handshake(p->server, true);
		p->server_cpu += cpu_seconds() - t;
	}
	if (rc != TLS_DONE || !client_done)
		die(tls_reason(p->server));
}

static void close_pair(struct pair *p)
{
	double t = cpu_seconds();
	io_close(&p->server);
	p->server_cpu += cpu_seconds() - t;
	wolfSSL_free(p->client);
}

/* --- what is measured --- */

struct kind {
	const char *name;
	bool old, rsa;
	int group;
};

static const struct kind kinds[] = {
	{ "TLS 1.3, P-256 certificate, X25519", false, false, WOLFSSL_ECC_X25519 },
	{ "TLS 1.3, P-256 certificate, P-256 ", false, false, WOLFSSL_ECC_SECP256R1 },
	{ "TLS 1.2, P-256 certificate, X25519", true, false, WOLFSSL_ECC_X25519 },
	{ "TLS 1.3, RSA-2048 certificate, X25519", false, true, WOLFSSL_ECC_X25519 },
	{ "TLS 1.2, RSA-2048 certificate, X25519", true, true, WOLFSSL_ECC_X25519 },
};

/* Reads a byte, so that the client has seen the ticket that follows. */
static WOLFSSL_SESSION *session_of(struct pair *p)
{
	char c;

	io_write(p->server, SLICE("x"));
	wolfSSL_read(p->client, &c, 1);
	return wolfSSL_get1_session(p->client);
}

static void handshakes(const struct kind *kind, bool resumed, unsigned n)
{
	WOLFSSL_CTX *ctx = client_ctx(kind->old, kind->group, NULL);
	WOLFSSL_SESSION *session = NULL;
	struct pair p;
	double cpu = 0;
	unsigned reused = 0;

	if (resumed) {
		connect_pair(&p, ctx, NULL);
		session = session_of(&p);
		close_pair(&p);
	}
	for (unsigned i = 0; i < n; i++) {
		connect_pair(&p, ctx, session);
		struct tls_info info;
		tls_info(p.server, &info);
		reused += info.resumed;
		close_pair(&p);
		cpu += p.server_cpu;
	}
	printf("%-40s %s %7.0f /s  %6.1f us%s\n", kind->name, resumed ? "resumed" : "full   ",
	    n / cpu, cpu / n * 1e6, resumed && reused < n ? "  NOT ALL RESUMED" : "");
	if (session)
		wolfSSL_SESSION_free(session);
	wolfSSL_CTX_free(ctx);
}

static void bulk(const char *ciphers)
{
	enum { CHUNK = 16 * 1024, CHUNKS = 64, ROUNDS = 40 };
	static char data[CHUNK * CHUNKS];
	WOLFSSL_CTX *ctx = client_ctx(false, WOLFSSL_ECC_X25519, ciphers);
	struct pair p;
	double put = 0, got = 0, t;

	connect_pair(&p, ctx, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		t = cpu_seconds();
		io_write(p.server, slice_of(data, sizeof(data)));
		put += cpu_seconds() - t;
		for (int n = 0; n < CHUNKS; n++)
			wolfSSL_read(p.client, data, CHUNK);
		wolfSSL_write(p.client, data, sizeof(data));
		t = cpu_seconds();
		while (io_read(p.server, data, CHUNK) > 0)
			;
		got += cpu_seconds() - t;
	}
	close_pair(&p);
	wolfSSL_CTX_free(ctx);
	double mb = (double)sizeof(data) * ROUNDS / 1e6;
	printf("%-40s write %6.0f MB/s, read %6.0f MB/s\n", ciphers, mb / put, mb / got);
}

/* --- memory: the clients live in another process --- */

static double resident_kb(void)
{
	char line[256];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return (double)kb;
}

static int receive_fd(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	ssize_t got = read((int)(intptr_t)arg, buf, (size_t)n);

	(void)ssl;
	return got > 0 ? (int)got : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static int send_fd(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	(void)ssl;
	return (int)write((int)(intptr_t)arg, buf, (size_t)n);
}

static void be_clients(int control, unsigned n)
{
	WOLFSSL_CTX *ctx = client_ctx(false, WOLFSSL_ECC_X25519, NULL);
	char c;

	wolfSSL_CTX_SetIORecv(ctx, receive_fd);
	wolfSSL_CTX_SetIOSend(ctx, send_fd);
	for (unsigned i = 0; i < n; i++) {
		int fd = -1;
		struct iovec iov = { &c, 1 };
		union {
			struct cmsghdr head;
			char room[CMSG_SPACE(sizeof(int))];
		} u;
		struct msghdr m = { .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &u,
			.msg_controllen = sizeof(u) };
		if (recvmsg(control, &m, 0) != 1)
			die("no connection came");
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
		WOLFSSL *ssl = wolfSSL_new(ctx);
		wolfSSL_SetIOReadCtx(ssl, (void *)(intptr_t)fd);
		wolfSSL_SetIOWriteCtx(ssl, (void *)(intptr_t)fd);
		if (wolfSSL_connect(ssl) != WOLFSSL_SUCCESS)
			die("client failed");
		/* fd and ssl stay open until the process ends */
	}
	if (read(control, &c, 1) < 0)
		die("control");
	_exit(0);
}

static struct io *accept_one(int control)
{
	int fd[2];
	char c = 0;
	struct iovec iov = { &c, 1 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} u = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
		    .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS } };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
		die("socketpair");
	memcpy(CMSG_DATA(&u.head), &fd[1], sizeof(int));
	if (sendmsg(control, &m, 0) != 1)
		die("sendmsg");
	close(fd[1]);
	struct io *io = io_sock_new(fd[0], 5000);
	io_push(&io, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
	if (tls_handshake(io, true) != TLS_DONE)
		die(tls_reason(io));
	tls_rest(io);
	return io;
}

static void memory(unsigned n)
{
	enum { WARM = 20 };
	int control[2];
	struct io **all = mem_get(sizeof(*all) * n);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, control) != 0)
		die("socketpair");
	pid_t pid = fork();
	if (pid == 0) {
		close(control[0]);
		be_clients(control[1], n + WARM);
	}
	close(control[1]);
	for (unsigned i = 0; i < WARM; i++) {
		struct io *io = accept_one(control[0]);
		io_close(&io);
	}
	double before = resident_kb();
	struct mallinfo2 heap = mallinfo2();
	for (unsigned i = 0; i < n; i++)
		all[i] = accept_one(control[0]);
	double after = resident_kb();
	printf(
	    "idle connections: %u, RSS %.1f KB each (heap %.1f KB each); %.0f KB in all before\n",
	    n, (after - before) / n, (double)(mallinfo2().uordblks - heap.uordblks) / 1024 / n,
	    before);
	for (unsigned i = 0; i < n; i++)
		io_close(&all[i]);
	malloc_trim(0);
	printf("after closing: %.0f KB in all\n", resident_kb());
	close(control[0]);
	waitpid(pid, NULL, 0);
	free(all);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";
	bool all = strcmp(what, "all") == 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tls_chooser_set(&(struct tls_chooser){ .choose = choose });
	struct tls_ctx *ec = make_ctx(false), *rsa = make_ctx(true);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		serving = kinds[i].rsa ? rsa : ec;
		if (all || strcmp(what, "full") == 0)
			handshakes(&kinds[i], false, 500);
		if (all || strcmp(what, "resumed") == 0)
			handshakes(&kinds[i], true, 500);
	}
	serving = ec;
	if (all || strcmp(what, "bulk") == 0) {
		bulk("TLS13-AES128-GCM-SHA256");
		bulk("TLS13-AES256-GCM-SHA384");
		bulk("TLS13-CHACHA20-POLY1305-SHA256");
	}
	if (all || strcmp(what, "memory") == 0)
		memory(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000);
	tls_ctx_unref(&ec);
	tls_ctx_unref(&rsa);
	return 0;
}
