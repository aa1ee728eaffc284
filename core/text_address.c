/* text_address.c - addresses of mail: local-part@domain */
#include "core/text.h"

#include <arpa/inet.h>

enum { LOCAL_MAX_BYTES = 64 }; /* RFC 5321 §4.5.3.1.1 */

/* RFC 5321 §4.1.2 with UTF-8 (RFC 6531 §3.3) */
static bool is_atext(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (unsigned char)c >= 0x80)
		return true;
	return c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

static bool is_dot_string(struct slice s)
{
	bool after_dot = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? after_dot : !is_atext(s.p[i]))
			return false;
		after_dot = s.p[i] == '.';
	}
	return !after_dot;
}

/* "..." with backslashes: its content, or false. No control bytes. */
static bool unquote(struct pool *pool, struct slice s, struct slice *out)
{
	if (s.n < 2 || s.p[s.n - 1] != '"')
		return false;
	char *to = pool_get(pool, s.n);
	size_t n = 0;
	for (size_t i = 1; i < s.n - 1; i++) {
		if (s.p[i] == '"')
			return false;
		if (s.p[i] == '\\' && ++i == s.n - 1)
			return false;
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
		to[n++] = s.p[i];
	}
	*out = slice_of(to, n);
	return n > 0;
}

/* Case of other letters is left alone: it is the receiving system's matter,
   and for ASCII we are it. */
/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]", in the one form that the system
   writes; NULL: it is none. */
static char *literal(struct pool *pool, struct slice text)
{
	static const struct slice tag = { "IPv6:", 5 };
	unsigned char ip[sizeof(struct in6_addr)];
	char shown[INET6_ADDRSTRLEN];

	if (text.n < 3 || text.p[0] != '[' || text.p[text.n - 1] != ']')
		return NULL;
	text = slice_of(text.p + 1, text.n - 2);
	bool six = slice_istarts(text, tag);
	if (six)
		text = slice_from(text, tag.n);
	int family = six ? AF_INET6 : AF_INET;
	if (text.n >= sizeof(shown) || slice_chr(text, '\0') >= 0 ||
	    inet_pton(family, pool_str(pool, text), ip) != 1 ||
	    !inet_ntop(family, ip, shown, sizeof(shown)))
		return NULL;
	return pool_printf(pool, "[%s%s]", six ? tag.p : "", shown);
}

bool address_parse(struct pool *pool, struct slice text, struct address *out)
{
	ptrdiff_t at = slice_rchr(text, '@');
	struct slice local;

	if (at <= 0)
		return false;
	local = slice_head(text, (size_t)at);
	if (local.n > 2 * LOCAL_MAX_BYTES || !utf8_valid(local))
		return false;
	if (*local.p == '"' ? !unquote(pool, local, &local) : !is_dot_string(local))
		return false;
	struct slice host = slice_from(text, (size_t)at + 1);
	char *domain =
	    host.n > 0 && host.p[0] == '[' ? literal(pool, host) : domain_ascii(pool, host);
	if (!domain || local.n > LOCAL_MAX_BYTES)
		return false;
	out->local = slice_of(pool_lower(pool, local), local.n);
	out->domain = slice_str(domain);
	return true;
}

void address_detail(struct slice local, char separator, struct slice *base, struct slice *detail)
{
	ptrdiff_t at = slice_chr(local, separator);

	*base = local;
	*detail = (struct slice){ 0 };
	if (at > 0) { /* "+x" is a name, not a detail of nobody */
		*base = slice_head(local, (size_t)at);
		*detail = slice_from(local, (size_t)at + 1);
	}
}
