/* fuzz_proxy.c - headers of the PROXY protocol: no byte behind them is taken, and in pieces the
 * verdict is the same */
#include <stdint.h>
#include <stdlib.h>

#include "core/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* As a connection has it; a copy of its own, so that reading on is seen. */
static enum proxy_result look(struct slice in, size_t n, struct proxy *out)
{
	const char *why = NULL;
	char *part = malloc(n + 1);

	memcpy(part, in.p, n);
	enum proxy_result result = proxy_read(slice_of(part, n), out, &why);
	if (result == PROXY_BAD && !why)
		abort();
	free(part);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	enum proxy_result result = PROXY_MORE;
	struct proxy proxy, again;
	size_t at = 0;

	while (result == PROXY_MORE && at < n) {
		size_t wants = proxy_wants(slice_head(in, at));
		if (wants == 0 || at > PROXY_MAX)
			abort();
		at += wants < n - at ? wants : n - at;
		result = look(in, at, &proxy);
	}
	if (result == PROXY_DONE && proxy.own && proxy.peer.ss_family != AF_UNSPEC)
		abort();
	/* It was not over any sooner. */
	if (result == PROXY_DONE && at > 0 && look(in, at - 1, &again) == PROXY_DONE)
		abort();
	return 0;
}
