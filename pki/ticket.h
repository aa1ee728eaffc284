/* ticket.h - the keys of session tickets: one after another, from a secret that is turned
 *
 * Each key seals for a period. The secret of the next is made of the last one's, which is
 * then forgotten: who learns a secret learns no key of before. Servers that were given the
 * same secret turn it at the same times, so they go on to open each other's tickets. */
#ifndef PKI_TICKET_H
#define PKI_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/tls.h"

/* Keys that only open: of periods before, and of secrets that were replaced. */
enum { TICKET_OLD_MAX = 6 };

struct ticket_keys {
	int64_t since;	/* of the period, unix seconds */
	int64_t period; /* seconds */
	unsigned char secret[32];
	struct tls_ticket_key old[TICKET_OLD_MAX]; /* the last first */
	size_t n_old;
};

/* --- ticket.c: those of this server; each call waits for the disk --- */

/* Read them, make or turn them when it is time, hand them to the TLS layer. */
int ticket_turn(struct err *err);

/* Begin with a new secret. forget: no ticket of before is opened any more. */
int ticket_rotate(bool forget, struct err *err);

/* What they are sealed as, appended. */
void ticket_sealed_as(struct buf *out);

/* A copy; wipe it. */
int ticket_read(struct ticket_keys *out, struct err *err);

/* Go on with those of another server; what this one sealed until now it still opens. */
int ticket_adopt(const struct ticket_keys *theirs, struct err *err);

/* The key that seals in this period, and the one after it. */
void ticket_key(const struct ticket_keys *keys, struct tls_ticket_key *out);
void ticket_next_key(const struct ticket_keys *keys, struct tls_ticket_key *out);

/* --- ticket_record.c: as bytes; contain secrets --- */

void ticket_put(const struct ticket_keys *keys, struct buf *out);
bool ticket_get(struct slice bytes, struct ticket_keys *out);

/* Sealed under a password, as text, for another server. */
int ticket_lock(
    const struct ticket_keys *keys, struct slice password, struct buf *text, struct err *err);
/* ERR_DENIED: not that password; ERR_INPUT: no such text. */
int ticket_unlock(
    struct slice text, struct slice password, struct ticket_keys *out, struct err *err);

#endif
