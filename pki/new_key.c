/* new_key.c - private keys that an admin has made, or brings */
#include <stdatomic.h>
#include <time.h>

#include "core/log.h"
#include "pki/pki_private.h"

enum { PEM_MAX = 64 * 1024, MAKING_MAX = 8 };

struct new_key {
	struct slice sealed;
	bool replace;
};

/* The certificate goes with its key. What the server had made by itself may be
   replaced without a word. */
static int take_key(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct new_key *new = arg;

	if (record->key.n > 0 && record->installed && !new->replace)
		return err_set(err, ERR_EXISTS,
		    "%s has a key: remove it first, or say that it is to be replaced", domain);
	record->made = time(NULL);
	record->installed = true;
	record->key = new->sealed;
	record->leaf = record->above = (struct slice){ 0 };
	return 0;
}

static int keep(
    struct slice domain, const struct buf *sealed, bool replace, const char *event, struct err *err)
{
	struct new_key new = { buf_slice(sealed), replace };
	int rc = domain_change(domain, take_key, &new, err);

	if (rc == 0)
		log_event(LOG_INFO, event, log_s("domain", domain));
	return rc;
}

/* Large ones take a worker for seconds, and there are others who need workers. */
static int generate(const char *owner, enum key_kind kind, struct buf *sealed, struct err *err)
{
	static atomic_uint making;
	int rc;

	if (atomic_fetch_add(&making, 1) < MAKING_MAX)
		rc = sign_generate(owner, kind, sealed, err);
	else
		rc = err_set(
		    err, ERR_BUSY, "%d keys are being made: try again in a moment", MAKING_MAX);
	atomic_fetch_sub(&making, 1);
	return rc;
}

/* Made before the record is locked. */
int domain_key_generate(struct slice name, enum key_kind kind, bool replace, struct err *err)
{
	struct pool pool = { 0 };
	struct buf sealed = { 0 };
	struct slice domain;
	int rc = owner_find(name, &pool, &domain, err);

	if (rc == 0)
		rc = generate(domain.p, kind, &sealed, err);
	if (rc == 0)
		rc = keep(domain, &sealed, replace, "key-made", err);
	buf_done(&sealed);
	pool_done(&pool);
	return rc;
}

int domain_key_import(struct slice name, struct slice pem, bool replace, struct err *err)
{
	struct pool pool = { 0 };
	struct buf sealed = { 0 };
	struct slice domain;
	int rc = owner_find(name, &pool, &domain, err);

	if (rc == 0 && pem.n > PEM_MAX)
		rc = err_set(
		    err, ERR_LIMIT, "a key in PEM form is not longer than %d bytes", PEM_MAX);
	if (rc == 0)
		rc = sign_take(domain.p, pem, &sealed, err);
	if (rc == 0)
		rc = keep(domain, &sealed, replace, "key-imported", err);
	buf_done(&sealed);
	pool_done(&pool);
	return rc;
}
