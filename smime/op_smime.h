/* op_smime.h - what the operations of this room share */
#ifndef SMIME_OP_SMIME_H
#define SMIME_OP_SMIME_H

#include "core/op.h"
#include "pki/cert.h"
#include "smime/identity.h"

/* The account that "address" names. With `changes`, nobody acts on those that may
   do more than himself. 0, or -1 after op_fail. */
int smime_op_account(struct op_call *call, bool changes, struct dir_account *account);

/* The one that "number" names, else the current; in all of the account. */
int smime_op_identity(
    struct op_call *call, const struct dir_account *account, const struct identity **out);

/* Append the message of "text", or the stored one of "mailbox" and "uid". *when: it came then;
   of a text it is now. when may be NULL. */
int smime_op_message(struct op_call *call, const struct dir_account *account, struct buf *message,
    int64_t *when, struct err *err);

/* Put what a certificate says. */
void smime_op_put_cert(struct op_call *call, const struct cert *cert);

/* Put bytes in base64, in lines. */
void smime_op_put_base64(struct op_call *call, const char *key, struct slice bytes);

#endif
