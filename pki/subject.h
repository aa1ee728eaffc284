/* subject.h - what a certificate is to say of a domain: checked, kept, written */
#ifndef PKI_SUBJECT_H
#define PKI_SUBJECT_H

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

/* In the order in which they stand in a Name. */
enum subject_part {
	SUBJECT_C,
	SUBJECT_ST,
	SUBJECT_L,
	SUBJECT_O,
	SUBJECT_OU,
	SUBJECT_CN,
	SUBJECT_CONTACT,
	SUBJECT_PARTS
};
extern const char *const subject_words[SUBJECT_PARTS]; /* "c", "st", "l", ... */

struct subject {
	const char *part[SUBJECT_PARTS]; /* NULL: none */
	const char *names; /* DNS names, parted by blanks; NULL: those of the domain */
};

/* All of it but the common name, as arguments of an operation (core/op.h). */
#define SUBJECT_ARGS                                                                               \
	{ "o", OP_TEXT, OP_OPTION, "organization", NULL },                                         \
	    { "ou", OP_TEXT, OP_OPTION, "its unit", NULL },                                        \
	    { "l", OP_TEXT, OP_OPTION, "city", NULL },                                             \
	    { "st", OP_TEXT, OP_OPTION, "province", NULL },                                        \
	    { "c", OP_TEXT, OP_OPTION, "country, two letters", NULL },                             \
	{                                                                                          \
		"contact", OP_TEXT, OP_OPTION, "e-mail address of who is asked", NULL              \
	}

/* Fill in what is missing for that domain, and check it all (P-002): 0 with
   names set, or -1 with the reason. From pool. */
int subject_complete(
    struct subject *subject, struct slice domain, struct pool *pool, struct err *err);

/* Fill in what settings say of all certificates of the domain (P-001). */
void subject_defaults(struct subject *subject, const char *domain, struct pool *pool);

/* Check what is there; any common name will do. */
int subject_check(struct subject *subject, struct pool *pool, struct err *err);

/* As it is kept in a record, and back. */
void subject_write(const struct subject *subject, struct buf *out);
void subject_read(struct slice text, struct pool *pool, struct subject *out);

/* Append the Name; the contents of GeneralNames. */
void subject_name(const struct subject *subject, struct slice domain, struct buf *der);
void subject_alt_names(const struct subject *subject, struct buf *der);

#endif
