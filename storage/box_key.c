/* box_key.c - keys of mailboxes, entries and messages (box_private.h has the table) */
#include "storage/box_private.h"

#include "core/num.h"

static void key_add(struct box_key *key, const void *p, size_t n)
{
	memcpy(key->bytes + key->n, p, n);
	key->n += n;
}

static void key_add32(struct box_key *key, uint32_t v)
{
	num_put32(key->bytes + key->n, v);
	key->n += 4;
}

static void key_add64(struct box_key *key, uint64_t v)
{
	num_put64(key->bytes + key->n, v);
	key->n += 8;
}

struct slice box_key_slice(const struct box_key *key)
{
	return slice_of(key->bytes, key->n);
}

struct box_key box_kind_key(uint64_t account, char kind)
{
	struct box_key key = { .n = 0 };

	key_add64(&key, account);
	key_add(&key, &kind, 1);
	return key;
}

struct box_key box_mailbox_key(uint64_t account, char kind, uint32_t box)
{
	struct box_key key = box_kind_key(account, kind);

	key_add32(&key, box);
	return key;
}

struct box_key box_dead_key(uint64_t account, uint32_t box)
{
	struct box_key key = box_kind_key(0, 'd');

	key_add64(&key, account);
	key_add32(&key, box);
	return key;
}

struct box_key box_entries_key(uint64_t account, uint32_t box)
{
	struct box_key key = { .n = 0 };

	key_add64(&key, account);
	key_add32(&key, box);
	return key;
}

struct box_key box_entry_key(uint64_t account, uint32_t box, uint32_t uid)
{
	struct box_key key = box_entries_key(account, box);

	key_add32(&key, uid);
	return key;
}

struct box_key box_block_key(uint64_t account, uint32_t box, uint32_t uid)
{
	struct box_key key = box_entry_key(account, box, uid);

	key_add(&key, "b", 1);
	return key;
}

struct box_key box_message_key(uint64_t account, uint64_t message)
{
	struct box_key key = { .n = 0 };

	key_add64(&key, account);
	key_add64(&key, message);
	return key;
}

void box_name_key(struct buf *key, uint64_t account, struct slice name)
{
	struct box_key kind = box_kind_key(account, 'n');
	struct slice inbox = SLICE("INBOX");

	buf_clear(key);
	buf_adds(key, box_key_slice(&kind));
	if (slice_starts(name, inbox) && (name.n == inbox.n || name.p[inbox.n] == '/')) {
		buf_addc(key, 2);
		name = slice_from(name, inbox.n);
	}
	for (size_t i = 0; i < name.n; i++)
		buf_addc(key, name.p[i] == '/' ? 1 : name.p[i]);
}

void box_name_of_key(struct buf *name, struct slice key)
{
	key = slice_from(key, 8 + 1);
	buf_clear(name);
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] == 2)
			buf_addz(name, "INBOX");
		else
			buf_addc(name, key.p[i] == 1 ? '/' : key.p[i]);
}
