/* mailauth_bench.c - what it costs to know whose a message is: SPF, DKIM, DMARC; and to sign
 *
 * usage: make tests/bench/mailauth_bench && tests/bench/mailauth_bench
 *
 * Processor time of this process. The DNS answers from memory; answers that
 * core/dns_cache.c has cost as little, those of a warm resolver some 40 us a question more. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "mailauth/results.h"
#include "tests/unit/unit.h"
#include "tests/unit/zone.h"

enum { N = 2000 };

#define FOLDER TEST_SRCDIR "/tests/data/dkim/"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void row(const char *what, double begin)
{
	printf("%-34s %8.1f us\n", what, (now() - begin) / N * 1e6);
}

static void read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		bug("%s", path);
	out->n = fread(buf_room(out, 65536), 1, 65536, file);
	fclose(file);
}

static void publish(struct zone *zone)
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
	zone_txt(zone, "signed.test", "v=spf1 a mx ip4:192.0.2.0/24 include:other.test -all");
	zone_txt(zone, "other.test", "v=spf1 ip4:198.51.100.0/24 -all");
	zone_txt(zone, "_dmarc.signed.test", "v=DMARC1; p=reject");
	buf_done(&text);
}

struct all {
	struct spf_answer spf;
	struct dkim_verdicts dkim;
	struct dmarc_answer dmarc;
};

static void spf(struct zone *zone, struct pool *pool, struct all *out)
{
	struct spf_question question = { .asker = &zone->asker,
		.address = SLICE("192.0.2.9"),
		.helo = SLICE("mx.signed.test"),
		.sender = SLICE("ann@signed.test") };

	spf_check(&question, pool, &out->spf);
}

static void dkim(struct zone *zone, struct slice message, struct pool *pool, struct all *out)
{
	struct dkim_mail mail;

	dkim_mail_read((struct slice){ 0 }, message, pool, &mail);
	dkim_verify(&zone->asker, &mail, 1795300000, pool, &out->dkim);
	if (out->dkim.verdict[0].result != DKIM_PASS)
		bug("it did not pass");
}

static void everything(struct zone *zone, struct slice message)
{
	struct buf field = { 0 };
	struct pool pool = { 0 };
	struct all all;

	spf(zone, &pool, &all);
	dkim(zone, message, &pool, &all);
	dmarc_check(&(struct dmarc_question){ .asker = &zone->asker,
			.from = SLICE("signed.test"),
			.spf = &all.spf,
			.dkim = &all.dkim },
	    &pool, &all.dmarc);
	results_write(
	    &(struct results){
		.id = SLICE("mx.test"), .spf = &all.spf, .dkim = &all.dkim, .dmarc = &all.dmarc },
	    &field);
	buf_done(&field);
	pool_done(&pool);
}

static void measure(struct zone *zone, const char *what, const char *file, bool whole)
{
	struct buf message = { 0 };

	read_file(file, &message);
	double begin = now();
	for (int i = 0; i < N; i++) {
		struct pool pool = { 0 };
		struct all all;

		if (whole)
			everything(zone, buf_slice(&message));
		else
			dkim(zone, buf_slice(&message), &pool, &all);
		pool_done(&pool);
	}
	row(what, begin);
	buf_done(&message);
}

/* As many bytes a body as DKIM hashes in that time. */
static void body(void)
{
	static char text[100000];
	unsigned char digest[DIGEST_SIZE];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 72 == 70 ? '\r' : i % 72 == 71 ? '\n' : 'x';
	double begin = now();
	for (int i = 0; i < N; i++)
		canon_body(CANON_RELAXED, slice_of(text, sizeof(text)), UINT64_MAX, digest);
	row("a body of 100 KB, relaxed", begin);
}

int main(void)
{
	struct zone zone;

	zone_init(&zone);
	publish(&zone);
	double begin = now();
	for (int i = 0; i < N; i++) {
		struct pool pool = { 0 };
		struct all all;

		spf(&zone, &pool, &all);
		pool_done(&pool);
	}
	row("SPF", begin);
	measure(&zone, "DKIM, RSA of 2048 bits", FOLDER "plain-relaxed-simple.eml", false);
	measure(&zone, "DKIM, Ed25519", FOLDER "plain-relaxed-relaxed.eml", false);
	measure(
	    &zone, "SPF, DKIM (RSA 2048), DMARC, field", FOLDER "plain-relaxed-simple.eml", true);
	measure(&zone, "the same with both signatures", FOLDER "twice.eml", true);
	body();
	zone_done(&zone);
	return 0;
}
