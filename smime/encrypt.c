/* encrypt.c - a mail message becomes an S/MIME message */
#include "smime/encrypt.h"

#include "core/text.h"
#include "smime/header.h"

enum { LINE_BYTES = 57 /* 76 characters of base64 */ };

/* --- the entity that is encrypted --- */

/* Its header fields as they are sent, and its body as it came. */
struct entity {
	struct buf header;
	struct slice body;
	uint64_t size; /* with CRLF throughout */
	bool bare;     /* there are line ends without CR */
	char last;
	size_t header_at;
};

/* How many LF have no CR before them. */
static uint64_t count_bare(struct slice s)
{
	uint64_t n = 0;
	char before = '\0';

	while (s.n > 0) {
		const char *lf = memchr(s.p, '\n', s.n);
		if (!lf)
			break;
		n += (lf > s.p ? lf[-1] : before) != '\r';
		before = '\n';
		s = slice_from(s, (size_t)(lf - s.p) + 1);
	}
	return n;
}

static size_t read_header(struct entity *e, char *out, size_t n)
{
	struct slice left = slice_head(slice_from(buf_slice(&e->header), e->header_at), n);

	memcpy(out, left.p, left.n);
	e->header_at += left.n;
	return left.n;
}

static size_t read_lines(struct entity *e, char *out, size_t n)
{
	size_t used = 0, taken = 0;

	for (; taken < e->body.n && used < n; taken++) {
		char c = e->body.p[taken];
		if (c == '\n' && e->last != '\r') {
			e->last = out[used++] = '\r';
			if (used == n)
				break; /* the LF comes first the next time */
		}
		e->last = out[used++] = c;
	}
	e->body = slice_from(e->body, taken);
	return used;
}

static size_t read_body(struct entity *e, char *out, size_t n)
{
	if (e->bare)
		return read_lines(e, out, n);
	struct slice part = slice_head(e->body, n);
	memcpy(out, part.p, part.n);
	e->body = slice_from(e->body, part.n);
	return part.n;
}

/* --- base64 in lines --- */

struct armor {
	struct entity entity;
	struct buf *out;
	char held[LINE_BYTES];
	size_t n;
};

static void put_line(struct buf *out, struct slice bytes)
{
	base64_put(out, bytes);
	buf_add(out, "\r\n", 2);
}

static void write_armor(void *arg, struct slice bytes)
{
	struct armor *a = arg;

	if (a->n > 0) {
		struct slice part = slice_head(bytes, LINE_BYTES - a->n);
		memcpy(a->held + a->n, part.p, part.n);
		a->n += part.n;
		bytes = slice_from(bytes, part.n);
		if (a->n < LINE_BYTES)
			return;
		put_line(a->out, slice_of(a->held, LINE_BYTES));
		a->n = 0;
	}
	for (; bytes.n >= LINE_BYTES; bytes = slice_from(bytes, LINE_BYTES))
		put_line(a->out, slice_head(bytes, LINE_BYTES));
	memcpy(a->held, bytes.p, bytes.n);
	a->n = bytes.n;
}

static size_t read_entity(void *arg, void *out, size_t n)
{
	struct entity *e = &((struct armor *)arg)->entity;

	return e->header_at < e->header.n ? read_header(e, out, n) : read_body(e, out, n);
}

/* --- the message --- */

static const char smime_fields[] = "MIME-Version: 1.0\r\n"
				   "Content-Type: application/pkcs7-mime; smime-type=%s;\r\n"
				   "\tname=smime.p7m\r\n"
				   "Content-Disposition: attachment; filename=smime.p7m\r\n"
				   "Content-Transfer-Encoding: base64\r\n"
				   "\r\n";

/* What stays in sight goes to *out. */
static void part(struct slice message, bool hide_subject, struct entity *e, struct buf *out)
{
	smime_part_header(&message, hide_subject, out, &e->header);
	uint64_t bare = count_bare(message);
	e->body = message;
	e->bare = bare > 0;
	e->size = e->header.n + message.n + bare;
}

int smime_encrypt(struct slice message, const struct smime_way *way,
    struct cms_recipient *const *to, size_t n, struct buf *out, struct err *err)
{
	struct armor armor = { .out = out };

	part(message, way->hide_subject, &armor.entity, out);
	/* RFC 8551 3.2.2 */
	buf_printf(out, smime_fields,
	    way->cipher == CMS_AES_256_GCM ? "authEnveloped-data" : "enveloped-data");
	struct cms_writing writing = {
		.cipher = way->cipher,
		.to = to,
		.n = n,
		.size = armor.entity.size,
		.read = read_entity,
		.write = write_armor,
		.arg = &armor,
	};
	int rc = cms_write(&writing, err);
	if (rc == 0 && armor.n > 0)
		put_line(out, slice_of(armor.held, armor.n));
	buf_wipe(&armor.entity.header);
	return rc;
}
