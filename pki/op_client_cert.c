/* op_client_cert.c - certificates that an account lists as its own */
#include "core/text.h"
#include "pki/client_cert.h"
#include "pki/op_pki.h"
#include "pki/told.h"
#include "storage/op_account.h"

/* --- fingerprints --- */

int pki_call_fingerprint(const char *arg, struct slice hex, struct buf *out, struct err *err)
{
	size_t mark = out->n;
	int high = -1;

	for (size_t i = 0; i < hex.n; i++) {
		int value = hex_digit(hex.p[i]);
		if (hex.p[i] == ':' && high < 0)
			continue;
		if (value < 0)
			break;
		if (high >= 0)
			buf_addc(out, (char)(high << 4 | value));
		high = high < 0 ? value : -1;
	}
	if (high < 0 && out->n - mark == CLIENT_FINGERPRINT && hex_digit(hex.p[hex.n - 1]) >= 0)
		return 0;
	return err_set(err, ERR_INPUT, "%s: a SHA-256 fingerprint is 64 hexadecimal digits", arg);
}

/* --- whose --- */

#define ADDRESS_ARG                                                                                \
	{                                                                                          \
		"address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL                 \
	}

/* --- list --- */

static void put_cert(void *arg, const struct cert *cert)
{
	op_row(arg);
	pki_call_put_cert(arg, cert);
}

static int run_list(struct op_call *call)
{
	struct dir_account account;

	if (op_account_find(call, &account) != 0)
		return -1;
	if (client_cert_each(&account, put_cert, call) < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_args[] = { ADDRESS_ARG, { 0 } };

OPERATION(account_cert_list) = {
	.name = "account cert-list",
	.role = OP_USER,
	.args = list_args,
	.help = "list the certificates by which an account may log in",
	.example = "account cert-list ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- add --- */

static int run_add(struct op_call *call)
{
	struct dir_account account;
	struct buf der = { 0 };
	struct err err = { 0 };
	struct cert cert;

	if (op_account_find(call, &account) != 0)
		return -1;
	int rc = cert_from_pem(op_secret(call, "pem"), &der, &err);
	struct slice rest = buf_slice(&der);
	if (rc == 0 && cert_next(&rest, &cert))
		rc = client_cert_add(&account, &cert, &err);
	if (rc == 0) {
		told_der("login certificate", account.name, (struct slice){ 0 }, cert.der);
		op_put_text(call, "address", slice_str(account.name));
		pki_call_put_cert(call, &cert);
	}
	buf_done(&der);
	return op_done(call, rc, &err);
}

static const struct op_arg add_args[] = {
	ADDRESS_ARG,
	{ "pem", OP_SECRET, OP_REQUIRED, "the certificate as a PEM text", NULL },
	{ 0 },
};

OPERATION(account_cert_add) = {
	.name = "account cert-add",
	.role = OP_USER,
	.args = add_args,
	.help = "list a certificate by which an account may log in",
	.more =
	    "It counts where the domain says so: client-ca set --map fingerprint. It must also come\n"
	    "from an issuer that the domain asks for. Of several the first one is listed.",
	.example = "account cert-add ann@example.org --pem-file ann.pem",
	.run = run_add,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct dir_account account;
	struct buf fingerprint = { 0 };
	struct err err = { 0 };

	if (op_account_find(call, &account) != 0)
		return -1;
	int rc = pki_call_fingerprint(
	    "fingerprint", slice_str(op_text(call, "fingerprint")), &fingerprint, &err);
	if (rc == 0)
		rc = client_cert_remove(&account, buf_slice(&fingerprint), &err);
	buf_done(&fingerprint);
	return op_done(call, rc, &err);
}

static const struct op_arg remove_args[] = {
	ADDRESS_ARG,
	{ "fingerprint", OP_TEXT, OP_REQUIRED, "its SHA-256 fingerprint", NULL },
	{ 0 },
};

OPERATION(account_cert_remove) = {
	.name = "account cert-remove",
	.role = OP_USER,
	.args = remove_args,
	.help = "let an account log in no more by a certificate",
	.example = "account cert-remove ann@example.org 5e0c...",
	.run = run_remove,
};
