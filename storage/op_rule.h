/* op_rule.h - private to storage/op_rule*.c */
#ifndef STORAGE_OP_RULE_H
#define STORAGE_OP_RULE_H

#include "core/op.h"
#include "storage/script.h"

/* The account of that address as an owner of scripts, for a caller who may
   change it: nobody acts on those that may do more than himself. 0, or -1 after
   op_fail. */
int op_rule_account(struct op_call *call, const char *address, struct script_owner *owner);

#endif
