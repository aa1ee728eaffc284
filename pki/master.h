/* master.h - the master keys, and where they come from; only pki/seal.c and pki/master*.c include
 *this
 *
 * DATA/master.key (mode 0600) holds one key a line, as `ID KEY` in hex. The first line's
 * key seals; all open. With a passphrase its first line says so,
 *
 *	passphrase pbkdf2-sha256 ITERATIONS SALT
 *
 * and the keys are encrypted under it. The passphrase is what -k names, or systemd's
 * credential "signet-passphrase". A credential "signet-master-key" is the file itself:
 * then there is none in DATA, and the server cannot change it. */
#ifndef PKI_MASTER_H
#define PKI_MASTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

enum { MASTER_ID = 8, MASTER_KEY = 32, MASTER_SALT = 16, MASTER_KEYS_MAX = 8 };

struct master_key {
	unsigned char id[MASTER_ID];
	unsigned char key[MASTER_KEY];
};

struct master_keys {
	struct master_key key[MASTER_KEYS_MAX]; /* the first one seals */
	size_t n;
};

struct master {
	struct master_keys keys;
	bool external;	     /* given by a credential */
	unsigned iterations; /* of the passphrase; 0: there is none */
	unsigned char salt[MASTER_SALT];
	unsigned char wrap[MASTER_KEY]; /* made of the passphrase */
};

/* master.c. passphrase: empty: none was given. */
int master_load(
    const char *data, bool may_make, struct slice passphrase, struct master *out, struct err *err);
/* In place of what is there, whole or not at all. */
int master_save(const char *data, const struct master *master, struct err *err);
/* A fresh key, with a fresh id. */
void master_key_make(struct master_key *out);
/* Under that passphrase from the next master_save on; empty: under none. */
void master_protect(struct master *master, struct slice passphrase);

/* master_form.c: as text. The buf is the caller's: wipe it. */
int master_put(const struct master *master, struct buf *out, struct err *err);
int master_get(struct slice text, struct slice passphrase, struct master *out, struct err *err);

#endif
