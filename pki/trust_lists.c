/* trust_lists.c - admins give lists of revoked certificates */
#include "pki/crl.h"
#include "pki/trust_private.h"

enum { LISTS_MAX = 4 * 1024 * 1024 };

/* With the lock held. */
static bool signed_by_trusted(struct slice scope, const struct crl *crl)
{
	struct trust trust = { { builtin_now(), stored_now((struct slice){ 0 }),
	    scope.n > 0 ? stored_now(scope) : NULL } };
	struct buf issuer = { 0 };
	const struct cert *ca;
	size_t at = 0;
	bool good = false;

	cert_name_canonical(crl->issuer, &issuer);
	while (!good && (ca = trust_next(&trust, buf_slice(&issuer), &at)) != NULL)
		good = crl_is_of(crl, ca);
	buf_done(&issuer);
	trust_give_back(&trust);
	return good;
}

static int check_lists(struct slice scope, struct slice lists, struct err *err)
{
	struct crl crl;

	while (crl_next(&lists, &crl))
		if (!signed_by_trusted(scope, &crl))
			return err_set(err, ERR_INPUT,
			    "nobody who is trusted here signed the list of revoked certificates");
	return 0;
}

/* Is one of them of the same issuer, about the same certificates? */
static bool has_like(struct slice lists, const struct crl *other)
{
	for (struct crl crl; crl_next(&lists, &crl);)
		if (crl_same_scope(&crl, other) && !crl.base.n == !other->base.n)
			return true;
	return false;
}

/* Those of `old` that have no like in `new`. */
static void keep_others(struct slice old, struct slice new, struct buf *out)
{
	for (struct crl crl; crl_next(&old, &crl);)
		if (!has_like(new, &crl))
			buf_adds(out, crl.der);
}

int trust_add_lists(struct slice scope, struct slice pem, struct err *err)
{
	struct buf old = { 0 }, new = { 0 }, all = { 0 };
	int rc = crl_from_pem(pem, &new, err);

	pthread_mutex_lock(&trust_lock);
	if (rc == 0)
		rc = check_lists(scope, buf_slice(&new), err);
	if (rc == 0 && trust_read(TRUST_LISTS, scope, &old) != 0)
		rc = err_set(err, ERR_TEMP, "the lists so far cannot be read");
	if (rc == 0)
		keep_others(buf_slice(&old), buf_slice(&new), &all);
	buf_adds(&all, buf_slice(&new));
	if (rc == 0 && all.n > LISTS_MAX)
		rc = err_set(err, ERR_LIMIT, "the lists are longer than %d bytes", LISTS_MAX);
	if (rc == 0)
		rc = trust_write(TRUST_LISTS, scope, buf_slice(&all), err);
	stored_forget(scope);
	pthread_mutex_unlock(&trust_lock);
	buf_done(&old);
	buf_done(&new);
	buf_done(&all);
	return rc;
}

int trust_remove_lists(struct slice scope, struct err *err)
{
	pthread_mutex_lock(&trust_lock);
	int rc = trust_write(TRUST_LISTS, scope, (struct slice){ 0 }, err);
	stored_forget(scope);
	pthread_mutex_unlock(&trust_lock);
	return rc;
}
