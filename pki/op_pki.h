/* op_pki.h - what the files of operations on keys and certificates share */
#ifndef PKI_OP_PKI_H
#define PKI_OP_PKI_H

#include "core/op.h"
#include "pki/pki_private.h"

/* A list of arguments of which the domain is the only one. */
extern const struct op_arg pki_domain_args[];

#define OP_PKI_DOMAIN                                                                              \
	{                                                                                          \
		"domain", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL                       \
	}

struct slice pki_call_domain(struct op_call *call);

/* Answer what the domain has now; as `pki show`. */
int pki_call_show(struct op_call *call);

/* Answer after a change: what the domain has, or why it failed. */
int pki_call_answer(struct op_call *call, int rc, const struct err *err);

#define PKI_CALL_SCOPE                                                                             \
	{                                                                                          \
		"domain", OP_DOMAIN, OP_OPTION, "the set of that domain; else that of the server", \
		    NULL                                                                           \
	}

/* That domain, or nothing for the server's set, which only server admins change. 0,
   or -1 after a failure. */
int pki_call_scope(struct op_call *call, bool changes, struct slice *scope);

/* Append the 32 bytes of a SHA-256 fingerprint in hex, colons or not. 0, or -1 with a
   reason that begins with the argument's name. */
int pki_call_fingerprint(const char *arg, struct slice hex, struct buf *out, struct err *err);

/* One certificate's fields, into the row that was begun. */
void pki_call_put_cert(struct op_call *call, const struct cert *cert);

#endif
