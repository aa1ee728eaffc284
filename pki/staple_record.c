/* staple_record.c - what is stored of staples
 *
 *	DOMAIN   version, verdict, SHA-256 of the certificate, of when, till when, when it
 *	         was revoked, when it was fetched, response */
#include "core/num.h"
#include "pki/staple_private.h"
#include "storage/store.h"

#define STAPLE_ROOM "staple"

enum { VERSION = 1, HEADER = 2 + DIGEST_SIZE + 4 * 8 };

static bool read_record(struct slice bytes, struct staple_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p, *times = p + 2 + DIGEST_SIZE;

	if (bytes.n < HEADER || p[0] != VERSION || p[1] > OCSP_SAYS_UNKNOWN)
		return false;
	out->answer.verdict = (enum ocsp_verdict)p[1];
	memcpy(out->leaf, p + 2, DIGEST_SIZE);
	out->answer.this_update = (int64_t)num_get64(times);
	out->answer.next_update = (int64_t)num_get64(times + 8);
	out->answer.revoked_at = (int64_t)num_get64(times + 16);
	out->fetched = (int64_t)num_get64(times + 24);
	out->response = slice_from(bytes, HEADER);
	return true;
}

int staple_record_get(struct slice domain, struct buf *bytes, struct staple_record *out)
{
	int found = store_record_get(STAPLE_ROOM, domain, bytes);

	return found == 1 && !read_record(buf_slice(bytes), out) ? 0 : found;
}

int staple_record_put(struct slice domain, const struct staple_record *record, struct err *err)
{
	unsigned char header[HEADER] = { VERSION, (unsigned char)record->answer.verdict };
	unsigned char *times = header + 2 + DIGEST_SIZE;
	struct buf value = { 0 };

	memcpy(header + 2, record->leaf, DIGEST_SIZE);
	num_put64(times, (uint64_t)record->answer.this_update);
	num_put64(times + 8, (uint64_t)record->answer.next_update);
	num_put64(times + 16, (uint64_t)record->answer.revoked_at);
	num_put64(times + 24, (uint64_t)record->fetched);
	buf_add(&value, header, sizeof(header));
	buf_adds(&value, record->response);
	int rc = store_record_put(STAPLE_ROOM, domain, buf_slice(&value), err);
	buf_done(&value);
	return rc;
}

bool staple_record_drop(struct slice domain)
{
	struct buf there = { 0 };
	bool found = store_record_get(STAPLE_ROOM, domain, &there) == 1;

	if (found)
		store_record_put(STAPLE_ROOM, domain, (struct slice){ 0 }, NULL);
	buf_done(&there);
	return found;
}
