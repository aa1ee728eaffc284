/* op_identity.c - operations on a user's keys and certificates: shown, given, removed */
#include "smime/op_smime.h"

static const struct op_arg number_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "number", OP_NUMBER, 0, "which one, as 'smime show' numbers them; else the current",
	    NULL },
	{ 0 },
};

/* --- show --- */

static void put_row(struct op_call *call, const struct identity *identity, bool current)
{
	struct slice chain = identity->chain;
	struct cert cert;

	op_row(call);
	op_put_number(call, "number", identity->number);
	op_put_bool(call, "current", current);
	op_put_text(call, "state", slice_str(identity_state(identity)));
	op_put_bool(call, "private-key", identity->key.n > 0);
	op_put_time(call, "added", identity->added);
	if (cert_next(&chain, &cert))
		smime_op_put_cert(call, &cert);
}

static int run_show(struct op_call *call)
{
	struct dir_account account;
	struct identities all;
	struct err err = { 0 };

	if (smime_op_account(call, false, &account) != 0)
		return -1;
	if (identities_get(&account, op_pool(call), &all, &err) != 0)
		return op_fail_err(call, &err);
	const struct identity *current = identity_usable(&all);
	for (size_t i = 0; i < all.n; i++)
		put_row(call, &all.list[i], &all.list[i] == current);
	return 0;
}

static const struct op_arg address_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

OPERATION(smime_show) = {
	.name = "smime show",
	.role = OP_USER,
	.args = address_args,
	.help = "list the S/MIME certificates of an account, and which have a private key here",
	.more =
	    "Mail is encrypted for the current one, the newest that is valid: for one that has\n"
	    "expired or was revoked nothing is encrypted. The others are kept for mail that was\n"
	    "encrypted for them. A private key is locked with its user's own secret: nobody\n"
	    "else can open it, no admin either.",
	.example = "smime show ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* --- certificate --- */

static int run_certificate(struct op_call *call)
{
	struct dir_account account;
	const struct identity *identity;
	struct buf pem = { 0 };

	if (smime_op_account(call, false, &account) != 0 ||
	    smime_op_identity(call, &account, &identity) != 0)
		return -1;
	cert_to_pem(identity->chain, &pem);
	op_put_text(call, "certificate", buf_slice(&pem));
	buf_done(&pem);
	return 0;
}

static const struct op_arg certificate_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED | OP_FOREIGN, "address of the account", NULL },
	{ "number", OP_NUMBER, 0, "which one, as 'smime show' numbers them; else the current",
	    NULL },
	{ 0 },
};

/* C-117: whoever writes to a user may have it. */
OPERATION(smime_certificate) = {
	.name = "smime certificate",
	.role = OP_USER,
	.args = certificate_args,
	.help = "write a user's S/MIME certificate and those above it as PEM, and nothing else",
	.more = "Every user may have the certificate of every other: it is what mail to him is\n"
		"encrypted with, and holds no secret.",
	.example = "smime certificate ann@example.org > ann.pem",
	.reads = true,
	.run = run_certificate,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct dir_account account;
	const struct identity *identity;
	struct err err = { 0 };

	if (smime_op_account(call, true, &account) != 0 ||
	    smime_op_identity(call, &account, &identity) != 0)
		return -1;
	if (identity_remove(&account, identity->number, &err) != 0)
		return op_fail_err(call, &err);
	op_put_number(call, "number", identity->number);
	return 0;
}

OPERATION(smime_remove) = {
	.name = "smime remove",
	.role = OP_USER,
	.args = number_args,
	.help = "remove an S/MIME certificate of an account, and its private key",
	.more =
	    "Mail that was encrypted for it can then be read only by who has the key elsewhere:\n"
	    "export it before. Without a number the current one goes.",
	.example = "smime remove ann@example.org\nsmime remove ann@example.org 3",
	.run = run_remove,
};

/* --- secret --- */

static int run_secret(struct op_call *call)
{
	struct dir_account account;
	struct err err = { 0 };

	if (smime_op_account(call, true, &account) != 0)
		return -1;
	return op_done(call,
	    identity_secret(
		&account, op_secret(call, "secret"), op_secret(call, "new-secret"), &err),
	    &err);
}

static const struct op_arg secret_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "secret", OP_SECRET, OP_REQUIRED, "the user's secret until now", NULL },
	{ "new-secret", OP_SECRET, OP_REQUIRED | OP_NEW, "the user's secret from now on", NULL },
	{ 0 },
};

OPERATION(smime_secret) = {
	.name = "smime secret",
	.role = OP_USER,
	.args = secret_args,
	.help = "lock a user's S/MIME keys with another secret",
	.more =
	    "A secret that was forgotten cannot be replaced: the keys are lost with it. Remove\n"
	    "them and make new ones; what was encrypted for them stays as it is.",
	.example = "smime secret ann@example.org --secret-file old --new-secret-file new",
	.run = run_secret,
};
