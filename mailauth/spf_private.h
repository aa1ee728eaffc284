/* spf_private.h - what the files of SPF share: a record read, an evaluation under way */
#ifndef MAILAUTH_SPF_PRIVATE_H
#define MAILAUTH_SPF_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "mailauth/ask.h"
#include "mailauth/spf.h"

enum { SPF_TERMS_MAX = 500 };

enum spf_kind {
	SPF_IS_ALL,
	SPF_IS_INCLUDE,
	SPF_IS_A,
	SPF_IS_MX,
	SPF_IS_PTR,
	SPF_IS_IP4,
	SPF_IS_IP6,
	SPF_IS_EXISTS,
};

/* A mechanism. */
struct spf_term {
	enum spf_kind kind;
	enum spf_result result; /* when it matches */
	struct slice text;	/* as it stands */
	struct slice domain;	/* a domain-spec, not yet expanded; empty: the domain itself */
	unsigned char ip[16];	/* of ip4 and ip6 */
	unsigned bits4, bits6;
};

struct spf_record {
	struct spf_term *terms;
	size_t n;
	struct slice redirect, exp; /* domain-specs; empty: absent */
};

/* spf_record.c: read the text behind "v=spf1". NULL, or what is wrong with it. */
const char *spf_read(struct slice text, struct pool *pool, struct spf_record *out);

/* --- an evaluation --- */

struct spf {
	const struct spf_question *question;
	struct pool *pool;
	bool v6;
	unsigned char ip[16];
	struct slice local, sender, sender_domain; /* RFC 7208 7.2: l, s, o */
	struct slice domain;			   /* d: whose record is evaluated */
	unsigned lookups, voids;		   /* RFC 7208 4.6.4 */
	uint64_t until;
	const char *why;
	struct slice mechanism;
	struct slice validated; /* p, once it is known */
};

/* spf_macro.c: is it a macro-string (RFC 7208 7.1)? words: of an explanation, with
   blanks and the letters c, r, t. */
bool spf_macro_valid(struct slice text, bool words);
/* Append its expansion. False: malformed. */
bool spf_macro_expand(struct spf *spf, struct slice text, bool words, struct buf *out);
/* The name that a domain-spec stands for, or the domain itself when it is empty. */
struct slice spf_target(struct spf *spf, struct slice domain_spec);

/* spf_match.c */
enum spf_match { SPF_NO, SPF_YES, SPF_MATCH_TEMP, SPF_MATCH_PERM };
/* Not of include. */
enum spf_match spf_match(struct spf *spf, const struct spf_term *term);
/* A name that leads to the client's address and back; the best for the domain (RFC 7208
   7.3); empty: none. */
struct slice spf_validated(struct spf *spf);
/* One more of the ten? Sets why when not. */
bool spf_may_look_up(struct spf *spf);
/* Ask, and count answers with nothing in them when `counted`. */
enum dns_status spf_ask(
    struct spf *spf, struct slice name, enum dns_type type, bool counted, struct dns_answer *out);

#endif
