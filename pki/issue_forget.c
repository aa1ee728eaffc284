/* issue_forget.c - scopes that go, and all that was written down of them */
#include "core/log.h"
#include "core/num.h"
#include "pki/issue_private.h"
#include "storage/store.h"

struct doomed {
	struct slice scope; /* of a 'k' record only those that name it */
	struct buf keys;
};

static bool note(void *arg, struct slice key, struct slice value)
{
	struct doomed *doomed = arg;
	unsigned char n[4];

	if (key.p[0] == 'k' &&
	    (value.n < doomed->scope.n + 1 + CERT_KEY_ID ||
		!slice_eq(slice_head(value, value.n - 1 - CERT_KEY_ID), doomed->scope)))
		return true;
	num_put32(n, (uint32_t)key.n);
	buf_add(&doomed->keys, n, sizeof(n));
	buf_adds(&doomed->keys, key);
	return true;
}

/* Some at a time, so that no transaction grows with the register. */
static int drop_noted(struct slice rest, struct err *err)
{
	enum { AT_ONCE = 256 };
	struct store_record records[AT_ONCE] = { 0 };
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && rest.n > 0) {
		size_t length = num_get32((const unsigned char *)rest.p);
		records[n++].key = slice_head(slice_from(rest, 4), length);
		rest = slice_from(rest, 4 + length);
		if (n < AT_ONCE && rest.n > 0)
			continue;
		rc = store_records_put(ISSUE_ROOM, records, n, err);
		n = 0;
	}
	return rc;
}

static int drop(struct slice scope, const char *letters, struct err *err)
{
	struct doomed doomed = { .scope = scope };
	struct buf key = { 0 };
	int rc = 0;

	for (; rc == 0 && *letters; letters++) {
		struct slice prefix = *letters == 'k'
		    ? issue_key(&key, 'k', (struct slice){ 0 }, (struct slice){ 0 })
		    : issue_key(&key, *letters, scope, (struct slice){ 0 });
		rc = store_record_each(ISSUE_ROOM, prefix, note, &doomed);
	}
	rc = rc == 0 ? drop_noted(buf_slice(&doomed.keys), err)
		     : err_set(err, ERR_TEMP, "the register cannot be read");
	buf_done(&doomed.keys);
	buf_done(&key);
	return rc;
}

int issue_forget_keys(struct slice scope, struct err *err)
{
	return drop(scope, "o", err);
}

void issue_forget(struct slice scope)
{
	struct buf key = { 0 };
	struct err err = { 0 };

	if (store_record_put(
		ISSUE_ROOM, issue_authority_key(&key, scope), (struct slice){ 0 }, &err) != 0 ||
	    drop(scope, "oikrnc", &err) != 0)
		log_event(LOG_ERROR, "issue-not-forgotten", log_s("domain", scope),
		    log_z("reason", err.text));
	buf_done(&key);
}
