/* op_revoke.c - a user's certificate is taken back */
#include "pki/issue.h"
#include "pki/pki.h"
#include "smime/op_smime.h"

static const char *const reasons[] = { "unspecified", "keyCompromise", "superseded",
	"cessationOfOperation", "affiliationChanged", NULL };
static const enum issue_reason numbers[] = { 0, 1, 4, 5, 3 }; /* RFC 5280 5.3.1 */

static int revoke(
    struct op_call *call, const struct dir_account *account, const struct identity *identity)
{
	struct slice chain = identity->chain;
	struct slice domain = slice_str(strrchr(account->name, '@') + 1);
	struct err err = { 0 };
	struct pki_cert said;
	struct cert cert;

	if (!cert_next(&chain, &cert))
		return op_fail(call, ERR_TEMP, "the certificate cannot be read");
	cert_describe(&cert, op_pool(call), &said);
	int rc = issue_revoke(
	    domain, slice_str(said.serial), numbers[op_number(call, "reason", 0)], &err);
	if (rc != 0 && err.kind == ERR_ABSENT)
		return op_fail(call, ERR_ABSENT,
		    "its domain did not issue that certificate: who did can revoke it");
	if (rc != 0)
		return op_fail_err(call, &err);
	op_put_number(call, "number", identity->number);
	smime_op_put_cert(call, &cert);
	return 0;
}

static int run(struct op_call *call)
{
	struct dir_account account;
	const struct identity *identity;

	return smime_op_account(call, true, &account) == 0 &&
		smime_op_identity(call, &account, &identity) == 0
	    ? revoke(call, &account, identity)
	    : -1;
}

static const struct op_arg args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "number", OP_NUMBER, 0, "which one, as 'smime show' numbers them; else the current",
	    NULL },
	{ "reason", OP_CHOICE, OP_OPTION, "why; else unspecified", reasons },
	{ 0 },
};

OPERATION(smime_revoke) = {
	.name = "smime revoke",
	.role = OP_USER,
	.args = args,
	.help = "take back an S/MIME certificate that the user's domain issued",
	.more =
	    "At once nothing is encrypted for it, nobody logs in by it, and it is on the list of the\n"
	    "domain's authority (signet ca crl). Its key stays, for mail that is there already.",
	.example = "smime revoke ann@example.org --reason keyCompromise",
	.run = run,
};
