/* audit_record.c - an event of the audit trail as bytes */
#include "core/num.h"
#include "storage/audit_private.h"

enum { VERSION = 1, HEADER = 1 + 1 + 8, TEXTS = 9, DOMAIN_MAX = 253 };

static void list_texts(const struct op_event *event, const char *texts[TEXTS])
{
	const char *all[TEXTS] = { event->who, event->from, event->op, event->domain,
		event->account, event->args, event->changes, event->result, event->reason };

	memcpy(texts, all, sizeof(all));
}

void audit_write(struct buf *out, const struct op_event *event, int64_t when)
{
	unsigned char header[HEADER] = { VERSION, (unsigned char)event->role }, length[4];
	const char *texts[TEXTS];

	num_put64(header + 2, (uint64_t)when);
	buf_add(out, header, sizeof(header));
	list_texts(event, texts);
	for (size_t i = 0; i < TEXTS; i++) {
		struct slice text = slice_str(texts[i]);
		num_put32(length, (uint32_t)text.n);
		buf_add(out, length, sizeof(length));
		buf_adds(out, text);
	}
}

static bool take_text(struct slice *rest, struct pool *pool, const char **out)
{
	if (rest->n < 4)
		return false;
	uint32_t n = num_get32((const unsigned char *)rest->p);
	if (n > rest->n - 4)
		return false;
	*out = n > 0 ? pool_str(pool, slice_head(slice_from(*rest, 4), n)) : NULL;
	*rest = slice_from(*rest, 4 + n);
	return true;
}

bool audit_read(struct slice value, struct pool *pool, struct audit_entry *out)
{
	const unsigned char *p = (const unsigned char *)value.p;
	struct slice rest = slice_from(value, HEADER);
	struct op_event *e = &out->event;
	const char **const texts[TEXTS] = { &e->who, &e->from, &e->op, &e->domain, &e->account,
		&e->args, &e->changes, &e->result, &e->reason };

	if (value.n < HEADER || p[0] != VERSION || p[1] > OP_SERVER_ADMIN)
		return false;
	e->role = (enum op_role)p[1];
	out->when = (int64_t)num_get64(p + 2);
	for (size_t i = 0; i < TEXTS; i++)
		if (!take_text(&rest, pool, texts[i]))
			return false;
	return rest.n == 0;
}

/* --- keys --- */

void audit_put_id(struct buf *out, uint64_t id)
{
	unsigned char bytes[AUDIT_ID];

	num_put64(bytes, ~id);
	buf_add(out, bytes, sizeof(bytes));
}

void audit_key(struct buf *out, char class, uint64_t id)
{
	buf_addc(out, class);
	audit_put_id(out, id);
}

void audit_domain_prefix(struct buf *out, char class, const char *domain)
{
	buf_addc(out, 'd');
	buf_addc(out, class);
	buf_adds(out, slice_head(slice_str(domain), DOMAIN_MAX));
	buf_addc(out, '\0');
}

uint64_t audit_key_id(struct slice key)
{
	if (key.n < 1 + AUDIT_ID)
		return 0;
	return ~num_get64((const unsigned char *)slice_from(key, key.n - AUDIT_ID).p);
}
