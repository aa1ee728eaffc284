/* box_block.c - entries in their tree, where those of sixteen UIDs share a record
 *
 * Opening a mailbox then reads half as many pages, and a sixteenth of the records. A
 * block has a slot for each of its UIDs, so that it keeps its size and only what
 * changes in it is logged. An entry is in its slot or in a record of its own, never
 * in both; it moves only when it is changed itself, which views are told.
 *
 * The blocks that a transaction used last stay with it, and are written when
 * others take their place and at its end: what is done to neighbours is one write.
 * A message that is added alone costs no reading of its block. */
#include "storage/box_private.h"

/* --- blocks --- */

static bool is_empty(const struct box_block *block)
{
	for (uint32_t i = 0; i < BOX_BLOCK; i++)
		if (box_slot_has(block->bytes, i))
			return false;
	return true;
}

static int write_back(struct box_tx *tx, struct box_block *block)
{
	struct box_key key = box_block_key(tx->account, block->box, block->first);
	struct kv *tree = tx->shard->entry;

	if (!block->dirty)
		return 0;
	block->dirty = false;
	if (is_empty(block))
		return kv_del(tree, tx->txn, box_key_slice(&key));
	return kv_put(tree, tx->txn, box_key_slice(&key), slice_of(block->bytes, BOX_BLOCK_BYTES));
}

/* NULL: it is not with the transaction. */
static struct box_block *held(struct box_tx *tx, uint32_t box, uint32_t uid)
{
	for (unsigned i = 0; i < BOX_BLOCKS_HELD; i++) {
		struct box_block *block = &tx->blocks[i];
		if (block->held && block->box == box && block->first == uid - uid % BOX_BLOCK) {
			tx->last_block = i;
			return block;
		}
	}
	return NULL;
}

/* The UID's block, empty, in the place of the one that was used before the last. NULL: failed. */
static struct box_block *hold_new(struct box_tx *tx, uint32_t box, uint32_t uid)
{
	tx->last_block = (tx->last_block + 1) % BOX_BLOCKS_HELD;
	struct box_block *block = &tx->blocks[tx->last_block];

	if (write_back(tx, block) < 0)
		return NULL;
	*block = (struct box_block){ .box = box, .first = uid - uid % BOX_BLOCK, .held = true };
	return block;
}

/* The UID's block as it is. NULL: failed. */
static struct box_block *hold(struct box_tx *tx, uint32_t box, uint32_t uid)
{
	struct box_block *block = held(tx, box, uid);

	if (block || !(block = hold_new(tx, box, uid)))
		return block;
	struct box_key key = box_block_key(tx->account, box, block->first);
	int found = kv_get(tx->shard->entry, tx->txn, box_key_slice(&key), &tx->value);
	if (found == 1 && !box_block_read(buf_slice(&tx->value), block->bytes))
		found = box_damaged(tx, "entry");
	block->held = found >= 0;
	return block->held ? block : NULL;
}

void box_blocks_forget(struct box_tx *tx)
{
	for (unsigned i = 0; i < BOX_BLOCKS_HELD; i++)
		tx->blocks[i].held = tx->blocks[i].dirty = false;
}

int box_blocks_write(struct box_tx *tx)
{
	for (unsigned i = 0; i < BOX_BLOCKS_HELD; i++)
		if (write_back(tx, &tx->blocks[i]) < 0)
			return -1;
	return 0;
}

/* --- entries --- */

static bool clear_slot(struct box_block *block, uint32_t uid)
{
	if (!box_slot_has(block->bytes, uid))
		return false;
	box_slot_clear(block->bytes, uid);
	block->dirty = true;
	return true;
}

static int put_alone(struct box_tx *tx, uint32_t box, const struct box_entry *entry)
{
	struct box_key key = box_entry_key(tx->account, box, entry->uid);
	unsigned char p[BOX_ENTRY_BYTES];

	box_entry_write(p, entry);
	return kv_put(tx->shard->entry, tx->txn, box_key_slice(&key), slice_of(p, sizeof(p)));
}

static int del_alone(struct box_tx *tx, uint32_t box, uint32_t uid)
{
	struct box_key key = box_entry_key(tx->account, box, uid);

	return kv_del(tx->shard->entry, tx->txn, box_key_slice(&key));
}

int box_entry_get(struct box_tx *tx, uint32_t box, uint32_t uid, struct box_entry *out)
{
	struct box_key key = box_entry_key(tx->account, box, uid);
	struct box_block *block = hold(tx, box, uid);

	if (!block)
		return -1;
	if (box_slot_read(block->bytes, uid, out))
		return 1;
	int found = kv_get(tx->shard->entry, tx->txn, box_key_slice(&key), &tx->value);
	if (found <= 0)
		return found;
	return box_entry_read(buf_slice(&tx->value), uid, out) ? 1 : box_damaged(tx, "entry");
}

/* Into its slot, or else a record of its own. */
static int put(struct box_tx *tx, struct box_block *block, const struct box_entry *entry)
{
	if (!box_slot_write(block->bytes, entry))
		return put_alone(tx, block->box, entry);
	block->dirty = true;
	return 0;
}

/* Nothing but the slot is written, and nothing read. */
static int add_slot(struct box_tx *tx, uint32_t box, const struct box_entry *entry)
{
	struct box_key key = box_block_key(tx->account, box, entry->uid - entry->uid % BOX_BLOCK);
	unsigned char block[BOX_BLOCK_BYTES];
	size_t at = box_slot_at(entry->uid);

	if (!box_slot_write(block, entry))
		return put_alone(tx, box, entry);
	return kv_put_part(tx->shard->entry, tx->txn, box_key_slice(&key), at,
	    slice_of(block + at, BOX_SLOT_BYTES));
}

int box_entry_add(struct box_tx *tx, uint32_t box, const struct box_entry *entry)
{
	bool first = entry->uid % BOX_BLOCK == 0 || entry->uid == 1;
	struct box_block *block = held(tx, box, entry->uid);

	if (!block && !first)
		return add_slot(tx, box, entry);
	if (!block)
		block = hold_new(tx, box, entry->uid);
	return block ? put(tx, block, entry) : -1;
}

int box_entry_put(struct box_tx *tx, uint32_t box, const struct box_entry *entry)
{
	struct box_block *block = hold(tx, box, entry->uid);

	if (!block)
		return -1;
	bool was_alone = !clear_slot(block, entry->uid);
	if (put(tx, block, entry) < 0)
		return -1;
	if (was_alone && box_slot_has(block->bytes, entry->uid))
		return del_alone(tx, box, entry->uid);
	return 0;
}

int box_entry_del(struct box_tx *tx, uint32_t box, uint32_t uid)
{
	struct box_block *block = hold(tx, box, uid);

	if (!block)
		return -1;
	return clear_slot(block, uid) ? 0 : del_alone(tx, box, uid);
}
