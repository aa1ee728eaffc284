/* xclient.c - the words of XCLIENT (Postfix's XCLIENT_README) */
#include "protocols/smtp/xclient.h"

#include "core/client.h"
#include "core/num.h"
#include "core/text.h"

enum { VALUE_MAX = 255 };

const char *const xclient_words[] = { "NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR",
	"DESTPORT", NULL };

/* xtext (RFC 3461 4) of printable ASCII. NULL: it is none. */
static char *decode(struct pool *pool, struct slice text)
{
	char *out = pool_get(pool, text.n + 1), *to = out;

	for (size_t i = 0; i < text.n; i++) {
		int c = (unsigned char)text.p[i];
		if (c == '+') {
			if (i + 2 >= text.n || hex_digit(text.p[i + 1]) < 0 ||
			    hex_digit(text.p[i + 2]) < 0)
				return NULL;
			c = hex_digit(text.p[i + 1]) * 16 + hex_digit(text.p[i + 2]);
			i += 2;
		}
		if (c <= ' ' || c > '~')
			return NULL;
		*to++ = (char)c;
	}
	return out;
}

static const char *take_word(struct slice word, struct pool *pool, struct xclient *out)
{
	struct slice value = word, name = slice_cut(&value, '=');
	int which = 0;

	while (which < XCLIENT_WORDS && !slice_ieq(name, slice_str(xclient_words[which])))
		which++;
	if (which == XCLIENT_WORDS || out->said[which])
		return "501 5.5.4 An attribute that is unknown, or there twice";
	if (value.n == 0 || value.n > VALUE_MAX)
		return "501 5.5.4 An attribute without a value, or with one too long";
	bool unknown =
	    slice_ieq(value, SLICE("[UNAVAILABLE]")) || slice_ieq(value, SLICE("[TEMPUNAVAIL]"));
	out->said[which] = unknown ? "" : decode(pool, value);
	return out->said[which] ? NULL : "501 5.5.4 A value is printable xtext";
}

/* "192.0.2.1", "IPV6:2001:db8::1"; not said or not known: none. */
static bool set_address(const char *text, const char *port, struct sockaddr_storage *out)
{
	struct slice address = slice_str(text);
	uint32_t number = 0;
	socklen_t n;

	if (port && *port && (!num_u32(slice_str(port), &number) || number > 65535))
		return false;
	if (address.n == 0)
		return true;
	if (slice_istarts(address, SLICE("IPV6:")))
		address = slice_from(address, 5);
	return client_address(address, number, out, &n);
}

const char *xclient_read(struct slice args, struct pool *pool, struct xclient *out)
{
	const char *why = NULL;
	struct slice word;

	*out = (struct xclient){ 0 };
	while (!why && (word = slice_word(&args)).n > 0)
		why = take_word(word, pool, out);
	if (why)
		return why;
	const char **said = out->said;
	if (!set_address(said[XCLIENT_ADDR], said[XCLIENT_PORT], &out->peer) ||
	    !set_address(said[XCLIENT_DESTADDR], said[XCLIENT_DESTPORT], &out->local))
		return "501 5.5.4 An address or port that is none";
	const char *proto = said[XCLIENT_PROTO];
	if (proto && *proto && !slice_ieq(slice_str(proto), SLICE("SMTP")) &&
	    !slice_ieq(slice_str(proto), SLICE("ESMTP")))
		return "501 5.5.4 PROTO=SMTP or ESMTP";
	return NULL;
}
