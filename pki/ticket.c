/* ticket.c - the ticket keys of this server: made, turned, stored sealed, handed over
 *
 * They are stored, so that sessions resume after a restart. */
#include "pki/ticket.h"

#include <pthread.h>
#include <time.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include "core/log.h"
#include "core/random.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "storage/store.h"

enum { HOUR = 60 * 60, TURNS_MAX = 10000 };

static const char what[] = "the session ticket keys";

void ticket_sealed_as(struct buf *out)
{
	buf_addz(out, what);
}

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

/* A key seals for as long as a ticket lives, or an hour when that is longer. */
static int64_t lifetime(void)
{
	int64_t ttl = panel_session_ttl();

	return ttl > HOUR ? ttl : HOUR;
}

/* --- from a secret: its key, the next secret (RFC 5869 2.3) --- */

static void derive(const unsigned char secret[32], const char *label, void *out, size_t n)
{
	if (wc_HKDF_Expand(WC_SHA256, secret, 32, (const unsigned char *)label,
		(word32)strlen(label), out, (word32)n) != 0)
		bug("HKDF");
}

static void key_of(const unsigned char secret[32], struct tls_ticket_key *out)
{
	derive(secret, "signet ticket name", out->name, sizeof(out->name));
	derive(secret, "signet ticket key", out->key, sizeof(out->key));
}

static void next_secret(const unsigned char secret[32], unsigned char out[32])
{
	unsigned char next[32];

	derive(secret, "signet ticket next", next, sizeof(next));
	memcpy(out, next, sizeof(next));
	bytes_wipe(next, sizeof(next));
}

void ticket_key(const struct ticket_keys *keys, struct tls_ticket_key *out)
{
	key_of(keys->secret, out);
}

void ticket_next_key(const struct ticket_keys *keys, struct tls_ticket_key *out)
{
	unsigned char next[32];

	next_secret(keys->secret, next);
	key_of(next, out);
	bytes_wipe(next, sizeof(next));
}

/* --- stored --- */

/* Keys that do not open (another master key) are as good as none: clients then
   shake hands in full once. */
static int load(struct ticket_keys *out, struct err *err)
{
	struct buf sealed = { 0 }, plain = { 0 };
	int found = store_record_get(PKI_ROOM, SLICE("t"), &sealed);

	*out = (struct ticket_keys){ 0 };
	if (found == 1 && seal_open(what, buf_slice(&sealed), &plain, NULL) == 0)
		ticket_get(buf_slice(&plain), out);
	buf_done(&sealed);
	buf_wipe(&plain);
	return found >= 0 ? 0 : err_set(err, ERR_TEMP, "cannot read %s", what);
}

static int save(const struct ticket_keys *keys, struct err *err)
{
	struct buf sealed = { 0 }, plain = { 0 };

	ticket_put(keys, &plain);
	int rc = seal_close(what, buf_slice(&plain), &sealed, err);
	if (rc == 0)
		rc = store_record_put(PKI_ROOM, SLICE("t"), buf_slice(&sealed), err);
	buf_done(&sealed);
	buf_wipe(&plain);
	return rc;
}

/* The first seals. That of the next period is there for tickets of servers whose
   clocks are ahead. */
static void hand_over(const struct ticket_keys *keys)
{
	struct tls_ticket_key list[2 + TICKET_OLD_MAX];

	ticket_key(keys, &list[0]);
	ticket_next_key(keys, &list[1]);
	memcpy(&list[2], keys->old, keys->n_old * sizeof(*list));
	tls_ticket_keys_set(list, 2 + keys->n_old);
	bytes_wipe(list, sizeof(list));
}

/* --- turning --- */

static void retire(struct ticket_keys *keys)
{
	size_t keep = keys->n_old < TICKET_OLD_MAX ? keys->n_old : TICKET_OLD_MAX - 1;

	memmove(&keys->old[1], &keys->old[0], keep * sizeof(*keys->old));
	ticket_key(keys, &keys->old[0]);
	keys->n_old = keep + 1;
}

static void begin(struct ticket_keys *keys, int64_t now)
{
	if (keys->since != 0)
		retire(keys);
	random_bytes(keys->secret, sizeof(keys->secret));
	keys->since = now;
	keys->period = lifetime();
}

/* None; of the future, since a clock that was set back must not keep a key for long; or
   gone before tickets are that live longer by now. */
static bool is_unfit(const struct ticket_keys *keys, int64_t now)
{
	return keys->since == 0 || keys->since - now > keys->period ||
	    now - keys->since > keys->period * TURNS_MAX ||
	    lifetime() > keys->period * (TICKET_OLD_MAX / 2);
}

/* True when something changed. */
static bool turn(struct ticket_keys *keys, int64_t now)
{
	bool turned = false;

	if (is_unfit(keys, now)) {
		begin(keys, now);
		return true;
	}
	for (; now - keys->since >= keys->period; turned = true) {
		retire(keys);
		next_secret(keys->secret, keys->secret);
		keys->since += keys->period;
	}
	return turned;
}

/* Read them, change them, keep and use them. */
static int change(
    bool (*how)(struct ticket_keys *keys, const void *arg), const void *arg, struct err *err)
{
	struct ticket_keys keys;

	pthread_mutex_lock(&changing);
	int rc = load(&keys, err);
	if (rc == 0 && how(&keys, arg))
		rc = save(&keys, err);
	if (rc == 0)
		hand_over(&keys);
	pthread_mutex_unlock(&changing);
	bytes_wipe(&keys, sizeof(keys));
	return rc;
}

static bool how_turn(struct ticket_keys *keys, const void *arg)
{
	(void)arg;
	return turn(keys, time(NULL));
}

static bool how_rotate(struct ticket_keys *keys, const void *forget)
{
	begin(keys, time(NULL));
	if (*(const bool *)forget)
		keys->n_old = 0;
	return true;
}

static bool how_adopt(struct ticket_keys *keys, const void *arg)
{
	const struct ticket_keys *theirs = arg;

	if (keys->since != 0)
		retire(keys);
	memcpy(keys->secret, theirs->secret, sizeof(keys->secret));
	keys->since = theirs->since;
	keys->period = theirs->period;
	for (size_t i = 0; i < theirs->n_old && keys->n_old < TICKET_OLD_MAX; i++)
		keys->old[keys->n_old++] = theirs->old[i];
	turn(keys, time(NULL));
	return true;
}

int ticket_turn(struct err *err)
{
	return change(how_turn, NULL, err);
}

int ticket_rotate(bool forget, struct err *err)
{
	return change(how_rotate, &forget, err);
}

int ticket_adopt(const struct ticket_keys *theirs, struct err *err)
{
	return change(how_adopt, theirs, err);
}

int ticket_read(struct ticket_keys *out, struct err *err)
{
	return load(out, err);
}
