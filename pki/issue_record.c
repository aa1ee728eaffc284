/* issue_record.c - what is stored of authorities
 *
 *	a SCOPE              version, flags, length of the key, sealed key, chain
 *	o SCOPE NUL ID       the same of one before, with another key
 *	k NUL KEYID          whose key that is: SCOPE NUL ID
 *
 * ID is that of the key as we make it, KEYID that or the one that the certificate
 * says. The register and the lists are with issue_register.c and issue_crl.c. */
#include <pthread.h>

#include "core/log.h"
#include "core/num.h"
#include "pki/issue_private.h"
#include "pki/told.h"
#include "storage/store.h"

enum { VERSION = 1, HEADER = 1 + 1 + 4 };
enum flag { REMOVED = 1, MADE = 2 };

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

/* --- keys of records --- */

struct slice issue_key(struct buf *out, char letter, struct slice scope, struct slice rest)
{
	buf_clear(out);
	buf_printf(out, "%c ", letter);
	buf_adds(out, scope);
	buf_addc(out, '\0');
	buf_adds(out, rest);
	return buf_slice(out);
}

struct slice issue_authority_key(struct buf *out, struct slice scope)
{
	buf_clear(out);
	buf_addz(out, "a ");
	buf_adds(out, scope);
	return buf_slice(out);
}

bool issue_id(struct slice chain, unsigned char out[CERT_KEY_ID])
{
	struct cert cert;

	return cert_next(&chain, &cert) && cert_key_id(cert.public_info, out);
}

/* --- values --- */

bool issue_record_read(struct slice bytes, struct issue_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	if (bytes.n < HEADER || p[0] != VERSION || num_get32(p + 2) > bytes.n - HEADER)
		return false;
	out->removed = p[1] & REMOVED;
	out->made = p[1] & MADE;
	out->key = slice_head(slice_from(bytes, HEADER), num_get32(p + 2));
	out->chain = slice_from(bytes, HEADER + out->key.n);
	return true;
}

static void write_value(const struct issue_record *record, struct buf *value)
{
	unsigned char header[HEADER] = { VERSION };

	header[1] = (unsigned char)((record->removed ? REMOVED : 0) | (record->made ? MADE : 0));
	num_put32(header + 2, (uint32_t)record->key.n);
	buf_add(value, header, sizeof(header));
	buf_adds(value, record->key);
	buf_adds(value, record->chain);
}

static int get(struct slice scope, struct slice key, struct buf *bytes, struct issue_record *out)
{
	int found = store_record_get(ISSUE_ROOM, key, bytes);

	if (found == 1 && !issue_record_read(buf_slice(bytes), out)) {
		log_event(LOG_ERROR, "issue-record-malformed", log_s("domain", scope));
		return -1;
	}
	return found;
}

int issue_record_get(struct slice scope, struct buf *bytes, struct issue_record *out)
{
	struct buf key = { 0 };
	int found = get(scope, issue_authority_key(&key, scope), bytes, out);

	buf_done(&key);
	return found;
}

static bool has_id(const struct issue_record *record, const unsigned char id[CERT_KEY_ID])
{
	unsigned char own[CERT_KEY_ID];

	return issue_id(record->chain, own) && memcmp(own, id, sizeof(own)) == 0;
}

int issue_record_of(struct slice scope, const unsigned char id[CERT_KEY_ID], struct buf *bytes,
    struct issue_record *out)
{
	struct buf key = { 0 };
	int found = issue_record_get(scope, bytes, out);

	if (found == 0 || (found == 1 && !has_id(out, id)))
		found =
		    get(scope, issue_key(&key, 'o', scope, slice_of(id, CERT_KEY_ID)), bytes, out);
	buf_done(&key);
	return found;
}

struct each {
	bool (*visit)(void *arg, const struct issue_record *record);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct issue_record record;

	(void)key;
	return !issue_record_read(value, &record) || each->visit(each->arg, &record);
}

int issue_record_each(struct slice scope,
    bool (*visit)(void *arg, const struct issue_record *record), void *arg, struct err *err)
{
	struct each each = { visit, arg };
	struct issue_record record;
	struct buf bytes = { 0 }, prefix = { 0 };
	int found = issue_record_get(scope, &bytes, &record), rc = -1;

	if (found == 1 && !visit(arg, &record))
		rc = 0;
	else if (found >= 0)
		rc = store_record_each(
		    ISSUE_ROOM, issue_key(&prefix, 'o', scope, (struct slice){ 0 }), see, &each);
	buf_done(&bytes);
	buf_done(&prefix);
	return rc == 0
	    ? 0
	    : err_set(err, ERR_TEMP, "the authority of %s cannot be read", issue_scope_text(scope));
}

