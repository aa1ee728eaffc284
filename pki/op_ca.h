/* op_ca.h - what the files of operations on authorities share */
#ifndef PKI_OP_CA_H
#define PKI_OP_CA_H

#include "core/op.h"
#include "pki/issue.h"

#define OP_CA_SCOPE                                                                                \
	{                                                                                          \
		"scope", OP_DOMAIN, OP_REQUIRED, "a domain, or 'server' for the server's own",     \
		    NULL                                                                           \
	}

/* A list of arguments of which the scope is the only one. */
extern const struct op_arg ca_scope_args[];

/* What it names; the server's own is for server admins. 0, or -1 after a failure. */
int ca_call_scope(struct op_call *call, struct slice *scope);

#endif
