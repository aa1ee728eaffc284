/* op_ca.c - authorities for those who have none: created, shown, renewed, removed */
#include "pki/op_ca.h"

#include "core/text.h"
#include "pki/pki.h"

const struct op_arg ca_scope_args[] = { OP_CA_SCOPE, { 0 } };

int ca_call_scope(struct op_call *call, struct slice *scope)
{
	*scope = slice_str(op_text(call, "scope"));
	if (!slice_eq(*scope, SLICE("server")))
		return 0;
	*scope = SLICE("");
	return op_caller(call)->role == OP_SERVER_ADMIN
	    ? 0
	    : op_fail(call, ERR_DENIED, "the server's authority is not yours: name your domain");
}

/* --- show --- */

static void put_certificate(struct op_call *call, const struct issue_authority *authority)
{
	struct slice chain = authority->chain;
	struct pki_cert text;
	struct cert cert;

	if (!cert_next(&chain, &cert))
		return;
	cert_describe(&cert, op_pool(call), &text);
	op_put_text(call, "key", slice_str(text.key_type));
	op_put_text(call, "subject", slice_str(text.subject));
	op_put_text(call, "issuer", slice_str(text.issuer));
	op_put_text(call, "serial", slice_str(text.serial));
	op_put_text(call, "sha256", slice_str(text.sha256));
	op_put_time(call, "from", text.not_before);
	op_put_time(call, "till", text.not_after);
	if (cert.path_length != CERT_PATH_UNLIMITED)
		op_put_number(call, "path-length", cert.path_length);
}

/* Making a list is left to who wants it: `ca crl`. */
static void put_places(
    struct op_call *call, struct slice scope, const struct issue_authority *authority)
{
	const char *path = issue_path(authority, "crl", op_pool(call));
	const char *url = issue_url(scope, authority, "crl", op_pool(call));
	struct buf pem = { 0 };

	if (path)
		op_put_text(call, "crl-path", slice_str(path));
	if (url)
		op_put_text(call, "crl-url", slice_str(url));
	cert_to_pem(authority->chain, &pem);
	op_put_text(call, "pem", buf_slice(&pem));
	buf_done(&pem);
}

/* Answer what the scope has now; as `ca show`. */
static int ca_call_show(struct op_call *call)
{
	struct issue_authority authority;
	struct err err = { 0 }, why = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	int found = issue_authority(scope, op_pool(call), &authority, &err);
	if (found < 0)
		return op_fail_err(call, &err);
	bool own = found == 1 && authority.special;
	op_put_text(call, "scope", slice_str(op_text(call, "scope")));
	op_put_bool(call, "authority", own);
	int rc = issue_check(scope, own ? &authority : NULL, &why);
	op_put_bool(call, "issues", own && rc == 0);
	if (rc != 0)
		op_put_text(call, "reason", slice_str(why.text));
	if (!own)
		return 0;
	op_put_bool(call, "made-by-server", authority.made);
	put_certificate(call, &authority);
	put_places(call, scope, &authority);
	return 0;
}

OPERATION(ca_show) = {
	.name = "ca show",
	.role = OP_DOMAIN_ADMIN,
	.args = ca_scope_args,
	.help = "show the authority of a domain, or of the server",
	.more =
	    "Its certificate, for those who shall believe what it signs, is the text at the end.",
	.example = "ca show example.org\nca show server",
	.reads = true,
	.run = ca_call_show,
};

static int answer(struct op_call *call, int rc, const struct err *err)
{
	return rc == 0 ? ca_call_show(call) : op_fail_err(call, err);
}

/* --- create --- */

enum { PATH_MAX_LENGTH = 20 };

static int take_plan(struct op_call *call, struct slice scope, struct issue_plan *plan)
{
	int64_t days = op_number(call, "days", 0);
	int64_t path = op_number(call, "path-length", scope.n > 0 ? 0 : 1);

	if (op_given(call, "days") && (days < 1 || days > 36500))
		return op_fail(call, ERR_INPUT, "days: 1 to 36500");
	if (path < -1 || path > PATH_MAX_LENGTH)
		return op_fail(
		    call, ERR_INPUT, "path-length: 0 to %d, or -1 for any", PATH_MAX_LENGTH);
	*plan = (struct issue_plan){
		.kind = (enum key_kind)op_number(call, "type", KEY_P256),
		.days = days,
		.path_length = path < 0 ? CERT_PATH_UNLIMITED : (int)path,
		.by_server = op_bool(call, "by-server"),
	};
	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		plan->subject.part[i] = op_text(call, subject_words[i]);
	return 0;
}

