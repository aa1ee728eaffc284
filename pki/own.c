/* own.c - requests and self-signed certificates that an admin has made */
#include "core/log.h"
#include "pki/csr.h"
#include "pki/stage.h"
#include "pki/verify_private.h"

/* --- what is said of the domain --- */

struct asking {
	const struct subject *subject; /* NULL: as before */
	struct subject complete;
	struct pool pool;
	struct buf kept, out;
	bool new_serial;
};

static int check_key(const char *domain, const struct domain_record *record, struct err *err)
{
	struct sign_key key = { domain, record->key };

	if (record->key.n == 0)
		return err_set(
		    err, ERR_ABSENT, "%s has no private key: make or import one", domain);
	return sign_test(&key, err);
}

static int complete(
    struct asking *a, const char *domain, struct domain_record *record, struct err *err)
{
	if (a->subject)
		a->complete = *a->subject;
	else
		subject_read(record->subject, &a->pool, &a->complete);
	subject_defaults(&a->complete, domain, &a->pool);
	if (subject_complete(&a->complete, slice_str(domain), &a->pool, err) != 0)
		return -1;
	subject_write(&a->complete, &a->kept);
	record->subject = buf_slice(&a->kept);
	return 0;
}

static int ask(struct slice domain, struct asking *a,
    int (*change)(void *arg, const char *name, struct domain_record *record, struct err *err),
    struct err *err)
{
	int rc = domain_change(domain, change, a, err);

	pool_done(&a->pool);
	buf_done(&a->kept);
	return rc;
}

void domain_subject(struct slice domain, struct pool *pool, struct subject *out)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 };

	record_get(domain, &bytes, &record);
	subject_read(record.subject, pool, out);
	buf_done(&bytes);
}

/* --- request --- */

/* E-017: what an authority is asked for is in force. What was said last is no
   reason to have a profile wait. */
static int check_waiting(struct slice owner, struct domain_record *record, struct err *err)
{
	if (stage_has(owner))
		return err_set(err, ERR_BUSY,
		    "%.*s has changes that wait: pki commit puts them in force", SLICE_ARG(owner));
	record->not_kept = stage_wanted(owner);
	return 0;
}

static int make_request(
    void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct sign_key key = { domain, record->key };
	struct asking *a = arg;

	if (check_waiting(slice_str(domain), record, err) != 0 ||
	    check_key(domain, record, err) != 0 || complete(a, domain, record, err) != 0)
		return -1;
	return csr_make(&a->complete, slice_str(domain), &key, &a->out, err);
}

int domain_csr(struct slice domain, const struct subject *subject, struct buf *pem, struct err *err)
{
	struct asking a = { .subject = subject };
	int rc = ask(domain, &a, make_request, err);

	if (rc == 0)
		pem_put("CERTIFICATE REQUEST", buf_slice(&a.out), pem);
	buf_done(&a.out);
	return rc;
}

/* --- self-signed --- */

static int make_certificate(
    void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct asking *a = arg;

	if (check_key(domain, record, err) != 0 || complete(a, domain, record, err) != 0 ||
	    domain_sign_own(domain, &a->complete, (struct slice){ 0 }, record->key, &a->out, err) !=
		0)
		return -1;
	record->installed = true;
	record->leaf = buf_slice(&a->out);
	record->above = (struct slice){ 0 };
	return 0;
}

int domain_self_signed(struct slice domain, const struct subject *subject, struct err *err)
{
	struct asking a = { .subject = subject };
	int rc = ask(domain, &a, make_certificate, err);

	if (rc == 0)
		log_event(LOG_INFO, "certificate-made", log_s("domain", domain));
	buf_done(&a.out);
	return rc;
}

bool domain_is_self_signed(const struct cert *cert)
{
	return slice_eq(cert->subject, cert->issuer) && verify_signature(cert, cert, NULL) == 0;
}

static int refresh(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct sign_key key = { domain, record->key };
	struct conf_at at = { .domain = domain };
	struct slice rest = record->leaf;
	struct asking *a = arg;
	struct cert leaf;

	if (!cert_next(&rest, &leaf) || !domain_is_self_signed(&leaf))
		return err_set(
		    err, ERR_INPUT, "the certificate of %s is not signed by its own key", domain);
	struct cert_spec spec = { .subject = leaf.subject,
		.alt_names = leaf.alt_names,
		.serial = a->new_serial ? (struct slice){ 0 } : leaf.serial };
	domain_validity(&at, &spec);
	if (cert_self_signed(&spec, &key, &a->out, err) != 0)
		return -1;
	record->leaf = buf_slice(&a->out);
	return 0;
}

int domain_refresh(struct slice domain, bool new_serial, struct err *err)
{
	struct asking a = { .new_serial = new_serial };
	int rc = ask(domain, &a, refresh, err);

	if (rc == 0)
		log_event(LOG_INFO, "certificate-refreshed", log_s("domain", domain));
	buf_done(&a.out);
	return rc;
}
