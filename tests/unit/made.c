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

struct sign_key made_key(const char *name)
{
	size_t i = 0;

	name = *name ? name : "nobody";
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

void made_put_name(struct buf *out, const char *cn, const char *organization)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	if (organization)
		cert_put_attribute(out, "2.5.4.10", DER_UTF8, slice_str(organization));
	if (cn && *cn)
		cert_put_attribute(out, "2.5.4.3", DER_UTF8, slice_str(cn));
	der_close(out, mark);
}

static void put_hex(struct buf *out, struct slice hex)
{
	unsigned byte;

	for (; hex.n >= 2; hex = slice_from(hex, 2)) {
		if (sscanf(hex.p, "%2x", &byte) != 1)
			abort();
		buf_addc(out, (char)byte);
	}
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
		made_put_name(out, cn, NULL);
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

void made_put_extension(struct buf *out, const char *oid, bool critical, struct slice value)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_oid(out, oid);
	if (critical)
		der_bool(out, true);
	der_put(out, DER_OCTETS, value);
	der_close(out, mark);
}

static void put_sequence(struct buf *out, const char *oid, bool critical, struct buf *contents)
{
	struct buf value = { 0 };

	der_put(&value, DER_SEQUENCE, buf_slice(contents));
	made_put_extension(out, oid, critical, buf_slice(&value));
	buf_done(&value);
	buf_done(contents);
}

static void put_one_more(struct buf *out, struct slice word)
{
	bool critical = word.p[0] == '!';
	struct slice hex = slice_from(word, critical), name = slice_cut(&hex, '=');
	struct buf value = { 0 };
	char *oid = mem_str(name);

	put_hex(&value, hex);
	made_put_extension(out, oid, critical, buf_slice(&value));
	buf_done(&value);
	free(oid);
}

void made_put_more(struct buf *out, const char *words)
{
	struct slice rest = slice_str(words);

	for (struct slice word; (word = slice_word(&rest)).n > 0;)
		put_one_more(out, word);
}

static void put_constraints(struct buf *out, const struct made *m)
{
	struct buf value = { 0 };

	if (!(m->flaws & MADE_NO_AUTHORITY))
		der_bool(&value, true);
	if (m->path > 0)
		der_number(&value, (uint32_t)m->path - 1);
	put_sequence(out, "2.5.29.19", !(m->flaws & MADE_CONSTRAINTS_SOFT), &value);
}

static void key_id(const char *name, unsigned char id[CERT_KEY_ID])
{
	struct sign_key key = made_key(name);
	struct key_info info;

	if (sign_look(&key, &info, NULL) != 0 || !cert_key_id(buf_slice(&info.public_info), id))
		abort();
	key_info_done(&info);
}

static const char *own_key(const struct made *m)
{
	return m->key ? m->key : m->subject ? m->subject : "";
}

static const char *signing_key(const struct made *m)
{
	return m->signer ? m->signer : m->issuer ? m->issuer : m->subject;
}

static void put_subject_key(struct buf *out, const struct made *m)
{
	unsigned char id[CERT_KEY_ID];
	struct buf value = { 0 };

	key_id(own_key(m), id);
	der_put(&value, DER_OCTETS, slice_of(id, sizeof(id)));
	made_put_extension(
	    out, "2.5.29.14", (m->flaws & MADE_SUBJECT_KEY_CRITICAL) != 0, buf_slice(&value));
	buf_done(&value);
}

static void put_authority_key(struct buf *out, const struct made *m)
{
	unsigned char id[CERT_KEY_ID];
	struct buf value = { 0 };

	key_id(m->flaws & MADE_AUTHORITY_KEY_OTHER ? "another key" : signing_key(m), id);
	if (!(m->flaws & MADE_AUTHORITY_KEY_EMPTY))
		der_put(&value, DER_CONTEXT | 0, slice_of(id, sizeof(id)));
	if (m->flaws & MADE_AUTHORITY_KEY_NAMED)
		der_put(&value, DER_CONTEXT | 2, SLICE("\x01"));
	put_sequence(out, "2.5.29.35", (m->flaws & MADE_AUTHORITY_KEY_CRITICAL) != 0, &value);
}

static void put_key_ids(struct buf *out, const struct made *m)
{
	bool own = !m->issuer && !(m->flaws & MADE_OWN_AUTHORITY_KEY);

	if (!(m->flaws & MADE_NO_SUBJECT_KEY))
		put_subject_key(out, m);
	if (!own && !(m->flaws & MADE_NO_AUTHORITY_KEY))
		put_authority_key(out, m);
}

