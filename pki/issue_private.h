/* issue_private.h - what pki/issue*.c share; no one else includes it */
#ifndef PKI_ISSUE_PRIVATE_H
#define PKI_ISSUE_PRIVATE_H

#include "core/conf.h"
#include "pki/cert_build.h"
#include "pki/csr.h"
#include "pki/issue.h"

extern const struct conf_key conf_key_ca_certificate_days;

#define ISSUE_ROOM "issue" /* of store_record_* */

/* The scope that a name stands for, with a terminator; "the server" to people. */
int issue_scope(struct slice name, struct pool *pool, struct slice *scope, struct err *err);
const char *issue_scope_text(struct slice scope);

/* --- issue_record.c: what is stored --- */

/* What is stored of a scope's special key and certificate. */
struct issue_record {
	bool removed; /* by an admin, on purpose: none is made */
	bool made;    /* by the server */
	struct slice key, chain;
};

/* Slices point into *bytes, which the caller frees. 1, 0 absent, -1 (logged). */
bool issue_record_read(struct slice value, struct issue_record *out);
int issue_record_get(struct slice scope, struct buf *bytes, struct issue_record *out);
/* One with another key that was there is kept apart. */
int issue_record_put(struct slice scope, const struct issue_record *record, struct err *err);
/* The one that has that key now, or had it before. */
int issue_record_of(struct slice scope, const unsigned char id[CERT_KEY_ID], struct buf *bytes,
    struct issue_record *out);

/* The present one and all before it. 0, -1. */
int issue_record_each(struct slice scope,
    bool (*visit)(void *arg, const struct issue_record *record), void *arg, struct err *err);

/* An authority is known by its key's id. False: its certificate cannot be read. */
bool issue_id(struct slice chain, unsigned char out[CERT_KEY_ID]);

/* By that id, or by the one that its certificate says it has: whose it is. 1, 0, -1. */
int issue_find_id(struct slice key_id, struct buf *scope, unsigned char id[CERT_KEY_ID]);
/* The value of such a record. */
void issue_find_id_value(struct slice scope, const unsigned char id[CERT_KEY_ID], struct buf *out);

/* Keys of records: LETTER SCOPE NUL REST. Cleared first. */
struct slice issue_key(struct buf *out, char letter, struct slice scope, struct slice rest);
/* That of the present authority. */
struct slice issue_authority_key(struct buf *out, struct slice scope);

/* --- issue_forget.c --- */

/* Drop the keys of authorities that were before; or all of a scope. */
int issue_forget_keys(struct slice scope, struct err *err);
void issue_forget(struct slice scope);

/* --- issue_register.c --- */

/* Write down a certificate that was issued. ERR_EXISTS: that serial number was. */
int issue_register(struct slice scope, const struct issue_authority *authority, const char *whom,
    enum issue_profile profile, const struct cert *cert, struct err *err);

/* The entry as it is stored. */
struct issue_row {
	int64_t issued, not_after, revoked;
	unsigned char reason, profile;
	unsigned char id[CERT_KEY_ID]; /* of the authority */
	struct slice whom, der;
};
/* 1, 0, -1. serial: INTEGER's contents. */
int issue_row_get(
    struct slice scope, struct slice serial, struct buf *bytes, struct issue_row *out);
bool issue_row_read(struct slice value, struct issue_row *out);
void issue_row_write(const struct issue_row *row, struct buf *out);
/* Bytes in hex, with or without colons; appended. False: it is none. */
bool issue_hex(struct slice hex, struct buf *out);
/* INTEGER's contents of a number in hex. False: it is none. */
bool issue_serial(struct slice hex, struct buf *out);

/* --- issue_authority.c; scope: from issue_scope --- */

/* Whom the special key is sealed for: another than the domain's own. */
const char *issue_owner(struct pool *pool, struct slice scope);

/* The special key and certificate: 1, 0 there is none, -1. */
int issue_special(struct slice scope, struct pool *pool, struct issue_authority *out);
/* The same, and it may issue now; ERR_DENIED. */
int issue_special_ready(
    struct slice scope, struct pool *pool, struct issue_authority *out, struct err *err);

/* The domain's own key must be there, whichever signs (C-114). */
int issue_check_scope(struct slice scope, struct err *err);

/* --- issue_make.c --- */

/* A new special key with a certificate that it signs itself. */
int issue_make(struct slice scope, struct pool *pool, struct err *err);

/* --- issue_sign.c --- */

struct issue_order {
	const char *whom; /* for the register */
	enum issue_profile profile;
	struct slice subject, public_info, alt_names, name_constraints;
	unsigned usage;
	const char *const *purposes;
	int64_t days;
	int path_length;
};

/* Sign, write down, append with the chain above. */
int issue_sign(struct slice scope, const struct issue_authority *authority,
    const struct issue_order *order, struct buf *chain, struct err *err);

/* --- issue_names.c: which names may be in a certificate --- */

struct issue_policy {
	struct slice scope;
	enum issue_profile profile;
	bool any;
};

/* Check GeneralNames' contents, append them as they will stand there, and to *words
   for people, parted by blanks. */
int issue_names(const struct issue_policy *policy, struct slice names, struct pool *pool,
    struct buf *out, struct buf *words, struct err *err);
/* Names in a text, parted by blanks, as GeneralNames. */
int issue_names_of(const char *text, struct pool *pool, struct buf *out, struct err *err);
/* Check a Name; names that it holds are appended as GeneralNames to *found. */
int issue_subject(const struct issue_policy *policy, struct slice name, struct pool *pool,
    struct buf *found, struct err *err);

#endif
