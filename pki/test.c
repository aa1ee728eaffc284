/* test.c - one key for all domains whose PKI mode is test, and its certificate
 *
 * The key and that of the issuer are made once and stored; the certificate is
 * made at each start, for the main domain, and ends thirty days later. The
 * issuer is in no set of trusted ones. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/server_name.h"
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/pki_private.h"
#include "storage/dir.h"
#include "storage/store.h"

enum { DAY = 24 * 60 * 60, DAYS = 30, ISSUER_DAYS = 3650, BACKDATE = 60 * 60 };

/* What their seals are bound to; no domain's name has blanks. */
static const char key_owner[] = "test certificates", issuer_owner[] = "the test issuer";

static struct {
	pthread_mutex_t lock;
	struct buf key, issuer_key; /* sealed */
	int64_t started;
	char *name; /* domain that the certificate is for */
	struct buf certificate;
} test = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- keys --- */

const char *test_owner(struct slice word)
{
	return slice_eq(word, SLICE("issuer")) ? issuer_owner : key_owner;
}

static int read_or_make(struct slice record, const char *owner, struct buf *sealed, struct err *err)
{
	int found = store_record_get(PKI_ROOM, record, sealed);

	if (found < 0)
		return err_set(err, ERR_TEMP, "cannot read the key of %s", owner);
	if (found == 1)
		return 0;
	if (sign_make(owner, sealed, err) != 0)
		return -1;
	return store_record_put(PKI_ROOM, record, buf_slice(sealed), err);
}

int test_start(struct err *err)
{
	test.started = time(NULL);
	buf_clear(&test.key);
	buf_clear(&test.issuer_key);
	if (read_or_make(SLICE("x key"), key_owner, &test.key, err) != 0)
		return -1;
	return read_or_make(SLICE("x issuer"), issuer_owner, &test.issuer_key, err);
}

void test_stop(void)
{
	buf_done(&test.key);
	buf_done(&test.issuer_key);
	buf_done(&test.certificate);
	free(test.name);
	test.name = NULL;
}

/* --- certificates --- */

static void put_issuer_name(struct buf *out)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	cert_put_attribute(out, "2.5.4.10", DER_UTF8, SLICE("Signet"));
	cert_put_attribute(out, "2.5.4.3", DER_UTF8, SLICE("Signet test certificates"));
	der_close(out, mark);
}

static int plan_of(
    const struct sign_key *key, struct cert_plan *plan, struct key_info *info, struct err *err)
{
	if (sign_look(key, info, err) != 0)
		return -1;
	plan->public_info = buf_slice(&info->public_info);
	plan->not_before = test.started - BACKDATE;
	return 0;
}

/* Its certificate is not shown: it serves to give its name and key id. */
static int build_issuer(const struct sign_key *key, struct buf *der, struct err *err)
{
	struct key_info info = { 0 };
	struct buf name = { 0 };

	put_issuer_name(&name);
	struct cert_plan plan = { .subject = buf_slice(&name),
		.not_after = test.started + ISSUER_DAYS * (int64_t)DAY,
		.is_ca = true,
		.usage = CERT_CERT_SIGN };
	int rc = plan_of(key, &plan, &info, err);
	if (rc == 0)
		rc = cert_build(&plan, NULL, key, der, err);
	key_info_done(&info);
	buf_done(&name);
	return rc;
}

static int build_leaf(const char *domain, const struct cert *issuer,
    const struct sign_key *issuer_key, struct buf *der, struct err *err)
{
	static const char *const purposes[] = { CERT_FOR_SERVERS, NULL };
	struct sign_key key = { key_owner, buf_slice(&test.key) };
	struct key_info info = { 0 };
	struct buf name = { 0 }, names = { 0 };

	cert_put_domain(&name, slice_str(domain));
	der_put(&names, DER_CONTEXT | 2, slice_str(domain));
	struct cert_plan plan = { .subject = buf_slice(&name),
		.not_after = test.started + DAYS * (int64_t)DAY,
		.usage = CERT_DIGITAL_SIGNATURE,
		.purposes = purposes,
		.alt_names = buf_slice(&names) };
	int rc = plan_of(&key, &plan, &info, err);
	if (rc == 0)
		rc = cert_build(&plan, issuer, issuer_key, der, err);
	key_info_done(&info);
	buf_done(&name);
	buf_done(&names);
	return rc;
}

static bool build(const char *domain)
{
	struct sign_key key = { issuer_owner, buf_slice(&test.issuer_key) };
	struct buf der = { 0 };
	struct cert issuer;

	buf_clear(&test.certificate);
	bool good = build_issuer(&key, &der, NULL) == 0;
	struct slice rest = buf_slice(&der);
	good = good && cert_next(&rest, &issuer) &&
	    build_leaf(domain, &issuer, &key, &test.certificate, NULL) == 0;
	buf_done(&der);
	return good;
}

/* The main domain; before there is any, what the server calls itself (E-005). */
static const char *name_now(struct pool *pool)
{
	struct dir_domain domain;
	int found = dir_main_domain(pool, &domain);

	if (found < 0)
		return NULL;
	return found == 1 ? domain.name : server_name(pool);
}

/* Made again when another domain became the main one. */
static bool certificate_now(void)
{
	struct pool pool = { 0 };
	const char *name = name_now(&pool);
	bool have = name != NULL;

	if (have && (!test.name || strcmp(test.name, name) != 0)) {
		free(test.name);
		test.name = NULL;
		have = build(name);
		if (have)
			test.name = mem_str(slice_str(name));
	}
	pool_done(&pool);
	return have;
}

bool test_shown(struct shown *out)
{
	pthread_mutex_lock(&test.lock);
	bool have = certificate_now();
	if (have) {
		out->key = (struct sign_key){ key_owner, buf_slice(&test.key) };
		buf_adds(&out->chain, buf_slice(&test.certificate));
	}
	pthread_mutex_unlock(&test.lock);
	return have;
}
