/* signed_parts.c - which bytes of a message are signed, and where the signature is */
#include "smime/signed_parts.h"

#include "core/msg.h"
#include "smime/cms.h"

static bool type_is(const struct msg_part *part, const char *type, const char *subtype)
{
	struct slice name = part->subtype;

	if (slice_starts(name, SLICE("x-"))) /* RFC 8551 3.2: the names of before */
		name = slice_from(name, 2);
	return slice_eq(part->type, slice_str(type)) && slice_eq(name, slice_str(subtype));
}

/* RFC 8551 3.1.1: lines end in CR LF when they are signed. */
static void put_canonical(struct slice text, struct buf *out)
{
	while (text.n > 0) {
		ptrdiff_t end = slice_chr(text, '\n');
		struct slice line = end < 0 ? text : slice_head(text, (size_t)end);
		text = slice_from(text, line.n + 1);
		if (end >= 0 && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_adds(out, line);
		if (end >= 0)
			buf_add(out, "\r\n", 2);
	}
}

static bool decode_body(const struct msg_part *part, struct slice message, struct buf *out)
{
	return msg_decode(part->encoding, msg_body(part, message), out);
}

/* RFC 1847 2.1: two parts, the second of which signs the first, its header too. */
static int read_detached(
    const struct msg_part *root, struct slice message, struct signed_parts *out, struct err *err)
{
	const struct msg_part *first = root->children, *second = first->next;
	struct buf cms = { 0 };

	if (!second || second->next || !type_is(second, "application", "pkcs7-signature") ||
	    !decode_body(second, message, &cms)) {
		buf_done(&cms);
		return err_set(err, ERR_INPUT, "the signed message is malformed");
	}
	put_canonical(slice_head(slice_from(message, (size_t)first->header),
			  (size_t)(first->end - first->header)),
	    &out->content);
	int rc = cms_signed_read(buf_slice(&cms), &out->cms, err);
	buf_done(&cms);
	if (rc == 0 && out->cms.has_content)
		rc = err_set(err, ERR_INPUT, "the signature has a content of its own");
	return rc;
}

/* RFC 8551 3.5.2 */
static int read_opaque(
    const struct msg_part *root, struct slice message, struct signed_parts *out, struct err *err)
{
	struct buf cms = { 0 };
	int rc = -1;

	if (!decode_body(root, message, &cms))
		err_set(err, ERR_INPUT, "the signed message is malformed");
	else if (cms_kind(buf_slice(&cms)) != CMS_SIGNED)
		err_set(err, ERR_ABSENT, "the message is not signed");
	else
		rc = cms_signed_read(buf_slice(&cms), &out->cms, err);
	buf_done(&cms);
	if (rc == 0 && !out->cms.has_content)
		rc = err_set(err, ERR_INPUT, "nothing is there that was signed");
	if (rc == 0)
		buf_adds(&out->content, out->cms.content);
	return rc;
}

static bool is_detached(const struct msg_part *root)
{
	struct slice protocol = msg_param(root->params, SLICE("protocol"));

	return msg_is_multipart(root) && slice_eq(root->subtype, SLICE("signed")) &&
	    (slice_ieq(protocol, SLICE("application/pkcs7-signature")) ||
		slice_ieq(protocol, SLICE("application/x-pkcs7-signature")));
}

static int read_message(
    const struct msg_part *root, struct slice message, struct signed_parts *out, struct err *err)
{
	if (is_detached(root))
		return read_detached(root, message, out, err);
	if (type_is(root, "application", "pkcs7-mime"))
		return read_opaque(root, message, out, err);
	return err_set(err, ERR_ABSENT, "the message is not signed");
}

int signed_parts(struct slice message, struct signed_parts *out, struct err *err)
{
	struct pool pool = { 0 };
	int rc = read_message(msg_parse(&pool, message), message, out, err);

	pool_done(&pool);
	return rc;
}

void signed_parts_done(struct signed_parts *parts)
{
	cms_signed_done(&parts->cms);
	buf_done(&parts->content);
}
