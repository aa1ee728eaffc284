/* made_list.c - lists of revoked certificates as tests want them */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pki/cert_build.h"
#include "pki/der.h"
#include "tests/unit/made.h"

enum { DAY = 24 * 60 * 60 };

static void put_general_time(struct buf *out, int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	der_put(out, DER_TIME, slice_str(text));
}

static void put_when(struct buf *out, const struct made_list *l, int64_t unix_seconds)
{
	if (l->general_time)
		put_general_time(out, unix_seconds);
	else
		der_time(out, unix_seconds);
}

static void put_entry(struct buf *out, struct slice hex)
{
	unsigned char bytes[32];
	size_t n = 0, entry = der_open(out, DER_SEQUENCE);

	for (; hex.n >= 2 && n < sizeof(bytes); hex = slice_from(hex, 2))
		if (sscanf(hex.p, "%2hhx", &bytes[n++]) != 1)
			abort();
	der_put(out, DER_INTEGER, slice_of(bytes, n));
	der_time(out, time(NULL) - DAY);
	der_close(out, entry);
}

static void put_entries(struct buf *out, const char *serials)
{
	struct slice rest = slice_str(serials);

	if (!serials)
		return;
	size_t list = der_open(out, DER_SEQUENCE);
	for (struct slice word; (word = slice_word(&rest)).n > 0;)
		put_entry(out, word);
	der_close(out, list);
}

static void put_extensions(struct buf *out, const struct made_list *l)
{
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	size_t list = der_open(out, DER_SEQUENCE);

	if (!l->no_number)
		made_put_extension(out, "2.5.29.20", false, SLICE("\x02\x01\x05"));
	made_put_more(out, l->more);
	der_close(out, list);
	der_close(out, explicit);
}

static void put_tbs(struct buf *out, const struct made_list *l)
{
	int64_t now = time(NULL);
	size_t tbs = der_open(out, DER_SEQUENCE);

	der_number(out, l->version3 ? 2 : 1);
	sign_algorithm("P-256", out);
	made_put_name(out, l->issuer, NULL);
	put_when(out, l, now + (l->from || l->till ? l->from : -DAY));
	if (!l->no_end)
		put_when(out, l, now + (l->from || l->till ? l->till : DAY));
	put_entries(out, l->serials);
	put_extensions(out, l);
	der_close(out, tbs);
}

void made_put_list(const struct made_list *l, struct buf *der)
{
	struct sign_key key = made_key(l->signer ? l->signer : l->issuer);
	struct buf tbs = { 0 };

	put_tbs(&tbs, l);
	made_put_signed(der, buf_slice(&tbs), &key, l->spoilt);
	buf_done(&tbs);
}
