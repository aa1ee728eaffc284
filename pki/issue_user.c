/* issue_user.c - certificates that a domain issues to its users */
#include <string.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/issue_private.h"

enum { DAY = 24 * 60 * 60, BACKDATE = 60 * 60, COMMON_NAME_MAX = 64, EMAIL_MAX = 255 };

CONF_KEY(smime_certificate_days) = {
	.name = "smime.certificate-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "730",
	.min = 1,
	.max = 3650,
	.help = "for how many days a certificate is valid that a domain issues to a user",
};

/* --- content (SPEC C-115) --- */

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* RFC 5280 A.1: at most 64 characters; a cut falls between two. */
static struct slice common_name(struct slice address)
{
	size_t n = address.n < COMMON_NAME_MAX ? address.n : COMMON_NAME_MAX;

	while (n < address.n && n > 0 && ((unsigned char)address.p[n] & 0xc0) == 0x80)
		n--;
	return slice_head(address, n);
}

static void put_subject(struct buf *out, struct slice address)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	cert_put_attribute(out, "2.5.4.3", DER_UTF8, common_name(address));
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

/* Within the authority's own validity. */
static int set_validity(struct cert_plan *plan, const char *domain, int64_t days,
    const struct cert *issuer, struct err *err)
{
	struct conf_at at = { .domain = domain };
	int64_t now = time(NULL);

	if (days <= 0)
		days = conf_num_at(&conf_key_smime_certificate_days, &at);
	plan->not_before =
	    now - BACKDATE > issuer->not_before ? now - BACKDATE : issuer->not_before;
	plan->not_after =
	    now + days * DAY < issuer->not_after ? now + days * DAY : issuer->not_after;
	if (plan->not_after - now < BACKDATE)
		return err_set(err, ERR_DENIED, "the certificate of %s is nearly over", domain);
	return 0;
}

/* --- signed, written down --- */

static int build(const struct issue_authority *authority, struct slice domain,
    const struct issue_user *user, struct buf *out, struct err *err)
{
	static const char *const purposes[] = { CERT_FOR_EMAIL, CERT_FOR_CLIENTS, NULL };
	struct slice address = slice_str(user->address), above = authority->chain;
	struct sign_key key = { authority->owner, authority->key };
	struct buf subject = { 0 }, names = { 0 };
	struct cert issuer;

	if (!cert_next(&above, &issuer))
		return err_set(err, ERR_TEMP, "the authority's certificate cannot be read");
	put_subject(&subject, address);
	put_mailbox(&names, address);
	struct cert_plan plan = {
		.subject = buf_slice(&subject),
		.public_info = user->public_info,
		.usage = usage_of(user->key_type),
		.purposes = purposes,
		.alt_names = buf_slice(&names),
	};
	int rc = set_validity(&plan, domain.p, user->days, &issuer, err);
	if (rc == 0)
		rc = cert_build(&plan, &issuer, &key, out, err);
	buf_done(&subject);
	buf_done(&names);
	return rc;
}

static int write_down(struct slice domain, const char *address, struct slice der, struct err *err)
{
	struct cert cert;

	if (!cert_next(&der, &cert))
		return err_set(err, ERR_TEMP, "the certificate cannot be read");
	if (issue_register(domain, address, &cert, err) != 0)
		return -1;
	log_event(LOG_INFO, "smime-certificate-issued", log_z("account", address));
	return 0;
}

/* SPEC C-116 */
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
	struct buf der = { 0 };
	struct slice domain = slice_str(pool_str(&pool, name));
	int rc = check_address(domain, user->address, err);

	if (rc == 0)
		rc = issue_ready(domain, &pool, &authority, err);
	if (rc == 0)
		rc = build(&authority, domain, user, &der, err);
	if (rc == 0)
		rc = write_down(domain, user->address, buf_slice(&der), err);
	if (rc == 0) {
		buf_adds(chain, buf_slice(&der));
		buf_adds(chain, authority.chain);
	}
	buf_done(&der);
	pool_done(&pool);
	return rc;
}
