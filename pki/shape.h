/* shape.h - keys and certificates in whatever form they come, told by their content
 *
 * PEM with blocks of any kind in any order, DER of one thing, PKCS#7, PKCS#12, and
 * base64 of these without any marks. File names say nothing. */
#ifndef PKI_SHAPE_H
#define PKI_SHAPE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

enum { SHAPE_BYTES_MAX = 1 << 20, SHAPE_CERTS_MAX = 100 };

struct shape {
	const char *form; /* "PEM", "PKCS#12"; constant text */
	struct buf key;	  /* PKCS#8 DER; empty: none */
	struct buf certs; /* DER one behind another, as they come; empty: none */
	size_t n_certs;
};

/* Take bytes apart; at least a key or a certificate is in them. The password opens
   what is locked; empty: nothing is. *out is the caller's, also after a failure:
   shape_done. ERR_INPUT: what it is instead, and the command that helps; ERR_DENIED:
   wrong password; ERR_LIMIT. */
int shape_read(struct slice bytes, struct slice password, struct shape *out, struct err *err);

/* Add what is in other bytes to what is there. */
int shape_add(struct slice bytes, struct slice password, struct shape *out, struct err *err);

void shape_done(struct shape *shape);

/* Put the certificates in the order in which they are sent: that of the key
   (SubjectPublicKeyInfo) first, its issuer, that one's; what leads nowhere last, each
   once. ERR_INPUT: none is of that key. Without a key the first is one that issued none
   of the others. */
int shape_arrange(struct shape *shape, struct slice public_info, struct err *err);

/* --- for shape*.c --- */

/* One value in DER or BER, of whatever kind. */
int shape_take_der(struct slice bytes, struct slice password, struct shape *out, struct err *err);
/* The blocks of a PEM text. */
int shape_take_pem(struct slice pem, struct slice password, struct shape *out, struct err *err);
int shape_take_key(struct slice der, struct shape *out, struct err *err);
int shape_take_locked(struct slice der, struct slice password, struct shape *out, struct err *err);
int shape_take_cert(struct slice der, struct shape *out, struct err *err);

#endif
