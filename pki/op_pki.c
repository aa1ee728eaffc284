/* op_pki.c - what keys and certificates domains have */
#include "pki/op_pki.h"

#include "storage/dir.h"

const struct op_arg pki_domain_args[] = { OP_PKI_DOMAIN, { 0 } };

struct slice pki_call_domain(struct op_call *call)
{
	if (!op_takes(call, "profile"))
		return slice_str(op_text(call, "domain"));
	return slice_str(pool_printf(op_pool(call), "profile %s", op_text(call, "profile")));
}

int pki_call_answer(struct op_call *call, int rc, const struct err *err)
{
	return rc == 0 ? pki_call_show(call) : op_fail_err(call, err);
}

/* --- list --- */

static void put_row(struct op_call *call, const char *domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert leaf;

	op_row(call);
	op_put_text(call, "domain", slice_str(domain));
	if (record_get(slice_str(domain), &bytes, &record) == 1) {
		op_put_text(call, "mode", slice_str(pki_mode_names[record.mode]));
		if (cert_next(&record.leaf, &leaf)) {
			struct pki_cert cert;
			cert_describe(&leaf, op_pool(call), &cert);
			op_put_text(call, "key", slice_str(cert.key_type));
			op_put_text(call, "issuer", slice_str(cert.issuer));
			op_put_time(call, "till", cert.not_after);
			op_put_bool(call, "self-signed", cert.self_signed);
		}
	}
	buf_done(&bytes);
}

/* Which of them; names come in their order. */
struct listing {
	struct op_call *call;
	const char *only; /* of a domain admin */
	const char *after;
	struct slice part; /* of the name; empty: any */
	size_t left, total;
};

static bool is_wanted(const struct listing *l, const char *name)
{
	return (!l->only || strcmp(l->only, name) == 0) &&
	    (l->part.n == 0 || slice_ifind(slice_str(name), l->part) >= 0);
}

static bool count(void *arg, const struct dir_domain *domain)
{
	struct listing *l = arg;

	l->total += is_wanted(l, domain->name);
	return true;
}

static bool visit(void *arg, const struct dir_domain *domain)
{
	struct listing *l = arg;

	if (!is_wanted(l, domain->name) || (l->after && strcmp(domain->name, l->after) <= 0))
		return true;
	if (l->left-- == 0)
		return false;
	put_row(l->call, domain->name);
	return true;
}

static int run_list(struct op_call *call)
{
	struct listing l = { .call = call,
		.only = op_caller(call)->domain,
		.after = op_text(call, "after"),
		.part = slice_str(op_text(call, "search")),
		.left = SIZE_MAX };

	if (op_number(call, "limit", 1) < 1)
		return op_fail(call, ERR_INPUT, "limit: at least 1");
	if (op_given(call, "limit"))
		l.left = (size_t)op_number(call, "limit", 0);
	if (dir_domains(count, &l) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	op_put_number(call, "total", (int64_t)l.total);
	if (dir_domains(visit, &l) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "search", OP_TEXT, OP_OPTION, "a part of the domain's name", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "so many at most; else all", NULL },
	{ "after", OP_DOMAIN, OP_OPTION | OP_FOREIGN, "from behind that one: the next page", NULL },
	{ 0 },
};

OPERATION(pki_list) = {
	.name = "pki list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "list what certificates the domains have",
	.example = "pki list\npki list --limit 50 --after example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- mode --- */

static int run_mode(struct op_call *call)
{
	enum pki_mode mode = (enum pki_mode)op_number(call, "mode", 0);
	struct err err = { 0 };

	return pki_call_answer(call, domain_set_mode(pki_call_domain(call), mode, &err), &err);
}

static const struct op_arg mode_args[] = {
	OP_PKI_DOMAIN,
	{ "mode", OP_CHOICE, OP_REQUIRED, "disabled, test or enabled", pki_mode_names },
	{ 0 },
};

OPERATION(pki_mode) = {
	.name = "pki mode",
	.role = OP_DOMAIN_ADMIN,
	.args = mode_args,
	.help = "say what a domain's key and certificate are used for",
	.more =
	    "disabled  nothing: no TLS for this domain; what it has is kept\n"
	    "test      a key and certificate of the server's are shown instead, which no client\n"
	    "          trusts: to try TLS before there is a certificate\n"
	    "enabled   they are shown to clients, once there is a key and a certificate",
	.example = "pki mode example.org enabled",
	.run = run_mode,
};
