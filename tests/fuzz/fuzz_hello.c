/* fuzz_hello.c - the ClientHello, whole and in pieces: never a byte too far, the same verdict */
#include <stdlib.h>

#include "core/tls_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Feed it as a connection would, at most `chop` bytes at a time. Returns how
   much was taken. */
static size_t feed(struct hello *hello, struct slice in, size_t chop, enum hello_result *result)
{
	const char *why = NULL;
	size_t at = 0;

	*result = HELLO_MORE;
	while (*result == HELLO_MORE && at < in.n) {
		size_t n = hello_wants(hello);
		if (n == 0)
			abort();
		if (n > chop)
			n = chop;
		if (n > in.n - at)
			n = in.n - at;
		/* A copy of its own, so that reading on is seen. */
		char *part = malloc(n);
		memcpy(part, in.p + at, n);
		*result = hello_take(hello, slice_of(part, n), &why);
		free(part);
		at += n;
	}
	if (*result > HELLO_DONE && !why)
		abort();
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct hello whole = { 0 }, pieces = { 0 };
	enum hello_result a, b;

	size_t taken = feed(&whole, slice_of(data, n), 2048, &a);
	size_t bytewise = feed(&pieces, slice_of(data, n), 1, &b);
	if ((a == HELLO_DONE) != (b == HELLO_DONE))
		abort();
	if (a == HELLO_DONE &&
	    (taken != bytewise || !slice_eq(whole.sni, pieces.sni) ||
		!slice_eq(buf_slice(&whole.record), buf_slice(&pieces.record))))
		abort();
	hello_done(&whole);
	hello_done(&pieces);
	return 0;
}
