/* issue_record.c - what is stored of domains as authorities, and of what they issued
 *
 *	a DOMAIN             version, flags, length of the key, sealed key, chain
 *	i DOMAIN NUL SERIAL  version, when, until when, address NUL issuer */
#include <time.h>

#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "pki/issue_private.h"
#include "pki/pki_private.h"
#include "storage/store.h"

#define ISSUE_ROOM "issue"

enum { VERSION = 1, AUTHORITY_HEADER = 1 + 1 + 4, ENTRY_HEADER = 1 + 8 + 8 };
enum flag { REMOVED = 1, MADE = 2 };

static struct slice authority_key(struct buf *out, struct slice domain)
{
	buf_addz(out, "a ");
	buf_adds(out, domain);
	return buf_slice(out);
}

static struct slice entry_prefix(struct buf *out, struct slice domain)
{
	buf_addz(out, "i ");
	buf_adds(out, domain);
	buf_addc(out, '\0');
	return buf_slice(out);
}

/* --- authorities --- */

static bool read_authority(struct slice bytes, struct issue_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	if (bytes.n < AUTHORITY_HEADER || p[0] != VERSION ||
	    num_get32(p + 2) > bytes.n - AUTHORITY_HEADER)
		return false;
	out->removed = p[1] & REMOVED;
	out->made = p[1] & MADE;
	out->key = slice_head(slice_from(bytes, AUTHORITY_HEADER), num_get32(p + 2));
	out->chain = slice_from(bytes, AUTHORITY_HEADER + out->key.n);
	return true;
}

int issue_record_get(struct slice domain, struct buf *bytes, struct issue_record *out)
{
	struct buf key = { 0 };
	int found = store_record_get(ISSUE_ROOM, authority_key(&key, domain), bytes);

	buf_done(&key);
	if (found == 1 && !read_authority(buf_slice(bytes), out)) {
		log_event(LOG_ERROR, "issue-record-malformed", log_s("domain", domain));
		return -1;
	}
	return found;
}

int issue_record_put(struct slice domain, const struct issue_record *record, struct err *err)
{
	unsigned char header[AUTHORITY_HEADER] = { VERSION };
	struct buf key = { 0 }, value = { 0 };

	header[1] = (unsigned char)((record->removed ? REMOVED : 0) | (record->made ? MADE : 0));
	num_put32(header + 2, (uint32_t)record->key.n);
	buf_add(&value, header, sizeof(header));
	buf_adds(&value, record->key);
	buf_adds(&value, record->chain);
	int rc = store_record_put(ISSUE_ROOM, authority_key(&key, domain), buf_slice(&value), err);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

/* --- the register --- */

static void write_entry(const char *address, const struct cert *cert, struct buf *out)
{
	unsigned char header[ENTRY_HEADER] = { VERSION };

	num_put64(header + 1, (uint64_t)time(NULL));
	num_put64(header + 9, (uint64_t)cert->not_after);
	buf_add(out, header, sizeof(header));
	buf_addz(out, address);
	buf_addc(out, '\0');
	cert_name_text(cert->issuer, out);
}

int issue_register(
    struct slice domain, const char *address, const struct cert *cert, struct err *err)
{
	struct buf key = { 0 }, value = { 0 }, there = { 0 };
	int rc;

	entry_prefix(&key, domain);
	buf_adds(&key, cert->serial);
	if (store_record_get(ISSUE_ROOM, buf_slice(&key), &there) != 0) {
		rc = err_set(err, ERR_EXISTS, "this serial number was given out before");
	} else {
		write_entry(address, cert, &value);
		rc = store_record_put(ISSUE_ROOM, buf_slice(&key), buf_slice(&value), err);
	}
	buf_done(&key);
	buf_done(&value);
	buf_done(&there);
	return rc;
}

struct each {
	size_t skip; /* of the key: what is before the serial number */
	bool (*visit)(void *arg, const struct issue_entry *entry);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	const unsigned char *p = (const unsigned char *)value.p;
	struct slice rest = slice_from(value, ENTRY_HEADER);
	struct pool pool = { 0 };
	struct buf serial = { 0 };

	if (value.n < ENTRY_HEADER || p[0] != VERSION)
		return true;
	hex_put(&serial, slice_from(key, each->skip));
	struct issue_entry entry = {
		.serial = buf_z(&serial),
		.address = pool_str(&pool, slice_cut(&rest, '\0')),
		.issuer = pool_str(&pool, rest),
		.issued = (int64_t)num_get64(p + 1),
		.not_after = (int64_t)num_get64(p + 9),
	};
	bool more = each->visit(each->arg, &entry);
	buf_done(&serial);
	pool_done(&pool);
	return more;
}

int issue_each(struct slice name, bool (*visit)(void *arg, const struct issue_entry *entry),
    void *arg, struct err *err)
{
	struct buf prefix = { 0 };
	struct pool pool = { 0 };
	struct each each = { .visit = visit, .arg = arg };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0) {
		each.skip = entry_prefix(&prefix, domain).n;
		if (store_record_each(ISSUE_ROOM, buf_slice(&prefix), see, &each) != 0)
			rc = err_set(err, ERR_TEMP, "cannot read the register");
	}
	buf_done(&prefix);
	pool_done(&pool);
	return rc;
}

/* --- forget --- */

static bool note(void *arg, struct slice key, struct slice value)
{
	struct buf *keys = arg;
	unsigned char n[4];

	(void)value;
	num_put32(n, (uint32_t)key.n);
	buf_add(keys, n, sizeof(n));
	buf_adds(keys, key);
	return true;
}

void issue_forget(struct slice domain)
{
	struct buf key = { 0 }, keys = { 0 };
	struct slice none = { 0 };

	store_record_put(ISSUE_ROOM, authority_key(&key, domain), none, NULL);
	buf_clear(&key);
	store_record_each(ISSUE_ROOM, entry_prefix(&key, domain), note, &keys);
	for (struct slice rest = buf_slice(&keys); rest.n > 0;) {
		size_t n = num_get32((const unsigned char *)rest.p);
		store_record_put(ISSUE_ROOM, slice_head(slice_from(rest, 4), n), none, NULL);
		rest = slice_from(rest, 4 + n);
	}
	buf_done(&key);
	buf_done(&keys);
}
