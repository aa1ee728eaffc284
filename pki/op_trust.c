/* op_trust.c - whom the server and its domains believe */
#include "core/text.h"
#include "pki/op_pki.h"
#include "pki/staple.h"
#include "pki/trust.h"

static const char *const fields[] = { "built-in", "server", "domain" };

int pki_call_scope(struct op_call *call, bool changes, struct slice *scope)
{
	struct err err = { 0 };

	*scope = (struct slice){ 0 };
	if (op_given(call, "domain"))
		return op_done(
		    call, domain_hosted(pki_call_domain(call), op_pool(call), scope, &err), &err);
	return changes && op_caller(call)->role < OP_SERVER_ADMIN
	    ? op_fail(call, ERR_DENIED, "the server's set is not yours: name your domain")
	    : 0;
}

/* --- list --- */

static void put_set(struct op_call *call, const char *name, const struct trust_set *set)
{
	for (size_t i = 0; i < trust_set_count(set); i++) {
		op_row(call);
		op_put_text(call, "set", slice_str(name));
		pki_call_put_cert(call, trust_set_at(set, i));
	}
}

static int run_list(struct op_call *call)
{
	struct trust trust;
	struct slice scope;

	if (pki_call_scope(call, false, &scope) != 0)
		return -1;
	trust_take(scope, &trust);
	for (size_t i = 0; i < TRUST_SETS; i++)
		put_set(call, fields[i], trust.set[i]);
	trust_give_back(&trust);
	return 0;
}

static const struct op_arg list_args[] = { PKI_CALL_SCOPE, { 0 } };

OPERATION(trust_list) = {
	.name = "trust list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "list the certificates of authorities that are trusted",
	.more =
	    "Built-in ones come with the system (setting trust.file) and count everywhere, those\n"
	    "of the server, too. Those of a domain count for it alone.",
	.example = "trust list --domain example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- add --- */

/* Who is asked for a certificate may depend on it. */
static int answer(struct op_call *call, struct slice scope, int rc, const struct err *err)
{
	if (rc != 0)
		return op_fail_err(call, err);
	if (scope.n > 0)
		choose_forget(scope, false);
	staple_look_at_all();
	return 0;
}

static int run_add(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (pki_call_scope(call, true, &scope) != 0)
		return -1;
	return answer(call, scope, trust_add(scope, op_secret(call, "pem"), &err), &err);
}

static const struct op_arg add_args[] = {
	{ "pem", OP_SECRET, OP_REQUIRED, "certificates as a PEM text", NULL },
	PKI_CALL_SCOPE,
	{ 0 },
};

OPERATION(trust_add) = {
	.name = "trust add",
	.role = OP_DOMAIN_ADMIN,
	.args = add_args,
	.help = "trust certificates, and what they issue",
	.more = "At once. With several in the text all are added, or none. The certificate of an\n"
		"authority lets all that it issued be trusted; that of a server only itself.",
	.example = "trust add --domain example.org < authority.pem",
	.run = run_add,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (pki_call_scope(call, true, &scope) != 0)
		return -1;
	return answer(
	    call, scope, trust_remove(scope, slice_str(op_text(call, "sha256")), &err), &err);
}

static const struct op_arg remove_args[] = {
	{ "sha256", OP_TEXT, OP_REQUIRED, "its fingerprint, as trust list shows it", NULL },
	PKI_CALL_SCOPE,
	{ 0 },
};

OPERATION(trust_remove) = {
	.name = "trust remove",
	.role = OP_DOMAIN_ADMIN,
	.args = remove_args,
	.help = "trust a certificate no longer",
	.example = "trust remove 5e0c... --domain example.org",
	.run = run_remove,
};
