/* fuzz_key.c - private keys and whatever is brought instead of them, as texts and as DER */
#include <stdint.h>
#include <stdlib.h>

#include "core/text.h"
#include "core/tls.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "pki/pem.h"
#include "pki/pkcs8.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return tls_start(NULL);
}

/* What is taken is the same key in one form, too. */
static void look(struct slice der)
{
	struct key_info info, again;
	struct buf wrapped = { 0 };

	key_check(der, NULL);
	if (key_look(der, &info, NULL) != 0)
		return;
	if (info.bits < 256 || info.bits > 4096 || pkcs8_wrap(der, &wrapped, NULL) != 0 ||
	    key_look(buf_slice(&wrapped), &again, NULL) != 0 ||
	    !slice_eq(buf_slice(&info.public_info), buf_slice(&again.public_info)))
		abort();
	key_info_done(&info);
	key_info_done(&again);
	buf_wipe(&wrapped);
}

/* What is refused is told in one line of text. */
static void check_words(const struct err *err)
{
	struct slice text = slice_str(err->text);

	if (text.n == 0)
		abort();
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || (unsigned char)text.p[i] >= 0x7f)
			abort();
}

static void through_pem(struct slice text)
{
	struct pem_block block;
	struct buf der = { 0 }, again = { 0 }, pem = { 0 };
	struct err err = { 0 };
	enum pem_got got;

	while ((got = pem_take(&text, &block, &der, &err)) != PEM_END) {
		struct slice rest;
		if (got == PEM_BROKEN) {
			check_words(&err);
			continue;
		}
		char *kind = mem_str(block.kind);
		buf_clear(&pem);
		pem_put(kind, buf_slice(&der), &pem);
		free(kind);
		rest = buf_slice(&pem);
		if (pem_take(&rest, &block, &again, NULL) != PEM_BLOCK ||
		    !slice_eq(buf_slice(&again), buf_slice(&der)))
			abort();
	}
	buf_done(&der);
	buf_done(&again);
	buf_done(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	struct buf der = { 0 }, certs = { 0 };
	struct err err = { 0 };

	look(in);
	through_pem(in);
	if (key_from_pem(in, &der, &err) == 0)
		look(buf_slice(&der));
	else
		check_words(&err);
	if (cert_from_pem(in, &certs, &err) != 0)
		check_words(&err);
	buf_wipe(&der);
	buf_done(&certs);
	return 0;
}
