/* pki.h - each domain's key and certificate, and which one a connection is shown
 *
 * Keys lie sealed in the directory (AES-256-GCM under the master key,
 * DATA/master.key, mode 0600); pki/sign.c alone opens them. */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

/* Read or make the master key and ticket keys, register the chooser and the
   directory watch. After store_open. Every hosted domain that has no key yet
   is given one. */
int pki_start(const char *data, struct err *err);
void pki_stop(void);

/* What a domain's key and certificate are used for. */
enum pki_mode {
	PKI_DISABLED, /* nothing: no TLS, no authority */
	PKI_TEST,     /* the server's test key and certificate are shown instead */
	PKI_ENABLED,
};
extern const char *const pki_mode_names[]; /* "disabled", "test", "enabled", NULL */

/* What a certificate says, for people. */
struct pki_cert {
	const char *key_type; /* "P-256" */
	const char *subject, *issuer, *serial, *sha256;
	const char *sha1, *md5; /* as others still write them down */
	const char *names;	/* SANs, parted by blanks */
	int64_t not_before, not_after;
	bool self_signed;
};

/* Filled from pool. */
struct cert;
void cert_describe(const struct cert *cert, struct pool *pool, struct pki_cert *out);

/* DER of the certificate that an enabled domain shows, appended. 1, 0: not
   enabled, or it has none; -1. May wait. */
int pki_domain_leaf(struct slice domain, struct buf *der);

/* A new key and self-signed certificate for a domain, served at once. */
int pki_domain_renew(struct slice domain, struct err *err);

/* Install a key and its chain, in any form that is not encrypted; both may be in the first
   text, and the other empty. */
int pki_domain_install(
    struct slice domain, struct slice key_pem, struct slice chain_pem, struct err *err);

/* Names that a domain's own certificate should carry: the domain, mail., imap.
   and so on as set, and its aliases. */
int pki_domain_names(struct slice domain, struct pool *pool, const char **names, struct err *err);

#endif
