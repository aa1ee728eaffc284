/* msg_text.c - what a text part says, in UTF-8 */
#include "core/msg.h"

void msg_content(const struct msg_part *part, struct slice body, struct buf *out)
{
	if (!msg_decode(part->encoding, body, out))
		buf_adds(out, body);
}

void msg_text(const struct msg_part *part, struct slice whole, struct buf *out)
{
	struct slice body = slice_head(msg_body(part, whole), MSG_TEXT_MAX);
	struct slice charset = msg_param(part->params, SLICE("charset"));
	struct buf plain = { 0 }, utf8 = { 0 };

	if (!slice_eq(part->type, SLICE("text")))
		return;
	msg_content(part, body, &plain);
	if (slice_eq(part->subtype, SLICE("html"))) {
		msg_utf8(&utf8, charset, buf_slice(&plain));
		msg_html(out, buf_slice(&utf8));
	} else {
		msg_utf8(out, charset, buf_slice(&plain));
	}
	buf_done(&plain);
	buf_done(&utf8);
}
