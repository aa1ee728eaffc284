/* rename_record.c - records of other rooms that name a domain, under its new name */
#include <stdlib.h>

#include "storage/rename_private.h"
#include "storage/sealed.h"
#include "storage/store.h"

static const struct renamed *row_of(const char *room)
{
	for (size_t i = 0; i < renamed_table_n; i++)
		if (!renamed_table[i]->of_accounts && strcmp(renamed_table[i]->room, room) == 0)
			return renamed_table[i];
	return NULL;
}

/* What a record of a room becomes; appended. */
static void rename_record(const struct rename *names, const char *room, struct slice key,
    struct slice value, struct buf *new_key, struct buf *new_value)
{
	const struct renamed *row = row_of(room);

	if (row && row->change) {
		row->change(names, key, value, new_key, new_value);
	} else {
		rename_words(names, key, new_key);
		buf_adds(new_value, value);
	}
}

/* --- which --- */

struct gathering {
	const struct rename *names;
	struct rename_keys *out;
	struct buf key, value;
};

static void note(struct rename_keys *out, const char *room, struct slice key)
{
	if (out->n == out->room) {
		out->room = out->room ? 2 * out->room : 64;
		out->keys = mem_resize(out->keys, out->room * sizeof(*out->keys));
	}
	size_t n = strlen(room) + 1;
	char *full = pool_get(&out->pool, n + key.n);
	memcpy(full, room, n);
	memcpy(full + n, key.p, key.n);
	out->keys[out->n++] = slice_of(full, n + key.n);
}

static bool see(void *arg, const char *room, struct slice key, struct slice value)
{
	struct gathering *g = arg;

	buf_clear(&g->key);
	buf_clear(&g->value);
	rename_record(g->names, room, key, value, &g->key, &g->value);
	if (!slice_eq(buf_slice(&g->key), key) || !slice_eq(buf_slice(&g->value), value))
		note(g->out, room, key);
	return true;
}

int rename_gather(const struct rename *names, struct rename_keys *out)
{
	struct gathering g = { .names = names, .out = out };
	int rc = store_record_each_room(see, &g);

	buf_done(&g.key);
	buf_wipe(&g.value);
	return rc;
}

void rename_keys_done(struct rename_keys *keys)
{
	free(keys->keys);
	pool_done(&keys->pool);
	*keys = (struct rename_keys){ 0 };
}

/* --- what they become --- */

struct moved {
	const char *room;
	struct slice old_key, key, value; /* keys as in the tree; value p NULL: it stays */
};

static const struct sealed *sealed_row(const char *room)
{
	for (size_t i = 0; i < sealed_table_n; i++)
		if (strcmp(sealed_table[i]->room, room) == 0)
			return sealed_table[i];
	return NULL;
}

struct seals {
	struct buf before, after; /* what it was sealed as, what it is to be */
	struct slice secret;	  /* in the new value */
};

static bool find_seals(const char *room, struct slice key, struct slice value, struct slice new_key,
    struct slice new_value, struct seals *out)
{
	const struct sealed *row = sealed_row(room);
	struct slice old_secret;

	return row && row->find(key, value, &out->before, &old_secret) &&
	    row->find(new_key, new_value, &out->after, &out->secret) &&
	    !slice_eq(buf_slice(&out->before), buf_slice(&out->after));
}

/* In *value, the new one. 1: it is good now; 0: it must stay, -1 with the reason. */
static int seal(
    struct seals *seals, const struct rename_sealer *sealer, struct buf *value, struct err *err)
{
	struct buf anew = { 0 };

	if (!sealer)
		return 0;
	int rc = sealer->anew(buf_slice(value), seals->secret, buf_z(&seals->before),
	    buf_z(&seals->after), &anew, err);
	buf_wipe(value);
	*value = anew;
	return rc == 0 ? 1 : -1;
}

static struct slice with_room(struct pool *pool, const char *room, struct slice key)
{
	size_t n = strlen(room) + 1;
	char *full = pool_get(pool, n + key.n);

	memcpy(full, room, n);
	memcpy(full + n, key.p, key.n);
	return slice_of(full, n + key.n);
}

/* old: as it is in the tree, with its version byte. 0, or -1 with the reason. */
static int become(const struct rename *names, struct slice old, const struct rename_sealer *sealer,
    struct pool *pool, struct moved *out, struct err *err)
{
	struct slice key = slice_from(out->old_key, strlen(out->room) + 1);
	struct buf new_key = { 0 }, value = { 0 };
	struct seals seals = { 0 };
	int good = 1;

	rename_record(names, out->room, key, slice_from(old, 1), &new_key, &value);
	if (find_seals(
		out->room, key, slice_from(old, 1), buf_slice(&new_key), buf_slice(&value), &seals))
		good = seal(&seals, sealer, &value, err);
	if (good == 1) {
		out->key = with_room(pool, out->room, buf_slice(&new_key));
		char *whole = pool_get(pool, value.n + 1);
		whole[0] = old.p[0];
		if (value.n > 0)
			memcpy(whole + 1, value.p, value.n);
		out->value = slice_of(whole, value.n + 1);
	}
	buf_done(&new_key);
	buf_wipe(&value);
	buf_done(&seals.before);
	buf_done(&seals.after);
	return good < 0 ? -1 : 0;
}

static enum kv_result compute(struct dir_change *change, struct kv_txn *txn,
    const struct rename *names, const struct rename_keys *keys, const struct rename_sealer *sealer,
    struct moved *moved)
{
	struct buf value = { 0 };
	enum kv_result r = KV_DONE;

	for (size_t i = 0; r == KV_DONE && i < keys->n; i++) {
		moved[i] = (struct moved){ .room = keys->keys[i].p, .old_key = keys->keys[i] };
		int found = kv_get(dir_kv(DIR_TREE_RECORD), txn, keys->keys[i], &value);
		if (found < 0)
			r = KV_FAILED;
		else if (found == 1 && value.n > 0 &&
		    become(names, buf_slice(&value), sealer, &change->pool, &moved[i],
			&change->err) != 0)
			r = KV_REFUSED;
	}
	buf_wipe(&value);
	return r;
}

enum kv_result rename_records(struct dir_change *change, struct kv_txn *txn,
    const struct rename *names, const struct rename_keys *keys, const struct rename_sealer *sealer)
{
	struct moved *moved = pool_get(&change->pool, (keys->n + 1) * sizeof(*moved));
	struct kv *tree = dir_kv(DIR_TREE_RECORD);
	enum kv_result r = compute(change, txn, names, keys, sealer, moved);

	for (size_t i = 0; r == KV_DONE && i < keys->n; i++) {
		if (!moved[i].value.p)
			continue;
		if (kv_del(tree, txn, moved[i].old_key) < 0 ||
		    kv_put(tree, txn, moved[i].key, moved[i].value) < 0)
			r = KV_FAILED;
	}
	return r;
}
