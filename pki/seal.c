/* seal.c - secrets at rest
 *
 * A sealed secret: version 1, key id, nonce, bytes, tag. The header and the
 * record's name are authenticated with it. */
#include "pki/seal.h"

#include <pthread.h>
#include <stdlib.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>

#include "core/random.h"
#include "core/tls.h"
#include "pki/master.h"

enum { VERSION = 1, NONCE = 12, TAG = 16, HEADER = 1 + MASTER_ID + NONCE };

static struct {
	pthread_rwlock_t lock;
	struct master master;
	size_t kept; /* keys that are in the file; the others are in memory only */
	char *data;
	struct buf passphrase; /* until the start */
} all = { .lock = PTHREAD_RWLOCK_INITIALIZER };

void seal_passphrase(struct slice passphrase)
{
	buf_wipe(&all.passphrase);
	buf_adds(&all.passphrase, passphrase);
}

int seal_start(const char *data, bool may_make, struct err *err)
{
	free(all.data);
	all.data = mem_str(slice_str(data));
	int rc = master_load(data, may_make, buf_slice(&all.passphrase), &all.master, err);
	buf_wipe(&all.passphrase);
	all.kept = all.master.keys.n;
	return rc;
}

void seal_alone(void)
{
	master_key_make(&all.master.keys.key[0]);
	all.master.keys.n = 1;
}

void seal_stop(void)
{
	bytes_wipe(&all.master, sizeof(all.master));
	free(all.data);
	all.data = NULL;
}

/* A copy: it is used without the lock. Wipe it. */
static bool take_first(struct master_key *out)
{
	pthread_rwlock_rdlock(&all.lock);
	bool found = all.master.keys.n > 0;
	if (found)
		*out = all.master.keys.key[0];
	pthread_rwlock_unlock(&all.lock);
	return found;
}

static bool take_named(const unsigned char id[MASTER_ID], struct master_key *out)
{
	bool found = false;

	pthread_rwlock_rdlock(&all.lock);
	for (size_t i = 0; i < all.master.keys.n && !found; i++) {
		found = memcmp(all.master.keys.key[i].id, id, MASTER_ID) == 0;
		if (found)
			*out = all.master.keys.key[i];
	}
	pthread_rwlock_unlock(&all.lock);
	return found;
}

/* What is authenticated beside the secret. */
static void put_context(struct buf *out, const void *header, const char *what)
{
	buf_add(out, header, 1 + MASTER_ID);
	buf_addz(out, what);
}

static int aes_start(Aes *aes, const struct master_key *key, struct err *err)
{
	if (wc_AesInit(aes, NULL, TLS_DEVICE) != 0 ||
	    wc_AesGcmSetKey(aes, key->key, sizeof(key->key)) != 0)
		return err_set(err, ERR_TEMP, "the cipher does not start");
	return 0;
}

static void aes_stop(Aes *aes)
{
	wc_AesFree(aes);
	bytes_wipe(aes, sizeof(*aes));
}

static int close_with(const struct master_key *key, const char *what, struct slice plain,
    struct buf *out, struct err *err)
{
	struct buf context = { 0 };
	Aes aes;

	if (aes_start(&aes, key, err) != 0)
		return -1;
	unsigned char *p = (unsigned char *)buf_room(out, HEADER + plain.n + TAG);
	p[0] = VERSION;
	memcpy(p + 1, key->id, MASTER_ID);
	random_bytes(p + 1 + MASTER_ID, NONCE);
	put_context(&context, p, what);
	int rc = wc_AesGcmEncrypt(&aes, p + HEADER, (const byte *)plain.p, (word32)plain.n,
	    p + 1 + MASTER_ID, NONCE, p + HEADER + plain.n, TAG, (const byte *)context.p,
	    (word32)context.n);
	aes_stop(&aes);
	buf_done(&context);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "sealing %s failed", what);
	out->n += HEADER + plain.n + TAG;
	return 0;
}

int seal_close(const char *what, struct slice plain, struct buf *out, struct err *err)
{
	struct master_key key;

	if (!take_first(&key))
		return err_set(err, ERR_TEMP, "no master key was read");
	int rc = close_with(&key, what, plain, out, err);
	bytes_wipe(&key, sizeof(key));
	return rc;
}

static int open_with(const struct master_key *key, const char *what, struct slice sealed,
    struct buf *out, struct err *err)
{
	const unsigned char *p = (const unsigned char *)sealed.p;
	size_t n = sealed.n - HEADER - TAG;
	struct buf context = { 0 };
	Aes aes;

