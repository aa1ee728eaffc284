/* dkim_private.h - what DKIM and ARC share: a signature read, a key, what is signed */
#ifndef MAILAUTH_DKIM_PRIVATE_H
#define MAILAUTH_DKIM_PRIVATE_H

#include "mailauth/dkim.h"
#include "mailauth/tags.h"
#include "mailauth/keysig.h"

struct dkim_signature {
	const struct msg_field *field;
	enum keysig_algorithm algorithm;
	enum canon header, body;
	struct slice domain, selector, identity;
	struct slice names; /* h=, blanks removed */
	struct slice body_digest, signature;
	uint64_t most;	    /* l=; UINT64_MAX: all */
	int64_t made, ends; /* t=, x=; -1 */
	struct dkim_verdict *verdict;
};

/* Say no; returns the result. */
enum dkim_result dkim_say(struct dkim_verdict *verdict, enum dkim_result result, const char *why);

/* dkim_signature.c: read the tags of a signature. PASS: it is well-formed; else the verdict
   says why it is not taken. arc: an ARC-Message-Signature (RFC 8617 4.1.2), which has no
   v= and another i=. */
enum dkim_result dkim_signature_read(const struct msg_field *field, const struct tags *tags,
    bool arc, struct pool *pool, struct dkim_signature *out);
/* What every kind has: a=, d=, s=, b=. */
enum dkim_result dkim_signer_read(
    const struct tags *tags, struct pool *pool, struct dkim_signature *out);

/* dkim_data.c: append the header fields that are named, each from the last on (RFC 6376
   5.4.2); the field of the signature itself, without what is in its b=. */
bool dkim_put_fields(
    const struct dkim_mail *mail, enum canon how, struct slice names, struct buf *data);
void dkim_put_self(enum canon how, const struct msg_field *field, struct buf *data);
/* SHA-256 of the body, made once; returns how long all of it is. */
uint64_t dkim_body_digest(
    struct dkim_mail *mail, enum canon how, uint64_t most, unsigned char out[DIGEST_SIZE]);

/* dkim_key.c: ask for the key and see whether the data is signed by it: PASS, or the
   verdict says why not. */
enum dkim_result dkim_check(const struct asker *asker, const struct dkim_signature *signature,
    struct slice data, struct pool *pool);

/* dkim_verify.c: the body and the header fields of a signature that was read. */
enum dkim_result dkim_check_signature(const struct asker *asker, struct dkim_mail *mail,
    const struct dkim_signature *signature, struct pool *pool);
/* DKIM_PASS, or DKIM_POLICY: it was good, and left a part of the body unsigned. */
enum dkim_result dkim_distrust_short(
    struct dkim_mail *mail, const struct dkim_signature *signature);

#endif
