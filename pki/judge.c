/* judge.c - what the TLS layer is told of certificates that peers show */
#include <time.h>

#include "pki/dane.h"
#include "pki/issue.h"
#include "pki/pki_private.h"
#include "pki/verify.h"

/* An outgoing connection is the server's own business: domains' sets do not
   count. */
static int judge_server(const char *host, struct slice names, struct slice chain, struct err *err)
{
	struct trust trust;
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_SERVER, .now = time(NULL) };

	trust_take((struct slice){ 0 }, &trust);
	int rc = verify_chain(&spec, chain, err);
	trust_give_back(&trust);
	if (rc == 0)
		rc = issue_check_revoked(chain, err);
	return rc == 0 ? verify_host(chain, host, names, err) : -1;
}

static int verify(void *arg, const struct tls_claim *claim, struct buf *accounts, struct err *err)
{
	(void)arg;
	if (claim->any)
		return client_verify_any(claim->domain, claim->chain, err);
	if (!claim->server)
		return client_verify(claim->domain, claim->chain, accounts, err);
	return claim->pins.n > 0 ? dane_verify(claim, err)
				 : judge_server(claim->host, claim->names, claim->chain, err);
}

static void names(void *arg, struct slice chain, struct buf *subject, struct buf *issuer)
{
	struct cert leaf;

	(void)arg;
	if (!cert_next(&chain, &leaf))
		return;
	cert_name_text(leaf.subject, subject);
	cert_name_text(leaf.issuer, issuer);
}

void judge_start(void)
{
	tls_verifier_set(&(struct tls_verifier){ .verify = verify, .names = names });
}

void judge_stop(void)
{
	tls_verifier_set(&(struct tls_verifier){ 0 });
}
