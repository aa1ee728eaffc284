/* encrypted.c - messages that are encrypted: told from others, and opened */
#include "core/msg.h"
#include "smime/encrypt.h"

enum { START = 4096 /* of a body that is looked at */ };

static const struct slice pgp_begin = { "-----BEGIN PGP MESSAGE-----", 27 };
static const struct slice pgp_end = { "-----END PGP MESSAGE-----", 25 };

/* What the header says of the body. */
struct seen {
	struct slice type, encoding;
	struct msg_param *params;
	struct slice header, body;
};

static struct slice field_of(struct pool *pool, struct slice header, struct slice name)
{
	struct msg_field field;
	struct msg_param *params;

	if (!msg_field_find(header, name, &field))
		return (struct slice){ 0 };
	return msg_params(pool, field.value, &params);
}

static void see(struct pool *pool, struct slice message, struct seen *out)
{
	struct msg_field field;

	*out = (struct seen){ .body = message };
	while (msg_field_next(&out->body, &field))
		;
	out->header = slice_head(message, message.n - out->body.n);
	if (msg_field_find(out->header, SLICE("Content-Type"), &field))
		out->type = msg_params(pool, field.value, &out->params);
	out->encoding = field_of(pool, out->header, SLICE("Content-Transfer-Encoding"));
}

/* RFC 8551 3.2: the old name is still seen. */
static bool is_smime(const struct seen *seen)
{
	return slice_eq(seen->type, SLICE("application/pkcs7-mime")) ||
	    slice_eq(seen->type, SLICE("application/x-pkcs7-mime"));
}

static void put_body(const struct seen *seen, struct slice body, struct buf *out)
{
	if (!slice_eq(seen->encoding, SLICE("base64")) || !msg_decode(seen->encoding, body, out))
		buf_adds(out, body);
}

static bool smime_encrypted(const struct seen *seen)
{
	struct buf start = { 0 };

	put_body(seen, slice_head(seen->body, START), &start);
	enum cms_kind kind = cms_kind(buf_slice(&start));
	buf_done(&start);
	return kind == CMS_ENCRYPTED;
}

/* RFC 3156 4: the second part is the message. */
static bool pgp_mime(struct pool *pool, struct slice message)
{
	const struct msg_part *part = msg_parse(pool, message)->children;

	if (!part || !part->next || part->next->next)
		return false;
	return slice_starts(slice_trim(msg_body(part->next, message)), pgp_begin);
}

static bool pgp_text(struct slice body)
{
	body = slice_trim(body);
	return slice_starts(body, pgp_begin) && slice_iends(body, pgp_end) &&
	    slice_find(body, pgp_end) == (ptrdiff_t)(body.n - pgp_end.n);
}

bool smime_is_encrypted(struct slice message)
{
	struct pool pool = { 0 };
	struct seen seen;
	bool is;

	see(&pool, message, &seen);
	if (is_smime(&seen))
		is = smime_encrypted(&seen);
	else if (slice_eq(seen.type, SLICE("multipart/encrypted")))
		is = pgp_mime(&pool, message);
	else
		is = (seen.type.n == 0 || slice_eq(seen.type, SLICE("text/plain"))) &&
		    pgp_text(seen.body);
	pool_done(&pool);
	return is;
}

int smime_body(struct slice message, struct buf *cms, struct err *err)
{
	struct pool pool = { 0 };
	struct seen seen;

	see(&pool, message, &seen);
	if (!is_smime(&seen) || !smime_encrypted(&seen)) {
		pool_done(&pool);
		return err_set(err, ERR_INPUT, "this is no encrypted S/MIME message");
	}
	put_body(&seen, seen.body, cms);
	pool_done(&pool);
	return 0;
}
