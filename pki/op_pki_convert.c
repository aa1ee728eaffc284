/* op_pki_convert.c - keys and certificates of other forms made PEM, without a server */
#include "core/tls.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "pki/op_pki.h"
#include "pki/shape.h"

enum part { PART_ALL, PART_KEY, PART_CERTIFICATES };
static const char *const parts[] = { "all", "key", "certificates", NULL };

/* Those of the key first; without a key the order is found from the certificates. */
static int arrange(struct shape *shape, struct err *err)
{
	struct key_info info = { 0 };
	int rc = 0;

	if (shape->n_certs == 0)
		return 0;
	if (shape->key.n > 0)
		rc = key_look(buf_slice(&shape->key), &info, err);
	if (rc == 0)
		rc = shape_arrange(shape, buf_slice(&info.public_info), err);
	key_info_done(&info);
	return rc;
}

static int write_pem(const struct shape *shape, enum part part, struct buf *pem, struct err *err)
{
	if (part == PART_KEY && shape->key.n == 0)
		return err_set(err, ERR_ABSENT, "there is no private key in it");
	if (part == PART_CERTIFICATES && shape->n_certs == 0)
		return err_set(err, ERR_ABSENT, "there is no certificate in it");
	if (part != PART_CERTIFICATES && shape->key.n > 0)
		pem_put("PRIVATE KEY", buf_slice(&shape->key), pem);
	if (part != PART_KEY)
		cert_to_pem(buf_slice(&shape->certs), pem);
	return 0;
}

static int run(struct op_call *call)
{
	struct shape shape = { 0 };
	struct buf pem = { 0 };
	struct err err = { 0 };
	int rc = tls_start(&err); /* the library: nobody else has started it here */

	if (rc == 0)
		rc =
		    shape_read(op_secret(call, "input"), op_secret(call, "password"), &shape, &err);
	if (rc == 0)
		rc = arrange(&shape, &err);
	if (rc == 0)
		rc = write_pem(&shape, (enum part)op_number(call, "part", PART_ALL), &pem, &err);
	if (rc == 0)
		op_put_text(call, "pem", buf_slice(&pem));
	buf_wipe(&pem);
	shape_done(&shape);
	return op_done(call, rc, &err);
}

static const struct op_arg args[] = {
	{ "input", OP_SECRET, OP_REQUIRED, "what is to become PEM", NULL },
	{ "password", OP_SECRET, 0, "its password, if it has one", NULL },
	{ "part", OP_CHOICE, OP_OPTION, "the key or the certificates alone", parts },
	{ 0 },
};

/* P-016, P-017, E-010 */
OPERATION(pki_convert) = {
	.name = "pki convert",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "make PEM of a key or certificates in whatever form they come",
	.more =
	    "Runs without a server. What it is, is told by the content: a certificate or a\n"
	    "private key in DER (.cer, .der), PKCS#7 (.p7b, .spc), PKCS#12 (.pfx, .p12), PEM with\n"
	    "its blocks in any order. Written are the private key, not encrypted, and then the\n"
	    "certificates in the order in which a server sends them. --password-file - asks for\n"
	    "the password. What other programs call it:\n"
	    "  openssl rsa -inform DER -in key.der -out key.pem\n"
	    "  openssl x509 -inform DER -in cert.cer -out cert.pem\n"
	    "  openssl pkcs7 -inform DER -in chain.spc -print_certs -out chain.pem\n"
	    "  openssl pkcs12 -in all.pfx -noenc -out all.pem",
	.example = "pki convert < cert.cer > cert.pem\n"
		   "pki convert --input-file all.pfx --password-file pw --part key > key.pem",
	.offline = true,
	.run = run,
};
