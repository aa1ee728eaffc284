/* queue_record.c - an entry of the queue as bytes, and back
 *
 * Version 1 had no index beside it; since version 2 an entry says for which
 * domain each recipient waits, as its place in the index must never change; since
 * version 3 it has a priority and a time of release. */
#include <stdlib.h>

#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "storage/queue_private.h"

enum {
	FIRST_VERSION = 1,
	DOMAIN_VERSION = 2,
	VERSION = 3,
	STATE_VERSION = 1,
	SMTPUTF8 = 1,
	BODY8 = 2,
	REQUIRE_TLS = 4,
	TLS_OPTIONAL = 8,
	HOLD = 16,
	VOUCHED = 32,
	OWED = 1,
	WARNED = 2,
	HERE = 4,
	FIXED_BYTES = 2 + 3 * 8,
	MORE_BYTES = 1 + 8, /* since version 3 */
	STATE_BYTES = 3 + 4 + 2 * 8,
	RCPT_BYTES = 4 * 4, /* at least */
};

/* --- writing: texts are a length of four bytes and what it says --- */

static void put32(struct buf *out, size_t v)
{
	unsigned char p[4];

	num_put32(p, (uint32_t)v);
	buf_add(out, p, sizeof(p));
}

static void put64(struct buf *out, uint64_t v)
{
	unsigned char p[8];

	num_put64(p, v);
	buf_add(out, p, sizeof(p));
}

static void put_text(struct buf *out, struct slice s)
{
	put32(out, s.n);
	buf_adds(out, s);
}

static void write_rcpt(struct buf *out, const struct queue_rcpt *rcpt)
{
	put_text(out, rcpt->address);
	put_text(out, rcpt->original);
	put_text(out, rcpt->notify);
	put_text(out, rcpt->orcpt);
	put_text(out, rcpt->domain);
}

static int flags_of(const struct queue_entry *entry)
{
	return (entry->smtputf8 ? SMTPUTF8 : 0) | (entry->body8 ? BODY8 : 0) |
	    (entry->require_tls ? REQUIRE_TLS : 0) | (entry->tls_optional ? TLS_OPTIONAL : 0) |
	    (entry->held ? HOLD : 0) | (entry->vouched ? VOUCHED : 0);
}

void queue_write_entry(struct buf *out, const struct queue_entry *entry)
{
	buf_addc(out, VERSION);
	buf_addc(out, (char)flags_of(entry));
	put64(out, entry->body);
	put64(out, entry->size);
	put64(out, (uint64_t)entry->queued);
	buf_addc(out, (char)(entry->priority - QUEUE_LEAST));
	put64(out, (uint64_t)entry->release);
	put_text(out, entry->reverse_path);
	put_text(out, entry->envid);
	put_text(out, entry->ret);
	put32(out, entry->n_rcpts);
	for (size_t i = 0; i < entry->n_rcpts; i++)
		write_rcpt(out, &entry->rcpts[i]);
}

void queue_write_state(struct buf *out, const struct queue_rcpt *rcpt)
{
	buf_addc(out, STATE_VERSION);
	buf_addc(out, (char)rcpt->state);
	buf_addc(out,
	    (char)((rcpt->owed ? OWED : 0) | (rcpt->warned ? WARNED : 0) |
		(rcpt->here ? HERE : 0)));
	put32(out, rcpt->attempts);
	put64(out, (uint64_t)rcpt->tried);
	put64(out, (uint64_t)rcpt->next);
	put_text(out, rcpt->reply);
	put_text(out, rcpt->host);
}

/* --- reading; a text that runs over the end leaves rest->p NULL --- */

static uint32_t get32(struct slice *rest)
{
	if (rest->n < 4) {
		*rest = (struct slice){ 0 };
		return 0;
	}
	uint32_t v = num_get32((const unsigned char *)rest->p);
	*rest = slice_from(*rest, 4);
	return v;
}

static struct slice get_text(struct slice *rest, struct pool *pool)
{
	uint32_t n = get32(rest);

	if (n > rest->n) {
		*rest = (struct slice){ 0 };
		return *rest;
	}
	struct slice text = pool_slice(pool, slice_head(*rest, n));
	*rest = slice_from(*rest, n);
	return text;
}

static size_t fixed_bytes(struct slice value)
{
	return value.p[0] <= DOMAIN_VERSION ? FIXED_BYTES : FIXED_BYTES + MORE_BYTES;
}

static bool is_entry(struct slice value)
{
	return value.n >= FIXED_BYTES && value.p[0] >= FIRST_VERSION && value.p[0] <= VERSION &&
	    value.n >= fixed_bytes(value);
}

static void read_fixed(const unsigned char *p, struct queue_entry *out)
{
	out->smtputf8 = p[1] & SMTPUTF8;
	out->body8 = p[1] & BODY8;
	out->body = num_get64(p + 2);
	out->size = num_get64(p + 10);
	out->require_tls = p[1] & REQUIRE_TLS;
	out->tls_optional = p[1] & TLS_OPTIONAL;
	out->held = p[1] & HOLD;
	out->vouched = p[1] & VOUCHED;
	out->queued = (int64_t)num_get64(p + 18);
	if (p[0] <= DOMAIN_VERSION)
		return;
	out->priority = p[26] > QUEUE_MOST - QUEUE_LEAST ? 0 : p[26] + QUEUE_LEAST;
	out->release = (int64_t)num_get64(p + 27);
}

bool queue_read_body(struct slice value, uint64_t *body)
{
	struct queue_entry entry;

	if (!is_entry(value))
		return false;
	read_fixed((const unsigned char *)value.p, &entry);
	*body = entry.body;
	return true;
}

