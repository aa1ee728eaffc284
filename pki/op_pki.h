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

#define OP_PKI_PROFILE                                                                             \
	{                                                                                          \
		"profile", OP_TEXT, OP_REQUIRED, "name of the profile", NULL                       \
	}

/* The owner whom the call is about: by its domain, or its profile (pki/owner.c). From
   the call's pool. */
struct slice pki_call_domain(struct op_call *call);

/* Operations that domains and profiles have alike. */
int pki_run_certificate(struct op_call *call);
int pki_run_key_generate(struct op_call *call);
int pki_run_csr(struct op_call *call);
int pki_run_self_signed(struct op_call *call);
int pki_run_refresh(struct op_call *call);
int pki_run_cert_set(struct op_call *call);
int pki_run_chain_set(struct op_call *call);
int pki_run_chain_remove(struct op_call *call);

/* What a certificate is to say of its owner. */
#define OP_PKI_SUBJECT                                                                             \
	{ "cn", OP_TEXT, OP_OPTION, "name that clients use; else the domain, or server.name",      \
		NULL },                                                                            \
	    SUBJECT_ARGS,                                                                          \
	{                                                                                          \
		"names", OP_TEXT, OP_OPTION,                                                       \
		    "further host names, parted by blanks, '' for none; all of the domain "        \
		    "unless said otherwise",                                                       \
		    NULL                                                                           \
	}

/* True: something was said. */
bool pki_call_subject(struct op_call *call, struct subject *subject);

/* Answer what the domain has now; as `pki show`. */
int pki_call_show(struct op_call *call);

/* Say which of a domain's names its certificate lacks. */
void pki_call_warn_of_names(struct op_call *call, const char *domain);

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