/* --- change --- */

enum { RECORDS = 4 };

struct change {
	struct store_record records[RECORDS];
	struct buf keys[RECORDS], values[RECORDS];
	size_t n;
};

static void add_record(struct change *c)
{
	c->records[c->n].key = buf_slice(&c->keys[c->n]);
	c->records[c->n].value = buf_slice(&c->values[c->n]);
	c->n++;
}

/* What is there, unless its key stays. */
static void keep_old(struct change *c, struct slice scope, const struct issue_record *new)
{
	struct issue_record old;
	struct buf bytes = { 0 };
	unsigned char id[CERT_KEY_ID];

	if (issue_record_get(scope, &bytes, &old) == 1 && issue_id(old.chain, id) &&
	    !has_id(new, id)) {
		issue_key(&c->keys[c->n], 'o', scope, slice_of(id, sizeof(id)));
		write_value(&old, &c->values[c->n]);
		add_record(c);
	}
	buf_done(&bytes);
}

void issue_find_id_value(struct slice scope, const unsigned char id[CERT_KEY_ID], struct buf *out)
{
	buf_adds(out, scope);
	buf_addc(out, '\0');
	buf_add(out, id, CERT_KEY_ID);
}

/* Whom a certificate names by that id as its issuer. */
static void add_id(
    struct change *c, struct slice scope, struct slice key_id, const unsigned char id[CERT_KEY_ID])
{
	issue_key(&c->keys[c->n], 'k', (struct slice){ 0 }, key_id);
	issue_find_id_value(scope, id, &c->values[c->n]);
	add_record(c);
}

static void add_ids(struct change *c, struct slice scope, struct slice chain)
{
	unsigned char id[CERT_KEY_ID];
	struct cert cert;

	if (!cert_next(&chain, &cert) || !cert_key_id(cert.public_info, id))
		return;
	add_id(c, scope, slice_of(id, sizeof(id)), id);
	if (cert.subject_key_id.n > 0 && !slice_eq(cert.subject_key_id, slice_of(id, sizeof(id))))
		add_id(c, scope, cert.subject_key_id, id);
}

static void change_done(struct change *c)
{
	for (size_t i = 0; i < RECORDS; i++) {
		buf_done(&c->keys[i]);
		buf_done(&c->values[i]);
	}
}

static void tell(struct slice scope, const struct issue_record *before, struct slice after)
{
	struct pool pool = { 0 };

	told_certs(
	    "authority", scope.n > 0 ? pool_str(&pool, scope) : "server", before->chain, after);
	pool_done(&pool);
}

int issue_record_put(struct slice scope, const struct issue_record *record, struct err *err)
{
	struct change c = { 0 };
	struct issue_record before = { 0 };
	struct buf bytes = { 0 };

	issue_authority_key(&c.keys[0], scope);
	write_value(record, &c.values[0]);
	add_record(&c);
	pthread_mutex_lock(&changing);
	if (issue_record_get(scope, &bytes, &before) != 1)
		before = (struct issue_record){ 0 };
	keep_old(&c, scope, record);
	add_ids(&c, scope, record->chain);
	int rc = store_records_put(ISSUE_ROOM, c.records, c.n, err);
	pthread_mutex_unlock(&changing);
	if (rc == 0)
		tell(scope, &before, record->chain);
	buf_done(&bytes);
	change_done(&c);
	return rc;
}

int issue_find_id(struct slice key_id, struct buf *scope, unsigned char id[CERT_KEY_ID])
{
	struct buf key = { 0 };
	int found =
	    store_record_get(ISSUE_ROOM, issue_key(&key, 'k', (struct slice){ 0 }, key_id), scope);

	buf_done(&key);
	if (found != 1)
		return found;
	if (scope->n < CERT_KEY_ID + 1)
		return -1;
	memcpy(id, scope->p + scope->n - CERT_KEY_ID, CERT_KEY_ID);
	scope->n -= CERT_KEY_ID + 1;
	return 1;
}
