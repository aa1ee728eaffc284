/* jid.c - addresses of XMPP (RFC 7622) */
#include "protocols/xmpp/jid.h"

#include "core/text.h"

enum { PART_MAX = 1023 }; /* RFC 7622 3.1: bytes of each part */

/* RFC 7622 3.3.1, and no control characters. */
static bool is_local(struct slice s)
{
	if (s.n == 0 || s.n > PART_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("\"&'/:<>@", s.p[i]))
			return false;
	return true;
}

bool jid_is_resource(struct slice s)
{
	if (s.n == 0 || s.n > PART_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

/* "local@domain" in one piece, so that the bare address is a slice of it. */
static void lay_out(struct pool *pool, struct slice local, struct slice domain, struct jid *out)
{
	size_t n = local.n ? local.n + 1 : 0;
	char *p = pool_get(pool, n + domain.n + 1);

	for (size_t i = 0; i < local.n; i++)
		p[i] = char_lower(local.p[i]);
	if (local.n)
		p[local.n] = '@';
	memcpy(p + n, domain.p, domain.n);
	out->local = slice_of(p, local.n);
	out->domain = slice_of(p + n, domain.n);
	out->bare = slice_of(p, n + domain.n);
}

/* RFC 7622 3.1: the first / parts the resource, the first @ before it the local part. */
bool jid_parse(struct pool *pool, struct slice text, struct jid *out)
{
	struct slice local = { 0 }, domain = text;
	ptrdiff_t slash = slice_chr(text, '/');

	*out = (struct jid){ 0 };
	if (slash >= 0) {
		struct slice resource = slice_from(text, (size_t)slash + 1);
		if (!jid_is_resource(resource))
			return false;
		out->resource = pool_slice(pool, resource);
		domain = slice_head(text, (size_t)slash);
	}
	ptrdiff_t at = slice_chr(domain, '@');
	if (at >= 0) {
		local = slice_head(domain, (size_t)at);
		domain = slice_from(domain, (size_t)at + 1);
		if (!is_local(local))
			return false;
	}
	char *ascii = domain_ascii(pool, domain);
	if (!ascii)
		return false;
	lay_out(pool, local, slice_str(domain_unicode(pool, slice_str(ascii))), out);
	return true;
}