static int run_create(struct op_call *call)
{
	struct issue_plan plan;
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0 || take_plan(call, scope, &plan) != 0)
		return -1;
	if (plan.by_server && op_caller(call)->role != OP_SERVER_ADMIN)
		return op_fail(call, ERR_DENIED,
		    "only a server admin may have the server's authority sign yours");
	return answer(call, issue_create(scope, &plan, &err), &err);
}

static const struct op_arg create_args[] = {
	OP_CA_SCOPE,
	{ "type", OP_CHOICE, OP_OPTION, "kind of its key; else P-256", key_kind_names },
	{ "days", OP_NUMBER, OP_OPTION, "for how many days; else as smime.authority-days says",
	    NULL },
	{ "path-length", OP_NUMBER, OP_OPTION,
	    "how many authorities may follow below it, -1: any; else 0 for a domain's, 1 for the "
	    "server's",
	    NULL },
	{ "by-server", OP_BOOL, OP_OPTION,
	    "signed by the server's authority, for names of the domain alone", NULL },
	{ "cn", OP_TEXT, OP_OPTION, "its name", NULL },
	SUBJECT_ARGS,
	{ 0 },
};

OPERATION(ca_create) = {
	.name = "ca create",
	.role = OP_DOMAIN_ADMIN,
	.args = create_args,
	.help = "make an authority, which signs certificates, for those who have none",
	.more = "A key and a certificate that it signs itself, or with --by-server one that the\n"
		"server's authority signs. Whoever shall believe what it signs must be given that\n"
		"certificate: signet ca show. A domain's authority signs its users' S/MIME\n"
		"certificates, too; the domain must have its PKI services enabled and a key.",
	.example = "ca create server --cn 'Example Root' --o 'Example Ltd' --type P-384\n"
		   "ca create example.org --by-server",
	.run = run_create,
};

/* --- renew --- */

static int run_renew(struct op_call *call)
{
	enum key_kind kind = (enum key_kind)op_number(call, "type", KEY_P256);
	bool new_key = op_bool(call, "new-key") || op_given(call, "type");
	int64_t days = op_number(call, "days", 0);
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	if (op_given(call, "days") && (days < 1 || days > 36500))
		return op_fail(call, ERR_INPUT, "days: 1 to 36500");
	return answer(call,
	    issue_renew(scope, new_key, op_given(call, "type") ? &kind : NULL, days, &err), &err);
}

static const struct op_arg renew_args[] = {
	OP_CA_SCOPE,
	{ "new-key", OP_BOOL, OP_OPTION, "with a new key", NULL },
	{ "type", OP_CHOICE, OP_OPTION, "the new key's kind; else as before", key_kind_names },
	{ "days", OP_NUMBER, OP_OPTION, "for how many days; else as many as before", NULL },
	{ 0 },
};

OPERATION(ca_renew) = {
	.name = "ca renew",
	.role = OP_DOMAIN_ADMIN,
	.args = renew_args,
	.help = "make an authority's certificate anew, for a new time",
	.more =
	    "With the same key and name what it signed before goes on to be good for whoever is\n"
	    "given the new certificate, or has the old one while that lasts. With a new key the\n"
	    "name gets a number; the old key signs nothing more but its list of revoked\n"
	    "certificates, and its certificate must be trusted as long as those that it signed.",
	.example = "ca renew example.org\nca renew example.org --new-key",
	.run = run_renew,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	return answer(call, issue_remove(scope, op_bool(call, "with-keys"), &err), &err);
}

static const struct op_arg remove_args[] = {
	OP_CA_SCOPE,
	{ "with-keys", OP_BOOL, OP_OPTION,
	    "destroy its keys: no list of revoked certificates can be signed any more", NULL },
	{ 0 },
};

OPERATION(ca_remove) = {
	.name = "ca remove",
	.role = OP_DOMAIN_ADMIN,
	.args = remove_args,
	.help = "let an authority sign no more certificates",
	.more =
	    "What it signed stays good, can be revoked, and its list is served on, unless its keys\n"
	    "are destroyed. S/MIME certificates of users are then signed with the domain's own\n"
	    "key and certificate.",
	.example = "ca remove example.org",
	.run = run_remove,
};
