/* ldap_link.c - a link to a directory: libldap above, a connection of ours below
 *
 * libldap is given a transport of ours (LDAP_PROTO_EXT), so it opens no socket and
 * makes no TLS. It never waits by itself either: it believes that there is always
 * something to read, and the connection's deadline ends what takes too long. */
#include "core/ldap_private.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <openldap.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/client.h"
#include "core/io.h"

enum { ANSWER_MAX = 1024 * 1024, ADDRESSES_MAX = 4, GOODBYE_MS = 1000 };

/* --- memory: what libldap gives back held passwords --- */

static void *get_memory(ber_len_t n, void *ctx)
{
	(void)ctx;
	return malloc(n);
}

static void *get_zeroes(ber_len_t n, ber_len_t size, void *ctx)
{
	(void)ctx;
	return calloc(n, size);
}

static void give_back(void *p, void *ctx)
{
	(void)ctx;
	if (p)
		bytes_wipe(p, malloc_usable_size(p));
	free(p);
}

static void *resize(void *p, ber_len_t n, void *ctx)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *q = malloc(n);

	if (!q)
		return NULL;
	if (p)
		memcpy(q, p, had < n ? had : n);
	give_back(p, ctx);
	return q;
}

void ldapc_start(void)
{
	static BerMemoryFunctions memory = { get_memory, get_zeroes, resize, give_back };

	ber_set_option(NULL, LBER_OPT_MEMORY_FNS, &memory);
	setenv("LDAPNOINIT", "1", 1); /* no ldap.conf or .ldaprc is read */
}

/* --- the transport --- */

static int on_setup(Sockbuf_IO_Desc *desc, void *arg)
{
	desc->sbiod_pvt = arg;
	return 0;
}

static int on_remove(Sockbuf_IO_Desc *desc)
{
	desc->sbiod_pvt = NULL;
	return 0;
}

/* Only somebody who waits for an answer asks, and reading waits. */
static int on_option(Sockbuf_IO_Desc *desc, int option, void *arg)
{
	(void)desc, (void)arg;
	return option == LBER_SB_OPT_DATA_READY;
}

/* libldap must not believe that it may try again. */
static ber_slen_t broken(struct ldapc *link)
{
	if (errno == 0 || errno == EAGAIN || errno == EINTR)
		errno = ECONNRESET;
	link->error = errno;
	return -1;
}

static ber_slen_t on_read(Sockbuf_IO_Desc *desc, void *to, ber_len_t n)
{
	struct ldapc *link = desc->sbiod_pvt;

	errno = 0;
	ssize_t got = io_read(client_io(link->client), to, n);
	return got < 0 ? broken(link) : (ber_slen_t)got;
}

static ber_slen_t on_write(Sockbuf_IO_Desc *desc, void *from, ber_len_t n)
{
	struct ldapc *link = desc->sbiod_pvt;
	struct io *io = client_io(link->client);

	errno = 0;
	bool sent = io_write(io, slice_of(from, n)) == 0 && io_flush(io) == 0;
	return sent ? (ber_slen_t)n : broken(link);
}

static int on_close(Sockbuf_IO_Desc *desc)
{
	(void)desc;
	return 0;
}

static Sockbuf_IO transport = {
	.sbi_setup = on_setup,
	.sbi_remove = on_remove,
	.sbi_ctrl = on_option,
	.sbi_read = on_read,
	.sbi_write = on_write,
	.sbi_close = on_close,
};

/* --- results --- */

int ldapc_fail(const struct ldapc *link, int rc, const char *what, struct err *err)
{
	const char *why = ldap_err2string(rc);

	if (rc == LDAP_SERVER_DOWN && link->error == ETIMEDOUT)
		why = "the directory does not answer";
	else if (rc == LDAP_SERVER_DOWN && link->known)
		why = "the directory ended the connection";
	else if (rc == LDAP_SERVER_DOWN) /* TLS 1.3: certificates are refused after the handshake */
		why = "the directory ended the connection; perhaps it wants a certificate of ours";
	return err_set(err, ERR_TEMP, "%s: %s", what, why);
}

void ldapc_begin(struct ldapc *link)
{
	client_deadline(link->client, link->ms);
}

/* --- open --- */

/* libldap makes ready when it is first used, and two threads at once would do so twice.
   Not at the server's start: it looks up the machine's own name, which may take long. */
static void make_ready(void)
{
	int version;

	ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version);
}

