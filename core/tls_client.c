/* tls_client.c - the side that connects: mail and messages to other servers */
#include "core/tls_private.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>

/* For connections that show no certificate. */
static struct tls_ctx *plain;

static void make_plain(void)
{
	plain = tls_ctx_new(
	    &(struct tls_ctx_spec){ .label = "", .oldest = 11, .connects = true }, NULL);
}

static struct tls_ctx *plain_ctx(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_plain);
	return plain ? tls_ctx_ref(plain) : NULL;
}

/* RFC 6066 3: an address is no name that a server could be asked for. */
static bool ask_for_name(struct tls *tls)
{
	const char *host = tls->sni;
	unsigned char address[sizeof(struct in6_addr)];

	if (*host == '\0' || inet_pton(AF_INET, host, address) == 1 ||
	    inet_pton(AF_INET6, host, address) == 1)
		return true;
	return wolfSSL_UseSNI(tls->ssl, WOLFSSL_SNI_HOST_NAME, host,
		   (unsigned short)strlen(host)) == WOLFSSL_SUCCESS;
}

/* Old versions are better than none (C-084), where none would do, too. */
static bool ask_for_version(struct tls *tls)
{
	return !tls->to->must_verify ||
	    wolfSSL_SetMinVersion(tls->ssl, WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS;
}

void tls_target_free(struct tls *tls)
{
	if (!tls->to)
		return;
	free(tls->to->host);
	free(tls->to->names);
	buf_done(&tls->to->pins);
	free(tls->to);
	tls->to = NULL;
}

struct io *tls_connect_new(const struct tls_client_spec *spec, struct err *err)
{
	struct tls *tls = mem_get(sizeof(*tls));

	tls->io.ops = &tls_io_ops;
	tls->to = mem_get(sizeof(*tls->to));
	tls->to->host = mem_str(slice_str(spec->host));
	tls->to->names = mem_str(spec->names);
	buf_adds(&tls->to->pins, spec->pins);
	tls->to->must_verify = spec->must_verify;
	tls->to->fresh = spec->fresh;
	tls->sni = mem_str(slice_str(spec->sni ? spec->sni : spec->host));
	tls->state = TLS_SHAKE;
	tls->ctx = spec->own ? tls_ctx_ref(spec->own) : plain_ctx();
	if (tls->ctx && tls_object_make(tls) && ask_for_name(tls) && ask_for_version(tls)) {
		tls_resume_offer(tls);
		return &tls->io;
	}
	tls_io_ops.free(&tls->io);
	err_set(err, ERR_TEMP, "the TLS library could not start");
	return NULL;
}
