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

static size_t count_certificates(struct slice der)
{
	struct cert cert;
	size_t n = 0;

	while (cert_next(&der, &cert))
		n++;
	return n;
}

static int set_issuers(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct client_asking *asking = arg;
	struct buf der = { 0 };

	record->client_issuer = asking->fingerprints;
	record->client_required = asking->fingerprints.n > 0 && asking->required;
	record->client_map = asking->map;
	client_issuers(domain, record, &der);
	size_t found = count_certificates(buf_slice(&der));
	buf_done(&der);
	return found * CLIENT_FINGERPRINT == asking->fingerprints.n
	    ? 0
	    : err_set(err, ERR_ABSENT, "the trusted set of %s has no such certificate", domain);
}

int domain_ask_clients(struct slice domain, const struct client_asking *asking, struct err *err)
{
	struct client_asking copy = *asking;

	return domain_change(domain, set_issuers, &copy, err);
}
