/* cert_make.c - certificates of servers, signed by their own keys */
#include "pki/cert_build.h"

#include "pki/der.h"

static void put_names(struct buf *out, struct slice names)
{
	for (struct slice name; (name = slice_word(&names)).n > 0;)
		der_put(out, DER_CONTEXT | 2, name); /* dNSName */
}

static unsigned usage_of(const char *key_type)
{
	/* TLS 1.2 clients ask for keyEncipherment in RSA certificates. */
	return slice_starts(slice_str(key_type), SLICE("RSA"))
	    ? CERT_DIGITAL_SIGNATURE | CERT_KEY_ENCIPHERMENT
	    : CERT_DIGITAL_SIGNATURE;
}

int cert_self_signed(
    const struct cert_spec *spec, const struct sign_key *key, struct buf *out, struct err *err)
{
	/* As a client, too: outgoing connections show it. */
	static const char *const purposes[] = { CERT_FOR_SERVERS, CERT_FOR_CLIENTS, NULL };
	struct buf subject = { 0 }, names = { 0 };
	struct key_info info;

	if (sign_look(key, &info, err) != 0)
		return -1;
	if (spec->subject.n > 0)
		buf_adds(&subject, spec->subject);
	else
		cert_put_domain(&subject, spec->name);
	buf_adds(&names, spec->alt_names);
	put_names(&names, spec->names);
	struct cert_plan plan = {
		.subject = buf_slice(&subject),
		.public_info = buf_slice(&info.public_info),
		.not_before = spec->not_before,
		.not_after = spec->not_after,
		.usage = usage_of(info.type),
		.purposes = purposes,
		.alt_names = buf_slice(&names),
		.serial = spec->serial,
	};
	int rc = cert_build(&plan, NULL, key, out, err);
	key_info_done(&info);
	buf_done(&subject);
	buf_done(&names);
	return rc;
}
