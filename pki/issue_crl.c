/* issue_crl.c - lists of revoked certificates: made when asked for, kept until they are old
 *
 *	c SCOPE NUL ID   number, this update, next update, changes, how many, list
 *
 * A list is good until something is revoked or half of its time is over; only then
 * it is made again, however many were revoked meanwhile. Who has expired appears
 * once more and is then left out (RFC 5280 5), so a list does not grow for ever. */
#include "pki/issue_crl.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "storage/store.h"

CONF_KEY(ca_crl_lifetime) = {
	.name = "ca.crl-lifetime",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "7d",
	.min = 2000,
	.max = INT64_C(366) * 24 * 60 * 60 * 1000,
	.help = "how long an authority's list of revoked certificates is valid; it is made anew "
		"when half of that is over, and when something is revoked",
};

enum { HEADER = 4 * 8 + 4, DROP_AT_ONCE = 256 };

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* --- what is kept --- */

struct kept {
	struct issue_crl says;
	uint64_t changes;
	struct slice der;
};

static bool get_kept(
    struct slice scope, const unsigned char *id, struct buf *bytes, struct kept *out)
{
	struct buf key = { 0 };
	const unsigned char *p;
	int found = store_record_get(
	    ISSUE_ROOM, issue_key(&key, 'c', scope, slice_of(id, CERT_KEY_ID)), bytes);

	buf_done(&key);
	*out = (struct kept){ 0 };
	if (found != 1 || bytes->n < HEADER)
		return false;
	p = (const unsigned char *)bytes->p;
	out->says = (struct issue_crl){ .number = num_get64(p),
		.this_update = (int64_t)num_get64(p + 8),
		.next_update = (int64_t)num_get64(p + 16),
		.revoked = num_get32(p + 32) };
	out->changes = num_get64(p + 24);
	out->der = slice_from(buf_slice(bytes), HEADER);
	return true;
}

static void write_kept(const struct kept *kept, struct buf *out)
{
	unsigned char header[HEADER];

	num_put64(header, kept->says.number);
	num_put64(header + 8, (uint64_t)kept->says.this_update);
	num_put64(header + 16, (uint64_t)kept->says.next_update);
	num_put64(header + 24, kept->changes);
	num_put32(header + 32, (uint32_t)kept->says.revoked);
	buf_add(out, header, sizeof(header));
	buf_adds(out, kept->der);
}

static int64_t lifetime(struct slice scope)
{
	struct conf_at at = { .domain = scope.n > 0 ? scope.p : NULL };

	return conf_num_at(&conf_key_ca_crl_lifetime, &at) / 1000;
}

static bool is_fresh(const struct kept *kept, uint64_t changes, int64_t life, int64_t now)
{
	return kept->changes == changes && now >= kept->says.this_update &&
	    kept->says.next_update - now > life / 2 && kept->says.next_update - now <= life;
}

/* --- entries --- */

struct listing {
	size_t skip;  /* of a key: what is before the serial number */
	int64_t last; /* when the list before was made */
	struct buf entries;
	size_t n;
	struct store_record drop[DROP_AT_ONCE + 1]; /* that need not be listed again */
	struct buf drop_keys[DROP_AT_ONCE];
	size_t n_drop;
};

static bool add_entry(void *arg, struct slice key, struct slice value)
{
	struct listing *listing = arg;
	const unsigned char *p = (const unsigned char *)value.p;

	if (value.n != ISSUE_REVOKED)
		return true;
	if ((int64_t)num_get64(p + 8) < listing->last && listing->n_drop < DROP_AT_ONCE) {
		struct buf *copy = &listing->drop_keys[listing->n_drop];
		buf_adds(copy, key);
		listing->drop[listing->n_drop++].key = buf_slice(copy);
		return true;
	}
	issue_crl_entry(
	    &listing->entries, slice_from(key, listing->skip), (int64_t)num_get64(p), p[16]);
	listing->n++;
	return true;
}

static int read_entries(
    struct slice scope, const unsigned char *id, struct listing *listing, struct err *err)
{
	struct buf prefix = { 0 };

	listing->skip = issue_key(&prefix, 'r', scope, slice_of(id, CERT_KEY_ID)).n;
	int rc = store_record_each(ISSUE_ROOM, buf_slice(&prefix), add_entry, listing);
	buf_done(&prefix);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "the register cannot be read");
}

static void listing_done(struct listing *listing)
{
	buf_done(&listing->entries);
	for (size_t i = 0; i < listing->n_drop; i++)
		buf_done(&listing->drop_keys[i]);
}

/* --- making --- */

/* RFC 5280 4.2.1.3 */
static int check_signer(const struct issue_record *record, struct cert *ca, struct err *err)
{
	struct slice chain = record->chain;

	if (!cert_next(&chain, ca))
		return err_set(err, ERR_TEMP, "the authority's certificate cannot be read");
	if (record->key.n == 0)
		return err_set(err, ERR_ABSENT, "the authority's key is not here any more");
	if (!ca->is_ca || (ca->has_usage && !(ca->usage & CERT_CRL_SIGN)))
		return err_set(err, ERR_DENIED,
		    "the authority's certificate does not say that it may sign lists of revoked "
		    "certificates (cRLSign)");
	return 0;
}

static int keep(struct slice scope, const unsigned char *id, const struct kept *kept,
    struct listing *listing, struct err *err)
{
	struct buf key = { 0 }, value = { 0 };

