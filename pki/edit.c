/* edit.c - parts of what a domain has are taken away; and how the others are used */
#include "core/log.h"
#include "pki/pki_private.h"
#include "pki/trust.h"

/* --- mode --- */

static int set_mode(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	(void)domain, (void)err;
	record->mode = *(const enum pki_mode *)arg;
	return 0;
}

int domain_set_mode(struct slice domain, enum pki_mode mode, struct err *err)
{
	int rc = domain_change(domain, set_mode, &mode, err);

	if (rc == 0)
		log_event(LOG_INFO, "pki-mode", log_s("domain", domain),
		    log_z("mode", pki_mode_names[mode]));
	return rc;
}

/* --- away --- */

static int drop_key(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	(void)arg;
	if (record->key.n == 0)
		return err_set(err, ERR_ABSENT, "%s has no private key", domain);
	record->key = record->leaf = record->above = (struct slice){ 0 };
	return 0;
}

static int drop_cert(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	(void)arg;
	if (record->leaf.n == 0)
		return err_set(err, ERR_ABSENT, "%s has no certificate", domain);
	record->leaf = (struct slice){ 0 };
	return 0;
}

static int drop_chain(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	(void)arg;
	if (record->above.n == 0)
		return err_set(err, ERR_ABSENT, "%s has no chain", domain);
	record->above = (struct slice){ 0 };
	return 0;
}

static int drop(struct slice domain, const char *event,
    int (*change)(void *arg, const char *name, struct domain_record *record, struct err *err),
    struct err *err)
{
	int rc = domain_change(domain, change, NULL, err);

	if (rc == 0)
		log_event(LOG_INFO, event, log_s("domain", domain));
	return rc;
}

int domain_key_remove(struct slice domain, struct err *err)
{
	return drop(domain, "key-removed", drop_key, err);
}

int domain_cert_remove(struct slice domain, struct err *err)
{
	return drop(domain, "certificate-removed", drop_cert, err);
}

int domain_chain_remove(struct slice domain, struct err *err)
{
	return drop(domain, "chain-removed", drop_chain, err);
}

/* --- clients --- */

struct asking {
	struct slice fingerprint;
	bool required;
};

static int set_issuer(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct asking *asking = arg;
	struct buf der = { 0 };

	record->client_issuer = asking->fingerprint;
	record->client_required = asking->fingerprint.n > 0 && asking->required;
	client_issuer(domain, record, &der);
	bool found = der.n > 0;
	buf_done(&der);
	return asking->fingerprint.n == 0 || found
	    ? 0
	    : err_set(err, ERR_ABSENT, "the trusted set of %s has no such certificate", domain);
}

int domain_ask_clients(
    struct slice domain, struct slice fingerprint, bool required, struct err *err)
{
	struct asking asking = { fingerprint, required };

	return domain_change(domain, set_issuer, &asking, err);
}
