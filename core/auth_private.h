/* auth_private.h - what the core/auth_*.c files share */
#ifndef CORE_AUTH_PRIVATE_H
#define CORE_AUTH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/buf.h"
#include "core/pool.h"

/* --- what is offered (auth_offer.c) --- */

/* RFC 9266: the one channel binding that works with TLS 1.3. */
#define AUTH_BINDING "tls-exporter"

/* Is it one of these? In any case of letters. */
bool auth_offered(const char *mechs, struct slice mech);

/* RFC 5802 §6, §7: what a client's first message says of channel binding must
   fit the mechanism that it chose (plus) and what it was offered. libsasl2 lets
   it choose -PLUS and then not bind. */
bool auth_binding_fits(struct slice first, bool plus, bool offered);

/* A login name as libsasl2 takes it without complaint, or one of nobody's:
   where it complains its LOGIN plug-in loses the password's memory, and it does
   so for names that begin with blanks. max: bytes with a terminator. */
struct slice auth_usable_name(struct slice name, size_t max);

/* --- secrets (auth_secret.c, auth_prepare.c) --- */

enum { AUTH_HASH_MAX = 32, AUTH_SALT = 16, AUTH_SALT_MAX = 64 };

/* A hash function that SCRAM is used with; the strongest comes first. */
struct auth_hash {
	const char *mech; /* "SCRAM-SHA-256" */
	size_t size;
	const struct nettle_hash *hash;
	void (*slow)(size_t key_n, const uint8_t *key, unsigned iterations, size_t salt_n,
	    const uint8_t *salt, size_t n, uint8_t *out);
};

enum { AUTH_HASHES = 2 };
extern const struct auth_hash auth_hashes[AUTH_HASHES];

/* RFC 5802 §3: what a server keeps instead of a password. */
struct auth_secret {
	const struct auth_hash *hash;
	unsigned iterations;
	size_t salt_n;
	unsigned char salt[AUTH_SALT_MAX];
	unsigned char stored[AUTH_HASH_MAX], server[AUTH_HASH_MAX];
};

/* Choose the key from which secrets for unknown names are made. */
void auth_secret_start(struct slice pepper);

/* "SCRAM-SHA-256$4096:salt$stored:server", the three in base64. */
bool auth_secret_read(const char *text, struct auth_secret *out);
const char *auth_secret_text(const struct auth_secret *secret, struct pool *pool);

/* A secret for a new password, with a salt of its own and as many rounds as are
   set. Slow by intention. */
void auth_secret_make(const struct auth_hash *hash, struct slice password, struct auth_secret *out);

/* Is it the password? As slow. */
bool auth_secret_matches(const struct auth_secret *secret, struct slice password);

/* The secret that is shown for a name without account: the same salt each time,
   and matched by no password. */
void auth_secret_fake(const struct auth_hash *hash, const char *name, struct auth_secret *out);

/* The account's secret for that hash, or NULL. */
const char *auth_secret_of(const struct auth_account *account, const struct auth_hash *hash);

/* A password as it is hashed: NFKC when it is not ASCII. *out is `password`
   itself or lies in *hold, which the caller wipes. False: not UTF-8, or it has
   control characters; *out is then `password`. */
bool auth_prepare(struct slice password, struct buf *hold, struct slice *out);

/* --- passwords found right (auth_remember.c) --- */

/* A token stands for one password of one account under one secret. */
struct auth_token {
	unsigned char b[32];
};
void auth_remember_start(void);
void auth_token(
    uint64_t account, const char *secret, struct slice password, struct auth_token *out);
bool auth_remembered(const struct auth_token *token);
void auth_remember(const struct auth_token *token);
void auth_remember_elsewhere(const struct auth_token *token); /* for a shorter while */

/* --- checks (auth_password.c) --- */

/* Remember who answers for names; ask it. 1, 0, -1. A name is always set, to make
   a secret for. */
void auth_backend_set(const struct auth_backend *backend);
int auth_find(struct slice login, struct pool *pool, struct auth_account *out);
/* Does that domain have accounts whose passwords are checked elsewhere? */
bool auth_elsewhere(const char *domain);

/* Is it the password of this account? found: what auth_find said. */
enum auth_result auth_check(int found, const struct auth_account *account, struct slice password);

/* Last word on somebody who proved to be found: OK, or WRONG for a suspended
   account, with a log line. */
enum auth_result auth_admit(const struct auth_account *account);

/* RFC 4422 A: the account that the certificate proves, or that one of several
   which the client asks for. proved: parted by blanks. *found as auth_find. */
enum auth_result auth_external(const char *proved, struct slice asked, struct pool *pool,
    struct auth_account *out, int *found);

/* End an exchange that went wrong before SASL saw it; AUTH_ABORT. */
enum auth_result auth_refuse(struct auth *auth);

/* --- libsasl2 (auth_sasl.c, auth_sasl_start.c) --- */

#define AUTH_CALLBACK(f) ((int (*)(void))(void (*)(void))(f)) /* as the library takes functions */

/* Give the library our plug-in, which has the accounts' secrets; what it answers. */
int auth_sasl_plugin(void);

#endif
