/* made.c - certificates as tests want them */
#include "tests/unit/made.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/random.h"
#include "pki/cert_build.h"
#include "pki/der.h"

enum { KEYS = 64, DAY = 24 * 60 * 60 };

static struct {
	char name[64];
	struct buf sealed;
} keys[KEYS];

static struct sign_key key_of(const char *name)
{
	size_t i = 0;

	while (keys[i].name[0] && strcmp(keys[i].name, name) != 0)
		if (++i == KEYS)
			abort();
	if (!keys[i].name[0]) {
		snprintf(keys[i].name, sizeof(keys[i].name), "%s", name);
		if (sign_make(keys[i].name, &keys[i].sealed, NULL) != 0)
			abort();
	}
	return (struct sign_key){ keys[i].name, buf_slice(&keys[i].sealed) };
}

static void put_name(struct buf *out, const char *cn)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	if (cn)
		cert_put_attribute(out, "2.5.4.3", DER_UTF8, slice_str(cn));
	der_close(out, mark);
}

/* "192.0.2.0/24": address and mask, as in constraints. */
static void put_address(struct buf *out, const char *text)
{
	unsigned char bytes[32] = { 0 };
	char address[64];
	int bits = -1, family = strchr(text, ':') ? AF_INET6 : AF_INET;
	size_t n = family == AF_INET ? 4 : 16;

	if (sscanf(text, "%63[^/]/%d", address, &bits) < 1 ||
	    inet_pton(family, address, bytes) != 1)
		abort();
	for (int i = 0; i < bits; i++)
		bytes[n + (size_t)i / 8] |= (unsigned char)(0x80 >> i % 8);
	der_put(out, DER_CONTEXT | 7, slice_of(bytes, bits < 0 ? n : 2 * n));
}

static void put_general_name(struct buf *out, struct slice word)
{
	struct slice kind = slice_cut(&word, ':');

	if (slice_eq(kind, SLICE("DNS"))) {
		der_put(out, DER_CONTEXT | 2, word);
	} else if (slice_eq(kind, SLICE("email"))) {
		der_put(out, DER_CONTEXT | 1, word);
	} else if (slice_eq(kind, SLICE("URI"))) {
		der_put(out, DER_CONTEXT | 6, word);
	} else if (slice_eq(kind, SLICE("RID"))) {
		der_put(out, DER_CONTEXT | 8, word);
	} else if (slice_eq(kind, SLICE("DN"))) {
		char *cn = mem_str(word);
		size_t mark = der_open(out, DER_CONTEXT_CONSTRUCTED | 4);
		put_name(out, cn);
		der_close(out, mark);
		free(cn);
	} else {
		char *text = mem_str(word);
		put_address(out, text);
		free(text);
	}
}

static void put_general_names(struct buf *out, const char *words)
{
	struct slice rest = slice_str(words);

	for (struct slice word; (word = slice_word(&rest)).n > 0;)
		put_general_name(out, word);
}

static void put_subtrees(struct buf *out, unsigned tag, const char *words)
{
	struct slice rest = slice_str(words);

	if (!words)
		return;
	size_t list = der_open(out, DER_CONTEXT_CONSTRUCTED | tag);
	for (struct slice word; (word = slice_word(&rest)).n > 0;) {
		size_t one = der_open(out, DER_SEQUENCE);
		put_general_name(out, word);
		der_close(out, one);
	}
	der_close(out, list);
}

/* --- extensions --- */

static void put_extension(struct buf *out, const char *oid, bool critical, const struct buf *value)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_oid(out, oid);
	if (critical)
		der_bool(out, true);
	der_put(out, DER_OCTETS, buf_slice(value));
	der_close(out, mark);
}

static void put_sequence(struct buf *out, const char *oid, bool critical, struct buf *contents)
{
	struct buf value = { 0 };

	der_put(&value, DER_SEQUENCE, buf_slice(contents));
	put_extension(out, oid, critical, &value);
	buf_done(&value);
	buf_done(contents);
}

static void put_constraints(struct buf *out, const struct made *m)
{
	struct buf value = { 0 };

	der_bool(&value, true);
	if (m->path > 0)
		der_number(&value, (uint32_t)m->path - 1);
	put_sequence(out, "2.5.29.19", true, &value);
}

static void put_extensions(struct buf *out, const struct made *m)
{
	struct buf value = { 0 };
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 3);
	size_t list = der_open(out, DER_SEQUENCE);

	if (m->ca)
		put_constraints(out, m);
	if (m->twice)
		put_constraints(out, m);
	if (m->usage) {
		der_named_bits(&value, m->usage);
		put_extension(out, "2.5.29.15", true, &value);
		buf_clear(&value);
	}
	if (m->purpose) {
		der_oid(&value, m->purpose);
		put_sequence(out, "2.5.29.37", false, &value);
	}
	if (m->names) {
		put_general_names(&value, m->names);
		put_sequence(out, "2.5.29.17", false, &value);
	}
	if (m->permitted || m->excluded) {
		put_subtrees(&value, 0, m->permitted);
		put_subtrees(&value, 1, m->excluded);
		put_sequence(out, "2.5.29.30", true, &value);
	}
	if (m->critical)
		put_sequence(out, m->critical, true, &value);
	der_close(out, list);
	der_close(out, explicit);
	buf_done(&value);
}

/* --- the whole --- */

static void put_tbs(struct buf *out, const struct made *m)
{
	struct sign_key key = key_of(m->key ? m->key : m->subject ? m->subject : "");
	int64_t now = time(NULL);
	unsigned char serial[8];
	struct key_info info;
	size_t tbs = der_open(out, DER_SEQUENCE);

	if (!m->version1) {
		size_t version = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
		der_number(out, 2);
		der_close(out, version);
	}
	random_bytes(serial, sizeof(serial));
	der_unsigned(out, slice_of(serial, sizeof(serial)));
	sign_algorithm(m->two_algorithms ? "P-384" : "P-256", out);
	put_name(out, m->issuer ? m->issuer : m->subject);
	size_t validity = der_open(out, DER_SEQUENCE);
	der_time(out, now + (m->from || m->till ? m->from : -DAY));
	der_time(out, now + (m->from || m->till ? m->till : DAY));
	der_close(out, validity);
	put_name(out, m->subject);
	if (sign_look(&key, &info, NULL) != 0)
		abort();
	buf_adds(out, buf_slice(&info.public_info));
	key_info_done(&info);
	if (!m->version1)
		put_extensions(out, m);
	der_close(out, tbs);
}

void made_put(const struct made *m, struct buf *der)
{
	const char *issuer = m->issuer ? m->issuer : m->subject;
	struct sign_key key = key_of(m->signer ? m->signer : issuer);
	struct buf tbs = { 0 }, signature = { 0 };

	put_tbs(&tbs, m);
	if (sign_data(&key, buf_slice(&tbs), &signature, NULL) != 0)
		abort();
	if (m->spoilt)
		signature.p[signature.n - 1] ^= 1;
	size_t mark = der_open(der, DER_SEQUENCE);
	buf_adds(der, buf_slice(&tbs));
	sign_algorithm("P-256", der);
	der_bits(der, buf_slice(&signature));
	der_close(der, mark);
	buf_done(&tbs);
	buf_done(&signature);
}
