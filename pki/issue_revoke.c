/* issue_revoke.c - certificates taken back; and whether one was
 *
 *	r SCOPE NUL ID SERIAL   of those that are revoked: when, until when, reason
 *	n SCOPE NUL ID          how often that changed
 *
 * ID is that of the authority that signed: each has a list of its own. What one
 * revocation writes does not depend on how many there were. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "core/log.h"
#include "core/num.h"
#include "pki/issue_crl.h"
#include "storage/store.h"

/* RFC 5280 5.3.1 */
const char *const issue_reason_names[ISSUE_REASONS] = {
	[0] = "unspecified",
	[1] = "keyCompromise",
	[2] = "cACompromise",
	[3] = "affiliationChanged",
	[4] = "superseded",
	[5] = "cessationOfOperation",
	[6] = "certificateHold",
	[9] = "privilegeWithdrawn",
	[10] = "aACompromise",
};

static pthread_mutex_t revoking = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t revocations;

uint64_t issue_revocations(void)
{
	return revocations;
}

/* --- what is written --- */

static void write_revoked(const struct issue_row *row, struct buf *out)
{
	unsigned char value[ISSUE_REVOKED];

	num_put64(value, (uint64_t)row->revoked);
	num_put64(value + 8, (uint64_t)row->not_after);
	value[16] = row->reason;
	buf_add(out, value, sizeof(value));
}

uint64_t issue_changes(struct slice scope, const unsigned char id[CERT_KEY_ID])
{
	struct buf key = { 0 }, value = { 0 };
	uint64_t n = 0;

	if (store_record_get(
		ISSUE_ROOM, issue_key(&key, 'n', scope, slice_of(id, CERT_KEY_ID)), &value) == 1 &&
	    value.n == 8)
		n = num_get64((const unsigned char *)value.p);
	buf_done(&key);
	buf_done(&value);
	return n;
}

/* The entry, its place on the list, and that the list changed: in one transaction. */
static int put(
    struct slice scope, struct slice serial, const struct issue_row *row, struct err *err)
{
	unsigned char changes[8];
	struct buf key[3] = { 0 }, entry = { 0 }, listed = { 0 }, place = { 0 };

	num_put64(changes, issue_changes(scope, row->id) + 1);
	issue_row_write(row, &entry);
	if (row->revoked != 0)
		write_revoked(row, &listed);
	buf_add(&place, row->id, CERT_KEY_ID);
	buf_adds(&place, serial);
	struct store_record records[] = {
		{ issue_key(&key[0], 'i', scope, serial), buf_slice(&entry), false },
		{ issue_key(&key[1], 'r', scope, buf_slice(&place)), buf_slice(&listed), false },
		{ issue_key(&key[2], 'n', scope, slice_of(row->id, CERT_KEY_ID)),
		    slice_of(changes, sizeof(changes)), false },
	};
	int rc = store_records_put(ISSUE_ROOM, records, 3, err);
	for (size_t i = 0; i < 3; i++)
		buf_done(&key[i]);
	buf_done(&entry);
	buf_done(&listed);
	buf_done(&place);
	return rc;
}

/* --- may it be? --- */

static int change(struct issue_row *row, enum issue_reason reason, struct err *err)
{
	bool held = row->revoked != 0 && row->reason == ISSUE_HOLD;

	if (row->der.n == 0)
		return err_set(err, ERR_INPUT,
		    "it was issued before certificates were kept, and can be on no list");
	if (reason == ISSUE_RELEASED) {
		if (!held)
			return err_set(err, ERR_INPUT, "the certificate is not on hold");
		row->revoked = 0;
		row->reason = ISSUE_UNSPECIFIED;
		return 0;
	}
	if (row->revoked != 0 && (!held || reason == ISSUE_HOLD))
		return err_set(err, ERR_EXISTS, "the certificate was revoked already");
	if (row->revoked == 0)
		row->revoked = time(NULL);
	row->reason = (unsigned char)reason;
	return 0;
}

static int revoke_now(
    struct slice scope, struct slice serial, enum issue_reason reason, struct err *err)
{
	struct buf bytes = { 0 };
	struct issue_row row;
	int rc, found = issue_row_get(scope, serial, &bytes, &row);

	if (found < 0)
		rc = err_set(err, ERR_TEMP, "the register cannot be read");
	else if (found == 0)
		rc = err_set(err, ERR_ABSENT, "%s issued no certificate of that number",
		    issue_scope_text(scope));
	else
		rc = change(&row, reason, err);
	if (rc == 0)
		rc = put(scope, serial, &row, err);
	buf_done(&bytes);
	return rc;
}

int issue_revoke(struct slice name, struct slice hex, enum issue_reason reason, struct err *err)
{
	struct pool pool = { 0 };
	struct buf serial = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0 && !issue_serial(hex, &serial))
		rc = err_set(err, ERR_INPUT, "'%.*s' is no serial number", SLICE_ARG(hex));
	if (rc == 0) {
		pthread_mutex_lock(&revoking);
		rc = revoke_now(scope, buf_slice(&serial), reason, err);
		pthread_mutex_unlock(&revoking);
	}
	if (rc == 0) {
		revocations++;
		log_event(LOG_INFO,
		    reason == ISSUE_RELEASED ? "certificate-released" : "certificate-revoked",
		    log_z("by", issue_scope_text(scope)), log_s("serial", hex),
		    log_z("reason",
			reason == ISSUE_RELEASED ? "removeFromCRL" : issue_reason_names[reason]));
	}
	buf_done(&serial);
	pool_done(&pool);
	return rc;
}

/* --- was it? --- */

/* What was written down of it. A number alone proves nothing: it must be that very
   certificate. */
static bool find(const struct cert *cert, struct buf *scope, struct issue_row *out)
{
	struct buf bytes = { 0 };
	unsigned char id[CERT_KEY_ID];
	bool found = cert->authority_key_id.n > 0 &&
	    issue_find_id(cert->authority_key_id, scope, id) == 1 &&
	    issue_row_get(buf_slice(scope), cert->serial, &bytes, out) == 1 &&
	    slice_eq(out->der, cert->der);

	out->whom = out->der = (struct slice){ 0 };
	buf_done(&bytes);
	return found;
}

bool issue_was_revoked(const struct cert *cert, int64_t *when)
{
	struct buf scope = { 0 };
	struct issue_row row = { 0 };
	bool revoked = find(cert, &scope, &row) && row.revoked != 0;

	if (revoked && when)
		*when = row.revoked;
	buf_done(&scope);
	return revoked;
}

bool issue_wrote(const struct cert *cert, bool *by_server)
{
	struct buf scope = { 0 };
	struct issue_row row = { 0 };
	bool good = find(cert, &scope, &row) && row.revoked == 0;

	*by_server = scope.n == 0;
	buf_done(&scope);
	return good;
}

int issue_check_revoked(struct slice chain, struct err *err)
{
	enum { DEPTH_MAX = 20 };
	struct cert cert;

	for (size_t n = 0; n < DEPTH_MAX && cert_next(&chain, &cert); n++)
		if (issue_was_revoked(&cert, NULL))
			return err_set(err, ERR_INPUT, "it was revoked");
	return 0;
}
