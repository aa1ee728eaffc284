/* test_dkim.c - DKIM: messages signed by others, broken ones, keys as strangers publish them */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <nettle/eddsa.h>

#include "core/text.h"
#include "mailauth/dkim_private.h"
#include "tests/unit/unit.h"
#include "tests/unit/zone.h"

enum { NOW = 1795300000 };

#define FOLDER TEST_SRCDIR "/tests/data/dkim/"

static void read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	out->n = 0;
	out->n = fread(buf_room(out, 65536), 1, 65536, file);
	fclose(file);
}

static void publish_keys(struct zone *zone)
{
	struct buf text = { 0 };

	read_file(FOLDER "keys", &text);
	for (struct slice rest = buf_slice(&text); rest.n > 0;) {
		struct slice line = slice_cut(&rest, '\n');
		char *name = mem_str(slice_cut(&line, '\t')), *record = mem_str(line);
		zone_txt(zone, name, record);
		free(name);
		free(record);
	}
	buf_done(&text);
}

static struct dkim_verdicts verify(struct zone *zone, struct slice message, struct pool *pool)
{
	struct dkim_verdicts verdicts;
	struct dkim_mail mail;

	dkim_mail_read((struct slice){ 0 }, message, pool, &mail);
	dkim_verify(&zone->asker, &mail, NOW, pool, &verdicts);
	return verdicts;
}

static enum dkim_result result_of(struct zone *zone, struct slice message)
{
	struct pool pool = { 0 };
	struct dkim_verdicts verdicts = verify(zone, message, &pool);

	pool_done(&pool);
	return verdicts.n > 0 ? verdicts.verdict[0].result : DKIM_NONE;
}

/* Each byte of what is signed counts: a letter changed is a signature broken. */
static void want_broken(struct zone *zone, const char *name, struct slice message)
{
	struct buf changed = { 0 };
	ptrdiff_t from = slice_ifind(message, SLICE("\r\nFrom:"));

	buf_adds(&changed, message);
	changed.p[from + 9]++;
	want_true(name, result_of(zone, buf_slice(&changed)) != DKIM_PASS);
	buf_clear(&changed);
	buf_adds(&changed, message);
	buf_addz(&changed, "more\r\n");
	want_true(name,
	    result_of(zone, buf_slice(&changed)) == DKIM_FAIL ||
		slice_eq(slice_str(name), SLICE("length.eml")));
	buf_done(&changed);
}

static void signed_by_others(void **state)
{
	struct buf text = { 0 };
	struct dirent *entry;
	DIR *dir = opendir(FOLDER);
	struct zone zone;
	unsigned n = 0;

	(void)state;
	zone_init(&zone);
	publish_keys(&zone);
	while ((entry = readdir(dir)))
		if (slice_iends(slice_str(entry->d_name), SLICE(".eml"))) {
			char path[400];
			snprintf(path, sizeof(path), FOLDER "%s", entry->d_name);
			read_file(path, &text);
			want_num(entry->d_name, result_of(&zone, buf_slice(&text)), DKIM_PASS);
			want_broken(&zone, entry->d_name, buf_slice(&text));
			n++;
		}
	closedir(dir);
	want_num("messages", n, 23);
	buf_done(&text);
	zone_done(&zone);
}

static void details(void **state)
{
	struct buf text = { 0 };
	struct pool pool = { 0 };
	struct zone zone;

	(void)state;
	zone_init(&zone);
	publish_keys(&zone);
	read_file(FOLDER "twice.eml", &text);
	struct dkim_verdicts verdicts = verify(&zone, buf_slice(&text), &pool);
	want_num("signatures", (int64_t)verdicts.n, 2);
	want_text("rsa", verdicts.verdict[0].algorithm, "rsa-sha256");
	want_text("ed", verdicts.verdict[1].algorithm, "ed25519-sha256");
	want_text("domain", verdicts.verdict[1].domain, "signed.test");
	want_text("selector", verdicts.verdict[1].selector, "ed");
	want_num("both pass", verdicts.verdict[1].result, DKIM_PASS);

	/* l= and more behind it: anybody may have put it there. */
	read_file(FOLDER "length.eml", &text);
	want_num("whole", result_of(&zone, buf_slice(&text)), DKIM_PASS);
	buf_addz(&text, "buy!\r\n");
	want_num("appended", result_of(&zone, buf_slice(&text)), DKIM_POLICY);
	buf_done(&text);
	pool_done(&pool);
	zone_done(&zone);
}

/* --- signed here, with the first key of RFC 8032 7.1 --- */

static const unsigned char seed[] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84,
	0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70,
	0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };

