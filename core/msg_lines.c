/* msg_lines.c - a message of any bytes as one of lines: what is binary becomes base64
 *
 * RFC 3030 §3 lets a sender put bytes into a message as they are. Readers of mail
 * know lines that end in CR LF, and no NUL: so bodies in which there is anything else
 * are encoded, and everything around them is put right. What is fine stays as it is,
 * byte by byte. */
#include "core/msg_recode.h"

bool msg_is_lines(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool cr = text.p[i] == '\r';

		if (text.p[i] == '\0' || text.p[i] == '\n')
			return false;
		if (cr && (i + 1 == text.n || text.p[++i] != '\n'))
			return false;
	}
	return true;
}

/* Of any text: NUL is left out, each line end becomes CR LF. */
static void put_lines(struct recode *r, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\0')
			continue;
		if (c != '\r' && c != '\n') {
			buf_addc(r->out, c);
			continue;
		}
		buf_addz(r->out, "\r\n");
		if (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			i++;
	}
}

static void put_leaf(struct recode *r, const struct msg_part *part)
{
	bool encoded = recode_is_encoded(part);

	recode_header(r, msg_header(part, r->whole), encoded ? NULL : "base64");
	if (encoded)
		put_lines(r, msg_body(part, r->whole));
	else
		recode_base64(r, msg_body(part, r->whole));
}

static const struct recode_rules rules = {
	.fine = msg_is_lines,
	.field = put_lines,
	.between = put_lines,
	.leaf = put_leaf,
	.container = "8bit",
};

void msg_make_lines(struct slice whole, struct buf *out)
{
	struct pool pool = { 0 };
	struct recode r = { .rules = &rules, .whole = whole, .out = out };

	recode_part(&r, msg_parse(&pool, whole));
	pool_done(&pool);
}
