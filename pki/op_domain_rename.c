/* op_domain_rename.c - another name for a domain */
#include "pki/op_pki.h"
#include "pki/rename.h"

static int run(struct op_call *call)
{
	struct slice to = slice_str(op_text(call, "to"));
	struct err err = { 0 };

	if (domain_rename(
		slice_str(op_text(call, "name")), to, op_bool(call, "keep-alias"), &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "name", to);
	pki_call_warn_of_names(call, to.p);
	return 0;
}

static const struct op_arg args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "its name", NULL },
	{ "to", OP_DOMAIN, OP_REQUIRED, "its new name", NULL },
	{ "keep-alias", OP_BOOL, OP_OPTION, "the old name stays, as an alias", NULL },
	{ 0 },
};

/* C-044 */
OPERATION(domain_rename) = {
	.name = "domain rename",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "give a domain another name, with all its accounts and mail",
	.more =
	    "Its accounts are NAME@TO from then on, with their mail, passwords and rules; whoever\n"
	    "is logged in has to do it again. Its key and certificate stay as they are: pki show\n"
	    "says whether the certificate has the new name, and pki self-signed or pki csr make\n"
	    "another one. Without --keep-alias mail to the old name is not taken any more.",
	.example = "domain rename example.org example.net --keep-alias",
	.run = run,
};
