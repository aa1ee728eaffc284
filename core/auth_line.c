/* auth_line.c - SASL in a dialogue of lines: what SMTP (RFC 4954), IMAP and POP3 (RFC 5034) share
 */
#include "core/auth_private.h"

#include "core/text.h"

/* Into *bytes; p is set even when there are none. */
static bool decode(struct slice text, struct buf *bytes)
{
	/* With room for all, growing leaves no copy of a password behind. */
	buf_room(bytes, text.n + 1);
	return base64_get(bytes, text);
}

static enum auth_result encode(enum auth_result result, struct buf *challenge, struct buf *out)
{
	if (result == AUTH_MORE)
		base64_put(out, buf_slice(challenge));
	buf_wipe(challenge);
	return result;
}

enum auth_result auth_line_begin(
    struct auth *auth, struct slice mech, struct slice initial, struct buf *out)
{
	struct buf challenge = { 0 }, bytes = { 0 };
	struct slice none = { 0 };

	if (initial.n == 0)
		return encode(auth_begin(auth, mech, none, &challenge), &challenge, out);
	/* RFC 4954 §4, RFC 5034 §4: "=" is an initial response of no bytes. */
	if (slice_eq(initial, SLICE("=")))
		initial.n = 0;
	enum auth_result result = decode(initial, &bytes)
	    ? auth_begin(auth, mech, buf_slice(&bytes), &challenge)
	    : auth_refuse(auth);
	buf_wipe(&bytes);
	return encode(result, &challenge, out);
}

enum auth_result auth_line_step(struct auth *auth, struct slice line, struct buf *out)
{
	struct buf challenge = { 0 }, bytes = { 0 };

	/* "*" cancels; it is no base64 either. */
	enum auth_result result = decode(line, &bytes)
	    ? auth_step(auth, buf_slice(&bytes), &challenge)
	    : auth_refuse(auth);
	buf_wipe(&bytes);
	return encode(result, &challenge, out);
}
