/* domain.c - keys and certificates that the server makes for domains by itself */
#include <time.h>

#include "core/log.h"
#include "pki/issue.h"
#include "pki/pki_private.h"
#include "pki/subject.h"

enum { DAY = 24 * 60 * 60, BACKDATE = 60 * 60 };

CONF_KEY(pki_certificate_days) = {
	.name = "pki.certificate-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "825",
	.min = 1,
	.max = 3650,
	.help = "for how many days a certificate is valid that the server makes for a domain",
};

/* --- certificates signed by their own keys --- */

void domain_validity(const struct conf_at *at, struct cert_spec *spec)
{
	int64_t now = time(NULL);

	spec->not_before = now - BACKDATE; /* clocks of clients may be behind */
	/* RFC 5280 4.1.2.5: both ends count. COMPAT: Apple refuses 825 days and a second. */
	spec->not_after =
	    spec->not_before + conf_num_at(&conf_key_pki_certificate_days, at) * DAY - 1;
}

int domain_sign_own(const char *domain, const struct subject *subject, struct slice serial,
    struct slice sealed, struct buf *leaf, struct err *err)
{
	struct sign_key key = { domain, sealed };
	struct conf_at at = { .domain = domain };
	struct buf name = { 0 };

	subject_name(subject, slice_str(domain), &name);
	struct cert_spec spec = {
		.subject = buf_slice(&name),
		.names = slice_str(subject->names),
		.serial = serial,
	};
	domain_validity(&at, &spec);
	int rc = cert_self_signed(&spec, &key, leaf, err);
	buf_done(&name);
	return rc;
}

struct making {
	struct slice sealed; /* the new key */
	struct buf leaf;
};

static int take_made(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct making *making = arg;
	struct pool pool = { 0 };
	struct subject subject = { 0 };
	int rc = subject_complete(&subject, slice_str(domain), &pool, err);

	if (rc == 0)
		rc = domain_sign_own(
		    domain, &subject, (struct slice){ 0 }, making->sealed, &making->leaf, err);
	record->made = time(NULL);
	record->installed = false;
	record->key = making->sealed;
	record->leaf = buf_slice(&making->leaf);
	record->above = record->subject = (struct slice){ 0 };
	pool_done(&pool);
	return rc;
}

int domain_make(struct slice domain, struct err *err)
{
	struct pool pool = { 0 };
	struct buf sealed = { 0 };
	struct making making = { 0 };
	int rc = sign_make(pool_str(&pool, domain), &sealed, err);

	making.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = domain_change(domain, take_made, &making, err);
	if (rc == 0)
		log_event(LOG_INFO, "certificate-made", log_s("domain", domain));
	buf_done(&sealed);
	buf_done(&making.leaf);
	pool_done(&pool);
	return rc;
}

int domain_ensure(struct slice domain, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int found = record_get(domain, &bytes, &record);

	buf_done(&bytes);
	if (found < 0)
		return err_set(err, ERR_TEMP, "cannot read what %.*s has", SLICE_ARG(domain));
	return found == 1 ? 0 : domain_make(domain, err);
}

/* --- renewed in time --- */

/* Of our making, or signed by an authority of ours; and a tenth of its life from its
   end, or a month when that is less. */
static bool ends_soon(const struct domain_record *record)
{
	struct slice rest = record->leaf;
	struct cert leaf;
	bool by_server;

	if (!cert_next(&rest, &leaf))
		return false;
	int64_t left = leaf.not_after - time(NULL);
	return left < 30 * DAY && left < (leaf.not_after - leaf.not_before) / 10 &&
	    (!record->installed || issue_wrote(&leaf, &by_server));
}

static bool note_old(void *arg, struct slice domain, const struct domain_record *record)
{
	struct buf *names = arg;

	if (ends_soon(record)) {
		buf_adds(names, domain);
		buf_addc(names, '\n');
	}
	return true;
}

/* By who signed it before, for the same key; or with another key by itself. */
static int renew(struct slice domain, struct err *err)
{
	struct domain_record record;
	struct issue_certify how = { 0 };
	struct buf bytes = { 0 };
	struct cert leaf;
	bool ours = record_get(domain, &bytes, &record) == 1 && record.installed &&
	    cert_next(&record.leaf, &leaf) && issue_wrote(&leaf, &how.by_server);

	if (ours)
		how.days = (leaf.not_after - leaf.not_before + DAY) / DAY;
	buf_done(&bytes);
	return ours ? issue_domain(domain, &how, err) : domain_make(domain, err);
}

void domain_renew_old(void)
{
	struct buf names = { 0 };
	struct err err = { 0 };

	record_each(note_old, &names);
	for (struct slice rest = buf_slice(&names); rest.n > 0;) {
		struct slice domain = slice_cut(&rest, '\n');
		if (renew(domain, &err) != 0)
			log_event(LOG_ERROR, "certificate-not-renewed", log_s("domain", domain),
			    log_z("reason", err.text));
	}
	buf_done(&names);
}

int pki_domain_renew(struct slice name, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = domain_make(domain, err);
	pool_done(&pool);
	return rc;
}
