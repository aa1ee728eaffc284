/* box_message.c - one summary for all entries of an account that show a message
 *
 * A message has the id of its body, so it needs no number of its own, and
 * removing it needs no look at its summary. The summary is written once and
 * never again: how many entries use it lies beside it, and only when there is
 * more than one. */
#include "storage/box_private.h"

#include "core/log.h"
#include "core/num.h"

enum { VERSION = 1, USERS_BYTES = 1 + 4 };

static struct box_key users_key(const struct box_tx *tx, uint64_t message)
{
	struct box_key key = box_message_key(tx->account, message);

	key.bytes[key.n++] = 'u';
	return key;
}

int64_t box_message_users(struct box_tx *tx, uint64_t message)
{
	struct box_key key = users_key(tx, message);
	int found = kv_get(tx->shard->message, tx->txn, box_key_slice(&key), &tx->value);

	if (found <= 0)
		return found < 0 ? -1 : 1;
	if (tx->value.n == USERS_BYTES && tx->value.p[0] == VERSION)
		return num_get32((const unsigned char *)tx->value.p + 1);
	log_event(LOG_ERROR, "record-damaged", log_z("record", "users"),
	    log_n("account", (int64_t)tx->account), log_n("message", (int64_t)message));
	return -1;
}

static int put_users(struct box_tx *tx, uint64_t message, uint32_t users)
{
	struct box_key key = users_key(tx, message);
	unsigned char p[USERS_BYTES] = { VERSION };

	if (users == 1)
		return kv_del(tx->shard->message, tx->txn, box_key_slice(&key));
	num_put32(p + 1, users);
	return kv_put(tx->shard->message, tx->txn, box_key_slice(&key), slice_of(p, sizeof(p)));
}

int box_message_add(struct box_tx *tx, uint64_t message, struct slice summary)
{
	struct box_key key = box_message_key(tx->account, message);

	return kv_put(tx->shard->message, tx->txn, box_key_slice(&key), summary);
}

int box_message_use(struct box_tx *tx, uint64_t message)
{
	int64_t users = box_message_users(tx, message);

	return users < 0 ? -1 : put_users(tx, message, (uint32_t)users + 1);
}

int box_message_drop(struct box_tx *tx, uint64_t message)
{
	struct box_key key = box_message_key(tx->account, message);
	int64_t users = box_message_users(tx, message);

	if (users < 0)
		return -1;
	if (users > 1)
		return put_users(tx, message, (uint32_t)users - 1);
	if (kv_del(tx->shard->message, tx->txn, box_key_slice(&key)) < 0)
		return -1;
	return body_change(tx->shard->bodies, tx->txn, message, -1);
}
