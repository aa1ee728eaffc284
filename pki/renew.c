/* renew.c - certificates renewed in time: which, by whom, and when to try again */
#include "pki/renew.h"

#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/loop.h"
#include "pki/expiry_private.h"
#include "pki/pki_private.h"

enum { RETRY_FIRST = EXPIRY_HOUR, RETRY_MAX = EXPIRY_DAY, AT_ONCE_MAX = 200 };

CONF_KEY(pki_renew_before) = {
	.name = "pki.renew.before",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "30d",
	.min = 1000,
	.help = "how long before its end a certificate is renewed by pki.renew.hook, or by itself",
};

/* --- tried in vain --- */

struct failed {
	struct failed *next;
	char *domain;
	unsigned times;
	int64_t again; /* unix seconds */
};

static struct failed *failures; /* of the thread that watches alone */

static struct failed **failed_of(const char *domain)
{
	struct failed **at = &failures;

	while (*at && strcmp((*at)->domain, domain) != 0)
		at = &(*at)->next;
	return at;
}

static void forget(struct failed **at)
{
	struct failed *old = *at;

	if (!old)
		return;
	*at = old->next;
	free(old->domain);
	free(old);
}

static void put_off(const char *domain)
{
	struct failed **at = failed_of(domain);
	int64_t wait = RETRY_FIRST;

	if (!*at) {
		*at = mem_get(sizeof(**at));
		(*at)->domain = mem_str(slice_str(domain));
	}
	for (unsigned i = (*at)->times++; i > 0 && wait < RETRY_MAX; i--)
		wait *= 2;
	(*at)->again = time(NULL) + (wait < RETRY_MAX ? wait : RETRY_MAX);
}

void renew_stop(void)
{
	while (failures)
		forget(&failures);
}

/* --- one domain --- */

static const struct renewer *renewer_of(const char *domain)
{
	const struct renewer *found = NULL;
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert leaf;

	if (record_get(slice_str(domain), &bytes, &record) == 1 && cert_next(&record.leaf, &leaf))
		for (size_t i = 0; !found && i < renewer_table_n; i++)
			if (renewer_table[i]->wants(domain, &leaf))
				found = renewer_table[i];
	buf_done(&bytes);
	return found;
}

int renew_install(const char *domain, struct slice pem, struct err *err)
{
	return domain_cert_set(slice_str(domain), pem, (struct slice){ 0 }, err);
}

int renew_domain(const char *domain, const char **by, struct err *err)
{
	const struct renewer *renewer = renewer_of(domain);

	if (!renewer)
		return err_set(err, ERR_ABSENT,
		    "nothing is set that renews the certificate of %s: pki.renew.hook, or "
		    "pki.renew.self-signed",
		    domain);
	*by = renewer->name;
	int rc = renewer->renew(domain, err);
	if (rc == 0)
		log_event(LOG_INFO, "certificate-renewed", log_z("domain", domain),
		    log_z("by", renewer->name));
	else
		log_event(LOG_ERROR, "certificate-not-renewed", log_z("domain", domain),
		    log_z("by", renewer->name), log_z("reason", err->text));
	return rc;
}

/* --- all in time --- */

struct coming {
	struct pool pool;
	int64_t now, longest;
	const char *domain[AT_ONCE_MAX];
	size_t n;
};

static bool note_due(void *arg, const struct expiry_item *item)
{
	struct coming *c = arg;
	int64_t left = item->not_after - c->now;
	struct conf_at at = { .domain = item->domain };

	if (c->n == AT_ONCE_MAX || left > c->longest)
		return false;
	if (strcmp(item->kind, "certificate") == 0 && !item->automatic &&
	    left <= conf_num_at(&conf_key_pki_renew_before, &at) / 1000)
		c->domain[c->n++] = pool_str(&c->pool, slice_str(item->domain));
	return true;
}

static void longest_of(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	int64_t *longest = arg, ms;

	(void)scope, (void)place;
	if (conf_check(&conf_key_pki_renew_before, slice_str(text), &ms, NULL) == 0 &&
	    ms / 1000 > *longest)
		*longest = ms / 1000;
}

static void try(const char *domain)
{
	struct failed **at = failed_of(domain);
	struct err err = { 0 };
	const char *by;

	if ((*at && (*at)->again > time(NULL)) || !renewer_of(domain))
		return;
	if (renew_domain(domain, &by, &err) == 0)
		forget(failed_of(domain));
	else
		put_off(domain);
}

void renew_due(void)
{
	struct coming *c = mem_get(sizeof(*c));

	c->now = time(NULL);
	c->longest = conf_num(&conf_key_pki_renew_before) / 1000;
	conf_each(&conf_key_pki_renew_before, longest_of, &c->longest);
	expiry_each(NULL, note_due, c);
	for (size_t i = 0; i < c->n && !threads_ending(); i++)
		try(c->domain[i]);
	pool_done(&c->pool);
	free(c);
}
