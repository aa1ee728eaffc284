/* fuzz_shape.c - keys and certificates in any form, told by their content and put in order */
#include <stdint.h>
#include <stdlib.h>

#include "core/tls.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "pki/shape.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return tls_start(NULL);
}

static size_t count(struct slice certs)
{
	struct cert cert;
	size_t n = 0;

	while (cert_next(&certs, &cert))
		n++;
	return n;
}

/* What was taken is whole: a key that can be used, certificates that can be read. */
static void check(struct shape *shape)
{
	struct key_info info = { 0 };

	if ((shape->key.n == 0 && shape->certs.n == 0) || !shape->form ||
	    count(buf_slice(&shape->certs)) != shape->n_certs)
		abort();
	if (shape->key.n > 0 && key_look(buf_slice(&shape->key), &info, NULL) != 0)
		abort();
	size_t before = shape->n_certs;
	if (shape_arrange(shape, buf_slice(&info.public_info), NULL) == 0 &&
	    (shape->n_certs > before || count(buf_slice(&shape->certs)) != shape->n_certs))
		abort();
	key_info_done(&info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct shape shape;

	if (shape_read(slice_of(data, n), SLICE("x"), &shape, NULL) == 0)
		check(&shape);
	shape_done(&shape);
	return 0;
}
