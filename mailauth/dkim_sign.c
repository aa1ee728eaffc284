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

static void put_names(const struct dkim_mail *mail, struct buf *out)
{
	for (size_t i = 0; i < sizeof(signed_fields) / sizeof(*signed_fields); i++) {
		const char *name = signed_fields[i].name;
		size_t n = count(mail, slice_str(name)) + signed_fields[i].once_more;

		while (n-- > 0)
			buf_printf(out, "%s%s", out->n > 0 ? ":" : "", name);
	}
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

bool dkim_sign_begin(
    struct dkim_mail *mail, const struct dkim_signing *signing, struct buf *field, struct buf *data)
{
	unsigned char digest[DIGEST_SIZE];
	struct buf names = { 0 };
	size_t from = field->n;
	struct msg_field self;

	if (count(mail, SLICE("From")) == 0)
		return false;
	put_names(mail, &names);
	dkim_body_digest(mail, CANON_RELAXED, UINT64_MAX, digest);
	buf_printf(field,
	    "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%.*s;\r\n\ts=%.*s; t=%lld;",
	    signing->algorithm, SLICE_ARG(signing->domain), SLICE_ARG(signing->selector),
	    (long long)signing->now);
	buf_addz(field, "\r\n\th=");
	put_folded(buf_slice(&names), field);
	buf_addz(field, "\r\n\tbh=");
	base64_put(field, slice_of(digest, sizeof(digest)));
	buf_addz(field, ";\r\n\tb=");
	bool good = dkim_put_fields(mail, CANON_RELAXED, buf_slice(&names), data);
	self.raw = slice_from(buf_slice(field), from);
	self.value = slice_from(self.raw, sizeof("DKIM-Signature:") - 1);
	dkim_put_self(CANON_RELAXED, &self, data);
	buf_done(&names);
	return good;
}

void dkim_sign_end(struct slice signature, struct buf *field)
{
	put_base64_lines(signature, field);
	buf_addz(field, "\r\n");
}
