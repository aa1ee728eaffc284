/* tls_ticket.c - session tickets: sealed by our keys, bound to a domain
 *
 * Behind what the library wants to be kept a ticket carries 32 bytes of ours: the
 * binding of the context that issued it, the session's life, when it was made, and the
 * client's identity. A ticket that comes back to another binding, or when its time is
 * over, is refused, and a full handshake follows: what one domain's policy allowed is
 * never resumed under another's. */
#include "core/tls_private.h"

#include <pthread.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>

#include "core/num.h"
#include "core/random.h"

enum {
	BINDING = 8,
	LIFE = 4,
	MADE = 4,
	OURS = BINDING + LIFE + MADE + TLS_IDENTITY,
	TAG = 16,
	KEYS_MAX = 8,
};

static struct {
	pthread_rwlock_t lock;
	struct tls_ticket_key key[KEYS_MAX];
	size_t n;
} keys = { .lock = PTHREAD_RWLOCK_INITIALIZER };

void tls_ticket_keys_set(const struct tls_ticket_key *from, size_t n)
{
	if (n > KEYS_MAX)
		n = KEYS_MAX;
	pthread_rwlock_wrlock(&keys.lock);
	bytes_wipe(keys.key, sizeof(keys.key));
	memcpy(keys.key, from, n * sizeof(*from));
	keys.n = n;
	pthread_rwlock_unlock(&keys.lock);
}

/* A copy of the key that seals. */
static bool newest(struct tls_ticket_key *out)
{
	pthread_rwlock_rdlock(&keys.lock);
	bool found = keys.n > 0;
	if (found)
		*out = keys.key[0];
	pthread_rwlock_unlock(&keys.lock);
	return found;
}

static bool named(const unsigned char name[16], struct tls_ticket_key *out)
{
	bool found = false;

	pthread_rwlock_rdlock(&keys.lock);
	for (size_t i = 0; i < keys.n && !found; i++) {
		found = memcmp(keys.key[i].name, name, sizeof(keys.key[i].name)) == 0;
		if (found)
			*out = keys.key[i];
	}
	pthread_rwlock_unlock(&keys.lock);
	return found;
}

static void ours(WOLFSSL *ssl, unsigned char out[OURS])
{
	struct tls *tls = wolfSSL_GetIOReadCtx(ssl);
	uint32_t made = (uint32_t)(tls_life_now() / 1000);

	if (tls->life == 0)
		tls->life = tls_life_new();
	num_put64(out, tls->ctx->binding);
	memcpy(out + BINDING, &tls->life, LIFE);
	memcpy(out + BINDING + LIFE, &made, MADE);
	tls_peer_identity(tls, out + BINDING + LIFE + MADE);
}

/* It opened: is it for us, does it live, and is its client still welcome? */
static bool accepted(WOLFSSL *ssl, const unsigned char theirs[OURS])
{
	struct tls *tls = wolfSSL_GetIOReadCtx(ssl);
	uint32_t life, made;

	memcpy(&life, theirs + BINDING, LIFE);
	memcpy(&made, theirs + BINDING + LIFE, MADE);
	if (num_get64(theirs) != tls->ctx->binding ||
	    !tls_life_lasts(life, (int64_t)made * 1000, tls->ctx->session_ttl_s) ||
	    !tls_peer_resume(tls, theirs + BINDING + LIFE + MADE))
		return false;
	tls->life = life;
	return true;
}

/* The library takes no field for being set when it is all zero, so what the
   tag leaves of the mac field is filled with ones. */
static int seal(WOLFSSL *ssl, const struct tls_ticket_key *key, unsigned char iv[16],
    unsigned char mac[32], unsigned char *ticket, int n, int *out_n)
{
	random_bytes(iv, WOLFSSL_TICKET_IV_SZ);
	ours(ssl, ticket + n);
	memset(mac + TAG, 1, WOLFSSL_TICKET_MAC_SZ - TAG);
	if (wc_ChaCha20Poly1305_Encrypt(key->key, iv, key->name, sizeof(key->name), ticket,
		(word32)(n + OURS), ticket, mac) != 0)
		return WOLFSSL_TICKET_RET_FATAL;
	*out_n = n + OURS;
	return WOLFSSL_TICKET_RET_OK;
}

static int unseal(WOLFSSL *ssl, const struct tls_ticket_key *key, const unsigned char iv[16],
    const unsigned char mac[32], unsigned char *ticket, int n, int *out_n)
{
	if (n < OURS ||
	    wc_ChaCha20Poly1305_Decrypt(
		key->key, iv, key->name, sizeof(key->name), ticket, (word32)n, mac, ticket) != 0)
		return WOLFSSL_TICKET_RET_REJECT;
	if (!accepted(ssl, ticket + n - OURS)) {
		bytes_wipe(ticket, (size_t)n);
		return WOLFSSL_TICKET_RET_REJECT;
	}
	*out_n = n - OURS;
	return WOLFSSL_TICKET_RET_OK;
}

static int ticket(WOLFSSL *ssl, unsigned char name[16], unsigned char iv[16], unsigned char mac[32],
    int seals, unsigned char *bytes, int n, int *out_n, void *arg)
{
	struct tls_ticket_key key;
	int rc = WOLFSSL_TICKET_RET_REJECT;

	(void)arg;
	if (seals && newest(&key)) {
		memcpy(name, key.name, sizeof(key.name));
		rc = seal(ssl, &key, iv, mac, bytes, n, out_n);
	} else if (!seals && named(name, &key)) {
		rc = unseal(ssl, &key, iv, mac, bytes, n, out_n);
	}
	bytes_wipe(&key, sizeof(key));
	return rc;
}

void tls_ticket_start(void)
{
	struct tls_ticket_key key;

	random_bytes(&key, sizeof(key));
	tls_ticket_keys_set(&key, 1);
	bytes_wipe(&key, sizeof(key));
}

void tls_ticket_use(WOLFSSL_CTX *lib)
{
	wolfSSL_CTX_set_TicketEncCb(lib, ticket);
}