static int start_ldap(struct ldapc *link, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int version = LDAP_VERSION3;
	ber_len_t most = ANSWER_MAX;
	Sockbuf *sb = NULL;

	pthread_once(&once, make_ready);
	int rc = ldap_init_fd(io_fd(client_io(link->client)), LDAP_PROTO_EXT, NULL, &link->ld);
	if (rc != LDAP_SUCCESS) {
		link->ld = NULL;
		return ldapc_fail(link, rc, "libldap does not start", err);
	}
	ldap_set_option(link->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(link->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(link->ld, LDAP_OPT_RESTART, LDAP_OPT_OFF);
	if (ldap_get_option(link->ld, LDAP_OPT_SOCKBUF, &sb) != LDAP_OPT_SUCCESS || !sb ||
	    ber_sockbuf_add_io(sb, &transport, LBER_SBIOD_LEVEL_PROVIDER, link) != 0)
		return err_set(err, ERR_TEMP, "libldap takes no transport");
	ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most);
	return 0;
}

/* The system's own way to names: directories are of the house, and stand in its hosts
   file, too. */
static int connect_to(struct ldapc *link, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	char port[8];

	snprintf(port, sizeof(port), "%u", link->spec->url.port);
	int rc = getaddrinfo(link->spec->url.host, port, &hints, &found);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "%s: %s", link->spec->url.host, gai_strerror(rc));
	int n = 0;
	for (struct addrinfo *a = found; a && !link->client && n < ADDRESSES_MAX;
	     a = a->ai_next, n++)
		link->client =
		    client_open(a->ai_addr, a->ai_addrlen, (struct slice){ 0 }, link->ms, err);
	freeaddrinfo(found);
	return link->client ? 0 : -1;
}

static int make_tls(struct ldapc *link, const char *certificate, struct err *err)
{
	struct tls_client_spec spec = { .host = link->spec->url.host, .must_verify = true };

	if (strcmp(certificate, "none") != 0)
		spec.own = tls_own(slice_str(certificate));
	int rc = client_tls(link->client, &spec, err);
	tls_ctx_unref(&spec.own);
	return rc;
}

static int upgrade(struct ldapc *link, const char *certificate, struct err *err)
{
	struct berval *data = NULL;
	char *oid = NULL;

	int rc =
	    ldap_extended_operation_s(link->ld, LDAP_EXOP_START_TLS, NULL, NULL, NULL, &oid, &data);
	ldap_memfree(oid);
	ber_bvfree(data);
	if (rc != LDAP_SUCCESS)
		return ldapc_fail(link, rc, "StartTLS", err);
	return make_tls(link, certificate, err);
}

int ldapc_bind(LDAP *ld, const char *dn, struct slice password)
{
	char *copy = mem_str(password);
	struct berval secret = { .bv_len = password.n, .bv_val = copy };
	int rc = ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL);

	bytes_wipe(copy, password.n);
	free(copy);
	return rc;
}

int ldapc_bind_asker(struct ldapc *link, struct err *err)
{
	if (link->bound)
		return 0;
	int rc = ldapc_bind(link->ld, link->spec->bind_dn, link->spec->password);
	link->known = link->bound = rc == LDAP_SUCCESS;
	return link->bound ? 0 : ldapc_fail(link, rc, "bind", err);
}

static int secure(struct ldapc *link, const char *certificate, struct err *err)
{
	ldapc_begin(link);
	if (!link->spec->url.starttls)
		return make_tls(link, certificate, err) == 0 ? start_ldap(link, err) : -1;
	return start_ldap(link, err) == 0 ? upgrade(link, certificate, err) : -1;
}

struct ldapc *ldapc_open(
    const struct ldapc_spec *spec, const char *certificate, uint64_t ms, struct err *err)
{
	struct ldapc *link = mem_get(sizeof(*link));

	link->spec = spec;
	link->ms = ms;
	if (connect_to(link, err) != 0 || secure(link, certificate, err) != 0 ||
	    ldapc_bind_asker(link, err) != 0)
		ldapc_close(&link);
	return link;
}

void ldapc_close(struct ldapc **linkp)
{
	struct ldapc *link = *linkp;

	*linkp = NULL;
	if (!link)
		return;
	if (link->client)
		client_deadline(link->client, GOODBYE_MS);
	if (link->ld)
		ldap_unbind_ext(link->ld, NULL, NULL);
	client_close(&link->client);
	free(link);
}

bool ldapc_is_stale(struct ldapc *link)
{
	return client_has_more(link->client);
}
