/* fuzz_dkim.c - signatures and chains of strangers: records of keys with a NUL between, two NULs,
 * the message */
#include <stdint.h>
#include <stdlib.h>

#include "mailauth/results.h"
#include "tests/fuzz/fuzz_asker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NOW = 1795255200 };

/* What strangers wrote forges no line and no field. */
static void check_lines(struct slice text)
{
	for (size_t i = 0; i + 1 < text.n; i++)
		if (text.p[i] == '\n' && text.p[i + 1] != '\t' && text.p[i + 1] != ' ')
			abort();
}

static void judge(struct slice message, struct slice texts)
{
	struct pool pool = { 0 };
	struct dkim_verdicts dkim;
	struct arc_verdict arc;
	struct dkim_mail mail;
	struct fuzz_dns dns;
	struct buf out = { 0 };

	fuzz_dns_init(&dns, texts);
	dkim_mail_read((struct slice){ 0 }, message, &pool, &mail);
	dkim_verify(&dns.asker, &mail, NOW, &pool, &dkim);
	arc_verify(&dns.asker, &mail, &pool, &arc);
	if (dns.asked > DKIM_SIGNATURES_MAX + ARC_SETS_MAX + 1)
		abort();
	results_write(
	    &(struct results){ .id = SLICE("mx.test"), .dkim = &dkim, .arc = &arc }, &out);
	check_lines(buf_slice(&out));
	buf_done(&out);
	pool_done(&pool);
}

static void sign(struct slice message)
{
	struct dkim_signing how = { .domain = SLICE("a.test"),
		.selector = SLICE("s"),
		.algorithm = "rsa-sha256",
		.now = NOW };
	struct buf field = { 0 }, data = { 0 };
	struct pool pool = { 0 };
	struct dkim_mail mail;

	dkim_mail_read((struct slice){ 0 }, message, &pool, &mail);
	dkim_from_domain(&mail, &pool);
	if (dkim_sign_begin(&mail, &how, &field, &data)) {
		dkim_sign_end(SLICE("signature"), &field);
		field.n -= 2; /* its last line's end */
		check_lines(buf_slice(&field));
	}
	buf_done(&field);
	buf_done(&data);
	pool_done(&pool);
}

static int sign_anything(void *arg, struct slice data, struct buf *signature)
{
	(void)arg;
	(void)data;
	buf_addz(signature, "signature");
	return 0;
}

static unsigned count_lines(struct slice text)
{
	unsigned n = 0;

	for (size_t i = 0; i + 1 < text.n; i++)
		n += text.p[i] == '\n' && text.p[i + 1] != '\t' && text.p[i + 1] != ' ';
	return n;
}

/* A set has three fields, whatever stood there before, and may be followed by another. */
static void seal(struct slice message, enum arc_result before)
{
	struct arc_sealing sealing = { .how = { .domain = SLICE("a.test"),
					   .selector = SLICE("s"),
					   .algorithm = "rsa-sha256",
					   .now = NOW },
		.results = SLICE("mx.test; none"),
		.before = before,
		.sign = sign_anything };
	struct buf fields = { 0 };
	struct pool pool = { 0 };
	struct dkim_mail mail;

	dkim_mail_read((struct slice){ 0 }, message, &pool, &mail);
	int rc = arc_seal(&mail, &sealing, &pool, &fields);
	if (rc == 1 ? count_lines(buf_slice(&fields)) != 2 : fields.n != 0)
		abort();
	if (rc == 1) {
		dkim_mail_read(buf_slice(&fields), message, &pool, &mail);
		if (!arc_is_there(&mail) ||
		    (before == ARC_FAIL && arc_seal(&mail, &sealing, &pool, &fields) == 1))
			abort();
	}
	buf_done(&fields);
	pool_done(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice all = slice_of(data, n);
	ptrdiff_t end = slice_find(all, SLICE("\0\0"));
	struct slice texts = end < 0 ? (struct slice){ 0 } : slice_head(all, (size_t)end);
	struct slice message = end < 0 ? all : slice_from(all, (size_t)end + 2);

	judge(message, texts);
	sign(message);
	for (int before = ARC_NONE; before <= ARC_FAIL; before++)
		seal(message, (enum arc_result)before);
	return 0;
}
