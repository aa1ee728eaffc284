/* fuzz_cms.c - encrypted messages, for keys that the seeds were made for */
#include <stdint.h>
#include <stdlib.h>

#include "core/tls.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "smime/encrypt.h"
#include "tests/fuzz/cms_keys.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { KEYS = sizeof(cms_certs) / sizeof(*cms_certs) };

static struct buf certs[KEYS], keys[KEYS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (tls_start(NULL) != 0)
		abort();
	for (size_t i = 0; i < KEYS; i++)
		if (cert_from_pem(slice_str(cms_certs[i]), &certs[i], NULL) != 0 ||
		    key_from_pem(slice_str(cms_keys[i]), &keys[i], NULL) != 0)
			abort();
	return 0;
}

static int open_key(void *arg, size_t i, struct buf *key, struct err *err)
{
	(void)arg;
	if (i == KEYS - 1)
		return err_set(err, ERR_DENIED, "no");
	buf_adds(key, buf_slice(&keys[i]));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice list[KEYS], in = slice_of(data, n);
	struct cms_keys all = { .certs = list, .n = KEYS, .open = open_key };
	struct buf content = { 0 }, cms = { 0 };

	for (size_t i = 0; i < KEYS; i++)
		list[i] = buf_slice(&certs[i]);
	if (cms_read(in, &all, &content, NULL) != 0 && content.n > 0)
		abort();
	cms_kind(in);
	if (smime_is_encrypted(in) && smime_body(in, &cms, NULL) == 0)
		cms_read(buf_slice(&cms), &all, &content, NULL);
	buf_wipe(&content);
	buf_done(&cms);
	return 0;
}
