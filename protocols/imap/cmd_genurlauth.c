/* cmd_genurlauth.c - URLAUTH (RFC 4467): addresses of messages, for others to fetch
 *
 * Each mailbox has a key, made when first needed; the token of an address is
 * its HMAC under that key. Room "urlauth" of the account: the mailbox's id in
 * four bytes; the value is a version byte and the key. */
#include <stdlib.h>

#include "core/digest.h"
#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "protocols/imap/url.h"
#include "storage/acct_record.h"

#define ROOM "urlauth"

enum { KEY_BYTES = 32, BOX_BYTES = 4 };

/* --- keys --- */

BOX_NOTES(urlauth) = { .room = ROOM };

static struct slice key_name(struct pool *pool, uint32_t box)
{
	unsigned char *p = pool_get(pool, BOX_BYTES);

	num_put32(p, box);
	return slice_of(p, BOX_BYTES);
}

/* Keeps the one that is there. */
static int keep_or_make(void *arg, struct slice value, struct buf *out, struct err *err)
{
	unsigned char fresh[KEY_BYTES];

	(void)arg, (void)err;
	if (value.n == 1 + KEY_BYTES) {
		buf_adds(out, value);
		return 0;
	}
	random_bytes(fresh, sizeof fresh);
	buf_addc(out, 1);
	buf_add(out, fresh, sizeof fresh);
	bytes_wipe(fresh, sizeof fresh);
	return 0;
}

const char *imap_url_token(struct pool *pool, struct acct *acct, uint32_t box, struct slice rump)
{
	unsigned char mac[DIGEST_SIZE];
	struct buf key = { 0 }, text = { 0 };
	const char *made = NULL;

	if (acct_record_get(acct, ROOM, key_name(pool, box), &key) == 1 && key.n == 1 + KEY_BYTES) {
		digest_hmac(slice_from(buf_slice(&key), 1), rump, mac);
		hex_put(&text, slice_of(mac, sizeof mac));
		made = pool_str(pool, buf_slice(&text));
	}
	buf_wipe(&key);
	buf_done(&text);
	return made;
}

/* --- GENURLAUTH (§7) --- */

static bool is_access(struct slice access)
{
	return slice_istarts(access, SLICE("user+")) || slice_istarts(access, SLICE("submit+")) ||
	    slice_ieq(access, SLICE("authuser")) || slice_ieq(access, SLICE("anonymous"));
}

static const char *generate(struct imap *im, struct slice text, struct err *err)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct box_status status;
	struct imap_url url;

	if (!imap_url_parse(pool, text, &url) || url.mech.n > 0 || !is_access(url.access) ||
	    url.host.n == 0 || url.mailbox.n == 0) {
		err_set(err, ERR_INPUT, "that is no address that could be given to others");
		return NULL;
	}
	if (strcmp(imap_url_user(pool, url.user, im->who), im->who) != 0 ||
	    imap_is_foreign(im, url.mailbox)) {
		err_set(err, ERR_DENIED, "that is not yours to give");
		return NULL;
	}
	if (box_status(im->acct, url.mailbox, &status, err) != 0 ||
	    acct_record_change(
		im->acct, ROOM, key_name(pool, status.id), keep_or_make, NULL, err) != 0)
		return NULL;
	return pool_printf(pool, "%.*s:internal:%s", SLICE_ARG(text),
	    imap_url_token(pool, im->acct, status.id, text));
}

static enum imap_done run_generate(struct imap *im, struct slice args)
{
	struct slice urls[IMAP_URLS_MAX], mech;
	struct buf *out = sess_out(im->sess);
	const char *made[IMAP_URLS_MAX];
	struct err err;
	size_t n = 0;

	do {
		if (n == IMAP_URLS_MAX ||
		    !imap_astring(sess_cmd_pool(im->sess), &args, &urls[n++]) ||
		    !imap_take(&args, ' ') || !imap_atom(&args, &mech))
			return IMAP_BAD;
		if (!slice_ieq(mech, SLICE("INTERNAL")))
			return imap_reply(im, IMAP_NO, "INTERNAL is the only mechanism");
	} while (imap_take(&args, ' '));
	if (!imap_end(args))
		return IMAP_BAD;
	for (size_t i = 0; i < n; i++)
		if (!(made[i] = generate(im, urls[i], &err)))
			return imap_failed(im, &err);
	buf_addz(out, "* GENURLAUTH");
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, ' ');
		imap_put_string(out, slice_str(made[i]));
	}
	buf_addz(out, "\r\n");
	return IMAP_OK;
}

/* --- RESETKEY (§7) --- */

static bool drop_key(void *arg, struct slice key, struct slice value)
{
	struct buf *records = arg;
	struct acct_record record = { .key = slice_of(mem_str(key), key.n) };

	(void)value;
	buf_add(records, &record, sizeof record);
	return true;
}

static int drop_keys(struct imap *im, struct slice prefix, struct err *err)
{
	struct buf found = { 0 };
	int rc = acct_record_each(im->acct, ROOM, prefix, drop_key, &found);
	struct acct_record *records = (struct acct_record *)(void *)found.p;
	size_t n = found.n / sizeof *records;

	if (rc == 0 && n > 0)
		rc = acct_record_put(im->acct, ROOM, records, n, err);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)records[i].key.p);
	buf_done(&found);
	return rc;
}

static enum imap_done run_reset(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct slice name, mech, key = { 0 };
	struct box_status status;
	struct err err = { 0 };

	if (args.n > 0) {
		if (!imap_take_name(im, &args, &name))
			return IMAP_BAD;
		while (imap_take(&args, ' '))
			if (!imap_atom(&args, &mech))
				return IMAP_BAD;
		if (!imap_end(args))
			return IMAP_BAD;
		if (imap_is_foreign(im, name))
			return imap_reply(im, IMAP_NO, "[NOPERM] That is not yours");
		if (box_status(im->acct, name, &status, &err) != 0)
			return imap_failed(im, &err);
		key = key_name(pool, status.id);
	}
	if (drop_keys(im, key, &err) != 0)
		return imap_failed(im, &err);
	return imap_reply(im, IMAP_OK, "[URLMECH INTERNAL] Old addresses are void");
}

IMAP_COMMAND(genurlauth) = {
	.name = "GENURLAUTH",
	.states = IMAP_KNOWN,
	.capability = "URLAUTH",
	.ref = "RFC 4467 7",
	.run = run_generate,
};

IMAP_COMMAND(resetkey) = {
	.name = "RESETKEY",
	.states = IMAP_KNOWN,
	.ref = "RFC 4467 7",
	.run = run_reset,
};
