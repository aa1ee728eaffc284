/* ldap_text.c - URLs, and values in filters and names of directories */
#include "core/ldap.h"
#include "core/num.h"

/* --- URLs (RFC 4516, and its brother with TLS) --- */

enum { PORT = 389, PORT_TLS = 636, HOST_MAX = 255 };

static bool take_host(struct slice *rest, struct slice *host)
{
	ptrdiff_t end;

	if (rest->n > 0 && rest->p[0] == '[') {
		end = slice_chr(*rest, ']');
		if (end < 0)
			return false;
		*host = slice_of(rest->p + 1, (size_t)end - 1);
		*rest = slice_from(*rest, (size_t)end + 1);
	} else {
		end = slice_chr(*rest, ':');
		*host = slice_head(*rest, end < 0 ? rest->n : (size_t)end);
		*rest = slice_from(*rest, host->n);
	}
	return host->n > 0 && host->n <= HOST_MAX;
}

static bool is_host(struct slice host)
{
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] <= ' ' || host.p[i] >= 0x7f || strchr("/@?#%", host.p[i]))
			return false;
	return true;
}

bool ldapc_url(struct slice text, struct pool *pool, struct ldapc_url *out)
{
	struct slice rest = text, host;
	uint32_t port;

	*out = (struct ldapc_url){ .starttls = slice_istarts(text, SLICE("ldap://")) };
	if (!out->starttls && !slice_istarts(text, SLICE("ldaps://")))
		return false;
	rest = slice_from(rest, out->starttls ? 7 : 8);
	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	if (!take_host(&rest, &host) || !is_host(host))
		return false;
	port = out->starttls ? PORT : PORT_TLS;
	if (rest.n > 0 &&
	    (rest.p[0] != ':' || !num_u32(slice_from(rest, 1), &port) || port == 0 || port > 65535))
		return false;
	out->host = pool_str(pool, host);
	out->port = port;
	return true;
}

/* --- values --- */

void ldapc_put_filter(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c < ' ' || c >= 0x7f || strchr("*()\\", c))
			buf_printf(out, "\\%02x", c);
		else
			buf_addc(out, (char)c);
	}
}

void ldapc_put_dn(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == value.n && c == ' ');

		if (c < ' ' || c >= 0x7f || strchr("\"+,;<>\\=", c) || edge)
			buf_printf(out, "\\%02x", c);
		else
			buf_addc(out, (char)c);
	}
}

bool ldapc_is_filter(struct slice text)
{
	size_t depth = 0;

	if (text.n < 2 || text.p[0] != '(' || text.p[text.n - 1] != ')')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0')
			return false;
		if (text.p[i] == '(')
			depth++;
		if (text.p[i] == ')' && (depth == 0 || (--depth == 0 && i + 1 < text.n)))
			return false;
	}
	return depth == 0;
}
