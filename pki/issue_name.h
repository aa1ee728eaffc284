/* issue_name.h - what authorities are called, and for whom they may speak; for pki/issue*.c */
#ifndef PKI_ISSUE_NAME_H
#define PKI_ISSUE_NAME_H

#include "core/buf.h"
#include "core/err.h"

/* Append a Name for the authority of any scope. */
void issue_own_name(struct slice scope, struct buf *out);

/* Append that Name, or when an authority of the scope has it or had it, the same with
   the next number in its common name: each has a list of its own, which is found by its
   name. */
int issue_free_name(struct slice scope, struct slice name, struct buf *out, struct err *err);

/* Append contents of NameConstraints (RFC 5280 4.2.1.10): names of a domain and its
   aliases, hosts in them, addresses at them. */
int issue_constraints(struct slice domain, struct buf *out, struct err *err);

#endif
