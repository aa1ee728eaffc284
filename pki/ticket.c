/* ticket.c - the keys of session tickets: made, turned, stored sealed
 *
 * A key seals for as long as a ticket lives, or an hour when that is longer,
 * then it only opens until the last ticket under it has ended. They are stored,
 * so that sessions resume after a restart. */
#include <time.h>

#include "core/num.h"
#include "core/random.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "storage/store.h"

enum { KEYS_MAX = 4, HOUR = 60 * 60 };

static const char what[] = "the session ticket keys";

struct turning_key {
	int64_t made;
	struct tls_ticket_key key;
};

struct turning_keys {
	struct turning_key key[KEYS_MAX]; /* newest first */
	size_t n;
};

static int64_t lifetime(void)
{
	int64_t ttl = panel_session_ttl();

	return ttl > HOUR ? ttl : HOUR;
}

/* --- stored: when it was made, name, key; one behind another, sealed --- */

enum { RECORD = 8 + sizeof(struct tls_ticket_key) };

static void read_keys(struct slice bytes, struct turning_keys *out)
{
	while (bytes.n >= RECORD && out->n < KEYS_MAX) {
		struct turning_key *to = &out->key[out->n++];
		to->made = (int64_t)num_get64((const unsigned char *)bytes.p);
		memcpy(&to->key, bytes.p + 8, sizeof(to->key));
		bytes = slice_from(bytes, RECORD);
	}
}

/* Keys that do not open (another master key) are as good as none: clients then
   shake hands in full once. */
static int load(struct turning_keys *out, struct err *err)
{
	struct buf sealed = { 0 }, plain = { 0 };
	int found = store_record_get(PKI_ROOM, SLICE("t"), &sealed);

	if (found == 1 && seal_open(what, buf_slice(&sealed), &plain, NULL) == 0)
		read_keys(buf_slice(&plain), out);
	buf_done(&sealed);
	buf_wipe(&plain);
	return found >= 0 ? 0 : err_set(err, ERR_TEMP, "cannot read %s", what);
}

static int save(const struct turning_keys *keys, struct err *err)
{
	struct buf sealed = { 0 }, plain = { 0 };

	buf_room(&plain, KEYS_MAX * RECORD); /* a buffer that grows leaves its old bytes behind */
	for (size_t i = 0; i < keys->n; i++) {
		unsigned char made[8];
		num_put64(made, (uint64_t)keys->key[i].made);
		buf_add(&plain, made, sizeof(made));
		buf_add(&plain, &keys->key[i].key, sizeof(keys->key[i].key));
	}
	int rc = seal_close(what, buf_slice(&plain), &sealed, err);
	if (rc == 0)
		rc = store_record_put(PKI_ROOM, SLICE("t"), buf_slice(&sealed), err);
	buf_done(&sealed);
	buf_wipe(&plain);
	return rc;
}

/* --- turning --- */

static bool is_due(const struct turning_keys *keys, int64_t now)
{
	return keys->n == 0 || now - keys->key[0].made >= lifetime() || keys->key[0].made > now;
}

/* A new one in front; those behind whose last ticket has ended go, and those
   of the future: a clock that was set back must not keep a key for long. */
static void turn(struct turning_keys *keys, int64_t now)
{
	struct turning_keys next = { .n = 1 };

	next.key[0].made = now;
	random_bytes(&next.key[0].key, sizeof(next.key[0].key));
	for (size_t i = 0; i < keys->n && next.n < KEYS_MAX; i++) {
		int64_t age = now - keys->key[i].made;
		if (age >= 0 && age < 2 * lifetime())
			next.key[next.n++] = keys->key[i];
	}
	bytes_wipe(keys, sizeof(*keys));
	*keys = next;
	bytes_wipe(&next, sizeof(next));
}

static void hand_over(const struct turning_keys *keys)
{
	struct tls_ticket_key list[KEYS_MAX];

	for (size_t i = 0; i < keys->n; i++)
		list[i] = keys->key[i].key;
	tls_ticket_keys_set(list, keys->n);
	bytes_wipe(list, sizeof(list));
}

int ticket_turn(struct err *err)
{
	struct turning_keys keys = { 0 };
	int64_t now = time(NULL);
	int rc = load(&keys, err);

	if (rc == 0 && is_due(&keys, now)) {
		turn(&keys, now);
		rc = save(&keys, err);
	}
	if (rc == 0)
		hand_over(&keys);
	bytes_wipe(&keys, sizeof(keys));
	return rc;
}
