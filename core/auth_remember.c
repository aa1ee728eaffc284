/* auth_remember.c - passwords found right, remembered for a while as keyed hashes
 *
 * The key is made at start and never leaves this process. A token covers the
 * account, its secret and the password, so a changed password, or another
 * account of the same name, is simply not found. The table is bounded: in a
 * full set the entry that ends first gives way. */
#include "core/auth_private.h"

#include <pthread.h>
#include <time.h>

#include <nettle/hmac.h>

#include "core/conf.h"
#include "core/num.h"
#include "core/random.h"

CONF_KEY(auth_remember) = {
	.name = "auth.remember",
	.type = CONF_DURATION,
	.def = "10m",
	.min = 0,
	.max = 24 * 3600 * 1000LL,
	.help = "how long a password found right is not hashed again; 0: always hash",
};

/* The directory does not tell that a password was changed. */
CONF_KEY(auth_remember_elsewhere) = {
	.name = "auth.remember-elsewhere",
	.type = CONF_DURATION,
	.def = "1m",
	.min = 0,
	.max = 3600 * 1000LL,
	.help = "how long a password is not asked about again that another directory found right",
};

enum { SETS = 512, WAYS = 8 };

struct entry {
	struct auth_token token;
	uint64_t ends; /* in milliseconds; 0: free */
};

static struct entry table[SETS][WAYS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hmac_sha256_ctx keyed;

void auth_remember_start(void)
{
	unsigned char key[32];
	random_bytes(key, sizeof(key));
	hmac_sha256_set_key(&keyed, sizeof(key), key);
	bytes_wipe(key, sizeof(key));
}

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void auth_token(uint64_t account, const char *secret, struct slice password, struct auth_token *out)
{
	struct hmac_sha256_ctx ctx = keyed;
	unsigned char id[8];
	num_put64(id, account);
	hmac_sha256_update(&ctx, sizeof(id), id);
	/* With its terminator: where the secret ends is part of what is hashed. */
	hmac_sha256_update(&ctx, strlen(secret) + 1, (const uint8_t *)secret);
	hmac_sha256_update(&ctx, password.n, (const uint8_t *)password.p);
	hmac_sha256_digest(&ctx, sizeof(out->b), out->b);
	bytes_wipe(&ctx, sizeof(ctx));
}

static struct entry *set_of(const struct auth_token *token)
{
	return table[num_get32(token->b) % SETS];
}

static struct entry *find(struct entry *set, const struct auth_token *token)
{
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].ends && bytes_same(&set[i].token, token, sizeof(*token)))
			return &set[i];
	return NULL;
}

bool auth_remembered(const struct auth_token *token)
{
	if (conf_num(&conf_key_auth_remember) == 0)
		return false;
	pthread_mutex_lock(&lock);
	const struct entry *e = find(set_of(token), token);
	bool good = e && e->ends > now_ms();
	pthread_mutex_unlock(&lock);
	return good;
}

static void remember(const struct auth_token *token, uint64_t ms)
{
	if (ms == 0)
		return;
	pthread_mutex_lock(&lock);
	struct entry *set = set_of(token), *e = find(set, token);
	if (!e) {
		e = set;
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].ends < e->ends)
				e = &set[i];
	}
	*e = (struct entry){ .token = *token, .ends = now_ms() + ms };
	pthread_mutex_unlock(&lock);
}

void auth_remember(const struct auth_token *token)
{
	remember(token, (uint64_t)conf_num(&conf_key_auth_remember));
}

void auth_remember_elsewhere(const struct auth_token *token)
{
	uint64_t here = (uint64_t)conf_num(&conf_key_auth_remember);
	uint64_t there = (uint64_t)conf_num(&conf_key_auth_remember_elsewhere);

	remember(token, here < there ? here : there);
}
