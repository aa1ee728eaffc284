/* box_entry.c - records of a mailbox's messages, of which there are most: bytes to structs and back
 *
 * Nearly all messages have a slot of the block of their UID. What does not fit in one
 * has a record of its own: a message with keywords, mostly, and all of those that
 * older versions stored. */
#include "storage/box_private.h"

#include "core/num.h"

enum {
	KEY_BYTES = 8 + 4 + 4,
	BLOCK_KEY_BYTES = KEY_BYTES + 1,
	BLOCK = 0,     /* so what has a slot and nothing before it is one, too */
	PRESENT = 128, /* of a slot: set in its flags */
	LONG = 2,
	SHORT = 3, /* of older versions: a slot behind a version */
	OLD = 1,   /* of older versions: long, without `saved` */
	OLD_BYTES = BOX_ENTRY_BYTES - 8,
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

/* --- slots --- */

size_t box_slot_at(uint32_t uid)
{
	return 1 + uid % BOX_BLOCK * BOX_SLOT_BYTES;
}

static void read_slot(const unsigned char *p, struct box_entry *out)
{
	out->size = num_get32(p);
	out->flags = p[4];
	out->modseq = get40(p + 5);
	out->message = num_get64(p + 10);
	out->internal_date = get_signed40(p + 18);
	out->saved = get_signed40(p + 23);
}

bool box_slot_has(const unsigned char *block, uint32_t uid)
{
	return block[box_slot_at(uid) + 4] & PRESENT;
}

bool box_slot_read(const unsigned char *block, uint32_t uid, struct box_entry *out)
{
	if (!box_slot_has(block, uid))
		return false;
	read_slot(block + box_slot_at(uid), out);
	out->uid = uid;
	out->flags &= ~(uint64_t)PRESENT;
	return true;
}

static bool fits(const struct box_entry *entry)
{
	return entry->flags < PRESENT && entry->modseq <= (uint64_t)MAX40 &&
	    in40(entry->internal_date) && in40(entry->saved);
}

bool box_slot_write(unsigned char *block, const struct box_entry *entry)
{
	unsigned char *p = block + box_slot_at(entry->uid);

	if (!fits(entry))
		return false;
	num_put32(p, entry->size);
	p[4] = (unsigned char)(entry->flags | PRESENT);
	put40(p + 5, (int64_t)entry->modseq);
	num_put64(p + 10, entry->message);
	put40(p + 18, entry->internal_date);
	put40(p + 23, entry->saved);
	return true;
}

void box_slot_clear(unsigned char *block, uint32_t uid)
{
	memset(block + box_slot_at(uid), 0, BOX_SLOT_BYTES);
}

static bool is_block(struct slice value)
{
	return value.n <= BOX_BLOCK_BYTES && value.n % BOX_SLOT_BYTES == 1 && value.p[0] == BLOCK;
}

bool box_block_read(struct slice value, unsigned char *block)
{
	if (!is_block(value))
		return false;
	memset(block, 0, BOX_BLOCK_BYTES);
	memcpy(block, value.p, value.n);
	return true;
}

/* --- records of their own --- */

static void read_long(const unsigned char *p, struct box_entry *out)
{
	out->size = num_get32(p + 1);
	out->flags = num_get64(p + 5);
	out->modseq = num_get64(p + 13);
	out->message = num_get64(p + 21);
	out->internal_date = (int64_t)num_get64(p + 29);
	out->saved = p[0] == OLD ? 0 : (int64_t)num_get64(p + 37);
}

bool box_entry_read(struct slice value, uint32_t uid, struct box_entry *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (value.n == 1 + BOX_SLOT_BYTES && p[0] == SHORT)
		read_slot(p + 1, out);
	else if ((value.n == BOX_ENTRY_BYTES && p[0] == LONG) ||
	    (value.n == OLD_BYTES && p[0] == OLD))
		read_long(p, out);
	else
		return false;
	out->uid = uid;
	return true;
}

void box_entry_write(unsigned char *p, const struct box_entry *entry)
{
	p[0] = LONG;
	num_put32(p + 1, entry->size);
	num_put64(p + 5, entry->flags);
	num_put64(p + 13, entry->modseq);
	num_put64(p + 21, entry->message);
	num_put64(p + 29, (uint64_t)entry->internal_date);
	num_put64(p + 37, (uint64_t)entry->saved);
}

/* --- any --- */

int box_entry_list(struct slice key, struct slice value, struct box_entry *out)
{
	int n = 0;

	if (key.n != KEY_BYTES && key.n != BLOCK_KEY_BYTES)
		return -1;
	uint32_t uid = num_get32((const unsigned char *)key.p + KEY_BYTES - 4);
	if (key.n == KEY_BYTES)
		return box_entry_read(value, uid, out) ? 1 : -1;
	if (!is_block(value))
		return -1;
	for (uint32_t i = 0; i < value.n / BOX_SLOT_BYTES; i++)
		n += box_slot_read((const unsigned char *)value.p, uid + i, &out[n]);
	return n;
}
