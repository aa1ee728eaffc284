/* dkim_sign.c - a DKIM-Signature, all but the private key's part (RFC 6376 5) */
#include "core/text.h"
#include "mailauth/dkim_private.h"

enum { LINE = 72 };

/* RFC 6376 5.4.1. Twice means: once more than they are there, so that none can be added
   on the way (RFC 6376 8.15). */
static const struct {
	const char *name;
	bool once_more;
} signed_fields[] = {
	{ "From", true },
	{ "To", true },
	{ "Cc", true },
	{ "Subject", true },
	{ "Date", true },
	{ "Message-ID", true },
	{ "Reply-To", true },
	{ "In-Reply-To", false },
	{ "References", false },
	{ "MIME-Version", false },
	{ "Content-Type", true },
	{ "Content-Transfer-Encoding", false },
	{ "Content-Disposition", false },
	{ "Sender", false },
	{ "Resent-From", false },
	{ "Resent-To", false },
	{ "Resent-Date", false },
	{ "Resent-Message-ID", false },
	{ "List-Unsubscribe", false },
	{ "List-Unsubscribe-Post", false },
	{ "Auto-Submitted", false },
};

enum { EACH_MAX = 4 };

static size_t count(const struct dkim_mail *mail, struct slice name)
{
	size_t n = 0;

	for (size_t i = 0; i < mail->n; i++)
		n += slice_ieq(mail->fields[i].name, name);
	return n < EACH_MAX ? n : EACH_MAX;
}

static void put_name(const char *name, size_t n, struct buf *out)
{
	while (n-- > 0)
		buf_printf(out, "%s%s", out->n > 0 ? ":" : "", name);
}

/* Who passes it on signs those who signed it before, too (RFC 8617 4.1.2). */
static void put_names(const struct dkim_mail *mail, bool arc, struct buf *out)
{
	static const char others[] = "DKIM-Signature";

	for (size_t i = 0; i < sizeof(signed_fields) / sizeof(*signed_fields); i++) {
		const char *name = signed_fields[i].name;
		put_name(name, count(mail, slice_str(name)) + signed_fields[i].once_more, out);
	}
	if (arc)
		put_name(others, count(mail, slice_str(others)), out);
}

/* A list in lines. */
static void put_folded(struct slice names, struct buf *out)
{
	size_t line = LINE;

	while (names.n > 0) {
		struct slice name = slice_cut(&names, ':');

		if (line + name.n + 1 > LINE) {
			buf_addz(out, "\r\n\t ");
			line = 9;
		}
		buf_adds(out, name);
		buf_addz(out, names.n > 0 ? ":" : ";");
		line += name.n + 1;
	}
}

static void put_base64_lines(struct slice bytes, struct buf *out)
{
	struct buf text = { 0 };

	base64_put(&text, bytes);
	for (struct slice rest = buf_slice(&text); rest.n > 0; rest = slice_from(rest, LINE - 9)) {
		buf_addz(out, "\r\n\t ");
		buf_adds(out, slice_head(rest, LINE - 9));
	}
	buf_done(&text);
}

static void put_head(const struct dkim_signing *signing, struct buf *field)
{
	if (signing->instance > 0)
		buf_printf(field, "ARC-Message-Signature: i=%u;", signing->instance);
	else
		buf_addz(field, "DKIM-Signature: v=1;");
	buf_printf(field,
	    " a=%s; c=relaxed/relaxed; d=%.*s;\r\n\ts=%.*s; t=%lld;\r\n\th=", signing->algorithm,
	    SLICE_ARG(signing->domain), SLICE_ARG(signing->selector), (long long)signing->now);
}

bool dkim_sign_begin(
    struct dkim_mail *mail, const struct dkim_signing *signing, struct buf *field, struct buf *data)
{
	unsigned char digest[DIGEST_SIZE];
	struct buf names = { 0 };
	size_t from = field->n;
	struct msg_field self;

	if (count(mail, SLICE("From")) == 0)
		return false;
	put_names(mail, signing->instance > 0, &names);
	dkim_body_digest(mail, CANON_RELAXED, UINT64_MAX, digest);
	put_head(signing, field);
	put_folded(buf_slice(&names), field);
	buf_addz(field, "\r\n\tbh=");
	base64_put(field, slice_of(digest, sizeof(digest)));
	buf_addz(field, ";\r\n\tb=");
	bool good = dkim_put_fields(mail, CANON_RELAXED, buf_slice(&names), data);
	self.raw = slice_from(buf_slice(field), from);
	self.value = slice_from(self.raw, (size_t)slice_chr(self.raw, ':') + 1);
	dkim_put_self(CANON_RELAXED, &self, data);
	buf_done(&names);
	return good;
}

void dkim_sign_end(struct slice signature, struct buf *field)
{
	put_base64_lines(signature, field);
	buf_addz(field, "\r\n");
}
