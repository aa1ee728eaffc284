/* trust_edit.c - admins add certificates that they trust, and take them back */
#include "core/text.h"
#include "pki/trust_private.h"

static bool holds(struct slice der, const struct cert *cert)
{
	for (struct cert other; cert_next(&der, &other);)
		if (slice_eq(other.der, cert->der))
			return true;
	return false;
}

static size_t count(struct slice der)
{
	size_t n = 0;

	for (struct cert cert; cert_next(&der, &cert);)
		n++;
	return n;
}

static int add_each(struct buf *der, struct slice more, struct err *err)
{
	if (count(buf_slice(der)) + count(more) > TRUST_MAX)
		return err_set(err, ERR_LIMIT, "a set holds at most %d certificates", TRUST_MAX);
	for (struct cert cert; cert_next(&more, &cert);) {
		if (holds(buf_slice(der), &cert))
			return err_set(err, ERR_EXISTS, "this certificate is there already");
		buf_adds(der, cert.der);
	}
	return 0;
}

int trust_add(struct slice scope, struct slice pem, struct err *err)
{
	struct buf der = { 0 }, more = { 0 };
	int rc = cert_from_pem(pem, &more, err);

	pthread_mutex_lock(&trust_lock);
	if (rc == 0 && trust_read(TRUST_CERTIFICATES, scope, &der) != 0)
		rc = err_set(err, ERR_TEMP, "what is trusted so far cannot be read");
	if (rc == 0)
		rc = add_each(&der, buf_slice(&more), err);
	if (rc == 0)
		rc = trust_write(TRUST_CERTIFICATES, scope, buf_slice(&der), err);
	stored_forget(scope);
	pthread_mutex_unlock(&trust_lock);
	buf_done(&der);
	buf_done(&more);
	return rc;
}

static bool has_fingerprint(const struct cert *cert, struct slice fingerprint)
{
	struct buf hex = { 0 };

	cert_fingerprint(cert, &hex);
	bool has = slice_ieq(buf_slice(&hex), fingerprint);
	buf_done(&hex);
	return has;
}

static int remove_one(struct slice der, struct slice fingerprint, struct buf *left, struct err *err)
{
	bool found = false;

	for (struct cert cert; cert_next(&der, &cert);)
		if (has_fingerprint(&cert, fingerprint))
			found = true;
		else
			buf_adds(left, cert.der);
	return found ? 0
		     : err_set(err, ERR_ABSENT, "no certificate of this set has that fingerprint");
}

int trust_remove(struct slice scope, struct slice fingerprint, struct err *err)
{
	struct buf der = { 0 }, left = { 0 };
	int rc = 0;

	pthread_mutex_lock(&trust_lock);
	if (trust_read(TRUST_CERTIFICATES, scope, &der) != 0)
		rc = err_set(err, ERR_TEMP, "what is trusted so far cannot be read");
	if (rc == 0)
		rc = remove_one(buf_slice(&der), fingerprint, &left, err);
	if (rc == 0)
		rc = trust_write(TRUST_CERTIFICATES, scope, buf_slice(&left), err);
	stored_forget(scope);
	pthread_mutex_unlock(&trust_lock);
	buf_done(&der);
	buf_done(&left);
	return rc;
}
