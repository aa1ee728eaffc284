/* box_entry.c - records of a mailbox's messages, of which there are most: bytes to structs and back
 *
 * Nearly all are short ones, since few messages have a keyword. A fifth fewer pages
 * are then read when a mailbox is opened, and written to the log. */
#include "storage/box_private.h"

#include "core/log.h"
#include "core/num.h"

enum {
	KEY_BYTES = 8 + 4 + 4,
	LONG = 2,
	LONG_BYTES = 1 + 4 + 5 * 8,
	SHORT = 3,
	SHORT_BYTES = 1 + 4 + 1 + 8 + 3 * 5,
	OLD = 1, /* long, without `saved` */
	OLD_BYTES = LONG_BYTES - 8,
};

/* --- numbers of 40 bits --- */

#define MAX40 ((INT64_C(1) << 39) - 1)

static void put40(unsigned char *p, int64_t v)
{
	p[0] = (unsigned char)((uint64_t)v >> 32);
	num_put32(p + 1, (uint32_t)v);
}

static uint64_t get40(const unsigned char *p)
{
	return (uint64_t)p[0] << 32 | num_get32(p + 1);
}

static int64_t get_signed40(const unsigned char *p)
{
	uint64_t v = get40(p), sign = UINT64_C(1) << 39;

	return (int64_t)(v ^ sign) - (int64_t)sign;
}

static bool in40(int64_t v)
{
	return v >= -MAX40 && v <= MAX40;
}

/* --- reading --- */

static void read_short(const unsigned char *p, struct box_entry *out)
{
	out->flags = p[5];
	out->modseq = get40(p + 6);
	out->message = num_get64(p + 11);
	out->internal_date = get_signed40(p + 19);
	out->saved = get_signed40(p + 24);
}

static void read_long(const unsigned char *p, struct box_entry *out)
{
	out->flags = num_get64(p + 5);
	out->modseq = num_get64(p + 13);
	out->message = num_get64(p + 21);
	out->internal_date = (int64_t)num_get64(p + 29);
	out->saved = p[0] == OLD ? 0 : (int64_t)num_get64(p + 37);
}

bool box_entry_read(struct slice key, struct slice value, struct box_entry *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (key.n != KEY_BYTES || value.n == 0)
		return false;
	if (value.n == SHORT_BYTES && p[0] == SHORT)
		read_short(p, out);
	else if ((value.n == LONG_BYTES && p[0] == LONG) || (value.n == OLD_BYTES && p[0] == OLD))
		read_long(p, out);
	else
		return false;
	out->uid = num_get32((const unsigned char *)key.p + KEY_BYTES - 4);
	out->size = num_get32(p + 1);
	return true;
}

int box_entry_get(struct box_tx *tx, uint32_t box, uint32_t uid, struct box_entry *out)
{
	struct box_key key = box_entry_key(tx->account, box, uid);
	int found = kv_get(tx->shard->entry, tx->txn, box_key_slice(&key), &tx->value);

	if (found <= 0)
		return found;
	if (box_entry_read(box_key_slice(&key), buf_slice(&tx->value), out))
		return 1;
	return box_damaged(tx, "entry");
}

/* --- writing --- */

static size_t write_short(unsigned char *p, const struct box_entry *entry)
{
	p[0] = SHORT;
	num_put32(p + 1, entry->size);
	p[5] = (unsigned char)entry->flags;
	put40(p + 6, (int64_t)entry->modseq);
	num_put64(p + 11, entry->message);
	put40(p + 19, entry->internal_date);
	put40(p + 24, entry->saved);
	return SHORT_BYTES;
}

static size_t write_long(unsigned char *p, const struct box_entry *entry)
{
	p[0] = LONG;
	num_put32(p + 1, entry->size);
	num_put64(p + 5, entry->flags);
	num_put64(p + 13, entry->modseq);
	num_put64(p + 21, entry->message);
	num_put64(p + 29, (uint64_t)entry->internal_date);
	num_put64(p + 37, (uint64_t)entry->saved);
	return LONG_BYTES;
}

static bool is_short(const struct box_entry *entry)
{
	return entry->flags <= UINT8_MAX && entry->modseq <= (uint64_t)MAX40 &&
	    in40(entry->internal_date) && in40(entry->saved);
}

size_t box_entry_write(unsigned char *p, const struct box_entry *entry)
{
	return is_short(entry) ? write_short(p, entry) : write_long(p, entry);
}

int box_entry_put(struct box_tx *tx, uint32_t box, const struct box_entry *entry)
{
	struct box_key key = box_entry_key(tx->account, box, entry->uid);
	unsigned char p[BOX_ENTRY_BYTES];
	size_t n = box_entry_write(p, entry);

	return kv_put(tx->shard->entry, tx->txn, box_key_slice(&key), slice_of(p, n));
}

int box_entry_del(struct box_tx *tx, uint32_t box, uint32_t uid)
{
	struct box_key key = box_entry_key(tx->account, box, uid);

	return kv_del(tx->shard->entry, tx->txn, box_key_slice(&key));
}
