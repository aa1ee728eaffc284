/* op_trust_crl.c - lists of revoked certificates, brought by admins */
#include "core/text.h"
#include "pki/crl.h"
#include "pki/op_pki.h"
#include "pki/trust.h"

/* --- list --- */

static void put_list(struct op_call *call, const char *set, const struct crl *crl)
{
	struct buf name = { 0 };

	cert_name_text(crl->issuer, &name);
	op_row(call);
	op_put_text(call, "set", slice_str(set));
	op_put_text(call, "issued-by", buf_slice(&name));
	op_put_number(call, "revoked", (int64_t)crl_count(crl));
	op_put_time(call, "from", crl->this_update);
	if (crl->next_update)
		op_put_time(call, "till", crl->next_update);
	buf_done(&name);
}

static int run_list(struct op_call *call)
{
	static const char *const names[] = { "built-in", "server", "domain" };
	struct trust trust;
	struct slice scope;

	if (pki_call_scope(call, false, &scope) != 0)
		return -1;
	trust_take(scope, &trust);
	for (size_t k = 0; k < TRUST_SETS; k++)
		for (size_t i = 0; i < trust_set_list_count(trust.set[k]); i++)
			put_list(call, names[k], trust_set_list(trust.set[k], i));
	trust_give_back(&trust);
	return 0;
}

static const struct op_arg scope_args[] = { PKI_CALL_SCOPE, { 0 } };

OPERATION(trust_crl_list) = {
	.name = "trust crl-list",
	.role = OP_DOMAIN_ADMIN,
	.args = scope_args,
	.help = "show whose lists of revoked certificates are known",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- add and remove --- */

static int run_add(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (pki_call_scope(call, true, &scope) != 0)
		return -1;
	return op_done(call, trust_add_lists(scope, op_secret(call, "pem"), &err), &err);
}

static const struct op_arg add_args[] = {
	{ "pem", OP_SECRET, OP_REQUIRED, "one or more lists as a PEM text", NULL },
	PKI_CALL_SCOPE,
	{ 0 },
};

OPERATION(trust_crl_add) = {
	.name = "trust crl-add",
	.role = OP_DOMAIN_ADMIN,
	.args = add_args,
	.help = "give an authority's list of revoked certificates (CRL)",
	.more =
	    "It takes the place of what that authority said before, and counts at once. The\n"
	    "authority must be trusted in that set. Lists are fetched with pki.crl.fetch only; one that\n"
	    "is past its time counts for what it lists.",
	.example = "trust crl-add --domain example.org < authority.crl.pem",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (pki_call_scope(call, true, &scope) != 0)
		return -1;
	return op_done(call, trust_remove_lists(scope, &err), &err);
}

OPERATION(trust_crl_remove) = {
	.name = "trust crl-remove",
	.role = OP_DOMAIN_ADMIN,
	.args = scope_args,
	.help = "forget all lists of revoked certificates of a set",
	.run = run_remove,
};
