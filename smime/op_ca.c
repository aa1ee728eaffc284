/* op_ca.c - operations on a domain as the authority over its users' certificates */
#include "core/op.h"
#include "pki/issue.h"
#include "smime/op_smime.h"

static const struct op_arg domain_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ 0 },
};

static struct slice domain_of(struct op_call *call)
{
	return slice_str(op_text(call, "domain"));
}

/* --- show --- */

/* C-110: may it, and if not, why? Nothing is made. */
static void put_ready(struct op_call *call, const struct issue_authority *authority)
{
	struct err err = { 0 };
	int rc = issue_check(domain_of(call), authority, &err);

	op_put_bool(call, "issues", rc == 0);
	if (rc != 0)
		op_put_text(call, "reason", slice_str(err.text));
}

static void put_authority(struct op_call *call, const struct issue_authority *authority)
{
	struct slice chain = authority->chain;
	struct buf pem = { 0 };
	struct cert cert;

	if (cert_next(&chain, &cert))
		smime_op_put_cert(call, &cert);
	op_put_bool(call, "made-by-server", authority->made);
	cert_to_pem(authority->chain, &pem);
	op_put_text(call, "chain", buf_slice(&pem));
	buf_done(&pem);
}

static int run_show(struct op_call *call)
{
	struct issue_authority authority;
	struct err err = { 0 };
	int found = issue_authority(domain_of(call), op_pool(call), &authority, &err);

	if (found < 0)
		return op_fail_err(call, &err);
	op_put_text(call, "domain", domain_of(call));
	op_put_text(call, "authority",
	    found == 0		    ? SLICE("none yet")
		: authority.special ? SLICE("special")
				    : SLICE("generic"));
	put_ready(call, found == 1 ? &authority : NULL);
	if (found == 1)
		put_authority(call, &authority);
	return 0;
}

OPERATION(smime_ca_show) = {
	.name = "smime ca-show",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "show what a domain signs its users' S/MIME certificates with",
	.more =
	    "special: a key and certificate for this alone; they are made when a user first asks\n"
	    "for a certificate, or brought with 'smime ca-set'. generic: the domain's own, which\n"
	    "servers show, too; so it is after 'smime ca-remove'.",
	.reads = true,
	.run = run_show,
};

/* --- change --- */

static int run_set(struct op_call *call)
{
	struct err err = { 0 };

	if (issue_install(domain_of(call), op_secret(call, "pem"), &err) != 0)
		return op_fail_err(call, &err);
	return run_show(call);
}

static const struct op_arg set_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ "pem", OP_SECRET, OP_REQUIRED, "key and certificates as one PEM text", NULL },
	{ 0 },
};

/* C-111 */
OPERATION(smime_ca_set) = {
	.name = "smime ca-set",
	.role = OP_DOMAIN_ADMIN,
	.args = set_args,
	.help = "set a domain's special S/MIME certificate, which signs those of its users",
	.more =
	    "The text holds the certificate of an authority (basicConstraints CA), then those above\n"
	    "it, and its private key; without a key it must belong to the special key that is\n"
	    "there, as after 'smime ca-csr'. Certificates that were issued before stay.",
	.example = "smime ca-set example.org < authority.pem",
	.run = run_set,
};

/* --- request --- */

static int run_csr(struct op_call *call)
{
	struct subject subject = { 0 };
	struct buf pem = { 0 };
	struct err err = { 0 };

	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		if (i != SUBJECT_CN)
			subject.part[i] = op_text(call, subject_words[i]);
	int rc = issue_csr(domain_of(call), &subject, &pem, &err);
	if (rc == 0)
		op_put_text(call, "pem", buf_slice(&pem));
	else
		op_fail_err(call, &err);
	buf_done(&pem);
	return rc;
}

static const struct op_arg csr_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "name of the domain, which becomes the common name",
	    NULL },
	SUBJECT_ARGS,
	{ 0 },
};

/* C-111 */
OPERATION(smime_ca_csr) = {
	.name = "smime ca-csr",
	.role = OP_DOMAIN_ADMIN,
	.args = csr_args,
	.help = "write a request for a certificate of a domain's special S/MIME key",
	.more = "Ask an authority to sign it as an authority (CA). Give what it sends back to\n"
		"'smime ca-set', without a key. Until then the certificate that is there is used.",
	.example = "smime ca-csr example.org --o \"Example Ltd\" --c GB > example.csr",
	.run = run_csr,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	if (issue_remove(domain_of(call), false, &err) != 0)
		return op_fail_err(call, &err);
	return run_show(call);
}

/* C-113 */
OPERATION(smime_ca_remove) = {
	.name = "smime ca-remove",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "remove a domain's special S/MIME key and certificate; its own sign from then on",
	.run = run_remove,
};

static int run_self_signed(struct op_call *call)
{
	struct err err = { 0 };

	if (issue_self_signed(domain_of(call), &err) != 0)
		return op_fail_err(call, &err);
	return run_show(call);
}

OPERATION(smime_ca_self_signed) = {
	.name = "smime ca-self-signed",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "make a new special S/MIME key and a certificate that it signs itself",
	.more =
	    "Who shall believe the users' certificates must be given this one as an authority.\n"
	    "Certificates that were issued before stay, signed as they are.",
	.example = "smime ca-self-signed example.org",
	.run = run_self_signed,
};

/* --- the register --- */

static bool visit(void *arg, const struct issue_entry *entry)
{
	struct op_call *call = arg;

	if (entry->profile != ISSUE_EMAIL)
		return true;
	op_row(call);
	op_put_text(call, "address", slice_str(entry->address));
	op_put_text(call, "serial", slice_str(entry->serial));
	op_put_text(call, "issuer", slice_str(entry->issuer));
	op_put_time(call, "issued", entry->issued);
	op_put_time(call, "till", entry->not_after);
	op_put_text(call, "state", slice_str(issue_state(entry)));
	return true;
}

static int run_issued(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(
	    call, issue_each(domain_of(call), (struct slice){ 0 }, visit, call, &err), &err);
}

OPERATION(smime_issued) = {
	.name = "smime issued",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "list the certificates that a domain has issued to its users",
	.more = "All that its authority signed, also for servers: signet ca list.",
	.reads = true,
	.lists = true,
	.run = run_issued,
};
