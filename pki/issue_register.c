/* issue_register.c - what authorities issued
 *
 *	i SCOPE NUL SERIAL   version 2, issued, until when, revoked, reason, profile,
 *	                     id of the authority's key, whom, NUL, certificate
 *	                     version 1: issued, until when, whom, NUL, issuer
 *
 * Version 1 was written before there were lists of revoked certificates. */
#include <time.h>

#include "core/num.h"
#include "core/text.h"
#include "pki/issue_private.h"
#include "pki/told.h"
#include "storage/store.h"

enum { OLD_VERSION = 1, OLD_HEADER = 1 + 8 + 8, VERSION = 2, HEADER = 1 + 3 * 8 + 2 + CERT_KEY_ID };

const char *const issue_profile_names[] = { "server", "client", "email", "authority", NULL };

/* --- serial numbers --- */

bool issue_hex(struct slice hex, struct buf *out)
{
	enum { BYTES_MAX = 64 };
	unsigned char bytes[BYTES_MAX] = { 0 };
	size_t digits = 0;

	for (size_t i = 0; i < hex.n; i++) {
		int d = hex_digit(hex.p[i]);
		if (hex.p[i] == ':')
			continue;
		if (d < 0 || digits == 2 * (size_t)BYTES_MAX)
			return false;
		bytes[digits / 2] = (unsigned char)(bytes[digits / 2] << 4 | d);
		digits++;
	}
	buf_add(out, bytes, digits / 2);
	return digits > 0 && digits % 2 == 0;
}

bool issue_serial(struct slice hex, struct buf *out)
{
	struct buf bytes = { 0 };
	bool good = issue_hex(hex, &bytes);

	if (good && (bytes.p[0] & 0x80)) /* X.690 8.3: a leading zero keeps it positive */
		buf_addc(out, '\0');
	if (good)
		buf_adds(out, buf_slice(&bytes));
	buf_done(&bytes);
	return good;
}

/* As people know the number. */
static void serial_text(struct slice serial, struct buf *out)
{
	hex_put(out, serial.n > 1 && serial.p[0] == 0 ? slice_from(serial, 1) : serial);
}

/* --- values --- */

void issue_row_write(const struct issue_row *row, struct buf *out)
{
	unsigned char header[HEADER] = { VERSION };

	num_put64(header + 1, (uint64_t)row->issued);
	num_put64(header + 9, (uint64_t)row->not_after);
	num_put64(header + 17, (uint64_t)row->revoked);
	header[25] = row->reason;
	header[26] = row->profile;
	memcpy(header + 27, row->id, CERT_KEY_ID);
	buf_add(out, header, sizeof(header));
	buf_adds(out, row->whom);
	buf_addc(out, '\0');
	buf_adds(out, row->der);
}

static bool read_old(struct slice value, struct issue_row *out)
{
	const unsigned char *p = (const unsigned char *)value.p;
	struct slice rest = slice_from(value, OLD_HEADER);

	if (value.n < OLD_HEADER || p[0] != OLD_VERSION)
		return false;
	*out = (struct issue_row){ .issued = (int64_t)num_get64(p + 1),
		.not_after = (int64_t)num_get64(p + 9),
		.profile = ISSUE_EMAIL,
		.whom = slice_cut(&rest, '\0') };
	return true;
}

bool issue_row_read(struct slice value, struct issue_row *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (value.n < HEADER || p[0] != VERSION)
		return read_old(value, out);
	*out = (struct issue_row){ .issued = (int64_t)num_get64(p + 1),
		.not_after = (int64_t)num_get64(p + 9),
		.revoked = (int64_t)num_get64(p + 17),
		.reason = p[25],
		.profile = p[26] <= ISSUE_AUTHORITY ? p[26] : ISSUE_EMAIL };
	memcpy(out->id, p + 27, CERT_KEY_ID);
	out->der = slice_from(value, HEADER);
	out->whom = slice_cut(&out->der, '\0');
	return true;
}

int issue_row_get(struct slice scope, struct slice serial, struct buf *bytes, struct issue_row *out)
{
	struct buf key = { 0 };
	int found = store_record_get(ISSUE_ROOM, issue_key(&key, 'i', scope, serial), bytes);

	buf_done(&key);
	return found == 1 && !issue_row_read(buf_slice(bytes), out) ? -1 : found;
}

/* --- written down --- */

int issue_register(struct slice scope, const struct issue_authority *authority, const char *whom,
    enum issue_profile profile, const struct cert *cert, struct err *err)
{
	struct issue_row row = { .issued = time(NULL),
		.not_after = cert->not_after,
		.profile = (unsigned char)profile,
		.whom = slice_str(whom),
		.der = cert->der };
	struct buf key = { 0 }, value = { 0 }, by = { 0 }, whose = { 0 };

