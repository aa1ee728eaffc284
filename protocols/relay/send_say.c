/* send_say.c - MAIL and RCPT with what the other server knows of */
#include <string.h>

#include "core/text.h"
#include "protocols/relay/send_private.h"

const struct queue_rcpt *send_rcpt_of(const struct sending *s, size_t i)
{
	return &s->entry->rcpts[s->rcpts[i].index];
}

struct slice send_local_part(struct slice address)
{
	ptrdiff_t at = slice_rchr(address, '@');

	return at < 0 ? address : slice_head(address, (size_t)at);
}

static bool is_atom(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(" ()<>[]:;@\\,\"", s.p[i]))
			return false;
	return s.n > 0;
}

/* Addresses are kept without quotes; of others than atoms they are a part. */
static void put_path(struct buf *out, struct slice address, struct slice domain)
{
	struct slice local = send_local_part(address);

	buf_addc(out, '<');
	if (is_atom(local) || (local.n > 1 && local.p[0] == '"'))
		buf_adds(out, local);
	else {
		buf_addc(out, '"');
		for (size_t i = 0; i < local.n; i++) {
			if (local.p[i] == '"' || local.p[i] == '\\')
				buf_addc(out, '\\');
			buf_addc(out, local.p[i]);
		}
		buf_addc(out, '"');
	}
	buf_addc(out, '@');
	buf_adds(out, domain);
	buf_addc(out, '>');
}

static void put_sender(struct buf *out, const struct sending *s)
{
	struct slice path = s->entry->reverse_path;
	ptrdiff_t at = slice_rchr(path, '@');

	if (path.n == 0 || at < 0) {
		buf_addz(out, "<>");
		return;
	}
	struct slice domain = slice_from(path, (size_t)at + 1);
	const char *ascii = domain_ascii(s->pool, domain);
	put_path(out, path, ascii ? slice_str(ascii) : domain);
}

int send_say_mail(struct sending *s)
{
	const struct queue_entry *entry = s->entry;
	unsigned words = s->talk->words;
	struct buf out = { 0 };

	put_sender(&out, s);
	if (words & TALK_SIZE && !s->seven) /* nobody has counted that */
		buf_printf(&out, " SIZE=%llu", (unsigned long long)(entry->size - s->from));
	if (words & TALK_8BITMIME && entry->body8)
		buf_addz(&out, " BODY=8BITMIME");
	if (words & TALK_SMTPUTF8 && (entry->smtputf8 || send_names_utf8(s)))
		buf_addz(&out, " SMTPUTF8");
	if (entry->require_tls)
		buf_addz(&out, " REQUIRETLS");
	if (words & TALK_PRIORITY && entry->priority != 0)
		buf_printf(&out, " MT-PRIORITY=%d", entry->priority);
	if (words & TALK_DSN && entry->ret.n > 0)
		buf_printf(&out, " RET=%.*s", SLICE_ARG(entry->ret));
	if (words & TALK_DSN && entry->envid.n > 0)
		buf_printf(&out, " ENVID=%.*s", SLICE_ARG(entry->envid));
	int rc = talk_write(s->talk, "MAIL FROM:%.*s", SLICE_ARG(out));
	buf_done(&out);
	return rc;
}

int send_say_rcpt(struct sending *s, size_t i)
{
	const struct queue_rcpt *rcpt = send_rcpt_of(s, i);
	unsigned words = s->talk->words;
	struct buf out = { 0 };

	put_path(&out, rcpt->address, rcpt->domain);
	if (words & TALK_DSN && rcpt->notify.n > 0)
		buf_printf(&out, " NOTIFY=%.*s", SLICE_ARG(rcpt->notify));
	if (words & TALK_DSN && rcpt->orcpt.n > 0 &&
	    (slice_is_ascii(rcpt->orcpt) || words & TALK_SMTPUTF8))
		buf_printf(&out, " ORCPT=%.*s", SLICE_ARG(rcpt->orcpt));
	int rc = talk_write(s->talk, "RCPT TO:%.*s", SLICE_ARG(out));
	buf_done(&out);
	return rc;
}