	write_kept(kept, &value);
	listing->drop[listing->n_drop] = (struct store_record){
		.key = issue_key(&key, 'c', scope, slice_of(id, CERT_KEY_ID)),
		.value = buf_slice(&value),
	};
	int rc = store_records_put(ISSUE_ROOM, listing->drop, listing->n_drop + 1, err);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

/* In place of *kept. */
static int make(struct slice scope, const unsigned char *id, const struct issue_record *record,
    struct kept *kept, struct buf *der, struct err *err)
{
	struct pool pool = { 0 };
	struct listing *listing = mem_get(sizeof(*listing));
	struct sign_key key = { issue_owner(&pool, scope), record->key };
	int64_t now = time(NULL);
	struct cert ca;

	listing->last = kept->says.this_update;
	int rc = check_signer(record, &ca, err);
	if (rc == 0) {
		kept->changes = issue_changes(scope, id); /* before: what comes later counts */
		rc = read_entries(scope, id, listing, err);
	}
	if (rc == 0) {
		kept->says = (struct issue_crl){ .number = kept->says.number + 1,
			.this_update = now,
			.next_update = now + lifetime(scope),
			.revoked = listing->n };
		rc = issue_crl_sign(&key, &ca, &kept->says, buf_slice(&listing->entries), der, err);
		kept->der = buf_slice(der);
	}
	if (rc == 0)
		rc = keep(scope, id, kept, listing, err);
	listing_done(listing);
	free(listing);
	pool_done(&pool);
	return rc;
}

/* With the lock held. 0, -1, or 1: another was made in this very second, and a list
   must be later than the one before (COMPAT: NSS refuses it otherwise). */
static int current(struct slice scope, const unsigned char *id, const struct issue_record *record,
    struct buf *der, struct issue_crl *out, struct err *err)
{
	struct buf bytes = { 0 }, made = { 0 };
	int64_t now = time(NULL);
	struct kept kept;
	int rc = 0;
	bool there = get_kept(scope, id, &bytes, &kept);

	if (!there || !is_fresh(&kept, issue_changes(scope, id), lifetime(scope), now))
		rc = there && kept.says.this_update == now
		    ? 1
		    : make(scope, id, record, &kept, &made, err);
	if (rc == 0) {
		buf_adds(der, kept.der);
		if (out)
			*out = kept.says;
	}
	buf_done(&bytes);
	buf_done(&made);
	return rc;
}

static void await_next_second(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	nanosleep(&(struct timespec){ .tv_nsec = 999999999L - now.tv_nsec }, NULL);
}

static int crl_of(struct slice scope, const struct issue_record *record, struct buf *der,
    struct issue_crl *out, struct err *err)
{
	unsigned char id[CERT_KEY_ID];
	int rc;

	if (!issue_id(record->chain, id))
		return err_set(err, ERR_ABSENT, "%s has no authority: see signet help ca create",
		    issue_scope_text(scope));
	do {
		pthread_mutex_lock(&making);
		rc = current(scope, id, record, der, out, err);
		pthread_mutex_unlock(&making);
		if (rc == 1)
			await_next_second();
	} while (rc == 1);
	return rc;
}

int issue_crl(struct slice name, struct buf *der, struct issue_crl *out, struct err *err)
{
	struct pool pool = { 0 };
	struct buf bytes = { 0 };
	struct issue_record record = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0 && issue_record_get(scope, &bytes, &record) < 0)
		rc = err_set(
		    err, ERR_TEMP, "the authority of %s cannot be read", issue_scope_text(scope));
	if (rc == 0)
		rc = crl_of(scope, &record, der, out, err);
	buf_done(&bytes);
	pool_done(&pool);
	return rc;
}

/* --- by its address --- */

static int file_of(
    struct slice scope, const unsigned char *id, bool list, struct buf *der, struct err *err)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	struct pool pool = { 0 };
	struct slice name = slice_str(pool_str(&pool, scope));
	struct cert cert;
	int rc = -1;

	if (issue_record_of(name, id, &bytes, &record) != 1)
		err_set(err, ERR_ABSENT, "there is no such authority");
	else if (list)
		rc = crl_of(name, &record, der, NULL, err);
	else if (cert_next(&record.chain, &cert)) {
		buf_adds(der, cert.der);
		rc = 0;
	}
	buf_done(&bytes);
	pool_done(&pool);
	return rc;
}

int issue_file(struct slice name, struct buf *der, const char **type, struct err *err)
{
	struct slice hex = slice_cut(&name, '.');
	bool list = slice_eq(name, SLICE("crl"));
	unsigned char id[CERT_KEY_ID];
	struct buf asked = { 0 }, scope = { 0 };
	int rc;

	*type = list ? "application/pkix-crl" : "application/pkix-cert"; /* RFC 2585 4 */
	bool good = (list || slice_eq(name, SLICE("crt"))) && hex.n == 2 * CERT_KEY_ID &&
	    issue_hex(hex, &asked) && issue_find_id(buf_slice(&asked), &scope, id) == 1;
	if (good)
		rc = file_of(buf_slice(&scope), id, list, der, err);
	else
		rc = err_set(err, ERR_ABSENT, "there is no such authority");
	buf_done(&asked);
	buf_done(&scope);
	return rc;
}
