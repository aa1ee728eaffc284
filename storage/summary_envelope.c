/* summary_envelope.c - ENVELOPE (RFC 9051 §7.5.2) */
#include "storage/summary_private.h"

enum { FROM, SENDER, REPLY_TO, TO, CC, BCC, LISTS };
enum { DATE, SUBJECT, IN_REPLY_TO, MESSAGE_ID, STRINGS };

struct list {
	struct msg_address *first, **tail;
	size_t n;
};

struct envelope {
	struct pool *pool;
	struct list lists[LISTS];
	struct slice strings[STRINGS]; /* p is NULL when the field is absent */
};

/* A field that comes twice: of texts the first counts; addresses are put
   together, so that nobody sees others than those that were checked. */
static void read_string(struct envelope *e, int which, struct slice value)
{
	if (!e->strings[which].p)
		e->strings[which] = msg_unfold(e->pool, value);
}

static void read_list(struct envelope *e, int which, struct slice value)
{
	struct list *list = &e->lists[which];

	if (list->n >= MSG_ADDRESSES_MAX)
		return;
	if (!list->tail)
		list->tail = &list->first;
	*list->tail = msg_addresses(e->pool, value);
	for (; *list->tail; list->tail = &(*list->tail)->next)
		list->n++;
}

static const struct {
	struct slice name;
	void (*read)(struct envelope *e, int which, struct slice value);
	int which;
} rows[] = {
	{ SLICE("date"), read_string, DATE },
	{ SLICE("subject"), read_string, SUBJECT },
	{ SLICE("from"), read_list, FROM },
	{ SLICE("sender"), read_list, SENDER },
	{ SLICE("reply-to"), read_list, REPLY_TO },
	{ SLICE("to"), read_list, TO },
	{ SLICE("cc"), read_list, CC },
	{ SLICE("bcc"), read_list, BCC },
	{ SLICE("in-reply-to"), read_string, IN_REPLY_TO },
	{ SLICE("message-id"), read_string, MESSAGE_ID },
};

static void read_header(struct envelope *e, struct slice header)
{
	struct msg_field field;

	while (msg_field_next(&header, &field))
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			if (slice_ieq(field.name, rows[i].name)) {
				rows[i].read(e, rows[i].which, field.value);
				break;
			}
}

static struct slice or_nil(struct slice s)
{
	return s.n > 0 ? s : slice_of(NULL, 0);
}

/* Mailboxes have a mailbox and a host in any case, "" when they are missing:
   with NIL they would be read as a group. */
static void put_address(struct summary_out *out, const struct msg_address *a)
{
	buf_addc(out->buf, '(');
	summary_nstring(out, or_nil(a->name));
	buf_addc(out->buf, ' ');
	summary_nstring(out, or_nil(a->route));
	buf_addc(out->buf, ' ');
	if (a->kind == MSG_GROUP_END)
		buf_adds(out->buf, SLICE("NIL"));
	else
		summary_string(out, a->mailbox);
	buf_addc(out->buf, ' ');
	if (a->kind == MSG_MAILBOX)
		summary_string(out, a->host);
	else
		buf_adds(out->buf, SLICE("NIL"));
	buf_addc(out->buf, ')');
}

static void put_list(struct summary_out *out, const struct msg_address *a)
{
	static const struct msg_address end = { .kind = MSG_GROUP_END };
	bool group = false;

	if (!a || summary_full(out)) {
		buf_adds(out->buf, SLICE("NIL"));
		return;
	}
	buf_addc(out->buf, '(');
	for (; a && !summary_full(out); a = a->next) {
		put_address(out, a);
		group = a->kind == MSG_GROUP || (group && a->kind != MSG_GROUP_END);
	}
	if (group)
		put_address(out, &end);
	buf_addc(out->buf, ')');
}

static void put(struct summary_out *out, const struct envelope *e)
{
	const struct msg_address *from = e->lists[FROM].first;

	summary_nstring(out, e->strings[DATE]);
	buf_addc(out->buf, ' ');
	summary_nstring(out, e->strings[SUBJECT]);
	for (int i = FROM; i < LISTS; i++) {
		const struct msg_address *list = e->lists[i].first;

		if (!list && (i == SENDER || i == REPLY_TO))
			list = from; /* as the RFC has it for absent and empty ones */
		buf_addc(out->buf, ' ');
		put_list(out, list);
	}
	buf_addc(out->buf, ' ');
	summary_nstring(out, e->strings[IN_REPLY_TO]);
	buf_addc(out->buf, ' ');
	summary_nstring(out, e->strings[MESSAGE_ID]);
}

void summary_put_envelope(struct summary_out *out, struct slice header)
{
	struct pool pool = { 0 };
	struct envelope e = { .pool = &pool };

	if (!summary_full(out))
		read_header(&e, header);
	buf_addc(out->buf, '(');
	put(out, &e);
	buf_addc(out->buf, ')');
	pool_done(&pool);
}

void summary_envelope(struct slice header, struct buf *out)
{
	struct summary_out to = { out, out->n + SUMMARY_ENVELOPE_MAX };

	summary_put_envelope(&to, header);
}