#define PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define GOOD_TAGS "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=s; h=From:Subject; "
#define MESSAGE "From: ann@a.test\r\nSubject: hi\r\n\r\nhello\r\n"

/* A message whose signature has these tags, right in all else. */
static void sign_with(const char *tags, struct buf *out)
{
	struct pool pool = { 0 };
	struct dkim_mail mail;
	unsigned char public[32], digest[DIGEST_SIZE], signature[64];
	struct buf field = { 0 }, data = { 0 };
	struct msg_field self;

	dkim_mail_read((struct slice){ 0 }, SLICE(MESSAGE), &pool, &mail);
	dkim_body_digest(&mail, CANON_RELAXED, UINT64_MAX, digest);
	buf_printf(&field, "DKIM-Signature: %sbh=", tags);
	base64_put(&field, slice_of(digest, sizeof(digest)));
	buf_addz(&field, "; b=");
	dkim_put_fields(&mail, CANON_RELAXED, SLICE("From:Subject"), &data);
	self.raw = buf_slice(&field);
	self.value = slice_from(self.raw, 15);
	dkim_put_self(CANON_RELAXED, &self, &data);
	digest_sha256(buf_slice(&data), digest);
	ed25519_sha512_public_key(public, seed);
	ed25519_sha512_sign(public, seed, sizeof(digest), digest, signature);
	buf_clear(out);
	buf_adds(out, buf_slice(&field));
	base64_put(out, slice_of(signature, sizeof(signature)));
	buf_addz(out, "\r\n" MESSAGE);
	buf_done(&field);
	buf_done(&data);
	pool_done(&pool);
}

static void tags_of_signatures(void **state)
{
	static const struct {
		const char *tags;
		enum dkim_result want;
	} cases[] = {
		{ GOOD_TAGS, DKIM_PASS },
		{ GOOD_TAGS "t=1795299999; x=1795300000; ", DKIM_PASS },
		{ GOOD_TAGS "x=1795299999; ", DKIM_FAIL },
		{ GOOD_TAGS "t=1795400000; ", DKIM_FAIL },
		{ GOOD_TAGS "t=10; x=9; ", DKIM_PERMERROR },
		{ GOOD_TAGS "x=9999999999999999; ", DKIM_PASS },
		{ GOOD_TAGS "x=-1; ", DKIM_PERMERROR },
		{ GOOD_TAGS "l=7; ", DKIM_PASS },
		{ GOOD_TAGS "l=8; ", DKIM_PERMERROR },
		{ GOOD_TAGS "l=6; ", DKIM_FAIL },
		{ GOOD_TAGS "l=; ", DKIM_PERMERROR },
		{ GOOD_TAGS "i=@a.test; ", DKIM_PASS },
		{ GOOD_TAGS "i=x@sub.A.test; ", DKIM_PASS },
		{ GOOD_TAGS "i=x@b.test; ", DKIM_PERMERROR },
		{ GOOD_TAGS "i=x@xa.test; ", DKIM_PERMERROR },
		{ GOOD_TAGS "q=dns/txt; ", DKIM_PASS },
		{ GOOD_TAGS "q=http; ", DKIM_PERMERROR },
		{ GOOD_TAGS "z=From:x|Subject:y; unknown=1; ", DKIM_PASS },
		{ GOOD_TAGS "d=a.test; ", DKIM_PERMERROR }, /* twice */
		{ "v=2; a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=s; h=From:Subject; ",
		    DKIM_PERMERROR },
		{ "a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=s; h=From:Subject; ",
		    DKIM_PERMERROR },
		{ "v=1; a=rsa-sha1; c=relaxed/relaxed; d=a.test; s=s; h=From:Subject; ",
		    DKIM_POLICY },
		{ "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=s; h=From:Subject; ",
		    DKIM_PERMERROR },
		{ "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=s; h=Subject; ",
		    DKIM_PERMERROR },
		{ "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a..test; s=s; h=From:Subject; ",
		    DKIM_PERMERROR },
		{ "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=other.test; s=s; h=From:Subject; ",
		    DKIM_PERMERROR },
		{ "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=late.test; s=s; h=From:Subject; ",
		    DKIM_TEMPERROR },
		{ "v=1; a=ed25519-sha256; c=relaxed/other; d=a.test; s=s; h=From:Subject; ",
		    DKIM_PERMERROR },
		{ "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=A.Test; s=s;\r\n h=From :\r\n Subject; ",
		    DKIM_PASS },
	};
	struct buf text = { 0 };
	struct zone zone;

	(void)state;
	zone_init(&zone);
	zone_txt(&zone, "s._domainkey.a.test", "v=DKIM1; k=ed25519; p=" PUBLIC);
	zone_timeout(&zone, "s._domainkey.late.test", DNS_TXT);
	for (size_t i = 0; i < COUNT(cases); i++) {
		sign_with(cases[i].tags, &text);
		want_num(cases[i].tags, result_of(&zone, buf_slice(&text)), cases[i].want);
	}
	buf_done(&text);
	zone_done(&zone);
}

