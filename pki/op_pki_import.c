/* op_pki_import.c - keys with their certificates brought and taken away, by domains and profiles */
#include "core/text.h"
#include "pki/from_files.h"
#include "pki/op_pki.h"
#include "pki/pkcs12.h"
#include "pki/shape.h"
#include "pki/stage.h"

/* --- import --- */

/* A profile is made by it. */
static int find_owner(struct op_call *call, struct slice *owner, struct err *err)
{
	return op_takes(call, "profile")
	    ? owner_of_profile(slice_str(op_text(call, "profile")), op_pool(call), owner, err)
	    : owner_find(pki_call_domain(call), op_pool(call), owner, err);
}

static int read_files(struct op_call *call, struct shape *shape, struct err *err)
{
	struct slice password = op_secret(call, "password"), key = op_secret(call, "key");

	if (shape_read(op_secret(call, "identity"), password, shape, err) != 0)
		return -1;
	return key.n > 0 ? shape_add(key, password, shape, err) : 0;
}

static int pki_run_import(struct op_call *call)
{
	struct shape shape = { 0 };
	struct err err = { 0 };
	struct slice owner;
	int rc = find_owner(call, &owner, &err);

	if (rc == 0)
		rc = read_files(call, &shape, &err);
	if (rc == 0)
		rc = domain_install(owner, &shape, (struct slice){ 0 }, &err);
	shape_done(&shape);
	return pki_call_answer(call, rc, &err);
}

#define IMPORT_ARGS                                                                                \
	{ "identity", OP_SECRET, OP_REQUIRED,                                                      \
		"certificates and key: PKCS#12 (.p12, .pfx), PEM, DER or PKCS#7", NULL },          \
	    { "password", OP_SECRET, 0, "password of that file", NULL },                           \
	{                                                                                          \
		"key", OP_SECRET, 0, "the private key, when it is in a file of its own", NULL      \
	}

#define IMPORT_MORE                                                                                \
	"What is in the file is told by its content: a PKCS#12 file with its password, a PEM\n"    \
	"text with key and certificates in any order, a certificate in DER or those of a\n"        \
	"PKCS#7 file, for the key that is there or one in --key-file. They are put in the\n"       \
	"order in which they are sent. When something does not belong together, nothing is\n"      \
	"changed."

static const struct op_arg import_args[] = { OP_PKI_DOMAIN, IMPORT_ARGS, { 0 } };

/* E-008 */
OPERATION(pki_import) = {
	.name = "pki import",
	.role = OP_DOMAIN_ADMIN,
	.args = import_args,
	.help = "give a domain a key with its certificates, in whatever form they come",
	.more = IMPORT_MORE,
	.example = "pki import example.org --identity-file example.pfx --password-file pw\n"
		   "pki import example.org --identity-file fullchain.pem --key-file privkey.pem",
	.run = pki_run_import,
};

static const struct op_arg profile_import_args[] = { OP_PKI_PROFILE, IMPORT_ARGS, { 0 } };

OPERATION(profile_import) = {
	.name = "profile import",
	.role = OP_SERVER_ADMIN,
	.args = profile_import_args,
	.help = "give a profile a key with its certificates, in whatever form they come",
	.more = IMPORT_MORE " A profile that is not there is made.",
	.example = "profile import mx --identity-file mx.pfx --password-file pw",
	.run = pki_run_import,
};

/* --- files that stay --- */

static int pki_run_files(struct op_call *call)
{
	const char *certificate = op_text(call, "certificate"), *key = op_text(call, "key");
	unsigned mode = 0;
	struct err err = { 0 };
	struct slice owner;
	int rc = find_owner(call, &owner, &err);

	if (rc == 0)
		rc = from_files_set(owner, certificate, key ? key : certificate, &mode, &err);
	if (rc == 0 && mode & 077)
		op_say(call,
		    "The file with the private key can be read by others than its owner "
		    "(mode %o): chmod 0600 or 0400",
		    mode); /* P-007 */
	return pki_call_answer(call, rc, &err);
}

#define FILES_ARGS                                                                                 \
	{ "certificate", OP_FILE, OP_REQUIRED,                                                     \
		"certificates, and perhaps the key: PEM, DER or PKCS#7", NULL },                   \
	{                                                                                          \
		"key", OP_FILE, 0, "the private key, when it is in a file of its own", NULL        \
	}

