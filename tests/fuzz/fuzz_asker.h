/* fuzz_asker.h - a DNS whose TXT records are a fuzzer's bytes; all else it knows is the same */
#ifndef TESTS_FUZZ_ASKER_H
#define TESTS_FUZZ_ASKER_H

#include "mailauth/ask.h"

struct fuzz_dns {
	struct asker asker;
	struct slice texts, rest; /* TXT records, parted by NUL, one an answer, in circles */
	unsigned asked;
};

/* As a record: strings of up to 255 bytes. */
static inline struct slice fuzz_txt(struct slice text, struct pool *pool)
{
	char *out = pool_get(pool, text.n + text.n / 255 + 2);
	size_t n = 0;

	for (; text.n > 0; text = slice_from(text, 255)) {
		struct slice string = slice_head(text, 255);
		out[n++] = (char)string.n;
		memcpy(out + n, string.p, string.n);
		n += string.n;
	}
	return slice_of(out, n);
}

static inline struct slice fuzz_data(struct fuzz_dns *dns, enum dns_type type, struct pool *pool)
{
	switch (type) {
	case DNS_A:
		return SLICE("\xc0\x00\x02\x01");
	case DNS_AAAA:
		return SLICE("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	case DNS_MX:
		return SLICE("\0\x0a\2mx\1a\4test\0");
	case DNS_TXT:
		if (dns->rest.n == 0)
			dns->rest = dns->texts;
		return fuzz_txt(slice_cut(&dns->rest, '\0'), pool);
	default:
		return SLICE("\4mail\1a\4test\0");
	}
}

static inline enum dns_status fuzz_ask(void *arg, struct slice name, enum dns_type type,
    struct pool *pool, struct dns_answer *out, struct err *err)
{
	struct fuzz_dns *dns = arg;
	struct slice *rr = pool_get(pool, sizeof(*rr));

	(void)err;
	dns->asked++;
	*rr = fuzz_data(dns, type, pool);
	*out = (struct dns_answer){ .name = name, .rr = rr, .n = 1 };
	return DNS_FOUND;
}

static inline void fuzz_dns_init(struct fuzz_dns *dns, struct slice texts)
{
	*dns = (struct fuzz_dns){
		.asker = { .ask = fuzz_ask, .arg = dns }, .texts = texts, .rest = texts
	};
}

#endif
