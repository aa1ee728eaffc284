/* fuzz_dmarc.c - DMARC records: the domain in From, or From fields, NUL, then what is published */
#include <stdint.h>
#include <stdlib.h>

#include "mailauth/dkim.h"
#include "mailauth/dmarc.h"
#include "tests/fuzz/fuzz_asker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Where reports are to go: others than the domain itself are asked. */
static void ask_targets(
    struct slice rua, struct slice from, struct fuzz_dns *dns, struct pool *pool)
{
	for (unsigned i = 0; rua.n > 0 && i < 5; i++) {
		struct slice target = slice_trim(slice_cut(&rua, ','));

		dmarc_may_report(&dns->asker, from, slice_from(target, 7), pool);
	}
}

/* Several From fields, or several in one: who answers for them is one of them. */
static void ask_authors(struct slice from, struct fuzz_dns *dns, struct pool *pool)
{
	struct slice field = slice_str(pool_printf(pool, "From: %.*s\r\n\r\n", SLICE_ARG(from)));
	struct dmarc_question q = { .asker = &dns->asker };
	struct dkim_authors authors;
	struct dmarc_answer answer;
	struct dkim_mail mail;
	bool found = false;

	dkim_mail_read((struct slice){ 0 }, field, pool, &mail);
	dkim_authors_read(&mail, pool, &authors);
	struct slice who = dmarc_check_authors(&q, &authors, pool, &answer);
	for (size_t i = 0; i < authors.n; i++)
		found |= slice_eq(authors.domain[i], who);
	if (authors.n > DKIM_AUTHORS_MAX || (who.n > 0 && !found) ||
	    (!authors.regular && answer.result == DMARC_PASS))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice texts = slice_of(data, n), from = slice_cut(&texts, '\0');
	struct spf_answer spf = { .result = SPF_PASS, .domain = SLICE("b.test") };
	struct pool pool = { 0 };
	struct dmarc_record record = { 0 };
	struct dmarc_answer answer;
	struct fuzz_dns dns;

	if (dmarc_read(texts, &record) && (record.percent > 100 || record.p > DMARC_REJECT))
		abort();
	fuzz_dns_init(&dns, texts);
	dmarc_check(&(struct dmarc_question){ .asker = &dns.asker, .from = from, .spf = &spf },
	    &pool, &answer);
	if (dns.asked > 3 || answer.wish > answer.policy || answer.policy > DMARC_REJECT)
		abort();
	ask_targets(record.rua, from, &dns, &pool);
	ask_authors(from, &dns, &pool);
	pool_done(&pool);
	return 0;
}
