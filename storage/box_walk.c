/* box_walk.c - everything that is there, for checks */
#include "storage/box_private.h"

#include "core/num.h"

struct state {
	struct shard *shard;
	const struct shard_walk *walk;
	bool ended;
};

static bool go_on(struct state *state, bool more)
{
	state->ended = !more;
	return more;
}

static bool damaged(struct state *state, const char *tree, struct slice key)
{
	const struct shard_walk *walk = state->walk;

	return go_on(state, !walk->damaged || walk->damaged(walk->arg, tree, key));
}

static uint64_t account_of(struct slice key)
{
	return num_get64((const unsigned char *)key.p);
}

static bool walk_box(void *arg, struct slice key, struct slice value)
{
	enum { MAILBOX_KEY = 8 + 1 + 4 };
	struct state *state = arg;
	struct box_name name;
	const struct shard_walk *walk = state->walk;

	if (key.n < 8 + 1)
		return damaged(state, "box", key);
	if (key.p[8] == 'n' && !box_name_read(value, &name))
		return damaged(state, "box", key);
	if (account_of(key) == 0 || key.p[8] != 'b' || !walk->mailbox)
		return true;
	if (key.n != MAILBOX_KEY)
		return damaged(state, "box", key);
	return go_on(state,
	    walk->mailbox(walk->arg, account_of(key), num_get32((const unsigned char *)key.p + 9)));
}

static bool walk_entries(void *arg, struct slice key, struct slice value)
{
	struct state *state = arg;
	struct box_entry entries[BOX_BLOCK];
	const struct shard_walk *walk = state->walk;
	int n = box_entry_list(key, value, entries);

	if (n < 0)
		return damaged(state, "entry", key);
	uint32_t box = num_get32((const unsigned char *)key.p + 8);
	for (int i = 0; i < n; i++)
		if (!go_on(state,
			walk->entry(
			    walk->arg, account_of(key), box, entries[i].uid, entries[i].message)))
			return false;
	return true;
}

static bool walk_message(void *arg, struct slice key, struct slice value)
{
	struct state *state = arg;
	const struct shard_walk *walk = state->walk;
	struct box_tx tx;

	if (key.n == 8 + 8 + 1)
		return true; /* its users: read with the message */
	if (key.n != 8 + 8)
		return damaged(state, "message", key);
	uint64_t message = num_get64((const unsigned char *)key.p + 8);
	box_tx_read(&tx, &(struct acct){ state->shard, account_of(key) });
	int64_t users = box_message_users(&tx, message);
	box_tx_done(&tx);
	if (users < 0)
		return damaged(state, "message", key);
	return go_on(
	    state, walk->message(walk->arg, account_of(key), message, (unsigned)users, value));
}

int shard_walk(struct shard *shard, const struct shard_walk *walk)
{
	struct state state = { .shard = shard, .walk = walk };
	struct slice all = { 0 };
	int rc = kv_each(shard->box, NULL, all, all, walk_box, &state);

	if (rc == 0 && !state.ended && walk->entry)
		rc = kv_each(shard->entry, NULL, all, all, walk_entries, &state);
	if (rc == 0 && !state.ended && walk->message)
		rc = kv_each(shard->message, NULL, all, all, walk_message, &state);
	return rc;
}
