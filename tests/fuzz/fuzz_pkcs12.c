/* fuzz_pkcs12.c - files with keys under a password, PKCS#12 and PKCS#8 */
#include <stdint.h>
#include <stdlib.h>

#include "core/tls.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return tls_start(NULL);
}

/* What is taken is a key with its certificate. */
static void file(struct slice in)
{
	struct buf key = { 0 }, chain = { 0 };
	struct key_info info;
	struct cert cert;

	if (pkcs12_read(in, SLICE("x"), &key, &chain, NULL) == 0) {
		struct slice rest = buf_slice(&chain);
		if (key_look(buf_slice(&key), &info, NULL) != 0 || !cert_next(&rest, &cert) ||
		    !cert_has_key(&cert, buf_slice(&info.public_info)))
			abort();
		key_info_done(&info);
	} else if (key.n > 0) {
		abort();
	}
	buf_wipe(&key);
	buf_done(&chain);
}

static void key_alone(struct slice in)
{
	struct buf key = { 0 };

	if (pkcs8_unlock(in, SLICE("x"), &key, NULL) != 0 && key.n > 0)
		abort();
	buf_wipe(&key);
	pkcs8_wrap(in, &key, NULL);
	buf_wipe(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	file(slice_of(data, n));
	key_alone(slice_of(data, n));
	return 0;
}
