/* op_import.c - keys and certificates that users bring and take with them */
#include "pki/key.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"
#include "smime/op_smime.h"
#include "smime/pem_key.h"

enum { IDENTITY_FILE_MAX = 1 << 20 };

static const char pem_mark[] = "-----BEGIN ";

/* --- import --- */

/* The text's key, if it has one, and its certificates. */
static int read_pem(
    struct slice pem, struct slice password, struct buf *key, struct buf *chain, struct err *err)
{
	return pem_key(pem, password, key, err) < 0 ? -1 : cert_from_pem(pem, chain, err);
}

static int read_pkcs12(
    struct slice file, struct slice password, struct buf *key, struct buf *chain, struct err *err)
{
	struct buf made = { 0 };
	int rc = pkcs12_read(file, password, &made, chain, err);

	if (rc == 0)
		rc = pkcs8_wrap(buf_slice(&made), key, err);
	buf_wipe(&made);
	return rc;
}

/* A pair, or a certificate that mail can be encrypted with. */
static int check(struct slice key, struct slice chain, struct err *err)
{
	struct cms_recipient *recipient = cms_recipient_new(chain, err);
	struct key_info info;
	struct cert cert;

	if (!recipient)
		return -1;
	cms_recipient_unref(&recipient);
	if (key.n == 0)
		return 0;
	if (key_look(key, &info, err) != 0)
		return -1;
	bool pair = cert_next(&chain, &cert) && cert_has_key(&cert, buf_slice(&info.public_info));
	key_info_done(&info);
	return pair
	    ? 0
	    : err_set(err, ERR_INPUT, "the private key does not belong to the first certificate");
}

static int read_file(struct op_call *call, struct buf *key, struct buf *chain)
{
	struct slice file = op_secret(call, "identity"), password = op_secret(call, "password");
	struct err err = { 0 };
	int rc;

	if (file.n > IDENTITY_FILE_MAX)
		return op_fail(call, ERR_LIMIT, "this is longer than keys and certificates are");
	rc = slice_find(file, slice_str(pem_mark)) >= 0
	    ? read_pem(file, password, key, chain, &err)
	    : read_pkcs12(file, password, key, chain, &err);
	if (rc == 0)
		rc = check(buf_slice(key), buf_slice(chain), &err);
	return op_done(call, rc, &err);
}

static int add(
    struct op_call *call, const struct dir_account *account, struct slice key, struct slice chain)
{
	struct identity_new new = { key, chain, op_secret(call, "secret") };
	struct err err = { 0 };
	struct cert cert;

	if (key.n > 0 && !op_given(call, "secret"))
		return op_fail(call, ERR_INPUT,
		    "a private key needs the user's secret to lock it with: --secret-file FILE");
	if (identity_add(account, &new, &err) != 0)
		return op_fail_err(call, &err);
	op_put_bool(call, "private-key", key.n > 0);
	if (cert_next(&chain, &cert))
		smime_op_put_cert(call, &cert);
	return 0;
}

static int run_import(struct op_call *call)
{
	struct dir_account account;
	struct buf key = { 0 }, chain = { 0 };

	if (smime_op_account(call, true, &account) != 0)
		return -1;
	int rc = read_file(call, &key, &chain);
	if (rc == 0)
		rc = add(call, &account, buf_slice(&key), buf_slice(&chain));
	buf_wipe(&key);
	buf_done(&chain);
	return rc;
}

static const struct op_arg import_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "identity", OP_SECRET, OP_REQUIRED, "a PKCS#12 file (.p12, .pfx), or a PEM text", NULL },
	{ "password", OP_SECRET, 0, "password of that file", NULL },
	{ "secret", OP_SECRET, 0, "the user's secret for S/MIME keys", NULL },
	{ 0 },
};

/* C-108 */
OPERATION(smime_import) = {
	.name = "smime import",
	.role = OP_USER,
	.args = import_args,
	.help = "give an account an S/MIME key and certificate that were made elsewhere",
	.more =
	    "The key is taken out of the file with its password and locked with the user's\n"
	    "secret. A PEM text may have a certificate alone: then mail is encrypted for it, and\n"
	    "its key stays where it is. From now on mail is encrypted with this certificate.",
	.example = "smime import ann@example.org --identity-file ann.p12 --password-file pw "
		   "--secret-file secret\n"
		   "smime import ann@example.org < certificate.pem",
	.run = run_import,
};

/* --- export --- */

static int write_file(struct op_call *call, const struct dir_account *account,
    const struct identity *identity, struct slice key)
{
	struct pkcs12 what = { key, identity->chain, slice_str(account->name),
		op_bool(call, "older") };
	struct buf file = { 0 };
	struct err err = { 0 };
	int rc = pkcs12_write(&what, op_secret(call, "new-password"), &file, &err);

	if (rc == 0)
		smime_op_put_base64(call, "pkcs12", buf_slice(&file));
	else
		op_fail_err(call, &err);
	buf_wipe(&file);
	return rc;
}

static int run_export(struct op_call *call)
{
	struct dir_account account;
	const struct identity *identity;
	struct buf key = { 0 };
	struct err err = { 0 };

	if (smime_op_account(call, false, &account) != 0 ||
	    smime_op_identity(call, &account, &identity) != 0)
		return -1;
	if (identity->key.n == 0)
		return op_fail(
		    call, ERR_ABSENT, "the private key of this certificate is not kept here");
	int rc = identity_open(&account, identity, op_secret(call, "secret"), &key, &err);
	rc = rc == 0 ? write_file(call, &account, identity, buf_slice(&key))
		     : op_fail_err(call, &err);
	buf_wipe(&key);
	return rc;
}

static const struct op_arg export_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "secret", OP_SECRET, OP_REQUIRED, "the user's secret", NULL },
	{ "new-password", OP_SECRET, OP_REQUIRED | OP_NEW, "a password for the file", NULL },
	{ "older", OP_BOOL, OP_OPTION, "for older programs: triple DES and SHA-1", NULL },
	{ "number", OP_NUMBER, OP_OPTION,
	    "which one, as 'smime show' numbers them; else the current", NULL },
	{ 0 },
};

/* C-108 */
OPERATION(smime_export) = {
	.name = "smime export",
	.role = OP_USER,
	.args = export_args,
	.help = "write a user's S/MIME key and certificates as PKCS#12, in base64",
	.more =
	    "Mail programs import such a file (.p12) with its password, and can then read what\n"
	    "was encrypted for the user, and sign. GnuPG 2.2 and older systems know nothing newer\n"
	    "than triple DES: for them --older makes a weaker file; choose a long password.",
	.example = "smime export ann@example.org --secret-file secret --new-password-file pw "
		   "| base64 -d > ann.p12",
	.run = run_export,
};
