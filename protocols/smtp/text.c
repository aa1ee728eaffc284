/* text.c - message text: from DATA to the line with one dot
 *
 * The end is CR LF . CR LF and nothing else: a server that takes LF . LF for
 * it, behind one that does not, lets a sender smuggle a second message. Text
 * with a CR or LF that stands alone is read to its true end and then refused
 * (RFC 5321 §2.3.8, §4.1.1.4). */
#include "core/log.h"
#include "core/loop.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(smtp_max_size) = {
	.name = "smtp.max-message-size",
	.type = CONF_SIZE,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "50M",
	.min = 65536,
	.max = 2000000000,
	.help = "largest message that is taken",
};

CONF_KEY(smtp_max_line) = {
	.name = "smtp.max-text-line",
	.type = CONF_SIZE,
	.def = "1M",
	.min = 1000,
	.max = 2000000000,
	.help = "longest line of message text that is taken",
};

CONF_KEY(smtp_min_rate) = {
	.name = "smtp.min-rate",
	.type = CONF_SIZE,
	.def = "64",
	.max = 1000000,
	.help =
	    "bytes a second of message text below which a client is too slow, once smtp.timeout "
	    "has passed; 0: any rate will do",
};

bool smtp_text_drips(const struct smtp *smtp)
{
	const struct smtp_text *t = &smtp->text;
	uint64_t now = loop_now();

	return now > t->slow_from && t->size * 1000 / (now - t->began) < t->min_rate;
}

void smtp_text_expect(struct smtp *smtp, bool unwanted)
{
	uint64_t now = loop_now();

	smtp->text = (struct smtp_text){
		.unwanted = unwanted,
		.began = now,
		.slow_from = now + (uint64_t)smtp_num(smtp, &conf_key_smtp_timeout),
		.max = (uint64_t)smtp_num(smtp, &conf_key_smtp_max_size),
		.max_line = (uint64_t)conf_num(&conf_key_smtp_max_line),
		.min_rate = (uint64_t)conf_num(&conf_key_smtp_min_rate),
	};
}

void smtp_text_begin(struct smtp *smtp)
{
	smtp_text_expect(smtp, false);
	smtp->mail->text = spool_new();
	smtp->mode = SMTP_TEXT;
}

void smtp_text_keep(struct smtp *smtp, struct slice data)
{
	struct smtp_text *t = &smtp->text;

	t->size += data.n;
	if (t->size <= t->max && data.n > 0 && spool_add(smtp->mail->text, data))
		t->spill = true;
	if (!t->nul && slice_chr(data, '\0') >= 0)
		t->nul = true;
}

/* Sixteen bytes, which the compiler compares at once. */
typedef unsigned char block __attribute__((vector_size(16)));

static block block_at(const char *p)
{
	block b;

	memcpy(&b, p, sizeof(b));
	return b;
}

/* Does each LF stand behind a CR, and each CR before a LF? p[-1] is there; *p ends behind the
   last whole block before `end`. */
static bool blocks_have_bare(const char **p, const char *end)
{
	block bare = { 0 };
	bool any = false;

	for (; (size_t)(end - *p) >= sizeof(bare); *p += sizeof(bare))
		bare |= (block)(block_at(*p) == '\n') ^ (block)(block_at(*p - 1) == '\r');
	for (size_t i = 0; i < sizeof(bare); i++)
		any |= bare[i] != 0;
	return any;
}

void smtp_text_look_for_bare(struct smtp_text *t, struct slice s)
{
	if (s.n == 0)
		return;
	const char *p = s.p + 1, *end = s.p + s.n;
	bool bare = t->cr != (s.p[0] == '\n') || blocks_have_bare(&p, end);
	for (; p < end; p++)
		bare |= (p[0] == '\n') != (p[-1] == '\r');
	t->bare |= bare;
	t->cr = end[-1] == '\r';
}

static void count_line(struct smtp_text *t, size_t n, bool ended)
{
	t->line += n;
	if (t->line > t->max_line)
		t->long_line = true;
	if (ended)
		t->line = 0;
	t->in_line = !ended;
}

/* One line or what has come of it, from s on. Returns its length; 0 when more
   must come before anything can be said. A LF alone ends no line: the dot
   behind it is text. */
static size_t take_line(struct smtp_text *t, struct slice s)
{
	ptrdiff_t lf = slice_chr(s, '\n');
	bool ended = lf > 0 && s.p[lf - 1] == '\r';
	size_t n = lf < 0 ? s.n : (size_t)lf + 1;

	if (lf < 0 && s.p[n - 1] == '\r') /* perhaps a LF follows */
		n--;
	if (n > 0)
		count_line(t, n, ended);
	return n;
}

enum dot { DOT_NONE, DOT_STUFFED, DOT_END, DOT_UNSURE };

/* At the beginning of a line. RFC 5321 §4.5.2: one leading dot is removed. */
static enum dot look_at_dot(struct slice s)
{
	if (s.p[0] != '.')
		return DOT_NONE;
	if (s.n < 2 || (s.n < 3 && s.p[1] == '\r'))
		return DOT_UNSURE;
	return s.p[1] == '\r' && s.p[2] == '\n' ? DOT_END : DOT_STUFFED;
}

enum frame smtp_text_frame(struct smtp *smtp, struct slice in, size_t *used)
{
	size_t from = 0, at = 0; /* [from, at) is text that is not kept yet */
	enum dot dot = DOT_NONE;

	while (at < in.n && dot != DOT_END) {
		dot = smtp->text.in_line ? DOT_NONE : look_at_dot(slice_from(in, at));
		if (dot == DOT_UNSURE || dot == DOT_END)
			break;
		if (dot == DOT_STUFFED) {
			smtp_text_keep(smtp, slice_of(in.p + from, at - from));
			from = ++at;
		}
		size_t n = take_line(&smtp->text, slice_from(in, at));
		if (n == 0)
			break;
		at += n;
	}
	smtp_text_keep(smtp, slice_of(in.p + from, at - from));
	smtp_text_look_for_bare(&smtp->text, slice_head(in, at));
	*used = at;
	if (dot == DOT_END) {
		*used += 3;
		smtp->mode = SMTP_ACCEPT;
		return FRAME_WORK;
	}
	return smtp->text.spill || smtp->text.size > 2 * smtp->text.max || smtp_text_drips(smtp)
	    ? FRAME_WORK
	    : FRAME_MORE;
}

/* In the middle of the text: make room, or end what does not end. */
enum sess_next smtp_text_run(struct smtp *smtp)
{
	struct err err;

	if (smtp->text.size > 2 * smtp->text.max) {
		smtp_refuse(smtp, "421 4.3.4 Far too much text", smtp->mail->reverse_path);
		return SESS_CLOSE;
	}
	if (smtp_text_drips(smtp))
		return smtp_too_slow(smtp);
	smtp->text.spill = false;
	if (spool_spill(smtp->mail->text, &err) != 0) {
		log_event(LOG_ERROR, "cannot-spool", log_z("reason", err.text));
		smtp_reply(smtp, "421 4.3.1 Cannot keep so much now, come back later");
		return SESS_CLOSE;
	}
	return SESS_NEXT;
}
