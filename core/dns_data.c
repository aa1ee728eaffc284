/* dns_data.c - what DNS records say (RFC 1035 3.3, RFC 2782); all of it comes from strangers */
#include "core/dns.h"

#include <arpa/inet.h>

enum { LABEL_MAX_BYTES = 63, NAME_MAX_BYTES = 255 };

static unsigned get16(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	return (unsigned)p[0] << 8 | p[1];
}

/* Host names do not need more than printable ASCII; the rest could forge log
   lines and protocols. */
static bool add_label(struct slice label, struct buf *out)
{
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (c <= ' ' || c >= 0x7f || c == '.')
			return false;
		buf_addc(out, char_lower(c));
	}
	return true;
}

static bool read_labels(struct slice *rest, struct buf *out)
{
	size_t used = 0;

	while (rest->n > 0) {
		size_t n = (unsigned char)rest->p[0];
		struct slice label = slice_head(slice_from(*rest, 1), n);

		if (n > LABEL_MAX_BYTES || label.n < n || (used += n + 1) > NAME_MAX_BYTES)
			return false;
		*rest = slice_from(*rest, n + 1);
		if (n == 0)
			return true;
		if (out->n > 0)
			buf_addc(out, '.');
		if (!add_label(label, out))
			return false;
	}
	return false;
}

bool dns_read_name(struct slice *rest, struct pool *pool, struct slice *out)
{
	struct buf name = { 0 };
	bool good = read_labels(rest, &name);

	if (good)
		*out = name.n > 0 ? pool_slice(pool, buf_slice(&name)) : SLICE(".");
	buf_done(&name);
	return good;
}

bool dns_read_mx(struct slice rr, struct pool *pool, struct dns_mx *out)
{
	if (rr.n < 3)
		return false;
	out->preference = get16(rr);
	rr = slice_from(rr, 2);
	return dns_read_name(&rr, pool, &out->host) && rr.n == 0;
}

bool dns_read_srv(struct slice rr, struct pool *pool, struct dns_srv *out)
{
	if (rr.n < 7)
		return false;
	out->priority = get16(rr);
	out->weight = get16(slice_from(rr, 2));
	out->port = get16(slice_from(rr, 4));
	rr = slice_from(rr, 6);
	return dns_read_name(&rr, pool, &out->host) && rr.n == 0;
}

bool dns_read_text(struct slice rr, struct pool *pool, struct slice *out)
{
	char *text = pool_get(pool, rr.n + 1);
	size_t n = 0;

	while (rr.n > 0) {
		struct slice string = slice_head(slice_from(rr, 1), (unsigned char)rr.p[0]);

		if (string.n < (unsigned char)rr.p[0])
			return false;
		if (string.n > 0)
			memcpy(text + n, string.p, string.n);
		n += string.n;
		rr = slice_from(rr, string.n + 1);
	}
	*out = slice_of(text, n);
	return true;
}

bool dns_read_address(struct slice rr, enum dns_type type, struct pool *pool, struct slice *out)
{
	char text[INET6_ADDRSTRLEN];
	int family = type == DNS_AAAA ? AF_INET6 : AF_INET;

	if (rr.n != (type == DNS_AAAA ? 16 : 4) || !inet_ntop(family, rr.p, text, sizeof(text)))
		return false;
	*out = pool_slice(pool, slice_str(text));
	return true;
}
