/* text_address.c - addresses of mail: local-part@domain */
#include "core/text.h"

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
static struct slice lower_case(struct pool *pool, struct slice s)
{
	char *copy = pool_str(pool, s);

	for (size_t i = 0; i < s.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] += 'a' - 'A';
	return slice_of(copy, s.n);
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
	char *domain = domain_ascii(pool, slice_from(text, (size_t)at + 1));
	if (!domain || local.n > LOCAL_MAX_BYTES)
		return false;
	out->local = lower_case(pool, local);
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
