/* op_ca_sign.c - operations by which authorities sign */
#include "pki/op_ca.h"
#include "pki/op_pki.h"

enum { DAYS_MAX = 3650 };

/* Without a root above the first. */
static void put_chain(struct op_call *call, struct slice chain)
{
	struct buf pem = { 0 };
	struct cert cert;

	for (bool first = true; cert_next(&chain, &cert); first = false)
		if (first || !cert_name_same(cert.subject, cert.issuer))
			cert_to_pem(cert.der, &pem);
	op_put_text(call, "pem", buf_slice(&pem));
	buf_done(&pem);
}

static int take_days(struct op_call *call, int64_t *days)
{
	*days = op_number(call, "days", 0);
	return op_given(call, "days") && (*days < 1 || *days > DAYS_MAX)
	    ? op_fail(call, ERR_INPUT, "days: 1 to %d", DAYS_MAX)
	    : 0;
}

/* --- sign --- */

static const char *const subjects[] = { "request", "name", NULL };

static int may_sign(struct op_call *call, const struct issue_request *request)
{
	if (op_caller(call)->role == OP_SERVER_ADMIN)
		return 0;
	if (request->any_names)
		return op_fail(
		    call, ERR_DENIED, "other names than your domain's are for server admins");
	if (request->profile == ISSUE_AUTHORITY)
		return op_fail(call, ERR_DENIED, "authorities are for server admins to sign");
	return 0;
}

static void say_notes(struct op_call *call, struct slice notes)
{
	while (notes.n > 0) {
		struct slice line = slice_cut(&notes, '\n');
		op_say(call, "%.*s", SLICE_ARG(line));
	}
}

static int run_sign(struct op_call *call)
{
	struct issue_request request = {
		.profile = (enum issue_profile)op_number(call, "profile", ISSUE_SERVER),
		.text = op_secret(call, "request"),
		.names = op_text(call, "names"),
		.any_names = op_bool(call, "any-names"),
		.subject = subjects[op_number(call, "subject", 0)],
	};
	struct buf chain = { 0 }, notes = { 0 };
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0 || take_days(call, &request.days) != 0 ||
	    may_sign(call, &request) != 0)
		return -1;
	int rc = issue_request(scope, &request, &chain, &notes, &err);
	if (rc == 0) {
		say_notes(call, buf_slice(&notes));
		put_chain(call, buf_slice(&chain));
	} else {
		op_fail_err(call, &err);
	}
	buf_done(&chain);
	buf_done(&notes);
	return rc;
}

static const struct op_arg sign_args[] = {
	OP_CA_SCOPE,
	{ "request", OP_SECRET, OP_REQUIRED, "the request (PKCS#10), PEM or DER", NULL },
	{ "profile", OP_CHOICE, OP_OPTION, "what it is for; else server", issue_profile_names },
	{ "days", OP_NUMBER, OP_OPTION, "for how many days; else as ca.certificate-days says",
	    NULL },
	{ "names", OP_TEXT, OP_OPTION,
	    "host names, e-mail and IP addresses, parted by blanks, instead of those that it asks "
	    "for",
	    NULL },
	{ "any-names", OP_BOOL, OP_OPTION,
	    "also names that are not the domain's, and IP addresses; for server admins", NULL },
	{ "subject", OP_CHOICE, OP_OPTION,
	    "request: as it asks; name: the first name alone; else request", subjects },
	{ 0 },
};

OPERATION(ca_sign) = {
	.name = "ca sign",
	.role = OP_DOMAIN_ADMIN,
	.args = sign_args,
	.help = "sign a request for a certificate",
	.more =
	    "The request's signature is checked, and that its key may be used. The certificate is\n"
	    "for the names that it asks for (subjectAltName, else what its subject holds): those\n"
	    "of the domain, its aliases, hosts below them and addresses at them; one name of\n"
	    "others, and nothing is signed. What the key may be used for follows from the profile\n"
	    "alone. server: servers, which are clients of others, too. client: a user's or a\n"
	    "machine's login. email: S/MIME. authority: another one, for server admins.",
	.example = "ca sign example.org < request.pem > certificate.pem\n"
		   "ca sign example.org --profile client --names ann@example.org < request.pem",
	.run = run_sign,
};

/* --- a domain's own --- */

static int run_certify(struct op_call *call)
{
	struct issue_certify how = {
		.by_server = op_bool(call, "by-server"),
		.any_names = op_bool(call, "any-names"),
	};
	struct err err = { 0 };

	if (take_days(call, &how.days) != 0)
		return -1;
	if (how.any_names && op_caller(call)->role != OP_SERVER_ADMIN)
		return op_fail(
		    call, ERR_DENIED, "other names than your domain's are for server admins");
	return pki_call_answer(call, issue_domain(pki_call_domain(call), &how, &err), &err);
}

static const struct op_arg certify_args[] = {
	OP_PKI_DOMAIN,
	{ "by-server", OP_BOOL, OP_OPTION, "by the server's authority, not the domain's own",
	    NULL },
	{ "days", OP_NUMBER, OP_OPTION, "for how many days; else as ca.certificate-days says",
	    NULL },
	{ "any-names", OP_BOOL, OP_OPTION,
	    "also names that are not the domain's; for server admins", NULL },
	{ 0 },
};

OPERATION(ca_certify) = {
	.name = "ca certify",
	.role = OP_DOMAIN_ADMIN,
	.args = certify_args,
	.help = "sign a certificate for a domain's own key, and show it from now on",
	.more = "It says of the domain what pki csr would. It is sent with the certificates of\n"
		"authorities above it, but for the root, which its clients must be given.",
	.example = "ca certify example.org --by-server",
	.run = run_certify,
};
