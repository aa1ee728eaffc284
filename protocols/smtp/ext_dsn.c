/* ext_dsn.c - DSN (RFC 3461): what a sender wants to be told; kept with the message */
#include "core/text.h"
#include "protocols/smtp/smtp.h"

enum { ENVID_MAX = 100, ORCPT_MAX = 500 }; /* RFC 3461 §4.4, §4.2 */

static void word(struct smtp *smtp, struct buf *out)
{
	if (!smtp_is_lmtp(smtp)) /* what each recipient is told here, its client tells the sender */
		buf_addz(out, "DSN");
}

/* RFC 3461 §4: xtext is printable ASCII, with '+' and two upper-case hex
   digits for what is not. */
static bool is_xtext(struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '!' || s.p[i] > '~' || s.p[i] == '=')
			return false;
		if (s.p[i] != '+')
			continue;
		if (i + 2 >= s.n || !memchr(hex, s.p[i + 1], 16) || !memchr(hex, s.p[i + 2], 16))
			return false;
		i += 2;
	}
	return s.n > 0;
}

static const char *set_ret(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	if (mail->ret.n || (!slice_ieq(value, SLICE("FULL")) && !slice_ieq(value, SLICE("HDRS"))))
		return "501 5.5.4 RET=FULL or HDRS, once";
	mail->ret = pool_slice(&mail->pool, value);
	return NULL;
}

static const char *set_envid(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	if (mail->envid.n || value.n > ENVID_MAX || !is_xtext(value))
		return "501 5.5.4 ENVID=xtext, once";
	mail->envid = pool_slice(&mail->pool, value);
	return NULL;
}

static bool is_event(struct slice word)
{
	return slice_ieq(word, SLICE("SUCCESS")) || slice_ieq(word, SLICE("FAILURE")) ||
	    slice_ieq(word, SLICE("DELAY"));
}

static const char *set_notify(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	static const char why[] = "501 5.5.4 NOTIFY=NEVER, or of SUCCESS,FAILURE,DELAY";
	struct slice rest = value;

	if (rcpt->notify.n)
		return why;
	if (!slice_ieq(value, SLICE("NEVER"))) {
		do {
			if (!is_event(slice_cut(&rest, ',')))
				return why;
		} while (rest.p);
	}
	rcpt->notify = pool_slice(&mail->pool, value);
	return NULL;
}

/* RFC 6533 3: what may stand for a character beside xtext (utf-8-addr-unitext). */
static bool is_utf8_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && utf8_valid(s);
}

static const char *set_orcpt(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	struct slice address = value;
	struct slice type = slice_cut(&address, ';');

	if (rcpt->orcpt.n || value.n > ORCPT_MAX || type.n == 0 || !is_xtext(type))
		return "501 5.5.4 ORCPT=type;xtext, once";
	if (slice_ieq(type, SLICE("utf-8")) ? !is_utf8_text(address) : !is_xtext(address))
		return "501 5.5.4 ORCPT=type;xtext, once";
	if (!mail->smtputf8 && !slice_is_ascii(value)) /* RFC 6533 3 */
		return smtp_needs_utf8;
	rcpt->orcpt = pool_slice(&mail->pool, value);
	return NULL;
}

SMTP_EXTENSION(dsn) = { .word = word };
SMTP_PARAM(ret) = { .name = "RET", .phase = SMTP_MAIL, .set = set_ret };
SMTP_PARAM(envid) = { .name = "ENVID", .phase = SMTP_MAIL, .set = set_envid };
SMTP_PARAM(notify) = { .name = "NOTIFY", .phase = SMTP_RCPT, .set = set_notify };
SMTP_PARAM(orcpt) = { .name = "ORCPT", .phase = SMTP_RCPT, .set = set_orcpt };