static void put_purposes(struct buf *out, const struct made *m)
{
	struct slice rest = slice_str(m->purpose);
	struct buf value = { 0 };

	for (struct slice word; (word = slice_word(&rest)).n > 0;) {
		char *oid = mem_str(word);
		der_oid(&value, oid);
		free(oid);
	}
	put_sequence(out, "2.5.29.37", (m->flaws & MADE_PURPOSES_CRITICAL) != 0, &value);
}

static void put_usage(struct buf *out, unsigned usage)
{
	struct buf value = { 0 };

	der_named_bits(&value, usage);
	made_put_extension(out, "2.5.29.15", true, buf_slice(&value));
	buf_done(&value);
}

static void put_extensions(struct buf *out, const struct made *m)
{
	struct buf value = { 0 };
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 3);
	size_t list = der_open(out, DER_SEQUENCE);

	if (m->ca && !(m->flaws & MADE_NO_CONSTRAINTS))
		put_constraints(out, m);
	if (m->twice)
		put_constraints(out, m);
	if (m->proper)
		put_key_ids(out, m);
	if (m->usage)
		put_usage(out, m->usage);
	if (m->purpose)
		put_purposes(out, m);
	if (m->names) {
		put_general_names(&value, m->names);
		put_sequence(out, "2.5.29.17", (m->flaws & MADE_NAMES_CRITICAL) != 0, &value);
	}
	if (m->permitted || m->excluded) {
		put_subtrees(&value, 0, m->permitted);
		put_subtrees(&value, 1, m->excluded);
		put_sequence(out, "2.5.29.30", !(m->flaws & MADE_SUBTREES_SOFT), &value);
	}
	if (m->critical)
		put_sequence(out, m->critical, true, &value);
	made_put_more(out, m->more);
	der_close(out, list);
	der_close(out, explicit);
	buf_done(&value);
}

/* --- the whole --- */

static void put_serial(struct buf *out, const char *hex)
{
	unsigned char serial[8];
	struct buf value = { 0 };

	random_bytes(serial, sizeof(serial));
	if (hex) {
		put_hex(&value, slice_str(hex));
		der_put(out, DER_INTEGER, buf_slice(&value));
	} else {
		der_unsigned(out, slice_of(serial, sizeof(serial)));
	}
	buf_done(&value);
}

static void put_public_key(struct buf *out, const struct made *m)
{
	struct sign_key key = made_key(own_key(m));
	struct key_info info;

	if (m->public_info) {
		put_hex(out, slice_str(m->public_info));
		return;
	}
	if (sign_look(&key, &info, NULL) != 0)
		abort();
	buf_adds(out, buf_slice(&info.public_info));
	key_info_done(&info);
}

static void put_tbs(struct buf *out, const struct made *m)
{
	int64_t now = time(NULL);
	size_t tbs = der_open(out, DER_SEQUENCE);

	if (!m->version1) {
		size_t version = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
		der_number(out, 2);
		der_close(out, version);
	}
	put_serial(out, m->serial);
	sign_algorithm(m->two_algorithms ? "P-384" : "P-256", out);
	made_put_name(out, m->issuer ? m->issuer : m->subject, NULL);
	size_t validity = der_open(out, DER_SEQUENCE);
	der_time(out, now + (m->from || m->till ? m->from : -DAY));
	der_time(out, now + (m->from || m->till ? m->till : DAY));
	der_close(out, validity);
	made_put_name(out, m->subject, m->organization);
	put_public_key(out, m);
	if (!m->version1)
		put_extensions(out, m);
	der_close(out, tbs);
}

void made_put_signed(struct buf *out, struct slice tbs, const struct sign_key *key, bool spoilt)
{
	struct buf signature = { 0 };

	if (sign_data(key, tbs, &signature, NULL) != 0)
		abort();
	if (spoilt)
		signature.p[signature.n - 1] ^= 1;
	size_t mark = der_open(out, DER_SEQUENCE);
	buf_adds(out, tbs);
	sign_algorithm("P-256", out);
	der_bits(out, buf_slice(&signature));
	der_close(out, mark);
	buf_done(&signature);
}

void made_put(const struct made *m, struct buf *der)
{
	struct sign_key key = made_key(signing_key(m) ? signing_key(m) : "");
	struct buf tbs = { 0 };

	put_tbs(&tbs, m);
	made_put_signed(der, buf_slice(&tbs), &key, m->spoilt);
	buf_done(&tbs);
}
