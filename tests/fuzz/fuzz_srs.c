/* fuzz_srs.c - local parts that look as if we had rewritten them, and senders to rewrite */
#include <stdint.h>
#include <stdlib.h>

#include "core/srs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct srs_key key = { "some key" };

enum { TODAY = 20000, DAYS = 21 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* Who does not know the key makes none that is taken. */
static void try_back(struct slice local)
{
	struct buf out = { 0 };

	must(srs_reverse(&key, 1, TODAY, DAYS, local, &out) != SRS_GOOD);
	must(out.n == 0);
	buf_done(&out);
}

/* What is rewritten comes back: as it was, or where it was rewritten first. */
static void try_forward(struct slice sender)
{
	struct buf out = { 0 }, back = { 0 }, again = { 0 };

	if (!srs_forward(&key, TODAY, sender, SLICE("f.test"), &out))
		return;
	struct slice all = buf_slice(&out), local = slice_head(all, (size_t)slice_rchr(all, '@'));
	for (size_t i = 0; i < all.n; i++)
		must((unsigned char)all.p[i] > ' ' && all.p[i] != '<' && all.p[i] != '>');
	must(srs_is(local) || !slice_istarts(local, SLICE("SRS")));
	enum srs_verdict verdict = srs_reverse(&key, 1, TODAY, DAYS, local, &back);
	must(verdict == SRS_GOOD || verdict == SRS_FORGED);
	if (slice_istarts(local, SLICE("SRS0")))
		must(verdict == SRS_GOOD && slice_eq(buf_slice(&back), sender));
	must(srs_forward(&key, TODAY, all, SLICE("g.test"), &again));
	must(slice_istarts(buf_slice(&again), SLICE("SRS1=")));
	buf_done(&out);
	buf_done(&back);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);

	try_back(in);
	try_forward(in);
	return 0;
}