static void records_of_keys(void **state)
{
	static const struct {
		const char *record;
		enum dkim_result want;
	} cases[] = {
		{ "v=DKIM1; k=ed25519; p=" PUBLIC, DKIM_PASS },
		{ "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7h cvPapiMlrwIaaPcHURo= ;", DKIM_PASS },
		{ "k=ed25519; h=sha1:sha256; s=email; t=y:s; n=words of people; p=" PUBLIC,
		    DKIM_PASS },
		{ "k=ed25519; h=sha1; p=" PUBLIC, DKIM_PERMERROR },
		{ "k=ed25519; s=tlsrpt; p=" PUBLIC, DKIM_PERMERROR },
		{ "k=ed25519; v=DKIM1; p=" PUBLIC, DKIM_PERMERROR },
		{ "v=DKIM2; k=ed25519; p=" PUBLIC, DKIM_PERMERROR },
		{ "k=ed25519; p=", DKIM_PERMERROR }, /* revoked */
		{ "k=ed25519", DKIM_PERMERROR },
		{ "k=ed25519; p=AAAA", DKIM_PERMERROR },
		{ "k=ed25519; p=!", DKIM_PERMERROR },
		{ "p=" PUBLIC, DKIM_PERMERROR }, /* RSA is meant */
		{ "k=ed448; p=" PUBLIC, DKIM_PERMERROR },
		{ "", DKIM_PERMERROR },
	};
	struct buf text = { 0 };

	(void)state;
	sign_with(GOOD_TAGS, &text);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone zone;

		zone_init(&zone);
		zone_txt(&zone, "s._domainkey.a.test", cases[i].record);
		want_num(cases[i].record, result_of(&zone, buf_slice(&text)), cases[i].want);
		zone_done(&zone);
	}
	buf_done(&text);
}

/* What signs hugely, or in hundreds, costs no more than a few. */
static void bounded(void **state)
{
	struct buf text = { 0 };
	struct pool pool = { 0 };
	struct zone zone;

	(void)state;
	zone_init(&zone);
	for (int i = 0; i < 500; i++)
		buf_addz(
		    &text, "DKIM-Signature: v=1; a=rsa-sha256; d=a.test; s=s; h=From; bh=; b=\r\n");
	buf_addz(&text, MESSAGE);
	struct dkim_verdicts verdicts = verify(&zone, buf_slice(&text), &pool);
	want_num("signatures", (int64_t)verdicts.n, DKIM_SIGNATURES_MAX);

	sign_with(GOOD_TAGS, &text);
	buf_drop(&text, 0);
	struct buf many = { 0 };
	for (int i = 0; i < DKIM_FIELDS_MAX; i++)
		buf_addz(&many, "X: y\r\n");
	buf_adds(&many, buf_slice(&text));
	want_num("fields", result_of(&zone, buf_slice(&many)), DKIM_NONE);
	buf_done(&many);
	buf_done(&text);
	pool_done(&pool);
	zone_done(&zone);
}

static void from_domains(void **state)
{
	static const struct {
		const char *header, *want;
	} cases[] = {
		{ "From: Ann <ann@Alpha.Test>\r\n\r\n", "alpha.test" },
		{ "From: \"x@y.test\" <ann@alpha.test>\r\n\r\n", "alpha.test" },
		{ "From: a@alpha.test, b@alpha.test\r\n\r\n", "alpha.test" },
		{ "From: a@alpha.test, b@beta.test\r\n\r\n", "" },
		{ "From: a@alpha.test\r\nFrom: b@beta.test\r\n\r\n", "" },
		{ "From: ann@b\xc3\xbc"
		  "cher.test\r\n\r\n",
		    "xn--bcher-kva.test" },
		{ "From: undisclosed:;\r\n\r\n", "" },
		{ "Subject: none\r\n\r\n", "" },
	};
	struct dkim_mail mail;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pool pool = { 0 };

		dkim_mail_read((struct slice){ 0 }, slice_str(cases[i].header), &pool, &mail);
		want_text(cases[i].header, dkim_from_domain(&mail, &pool), cases[i].want);
		pool_done(&pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_by_others),
		cmocka_unit_test(details),
		cmocka_unit_test(tags_of_signatures),
		cmocka_unit_test(records_of_keys),
		cmocka_unit_test(bounded),
		cmocka_unit_test(from_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
