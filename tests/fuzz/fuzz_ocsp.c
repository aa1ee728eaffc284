/* fuzz_ocsp.c - what a responder says of a certificate: read and judged; certificates that name one
 */
#include <stdlib.h>

#include "core/fetch.h"
#include "pki/ocsp_private.h"
#include "tests/fuzz/ocsp_certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NOW = 1795290000 };

static struct cert read_cert(const unsigned char *der, size_t n)
{
	struct slice rest = slice_of(der, n);
	struct cert cert;

	if (!cert_next(&rest, &cert))
		abort();
	return cert;
}

/* Whatever it says, it says it within its time. */
static void judge(struct slice in)
{
	struct cert leaf = read_cert(ocsp_leaf, sizeof(ocsp_leaf));
	struct cert issuer = read_cert(ocsp_issuer, sizeof(ocsp_issuer));
	struct ocsp_answer answer;
	struct err err = { 0 };

	if (ocsp_read(in, &leaf, &issuer, NOW, &answer, &err) != 0) {
		if (err.text[0] == '\0')
			abort();
	} else if (answer.next_update && answer.next_update <= NOW) {
		abort();
	}
}

static void ask(struct slice in)
{
	struct slice url;
	struct fetch_url parts;
	struct cert cert;

	if (!cert_next(&in, &cert))
		return;
	struct buf request = { 0 };
	ocsp_must_staple(&cert);
	if (ocsp_url(&cert, &url))
		fetch_url_read(url, &parts);
	ocsp_request(&cert, &cert, &request);
	buf_done(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	struct fetch_url parts;

	judge(in);
	ask(in);
	fetch_url_read(in, &parts);
	return 0;
}
