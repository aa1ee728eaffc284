/* issue_user.c - certificates that a domain issues to its users */
#include <string.h>

#include "core/conf.h"
#include "pki/der.h"
#include "pki/issue_private.h"

enum { COMMON_NAME_MAX = 64, EMAIL_MAX = 255 };

CONF_KEY(smime_certificate_days) = {
	.name = "smime.certificate-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "730",
	.min = 1,
	.max = 3650,
	.help = "for how many days a certificate is valid that a domain issues to a user",
};

/* --- content (C-115) --- */

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void put_subject(struct buf *out, struct slice address)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	cert_put_attribute(out, "2.5.4.3", DER_UTF8, cert_text_cut(address, COMMON_NAME_MAX));
	if (is_ascii(address) && address.n <= EMAIL_MAX)
		cert_put_attribute(out, "1.2.840.113549.1.9.1", DER_IA5, address);
	der_close(out, mark);
}

/* rfc822Name; SmtpUTF8Mailbox (RFC 9598 3) when the local part is not ASCII. */
static void put_mailbox(struct buf *out, struct slice address)
{
	if (is_ascii(address)) {
		der_put(out, DER_CONTEXT | 1, address);
		return;
	}
	size_t other = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	der_oid(out, "1.3.6.1.5.5.7.8.9");
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	der_put(out, DER_UTF8, address);
	der_close(out, explicit);
	der_close(out, other);
}

/* RFC 8550 4.4.2: how others encrypt for such a key, beside signing. */
static unsigned usage_of(const char *key_type)
{
	bool rsa = slice_starts(slice_str(key_type), SLICE("RSA"));

	return CERT_DIGITAL_SIGNATURE | (rsa ? CERT_KEY_ENCIPHERMENT : CERT_KEY_AGREEMENT);
}

/* --- signed, written down --- */

static int sign(struct slice domain, const struct issue_authority *authority,
    const struct issue_user *user, struct buf *chain, struct err *err)
{
	static const char *const purposes[] = { CERT_FOR_EMAIL, CERT_FOR_CLIENTS, NULL };
	struct conf_at at = { .domain = domain.p };
	struct buf subject = { 0 }, names = { 0 };

	put_subject(&subject, slice_str(user->address));
	put_mailbox(&names, slice_str(user->address));
	struct issue_order order = {
		.whom = user->address,
		.profile = ISSUE_EMAIL,
		.subject = buf_slice(&subject),
		.public_info = user->public_info,
		.alt_names = buf_slice(&names),
		.usage = usage_of(user->key_type),
		.purposes = purposes,
		.days = user->days > 0 ? user->days
				       : conf_num_at(&conf_key_smime_certificate_days, &at),
	};
	int rc = issue_sign(domain, authority, &order, chain, err);
	buf_done(&subject);
	buf_done(&names);
	return rc;
}

/* C-116 */
static int check_address(struct slice domain, const char *address, struct err *err)
{
	const char *at = strrchr(address, '@');

	if (at && slice_eq(slice_str(at + 1), domain))
		return 0;
	return err_set(err, ERR_DENIED, "%s is no address of %.*s", address, SLICE_ARG(domain));
}

int issue_user(struct slice name, const struct issue_user *user, struct buf *chain, struct err *err)
{
	struct pool pool = { 0 };
	struct issue_authority authority;
	struct slice domain = slice_str(pool_str(&pool, name));
	int rc = check_address(domain, user->address, err);

	if (rc == 0)
		rc = issue_ready(domain, &pool, &authority, err);
	if (rc == 0)
		rc = sign(domain, &authority, user, chain, err);
	pool_done(&pool);
	return rc;
}
