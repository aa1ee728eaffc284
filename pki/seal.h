/* seal.h - secrets at rest: AES-256-GCM under the master key
 *
 * There may be several master keys (pki/master.h). The first one seals; all open. So a
 * key is changed by putting a new one first and sealing everything anew. Any thread. */
#ifndef PKI_SEAL_H
#define PKI_SEAL_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

/* The passphrase of the master keys, before seal_start; wiped there. */
void seal_passphrase(struct slice passphrase);

/* Read DATA/master.key, or what a credential gives. When it is absent it is made if may_make, else
   that is an error: what was sealed under it would be lost. */
int seal_start(const char *data, bool may_make, struct err *err);
void seal_stop(void);

/* For a program without a server: under a key that nobody else has, for as long as it
   runs. */
void seal_alone(void);

/* Append plain to *out, sealed. `what` names the record that it is for; a
   sealed secret does not open as anything else. */
int seal_close(const char *what, struct slice plain, struct buf *out, struct err *err);

/* Append what was sealed to *out; wipe that. */
int seal_open(const char *what, struct slice sealed, struct buf *out, struct err *err);

/* Append `value` with the secret that is sealed in it, a part of it, sealed anew: under
   the first key, and as `to` in place of `from`. */
int seal_anew(struct slice value, struct slice secret, const char *from, const char *to,
    struct buf *out, struct err *err);

/* --- another master key --- */

enum { SEAL_ID = 8, SEAL_KEYS_MAX = 8 };

struct seal_state {
	unsigned char id[SEAL_KEYS_MAX][SEAL_ID]; /* those that are kept; the first one seals */
	size_t n;
	bool external, passphrase; /* the keys are given by a credential; are under a passphrase */
};
void seal_state(struct seal_state *out);

/* From now on a new key seals; the others still open, also after a restart. */
int seal_turn(struct err *err);
/* The keys behind the first one are kept no longer. This process goes on to open what it
   has in its memory. */
int seal_drop_old(struct err *err);
/* Keep the keys under another passphrase; empty: under none. */
int seal_protect(struct slice passphrase, struct err *err);

/* Was that sealed under an older key than the first? It may stand anywhere in bytes. */
bool seal_is_old(struct slice bytes);

#endif
