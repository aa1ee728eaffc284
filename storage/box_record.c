/* box_record.c - records of mailboxes: bytes to structs and back
 *
 * A record is a version byte and fields of fixed size, big-endian. */
#include "storage/box_private.h"

#include "core/log.h"
#include "core/num.h"

enum {
	VERSION = 1,
	ACCT_BYTES = 2 + 3 * 4 + 3 * 8,
	REC_BYTES = 1 + 5 * 4 + 2 * 8,
	NAME_BYTES = 1 + 4 + 1 + 1,
	KEYWORD_MAX = 255, /* one byte says its length */
};

/* --- one get, one put --- */

int box_damaged(const struct box_tx *tx, const char *what)
{
	log_event(LOG_ERROR, "record-damaged", log_z("record", what),
	    log_n("account", (int64_t)tx->account));
	return -1;
}

static bool is_whole(struct slice value, size_t n)
{
	return value.n == n && value.p[0] == VERSION;
}

/* 1 and the bytes of a record of that size, 0, -1. */
static int get(struct box_tx *tx, struct kv *kv, const struct box_key *key, size_t n,
    const char *what, const unsigned char **p)
{
	int found = kv_get(kv, tx->txn, box_key_slice(key), &tx->value);

	if (found <= 0)
		return found;
	if (!is_whole(buf_slice(&tx->value), n))
		return box_damaged(tx, what);
	*p = (const unsigned char *)tx->value.p;
	return 1;
}

static int put(
    struct box_tx *tx, struct kv *kv, const struct box_key *key, const unsigned char *p, size_t n)
{
	return kv_put(kv, tx->txn, box_key_slice(key), slice_of(p, n));
}

/* --- accounts --- */

int box_acct_get(struct box_tx *tx, struct box_acct *out)
{
	struct box_key key = box_kind_key(tx->account, 'a');
	const unsigned char *p;
	int found = get(tx, tx->shard->box, &key, ACCT_BYTES, "account", &p);

	*out = (struct box_acct){ .next_box = 1 };
	if (found <= 0)
		return found;
	out->gone = p[1] != 0;
	out->next_box = num_get32(p + 2);
	out->names = num_get32(p + 6);
	out->uidvalidity = num_get32(p + 10);
	out->bytes = num_get64(p + 14);
	out->messages = num_get64(p + 22);
	out->quota = num_get64(p + 30);
	return 1;
}

int box_acct_put(struct box_tx *tx, const struct box_acct *acct)
{
	struct box_key key = box_kind_key(tx->account, 'a');
	unsigned char p[ACCT_BYTES] = { VERSION };

	p[1] = acct->gone;
	num_put32(p + 2, acct->next_box);
	num_put32(p + 6, acct->names);
	num_put32(p + 10, acct->uidvalidity);
	num_put64(p + 14, acct->bytes);
	num_put64(p + 22, acct->messages);
	num_put64(p + 30, acct->quota);
	return put(tx, tx->shard->box, &key, p, sizeof(p));
}

/* --- mailboxes --- */

int box_rec_get(struct box_tx *tx, uint32_t box, struct box_rec *out)
{
	struct box_key key = box_mailbox_key(tx->account, 'b', box);
	const unsigned char *p;
	int found = get(tx, tx->shard->box, &key, REC_BYTES, "mailbox", &p);

	*out = (struct box_rec){ 0 };
	if (found <= 0)
		return found;
	out->uidvalidity = num_get32(p + 1);
	out->uidnext = num_get32(p + 5);
	out->messages = num_get32(p + 9);
	out->unseen = num_get32(p + 13);
	out->deleted = num_get32(p + 17);
	out->modseq = num_get64(p + 21);
	out->size = num_get64(p + 29);
	return 1;
}

int box_rec_put(struct box_tx *tx, uint32_t box, const struct box_rec *rec)
{
	struct box_key key = box_mailbox_key(tx->account, 'b', box);
	unsigned char p[REC_BYTES] = { VERSION };

	num_put32(p + 1, rec->uidvalidity);
	num_put32(p + 5, rec->uidnext);
	num_put32(p + 9, rec->messages);
	num_put32(p + 13, rec->unseen);
	num_put32(p + 17, rec->deleted);
	num_put64(p + 21, rec->modseq);
	num_put64(p + 29, rec->size);
	return put(tx, tx->shard->box, &key, p, sizeof(p));
}