	if (!issue_id(authority->chain, row.id))
		return err_set(err, ERR_TEMP, "the authority's certificate cannot be read");
	issue_row_write(&row, &value);
	issue_find_id_value(scope, row.id, &whose);
	struct store_record records[] = {
		{ issue_key(&key, 'i', scope, cert->serial), buf_slice(&value), true },
		{ issue_key(&by, 'k', (struct slice){ 0 }, cert->authority_key_id),
		    buf_slice(&whose), false },
	};
	int rc = store_records_put(ISSUE_ROOM, records, 2, err);
	if (rc == 0)
		told_der("issued", whom, (struct slice){ 0 }, cert->der);
	buf_done(&key);
	buf_done(&value);
	buf_done(&by);
	buf_done(&whose);
	return rc;
}

/* --- read --- */

const char *issue_state(const struct issue_entry *entry)
{
	if (entry->revoked != 0)
		return "revoked";
	return entry->not_after < time(NULL) ? "expired" : "valid";
}

struct each {
	size_t skip; /* of the key: what is before the serial number */
	bool (*visit)(void *arg, const struct issue_entry *entry);
	void *arg;
};

static bool show(const struct each *each, struct slice serial, const struct issue_row *row)
{
	struct pool pool = { 0 };
	struct buf hex = { 0 };
	struct slice rest = row->der;
	struct cert cert = { 0 };

	serial_text(serial, &hex);
	cert_next(&rest, &cert);
	struct issue_entry entry = { .serial = buf_z(&hex),
		.address = pool_str(&pool, row->whom),
		.issuer = cert_name_string(&pool, cert.issuer),
		.subject = cert_name_string(&pool, cert.subject),
		.profile = (enum issue_profile)row->profile,
		.issued = row->issued,
		.not_after = row->not_after,
		.revoked = row->revoked,
		.reason = (enum issue_reason)row->reason,
		.der = row->der };
	bool more = each->visit(each->arg, &entry);
	buf_done(&hex);
	pool_done(&pool);
	return more;
}

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct issue_row row;

	return !issue_row_read(value, &row) || show(each, slice_from(key, each->skip), &row);
}

/* The key behind that of a serial number; empty: from the beginning. */
static int begin_at(struct slice scope, struct slice after, struct buf *from, struct err *err)
{
	struct buf serial = { 0 };
	int rc = 0;

	if (after.n > 0 && !issue_serial(after, &serial))
		rc = err_set(err, ERR_INPUT, "'%.*s' is no serial number", SLICE_ARG(after));
	if (rc == 0 && after.n > 0) {
		issue_key(from, 'i', scope, buf_slice(&serial));
		buf_addc(from, '\0');
	}
	buf_done(&serial);
	return rc;
}

int issue_each(struct slice name, struct slice after,
    bool (*visit)(void *arg, const struct issue_entry *entry), void *arg, struct err *err)
{
	struct each each = { .visit = visit, .arg = arg };
	struct buf prefix = { 0 }, from = { 0 };
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = begin_at(scope, after, &from, err);
	if (rc == 0) {
		each.skip = issue_key(&prefix, 'i', scope, (struct slice){ 0 }).n;
		if (store_record_each_from(
			ISSUE_ROOM, buf_slice(&prefix), buf_slice(&from), see, &each) != 0)
			rc = err_set(err, ERR_TEMP, "the register cannot be read");
	}
	buf_done(&prefix);
	buf_done(&from);
	pool_done(&pool);
	return rc;
}

int issue_find(struct slice name, struct slice hex,
    bool (*visit)(void *arg, const struct issue_entry *entry), void *arg, struct err *err)
{
	struct each each = { .visit = visit, .arg = arg };
	struct buf serial = { 0 }, bytes = { 0 };
	struct pool pool = { 0 };
	struct issue_row row;
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0 && !issue_serial(hex, &serial))
		rc = err_set(err, ERR_INPUT, "'%.*s' is no serial number", SLICE_ARG(hex));
	int found = rc == 0 ? issue_row_get(scope, buf_slice(&serial), &bytes, &row) : 0;
	if (found == 1)
		show(&each, buf_slice(&serial), &row);
	else if (rc == 0)
		rc = found < 0 ? err_set(err, ERR_TEMP, "the register cannot be read")
			       : err_set(err, ERR_ABSENT, "%s issued no certificate %.*s",
				     issue_scope_text(scope), SLICE_ARG(hex));
	buf_done(&serial);
	buf_done(&bytes);
	pool_done(&pool);
	return rc;
}