static void read_rcpt(struct slice *rest, int version, struct pool *pool, struct queue_rcpt *out)
{
	out->address = get_text(rest, pool);
	out->original = get_text(rest, pool);
	out->notify = get_text(rest, pool);
	out->orcpt = get_text(rest, pool);
	if (version > FIRST_VERSION)
		out->domain = get_text(rest, pool);
}

static bool queue_read_entry(
    struct slice key, struct slice value, struct pool *pool, struct queue_entry *out)
{
	if (key.n != QUEUE_ID_BYTES || !is_entry(value))
		return false;
	struct slice rest = slice_from(value, fixed_bytes(value));
	*out = (struct queue_entry){ .id = num_get64((const unsigned char *)key.p) };
	read_fixed((const unsigned char *)value.p, out);
	out->reverse_path = get_text(&rest, pool);
	out->envid = get_text(&rest, pool);
	out->ret = get_text(&rest, pool);
	out->n_rcpts = get32(&rest);
	if (!rest.p || out->n_rcpts > rest.n / RCPT_BYTES)
		return false;
	struct queue_rcpt *rcpts = pool_get(pool, (out->n_rcpts + 1) * sizeof(*rcpts));
	for (size_t i = 0; i < out->n_rcpts; i++)
		read_rcpt(&rest, value.p[0], pool, &rcpts[i]);
	if (value.p[0] == FIRST_VERSION && rest.p)
		queue_set_domains(rcpts, out->n_rcpts, pool);
	out->rcpts = rcpts;
	return rest.p != NULL;
}

/* False: damaged. Recipients come with no state. */
static bool queue_read_state(struct slice value, struct pool *pool, struct queue_rcpt *rcpt)
{
	const unsigned char *p = (const unsigned char *)value.p;
	struct slice rest = slice_from(value, STATE_BYTES);

	if (value.n < STATE_BYTES || p[0] != STATE_VERSION || p[1] > QUEUE_FAILED)
		return false;
	rcpt->state = (enum queue_state)p[1];
	rcpt->owed = p[2] & OWED;
	rcpt->warned = p[2] & WARNED;
	rcpt->here = p[2] & HERE;
	rcpt->attempts = num_get32(p + 3);
	rcpt->tried = (int64_t)num_get64(p + 7);
	rcpt->next = (int64_t)num_get64(p + 15);
	rcpt->reply = get_text(&rest, pool);
	rcpt->host = get_text(&rest, pool);
	return rest.p != NULL;
}

/* --- keys --- */

struct slice queue_key(unsigned char key[QUEUE_ID_BYTES], uint64_t id)
{
	num_put64(key, id);
	return slice_of(key, QUEUE_ID_BYTES);
}

struct slice queue_state_key(unsigned char key[QUEUE_STATE_KEY_BYTES], uint64_t id, size_t n)
{
	num_put64(key, id);
	num_put32(key + QUEUE_ID_BYTES, (uint32_t)n);
	return slice_of(key, QUEUE_STATE_KEY_BYTES);
}

/* --- domains --- */

static struct slice domain_of(struct slice address, struct pool *pool)
{
	struct slice name = slice_from(address, (size_t)(slice_rchr(address, '@') + 1));
	char *ascii = domain_ascii(pool, name);

	if (ascii)
		return slice_str(ascii);
	/* An address literal, or what never was a domain. */
	return name.n > 0 && slice_chr(name, '\0') < 0 ? name : SLICE("invalid");
}

struct placed {
	struct queue_rcpt rcpt;
	size_t place;
};

/* Of those with the same domain the order stays: the state of a recipient is
   kept under its number. */
static int compare_domains(const void *pa, const void *pb)
{
	const struct placed *a = pa, *b = pb;
	int order = slice_cmp(a->rcpt.domain, b->rcpt.domain);

	if (order != 0)
		return order;
	return a->place < b->place ? -1 : a->place > b->place;
}

static void sort_by_domain(struct queue_rcpt *rcpts, size_t n, struct pool *pool)
{
	struct placed *placed = pool_get(pool, n * sizeof(*placed));

	for (size_t i = 0; i < n; i++)
		placed[i] = (struct placed){ rcpts[i], i };
	qsort(placed, n, sizeof(*placed), compare_domains);
	for (size_t i = 0; i < n; i++)
		rcpts[i] = placed[i].rcpt;
}

void queue_set_domains(struct queue_rcpt *rcpts, size_t n, struct pool *pool)
{
	for (size_t i = 0; i < n; i++)
		rcpts[i].domain = domain_of(rcpts[i].address, pool);
	if (n > 1)
		sort_by_domain(rcpts, n, pool);
}

/* --- an entry and the state of its recipients, record by record --- */

void queue_damaged(struct slice key)
{
	int64_t id = key.n >= QUEUE_ID_BYTES ? (int64_t)num_get64((const unsigned char *)key.p) : 0;

	log_event(LOG_ERROR, "record-damaged", log_z("record", "queue"), log_n("mid", id));
}

void queue_reader_take(struct queue_reader *reader, struct slice key, struct slice value)
{
	const unsigned char *p = (const unsigned char *)key.p;

	if (key.n != QUEUE_STATE_KEY_BYTES) {
		reader->any = queue_read_entry(key, value, reader->pool, &reader->entry);
		if (!reader->any)
			queue_damaged(key);
		return;
	}
	if (!reader->any || num_get64(p) != reader->entry.id)
		return; /* of an entry that nobody can read */
	uint32_t n = num_get32(p + QUEUE_ID_BYTES);
	struct queue_rcpt *rcpts = (struct queue_rcpt *)reader->entry.rcpts;
	if (n >= reader->entry.n_rcpts || !queue_read_state(value, reader->pool, &rcpts[n]))
		queue_damaged(key);
}