	if (aes_start(&aes, key, err) != 0)
		return -1;
	put_context(&context, p, what);
	int rc = wc_AesGcmDecrypt(&aes, (byte *)buf_room(out, n), p + HEADER, (word32)n,
	    p + 1 + MASTER_ID, NONCE, p + HEADER + n, TAG, (const byte *)context.p,
	    (word32)context.n);
	aes_stop(&aes);
	buf_done(&context);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "%s was changed after it was sealed", what);
	out->n += n;
	return 0;
}

int seal_open(const char *what, struct slice sealed, struct buf *out, struct err *err)
{
	if (sealed.n < HEADER + TAG || sealed.p[0] != VERSION)
		return err_set(err, ERR_TEMP, "%s is not sealed as it should be", what);
	struct master_key key;
	if (!take_named((const unsigned char *)sealed.p + 1, &key))
		return err_set(err, ERR_TEMP, "%s was sealed under another master key", what);
	int rc = open_with(&key, what, sealed, out, err);
	bytes_wipe(&key, sizeof(key));
	return rc;
}

int seal_anew(struct slice value, struct slice secret, const char *from, const char *to,
    struct buf *out, struct err *err)
{
	size_t before = (size_t)(secret.p - value.p);
	struct buf plain = { 0 };

	buf_room(&plain, secret.n); /* at once: one that grows leaves its old bytes behind */
	int rc = seal_open(from, secret, &plain, err);
	buf_add(out, value.p, before);
	if (rc == 0)
		rc = seal_close(to, buf_slice(&plain), out, err);
	buf_adds(out, slice_from(value, before + secret.n));
	buf_wipe(&plain);
	return rc;
}

/* --- another master key --- */

void seal_state(struct seal_state *out)
{
	pthread_rwlock_rdlock(&all.lock);
	*out = (struct seal_state){ .n = all.kept,
		.external = all.master.external,
		.passphrase = all.master.iterations > 0 };
	for (size_t i = 0; i < all.kept; i++)
		memcpy(out->id[i], all.master.keys.key[i].id, SEAL_ID);
	pthread_rwlock_unlock(&all.lock);
}

/* Save the first n of those keys; with the lock held. */
static int save(const struct master *master, size_t n, struct err *err)
{
	struct master kept = *master;

	kept.keys.n = n;
	int rc = master_save(all.data, &kept, err);
	bytes_wipe(&kept, sizeof(kept));
	return rc;
}

static int turn(struct err *err)
{
	struct master next = all.master;
	struct master_keys *keys = &next.keys;
	/* Those that are in memory only are the last ones. */
	size_t keep = keys->n < MASTER_KEYS_MAX ? keys->n : MASTER_KEYS_MAX - 1;

	if (all.kept == MASTER_KEYS_MAX)
		return err_set(err, ERR_BUSY, "the changes before are not finished yet");
	memmove(&keys->key[1], &keys->key[0], keep * sizeof(*keys->key));
	master_key_make(&keys->key[0]);
	keys->n = keep + 1;
	int rc = save(&next, all.kept + 1, err);
	if (rc == 0) {
		all.master = next;
		all.kept++;
	}
	bytes_wipe(&next, sizeof(next));
	return rc;
}

int seal_turn(struct err *err)
{
	pthread_rwlock_wrlock(&all.lock);
	int rc = turn(err);
	pthread_rwlock_unlock(&all.lock);
	return rc;
}

int seal_drop_old(struct err *err)
{
	pthread_rwlock_wrlock(&all.lock);
	int rc = save(&all.master, 1, err);
	if (rc == 0)
		all.kept = 1;
	pthread_rwlock_unlock(&all.lock);
	return rc;
}

int seal_protect(struct slice passphrase, struct err *err)
{
	pthread_rwlock_wrlock(&all.lock);
	struct master next = all.master;
	master_protect(&next, passphrase);
	int rc = save(&next, all.kept, err);
	if (rc == 0)
		all.master = next;
	pthread_rwlock_unlock(&all.lock);
	bytes_wipe(&next, sizeof(next));
	return rc;
}

bool seal_is_old(struct slice bytes)
{
	bool found = false;

	pthread_rwlock_rdlock(&all.lock);
	for (size_t i = 1; i < all.master.keys.n && !found; i++)
		found = slice_find(bytes, slice_of(all.master.keys.key[i].id, MASTER_ID)) >= 0;
	pthread_rwlock_unlock(&all.lock);
	return found;
}
