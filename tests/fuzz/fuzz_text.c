/* fuzz_text.c - base64, UTF-8, domain names, addresses, dates, numbers
 *
 * The first byte says which; what is read must survive being written and read
 * again. */
#include <stdint.h>
#include <stdlib.h>

#include "core/num.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void try_base64(struct slice in, struct pool *pool)
{
	struct buf text = { 0 }, back = { 0 };

	(void)pool;
	base64_put(&text, in);
	must(base64_get(&back, buf_slice(&text)) && slice_eq(buf_slice(&back), in));
	buf_clear(&back);
	buf_clear(&text);
	if (base64_get(&back, in)) { /* there is one text only for the same bytes */
		base64_put(&text, buf_slice(&back));
		must(slice_eq(buf_slice(&text), in));
	}
	buf_done(&text);
	buf_done(&back);
}

static void try_domain(struct slice in, struct pool *pool)
{
	char *ascii = domain_ascii(pool, in);

	if (!ascii)
		return;
	char *again = domain_ascii(pool, slice_str(ascii));
	must(again && strcmp(again, ascii) == 0);
	char *unicode = domain_unicode(pool, slice_str(ascii));
	again = domain_ascii(pool, slice_str(unicode));
	must(again && strcmp(again, ascii) == 0);
}

static void try_address(struct slice in, struct pool *pool)
{
	struct address address;
	struct slice base, detail;

	if (!address_parse(pool, in, &address))
		return;
	must(address.local.n > 0 && address.local.n <= 64 && utf8_valid(address.local));
	must(domain_ascii(pool, address.domain) != NULL);
	address_detail(address.local, '+', &base, &detail);
	must(base.n > 0 && base.n + detail.n <= address.local.n);
}

static void try_date(struct slice in, struct pool *pool)
{
	char text[40];
	int64_t seconds, again;
	int zone;

	(void)pool;
	if (!date_parse(in, &seconds, &zone))
		return;
	must(zone > -24 * 60 && zone < 24 * 60);
	date_rfc5322((time_t)seconds, text);
	must(date_parse(slice_str(text), &again, &zone) && again == seconds && zone == 0);
}

static void try_numbers(struct slice in, struct pool *pool)
{
	uint64_t u;
	int64_t i;

	if (num_u64(in, 1000, &u))
		must(u <= 1000);
	if (num_u64(in, UINT64_MAX, &u)) {
		struct slice text = slice_str(pool_printf(pool, "%llu", (unsigned long long)u));
		must(slice_iends(in, text));
	}
	if (num_i64(in, -5, 5, &i))
		must(i >= -5 && i <= 5);
	if (num_size(in, 1 << 20, &u))
		must(u <= 1 << 20);
	if (num_duration(in, INT64_MAX, &i))
		must(i >= 0);
}

static void try_utf8(struct slice in, struct pool *pool)
{
	/* Text is valid when both of its halves are, cut between characters. */
	size_t half = in.n / 2;

	(void)pool;
	while (half > 0 && ((unsigned char)in.p[half] & 0xc0) == 0x80)
		half--;
	must(utf8_valid(in) ==
	    (utf8_valid(slice_head(in, half)) && utf8_valid(slice_from(in, half))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const tries[])(struct slice in, struct pool * pool) = { try_base64,
		try_domain, try_address, try_date, try_numbers, try_utf8 };
	struct pool pool = { 0 };

	if (n == 0)
		return 0;
	tries[data[0] % (sizeof tries / sizeof *tries)](slice_of(data + 1, n - 1), &pool);
	pool_done(&pool);
	return 0;
}