int box_rec_del(struct box_tx *tx, uint32_t box)
{
	struct box_key key = box_mailbox_key(tx->account, 'b', box);
	struct box_key keywords = box_mailbox_key(tx->account, 'k', box);

	if (kv_del(tx->shard->box, tx->txn, box_key_slice(&key)) < 0)
		return -1;
	return kv_del(tx->shard->box, tx->txn, box_key_slice(&keywords));
}

int box_dead_put(struct box_tx *tx, uint32_t box)
{
	struct box_key key = box_dead_key(tx->account, box);
	unsigned char p[] = { VERSION };

	return put(tx, tx->shard->box, &key, p, sizeof(p));
}

int box_dead_del(struct box_tx *tx, uint32_t box)
{
	struct box_key key = box_dead_key(tx->account, box);

	return kv_del(tx->shard->box, tx->txn, box_key_slice(&key));
}

/* --- keywords: each is a length and its bytes --- */

static bool read_keywords(struct slice rest, struct slice *names, size_t *n)
{
	if (rest.n < 1 || rest.p[0] != VERSION)
		return false;
	rest = slice_from(rest, 1);
	for (*n = 0; rest.n > 0; ++*n) {
		size_t len = (unsigned char)rest.p[0];
		if (*n == BOX_KEYWORDS_MAX || len == 0 || len >= rest.n)
			return false;
		names[*n] = slice_of(rest.p + 1, len);
		rest = slice_from(rest, 1 + len);
	}
	return true;
}

int box_keywords_get(struct box_tx *tx, uint32_t box, struct box_keywords **out)
{
	struct box_key key = box_mailbox_key(tx->account, 'k', box);
	struct slice names[BOX_KEYWORDS_MAX];
	size_t n;

	*out = NULL;
	int found = kv_get(tx->shard->box, tx->txn, box_key_slice(&key), &tx->value);
	if (found <= 0)
		return found;
	if (!read_keywords(buf_slice(&tx->value), names, &n))
		return box_damaged(tx, "keywords");
	*out = box_keywords_new(names, n);
	return 1;
}

int box_keywords_put(struct box_tx *tx, uint32_t box, const struct box_keywords *keywords)
{
	struct box_key key = box_mailbox_key(tx->account, 'k', box);

	buf_clear(&tx->value);
	buf_addc(&tx->value, VERSION);
	for (size_t i = 0; i < keywords->n; i++) {
		struct slice name = slice_head(slice_str(keywords->names[i]), KEYWORD_MAX);
		buf_addc(&tx->value, (char)name.n);
		buf_adds(&tx->value, name);
	}
	return kv_put(tx->shard->box, tx->txn, box_key_slice(&key), buf_slice(&tx->value));
}

/* --- names --- */

bool box_name_read(struct slice value, struct box_name *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (!is_whole(value, NAME_BYTES) || p[5] > BOX_USE_TRASH)
		return false;
	out->box = num_get32(p + 1);
	out->use = p[5];
	out->subscribed = p[6] != 0;
	return true;
}

int box_name_get(struct box_tx *tx, struct slice name, struct box_name *out)
{
	*out = (struct box_name){ 0 };
	box_name_key(&tx->key, tx->account, name);
	int found = kv_get(tx->shard->box, tx->txn, buf_slice(&tx->key), &tx->value);
	if (found <= 0)
		return found;
	return box_name_read(buf_slice(&tx->value), out) ? 1 : box_damaged(tx, "name");
}

int box_name_put(struct box_tx *tx, struct slice name, const struct box_name *rec)
{
	unsigned char p[NAME_BYTES] = { VERSION };

	num_put32(p + 1, rec->box);
	p[5] = (unsigned char)rec->use;
	p[6] = rec->subscribed;
	box_name_key(&tx->key, tx->account, name);
	return kv_put(tx->shard->box, tx->txn, buf_slice(&tx->key), slice_of(p, sizeof(p)));
}

int box_name_del(struct box_tx *tx, struct slice name)
{
	box_name_key(&tx->key, tx->account, name);
	return kv_del(tx->shard->box, tx->txn, buf_slice(&tx->key));
}
