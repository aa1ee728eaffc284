/* verify_name.c - is a certificate for that name? (RFC 9525, RFC 5280 4.2.1.6)
 *
 * Names in subjectAltName count, and nothing that the subject says. */
#include "pki/verify.h"

#include <arpa/inet.h>

#include "pki/der.h"

static bool has_name(const struct cert *cert, unsigned kind, struct slice value)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT | kind) && slice_eq(name.value, value))
			return true;
	return false;
}

/* The bytes of an address, in either form; 0: it is none. */
static size_t address_bytes(struct slice text, unsigned char out[sizeof(struct in6_addr)])
{
	struct buf z = { 0 };
	size_t n = 0;

	buf_adds(&z, text);
	if (slice_chr(text, '\0') >= 0)
		n = 0;
	else if (inet_pton(AF_INET, buf_z(&z), out) == 1)
		n = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, buf_z(&z), out) == 1)
		n = sizeof(struct in6_addr);
	buf_done(&z);
	return n;
}

bool verify_is_for_address(const struct cert *cert, struct slice address)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	size_t n = address_bytes(address, bytes);

	return n > 0 && has_name(cert, 7, slice_of(bytes, n));
}

bool verify_is_for_host(const struct cert *cert, struct slice host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (address_bytes(host, bytes) > 0)
		return verify_is_for_address(cert, host);
	return host.n > 0 && cert_covers(cert, host);
}

/* RFC 5280 7.5: the host's name in either case, the local part as it is. */
static bool mailbox_same(struct slice a, struct slice b)
{
	ptrdiff_t at = slice_rchr(a, '@');

	return at > 0 && a.n == b.n && slice_rchr(b, '@') == at &&
	    slice_eq(slice_head(a, (size_t)at), slice_head(b, (size_t)at)) &&
	    slice_ieq(slice_from(a, (size_t)at), slice_from(b, (size_t)at));
}

bool verify_is_for_mailbox(const struct cert *cert, struct slice mailbox)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT | 1) && mailbox_same(name.value, mailbox))
			return true;
	return false;
}

int verify_host(struct slice chain, const char *host, struct slice names, struct err *err)
{
	struct cert leaf;

	if (!cert_next(&chain, &leaf))
		return err_set(err, ERR_INPUT, "it cannot be read");
	if (host && verify_is_for_host(&leaf, slice_str(host)))
		return 0;
	for (struct slice name; (name = slice_word(&names)).n > 0;)
		if (verify_is_for_host(&leaf, name))
			return 0;
	return err_set(err, ERR_INPUT, "it is not for %s", host ? host : "that host");
}
