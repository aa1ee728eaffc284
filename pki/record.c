/* record.c - what is stored of an owner: a sealed key, its chain, and how they are used
 *
 *	d OWNER     version, flags, mode, when its key came, then each with its length before it:
 *	            sealed key, certificate, those above it, subject, issuer of clients, files
 *	s OWNER     the same, to be: it waits until it is committed (pki/stage.c)
 *
 * A record of an older version lacks the last fields. */
#include "core/log.h"
#include "core/num.h"
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/store.h"

enum { VERSION = 3, HEADER = 3 + 8, FIELDS = 6 };

enum flag { INSTALLED = 1, CLIENT_REQUIRED = 2, GONE = 4 };

/* In the upper half of the flags: enum client_map. */
enum { MAP_SHIFT = 4 };

static struct slice record_key(struct buf *out, char kind, struct slice name)
{
	buf_addc(out, kind);
	buf_addc(out, ' ');
	buf_add_lower(out, name);
	return buf_slice(out);
}

void record_write(const struct domain_record *record, struct buf *out)
{
	const struct slice fields[FIELDS] = { record->key, record->leaf, record->above,
		record->subject, record->client_issuer, record->files };
	unsigned char header[HEADER];

	header[0] = VERSION;
	header[1] = (unsigned char)((record->installed ? INSTALLED : 0) |
	    (record->client_required ? CLIENT_REQUIRED : 0) | (record->gone ? GONE : 0) |
	    (unsigned)record->client_map << MAP_SHIFT);
	header[2] = (unsigned char)record->mode;
	num_put64(header + 3, (uint64_t)record->made);
	buf_add(out, header, sizeof(header));
	for (size_t i = 0; i < FIELDS; i++)
		num_put_bytes(out, fields[i]);
}

/* The first form: flags, when it was made, the key with its length, the chain. */
static bool read_first_form(struct slice bytes, struct domain_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	struct slice rest = slice_from(bytes, 1 + 8);
	struct cert leaf;

	if (bytes.n < 1 + 8 || !num_take_bytes(&rest, &out->key))
		return false;
	out->mode = PKI_ENABLED;
	out->installed = p[0] & INSTALLED;
	out->made = (int64_t)num_get64(p + 1);
	out->above = rest;
	if (!cert_next(&out->above, &leaf))
		return false;
	out->leaf = leaf.der;
	return true;
}

bool record_read(struct slice bytes, struct domain_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	struct slice rest = slice_from(bytes, HEADER);

	*out = (struct domain_record){ 0 };
	if (bytes.n == 0 || p[0] < 2)
		return read_first_form(bytes, out);
	if (bytes.n < HEADER || p[0] > VERSION || p[2] > PKI_ENABLED ||
	    p[1] >> MAP_SHIFT >= CLIENT_MAPS)
		return false;
	size_t n_fields = p[0] == 2 ? 5 : FIELDS;
	out->installed = p[1] & INSTALLED;
	out->client_required = p[1] & CLIENT_REQUIRED;
	out->gone = p[1] & GONE;
	out->client_map = (enum client_map)(p[1] >> MAP_SHIFT);
	out->mode = (enum pki_mode)p[2];
	out->made = (int64_t)num_get64(p + 3);
	struct slice *const fields[FIELDS] = { &out->key, &out->leaf, &out->above, &out->subject,
		&out->client_issuer, &out->files };
	for (size_t i = 0; i < n_fields; i++)
		if (!num_take_bytes(&rest, fields[i]))
			return false;
	return rest.n == 0;
}

static int malformed(struct slice domain)
{
	log_event(LOG_ERROR, "pki-record-malformed", log_s("domain", domain));
	return -1;
}

static int get(char kind, struct slice domain, struct buf *bytes, struct domain_record *out)
{
	struct buf key = { 0 };
	int found = store_record_get(PKI_ROOM, record_key(&key, kind, domain), bytes);

	buf_done(&key);
	if (found == 1 && !record_read(buf_slice(bytes), out))
		return malformed(domain);
	return found;
}

int record_get(struct slice domain, struct buf *bytes, struct domain_record *out)
{
	return get('d', domain, bytes, out);
}

int record_staged(struct slice domain, struct buf *bytes, struct domain_record *out)
{
	return get('s', domain, bytes, out);
}

bool record_is(struct slice domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	bool is = record_get(domain, &bytes, &record) == 1;

	buf_done(&bytes);
	return is;
}

struct each {
	bool (*visit)(void *arg, struct slice domain, const struct domain_record *record);
	void *arg;
};

static bool visit_record(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct slice domain = slice_from(key, 2);
	struct domain_record record;

	if (record_read(value, &record))
		return each->visit(each->arg, domain, &record);
	malformed(domain);
	return true;
}

int record_each(
    bool (*visit)(void *arg, struct slice domain, const struct domain_record *record), void *arg)
{
	struct each each = { visit, arg };

	return store_record_each(PKI_ROOM, SLICE("d "), visit_record, &each);
}

int record_each_staged(
    bool (*visit)(void *arg, struct slice domain, const struct domain_record *record), void *arg)
{
	struct each each = { visit, arg };

	return store_record_each(PKI_ROOM, SLICE("s "), visit_record, &each);
}

/* --- change --- */

static int put(char kind, struct slice domain, const struct domain_record *record, struct err *err)
{
	struct buf key = { 0 }, value = { 0 };

	if (record)
		record_write(record, &value);
	int rc = store_record_put(PKI_ROOM, record_key(&key, kind, domain), buf_slice(&value), err);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

int record_put(struct slice domain, const struct domain_record *record, struct err *err)
{
	if (record_names_put(domain, record->leaf, err) != 0 ||
	    record_names_drop(domain, record->leaf, err) != 0)
		return -1;
	return put('d', domain, record, err);
}

int record_drop(struct slice domain, struct err *err)
{
	if (record_names_drop(domain, (struct slice){ 0 }, err) != 0)
		return -1;
	return put('d', domain, NULL, err);
}

int record_stage(struct slice domain, const struct domain_record *record, struct err *err)
{
	return put('s', domain, record, err);
}
