/* der.h - writing and reading DER (X.690), for certificates and all that is like them
 *
 * The writer appends to a buf. A constructed value is opened and closed; its
 * length is put in when it is closed:
 *
 *	size_t mark = der_open(out, DER_SEQUENCE);
 *	der_oid(out, "1.2.840.10045.4.3.2");
 *	der_close(out, mark);
 *
 * The reader takes one value after another off a slice, and refuses what is
 * not DER: indefinite or overlong lengths, tags of more than one byte, values
 * that are longer than what is left. */
#ifndef PKI_DER_H
#define PKI_DER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/buf.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_NUMERIC = 0x12,
	DER_PRINTABLE = 0x13,
	DER_T61 = 0x14,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_VISIBLE = 0x1a,
	DER_UNIVERSAL = 0x1c,
	DER_BMP = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,		/* [n] IMPLICIT of a primitive: DER_CONTEXT | n */
	DER_CONTEXT_CONSTRUCTED = 0xa0, /* [n] EXPLICIT, or IMPLICIT of a constructed one */
};

/* --- write --- */

size_t der_open(struct buf *out, unsigned tag);
void der_close(struct buf *out, size_t mark);

/* Tag and length of a value of n bytes, which follows. */
void der_header(struct buf *out, unsigned tag, size_t n);
void der_put(struct buf *out, unsigned tag, struct slice value);
/* How many bytes that is, with tag and length, for a value of n bytes. */
uint64_t der_size(uint64_t n);

void der_bool(struct buf *out, bool value);
void der_null(struct buf *out);
/* A non-negative INTEGER from its big-endian bytes. */
void der_unsigned(struct buf *out, struct slice bytes);
void der_number(struct buf *out, uint32_t value);
void der_oid(struct buf *out, const char *dotted);  /* "2.5.29.15" */
void der_bits(struct buf *out, struct slice bytes); /* BIT STRING of whole bytes */
/* BIT STRING of named bits: bit 0 is 1 << 0 (X.690 11.2.2: no trailing zeros). */
void der_named_bits(struct buf *out, unsigned bits);
/* UTCTime up to 2049, GeneralizedTime after (RFC 5280 4.1.2.5). */
void der_time(struct buf *out, int64_t unix_seconds);

/* --- read --- */

struct der {
	unsigned tag;
	struct slice value; /* its contents */
	struct slice whole; /* with tag and length */
};

/* Take the next value off *rest. False at the end of it, or when it is not
   DER. */
bool der_next(struct slice *rest, struct der *out);

/* The next value if it has that tag; else false, and *rest stays. */
bool der_want(struct slice *rest, unsigned tag, struct slice *value);

/* Dotted text of an OID's contents, or false when it is malformed or has a
   number over 32 bits. */
bool der_oid_text(struct slice value, struct buf *out);
bool der_oid_is(struct slice value, const char *dotted);

/* Either kind of time, in the form RFC 5280 asks for. */
bool der_time_get(struct slice *rest, int64_t *unix_seconds);

#endif
