/* verify_private.h - what the files that judge certificates share; no one else includes it */
#ifndef PKI_VERIFY_PRIVATE_H
#define PKI_VERIFY_PRIVATE_H

#include "pki/crl.h"
#include "pki/verify.h"

enum {
	SENT_MAX = 64,
	SIGNATURES_MAX = 100,
	STEPS_MAX = 1000,
	COMPARES_MAX = 50000,
	NEST_MAX = 3, /* a list's issuer, the issuer of a list about that, ... */
};

/* One question, and what may still be spent on it. */
struct verify_work {
	struct cert sent[SENT_MAX];
	size_t n_sent;
	unsigned signatures, steps, compares;
	struct {
		const void *what; /* a struct cert or a struct crl */
		const struct cert *ca;
		bool good;
	} known[SIGNATURES_MAX];
	size_t n_known;
};

/* A path that grows from the leaf. */
struct verify_search {
	const struct verify_spec *spec;
	struct verify_work *work;
	const struct cert *path[VERIFY_PATH_MAX];
	size_t n;
	size_t farthest; /* how long the path was that why is about */
	struct err why;

	/* Of one that signs lists: */
	unsigned nest;
	const struct cert *anchor; /* where the path must end; NULL: anybody who is trusted */
	const struct verify_search *above; /* whose certificate the list is about */
	const struct crl *list;		   /* that it signed */
};

/* --- verify.c --- */

/* Is there a path for s->path[0] that holds? */
bool verify_run(struct verify_search *s);

/* Did ca's key sign the certificate, or the list? Answers are remembered. */
bool verify_list_signed(struct verify_work *work, const struct crl *list, const struct cert *ca);

/* --- verify_link.c: one certificate, and one with the next --- */

/* May it be used for the purpose, now? Everything but who signed it. */
int verify_leaf(const struct verify_spec *spec, const struct cert *leaf, struct err *err);

/* May it have issued a certificate below which there are `below` authorities,
   not counting those that renew themselves? */
int verify_authority(
    const struct verify_spec *spec, const struct cert *ca, unsigned below, struct err *err);

/* RFC 5280 6.3.3 f: may it sign lists, now? */
int verify_list_issuer(const struct verify_spec *spec, const struct cert *cert, struct err *err);

/* Did ca's key sign it? */
int verify_signature(const struct cert *cert, const struct cert *ca, struct err *err);

/* RFC 5280 6.1: of the same name, such as one that has a new key. */
bool verify_self_issued(const struct cert *cert);

/* --- verify_constraints.c --- */

/* Do the names in cert keep to ca's name constraints (RFC 5280 4.2.1.10)?
   *budget is what comparisons may still be made, for the whole path. strict: as
   verify_spec.profile. */
int verify_names(
    const struct cert *ca, const struct cert *cert, bool strict, unsigned *budget, struct err *err);

/* --- verify_profile.c, verify_profile_name.c: what is asked where spec->profile --- */

int profile_leaf(const struct verify_spec *spec, const struct cert *leaf, struct err *err);
int profile_authority(
    const struct verify_spec *spec, const struct cert *ca, bool trusted, struct err *err);
int profile_names(const struct cert *cert, struct err *err);
int profile_common_name(const struct cert *leaf, struct err *err);
bool profile_list(const struct crl *list);

/* --- verify_policy.c --- */

/* RFC 5280 6.1, as RFC 9618 mends it. path: leaf first, whom we trust last. */
int verify_policy(const struct verify_policies *policies, const struct cert *const *path, size_t n,
    struct err *err);

/* --- verify_revoked.c --- */

/* Is path[i] of a whole path revoked, or (where lists are needed) not said to be good? */
int verify_revoked(const struct verify_search *s, size_t i, struct err *err);

#endif
