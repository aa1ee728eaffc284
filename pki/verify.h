/* verify.h - is a certificate good? Paths to who is trusted, and what they allow
 *
 * The path is built and judged here (RFC 5280 6.1, 6.3; RFC 9618); the library does
 * nothing but the arithmetic of signatures. docs/pki-verify.md tells it in plain words.
 * Lists of revoked certificates are those that somebody gave; none is fetched. */
#ifndef PKI_VERIFY_H
#define PKI_VERIFY_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"
#include "pki/trust.h"

enum verify_purpose {
	VERIFY_SERVER, /* of TLS */
	VERIFY_CLIENT, /* of TLS */
	VERIFY_EMAIL,  /* signs mail, or mail is encrypted for it */
	VERIFY_ANY,
};

/* RFC 5280 6.1.1 c, e, f, g. Zero-initialised: any policy is welcome, none is asked for. */
struct verify_policies {
	const struct slice *wanted; /* contents of OIDs */
	size_t n;		    /* 0: any */
	bool explicit, no_mapping, no_any;
};

struct verify_spec {
	const struct trust *trust;
	const struct trust *revoked; /* whose lists of revoked ones count; NULL: those of trust */
	enum verify_purpose purpose;
	int64_t now;	     /* unix seconds */
	bool profile;	     /* ask what the Web PKI and S/MIME ask, too: verify_profile.c */
	bool lists_needed;   /* refuse also what no list says to be good (RFC 5280 6.3) */
	unsigned limit;	     /* 1 + authorities that may stand between; 0: as many as we follow */
	unsigned algorithms; /* 1 << signature_named(...), or-ed; 0: all that are strong */
	struct verify_policies policies;
	/* Told each step in words; depth: how long the path is. NULL: nobody asks. */
	void (*say)(void *arg, size_t depth, const char *text);
	void *arg;
};

enum { VERIFY_PATH_MAX = 12 };

/* Leaf first, whom we trust last. Slices point into the chain and the sets. */
struct verify_path {
	struct cert cert[VERIFY_PATH_MAX];
	size_t n;
};

/* chain: DER one behind another; the first is judged, the others may help, in
   any order. 0, or -1 with the reason in plain words. Takes milliseconds, and is
   bounded, whatever the chain. Any thread. */
int verify_chain(const struct verify_spec *spec, struct slice chain, struct err *err);

/* The same; *path is filled in when it is good. */
int verify_find(
    const struct verify_spec *spec, struct slice chain, struct verify_path *path, struct err *err);

/* --- names: verify_name.c --- */

/* Is the first of the chain for that host, or for one of names (parted by
   blanks)? Names are matched as RFC 9525 6 says: DNS names of subjectAltName,
   one whole leftmost label may be a wildcard; addresses as bytes. 0, or -1 with
   the reason. */
int verify_host(struct slice chain, const char *host, struct slice names, struct err *err);

/* Is it for that host, IP address, or mailbox (RFC 5280 4.2.1.6)? */
bool verify_is_for_host(const struct cert *cert, struct slice host);
bool verify_is_for_address(const struct cert *cert, struct slice address);
bool verify_is_for_mailbox(const struct cert *cert, struct slice mailbox);

#endif