#define FILES_MORE                                                                                 \
	"For those who share these files with a web server. They are read now, at each start,\n"   \
	"at each reload (SIGHUP), and every ten minutes; what has changed is shown from the\n"     \
	"next connection on. The server's user must be able to read them. Until they belong\n"     \
	"together, what was there stays, and the log has a line. A key under a password and\n"     \
	"PKCS#12 cannot be read so. When key or certificate are changed in another way, the\n"     \
	"files are no longer looked at."

static const struct op_arg files_args[] = { OP_PKI_DOMAIN, FILES_ARGS, { 0 } };

/* P-015 */
OPERATION(pki_files) = {
	.name = "pki files",
	.role = OP_SERVER_ADMIN,
	.args = files_args,
	.help = "take a domain's key and certificates from files, now and whenever they change",
	.more = FILES_MORE,
	.example = "pki files example.org /etc/ssl/fullchain.pem /etc/ssl/private/privkey.pem",
	.run = pki_run_files,
};

static const struct op_arg profile_files_args[] = { OP_PKI_PROFILE, FILES_ARGS, { 0 } };

OPERATION(profile_files) = {
	.name = "profile files",
	.role = OP_SERVER_ADMIN,
	.args = profile_files_args,
	.help = "take a profile's key and certificates from files, now and whenever they change",
	.more = FILES_MORE,
	.example = "profile files web /etc/ssl/web.pem",
	.run = pki_run_files,
};

/* --- export --- */

static int write_file(struct op_call *call, struct slice owner, const struct domain_record *record)
{
	struct sign_key key = { owner.p, record->key };
	struct buf chain = { 0 }, file = { 0 };
	struct err err = { 0 };
	struct slice name = owner_profile_name(owner);

	buf_adds(&chain, record->leaf);
	buf_adds(&chain, record->above);
	struct pkcs12 what = { .chain = buf_slice(&chain),
		.name = name.n > 0 ? name : owner,
		.older = op_bool(call, "older") };
	int rc = sign_pkcs12(&key, &what, op_secret(call, "password"), &file, &err);
	if (rc == 0) {
		struct buf text = { 0 };
		base64_put(&text, buf_slice(&file));
		op_put_text(call, "pkcs12", buf_slice(&text));
		buf_wipe(&text);
	}
	buf_done(&chain);
	buf_wipe(&file);
	return op_done(call, rc, &err);
}

static int pki_run_export(struct op_call *call)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 };
	struct err err = { 0 };
	struct slice owner;
	int rc;

	if (op_secret(call, "password").n == 0)
		return op_fail(
		    call, ERR_INPUT, "no password: who has the file would have the private key");
	if (owner_find(pki_call_domain(call), op_pool(call), &owner, &err) != 0)
		return op_fail_err(call, &err);
	if (stage_newest(owner, &bytes, &record) != 1 || record.key.n == 0 || record.leaf.n == 0)
		rc = op_fail(call, ERR_ABSENT, "%s has no key with a certificate", owner.p);
	else
		rc = write_file(call, owner, &record);
	buf_done(&bytes);
	return rc;
}

#define EXPORT_ARGS                                                                                \
	{ "password", OP_SECRET, OP_REQUIRED | OP_NEW, "a password for the file", NULL },          \
	{                                                                                          \
		"older", OP_BOOL, OP_OPTION, "for older programs: triple DES and SHA-1", NULL      \
	}

#define EXPORT_MORE                                                                                \
	"The private key is in the file, under the password: keep both apart, and safe. Older\n"   \
	"phones, Windows before 10 and Java 8 know nothing newer than triple DES: for them\n"      \
	"--older makes a weaker file; choose a long password."

static const struct op_arg export_args[] = { OP_PKI_DOMAIN, EXPORT_ARGS, { 0 } };

/* E-032 */
OPERATION(pki_export) = {
	.name = "pki export",
	.role = OP_DOMAIN_ADMIN,
	.args = export_args,
	.help = "write a domain's key, certificate and chain as PKCS#12, in base64",
	.more = EXPORT_MORE,
	.example = "pki export example.org --password-file pw | base64 -d > example.p12",
	.run = pki_run_export,
};

static const struct op_arg profile_export_args[] = { OP_PKI_PROFILE, EXPORT_ARGS, { 0 } };

OPERATION(profile_export) = {
	.name = "profile export",
	.role = OP_SERVER_ADMIN,
	.args = profile_export_args,
	.help = "write a profile's key, certificate and chain as PKCS#12, in base64",
	.more = EXPORT_MORE,
	.example = "profile export mx --password-file pw | base64 -d > mx.p12",
	.run = pki_run_export,
};
