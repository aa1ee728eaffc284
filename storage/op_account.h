/* op_account.h - for operations about an account: who it is, its mail */
#ifndef STORAGE_OP_ACCOUNT_H
#define STORAGE_OP_ACCOUNT_H

#include "core/op.h"
#include "storage/box.h"
#include "storage/dir.h"

/* The account that "address" names, for a caller who may see or change it:
   nobody acts on those that may do more than himself. 0, or -1 after op_fail. */
int op_account_find(struct op_call *call, struct dir_account *account);

/* The mail of that account; NULL after op_fail. */
struct acct *op_account_open(struct op_call *call);

/* End the sessions of an account that may no longer be there. */
void op_account_end_sessions(const char *name);

#endif
