/* auth_secret.c - SCRAM secrets (RFC 5802 §3, RFC 7677): their text, making and matching them */
#include "core/auth_private.h"

#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "core/conf.h"
#include "core/num.h"
#include "core/random.h"
#include "core/text.h"

/* Beyond 65536 libsasl2's own client refuses the exchange. */
CONF_KEY(auth_scram_iterations) = {
	.name = "auth.scram-iterations",
	.type = CONF_INT,
	.def = "4096",
	.min = 4096,
	.max = 65536,
	.help =
	    "rounds by which new passwords are hashed; each doubling doubles the cost of a login",
};

const struct auth_hash auth_hashes[AUTH_HASHES] = {
	{ "SCRAM-SHA-256", SHA256_DIGEST_SIZE, &nettle_sha256, pbkdf2_hmac_sha256 },
	{ "SCRAM-SHA-1", SHA1_DIGEST_SIZE, &nettle_sha1, pbkdf2_hmac_sha1 },
};

static unsigned char fake_key[32];

static void hmac(const struct nettle_hash *hash, const unsigned char *key, size_t key_n,
    struct slice data, unsigned char *out)
{
	union {
		struct sha256_ctx sha256;
		struct sha1_ctx sha1;
	} outer, inner, state;
	hmac_set_key(&outer, &inner, &state, hash, key_n, key);
	hmac_update(&state, hash, data.n, (const uint8_t *)data.p);
	hmac_digest(&outer, &inner, &state, hash, hash->digest_size, out);
	bytes_wipe(&outer, sizeof(outer));
	bytes_wipe(&inner, sizeof(inner));
}

static void digest(const struct nettle_hash *hash, const unsigned char *p, unsigned char *out)
{
	union {
		struct sha256_ctx sha256;
		struct sha1_ctx sha1;
	} state;
	hash->init(&state);
	hash->update(&state, hash->digest_size, p);
	hash->digest(&state, hash->digest_size, out);
}

void auth_secret_start(struct slice pepper)
{
	random_bytes(fake_key, sizeof(fake_key));
	if (pepper.n > 0)
		hmac(&nettle_sha256, (const unsigned char *)pepper.p, pepper.n,
		    SLICE("salts of unknown names"), fake_key);
}

/* Base64 of at most max bytes into out; *n is how many. */
static bool decode(struct slice text, unsigned char *out, size_t max, size_t *n)
{
	struct buf bytes = { 0 };
	bool good = base64_get(&bytes, text) && bytes.n > 0 && bytes.n <= max;
	if (good) {
		memcpy(out, bytes.p, bytes.n);
		*n = bytes.n;
	}
	buf_wipe(&bytes);
	return good;
}

bool auth_secret_read(const char *text, struct auth_secret *out)
{
	struct slice rest = slice_str(text), mech = slice_cut(&rest, '$');
	struct slice iterations = slice_cut(&rest, ':'), salt = slice_cut(&rest, '$');
	struct slice stored = slice_cut(&rest, ':');
	size_t stored_n, server_n;
	uint32_t rounds;

	*out = (struct auth_secret){ 0 };
	for (size_t i = 0; i < AUTH_HASHES; i++)
		if (slice_eq(mech, slice_str(auth_hashes[i].mech)))
			out->hash = &auth_hashes[i];
	if (!out->hash || !num_u32(iterations, &rounds) || rounds == 0)
		return false;
	out->iterations = rounds;
	return decode(salt, out->salt, sizeof(out->salt), &out->salt_n) &&
	    decode(stored, out->stored, out->hash->size, &stored_n) &&
	    decode(rest, out->server, out->hash->size, &server_n) && stored_n == out->hash->size &&
	    server_n == out->hash->size;
}

const char *auth_secret_text(const struct auth_secret *secret, struct pool *pool)
{
	struct buf text = { 0 };
	buf_printf(&text, "%s$%u:", secret->hash->mech, secret->iterations);
	base64_put(&text, slice_of(secret->salt, secret->salt_n));
	buf_addc(&text, '$');
	base64_put(&text, slice_of(secret->stored, secret->hash->size));
	buf_addc(&text, ':');
	base64_put(&text, slice_of(secret->server, secret->hash->size));
	const char *copy = pool_str(pool, buf_slice(&text));
	buf_wipe(&text);
	return copy;
}

/* RFC 5802 §3: SaltedPassword gives ClientKey and ServerKey; StoredKey is the
   hash of ClientKey. */
static void derive(struct auth_secret *secret, struct slice password)
{
	const struct auth_hash *h = secret->hash;
	unsigned char salted[AUTH_HASH_MAX], client[AUTH_HASH_MAX];

	h->slow(password.n, (const uint8_t *)password.p, secret->iterations, secret->salt_n,
	    secret->salt, h->size, salted);
	hmac(h->hash, salted, h->size, SLICE("Client Key"), client);
	digest(h->hash, client, secret->stored);
	hmac(h->hash, salted, h->size, SLICE("Server Key"), secret->server);
	bytes_wipe(salted, sizeof(salted));
	bytes_wipe(client, sizeof(client));
}

static unsigned rounds_now(void)
{
	return (unsigned)conf_num(&conf_key_auth_scram_iterations);
}

void auth_secret_make(const struct auth_hash *hash, struct slice password, struct auth_secret *out)
{
	*out =
	    (struct auth_secret){ .hash = hash, .iterations = rounds_now(), .salt_n = AUTH_SALT };
	random_bytes(out->salt, out->salt_n);
	derive(out, password);
}

bool auth_secret_matches(const struct auth_secret *secret, struct slice password)
{
	struct auth_secret tried = *secret;
	derive(&tried, password);
	bool same = bytes_same(tried.stored, secret->stored, secret->hash->size);
	bytes_wipe(&tried, sizeof(tried));
	return same;
}

void auth_secret_fake(const struct auth_hash *hash, const char *name, struct auth_secret *out)
{
	unsigned char made[SHA256_DIGEST_SIZE];
	struct buf what = { 0 };

	buf_printf(&what, "%s$%s", hash->mech, name);
	hmac(&nettle_sha256, fake_key, sizeof(fake_key), buf_slice(&what), made);
	buf_done(&what);
	*out =
	    (struct auth_secret){ .hash = hash, .iterations = rounds_now(), .salt_n = AUTH_SALT };
	memcpy(out->salt, made, AUTH_SALT);
	/* No password is known that hashes to random bytes. */
	random_bytes(out->stored, hash->size);
	random_bytes(out->server, hash->size);
}

const char *auth_secret_of(const struct auth_account *account, const struct auth_hash *hash)
{
	size_t n = strlen(hash->mech);
	for (size_t i = 0; i < 4 && account->secrets[i]; i++)
		if (!strncmp(account->secrets[i], hash->mech, n) && account->secrets[i][n] == '$')
			return account->secrets[i];
	return NULL;
}
