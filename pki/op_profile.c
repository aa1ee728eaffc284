/* op_profile.c - operations on named certificate profiles
 *
 * What a profile has in common with a domain is done by the same functions
 * (pki/op_pki*.c). */
#include "core/server_name.h"
#include "pki/op_pki.h"
#include "pki/profile.h"
#include "pki/stage.h"

static const struct op_arg profile_args[] = { OP_PKI_PROFILE, { 0 } };

/* --- list and show --- */

static void put_leaf(struct op_call *call, struct slice leaf)
{
	struct pki_cert text;
	struct cert cert;

	if (!cert_next(&leaf, &cert))
		return;
	cert_describe(&cert, op_pool(call), &text);
	op_put_text(call, "subject", slice_str(text.subject));
	op_put_text(call, "issuer", slice_str(text.issuer));
	op_put_time(call, "till", text.not_after);
	op_put_bool(call, "self-signed", text.self_signed);
}

static bool put_row(void *arg, struct slice name)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 }, where = { 0 };
	struct op_call *call = arg;
	struct slice owner;

	if (owner_of_profile(name, op_pool(call), &owner, NULL) != 0)
		return true;
	op_row(call);
	op_put_text(call, "profile", name);
	if (stage_newest(owner, &bytes, &record) == 1)
		put_leaf(call, record.leaf);
	assign_where(name, &where);
	op_put_text(call, "assigned", buf_slice(&where));
	op_put_bool(call, "pending", stage_has(owner));
	buf_done(&bytes);
	buf_done(&where);
	return true;
}

static int run_list(struct op_call *call)
{
	op_put_text(call, "host", slice_str(server_name(op_pool(call))));
	if (profile_each(put_row, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the profiles");
	return 0;
}

OPERATION(profile_list) = {
	.name = "profile list",
	.role = OP_SERVER_ADMIN,
	.help = "list certificate profiles, and where they are assigned",
	.more =
	    "The host is what this server is called (server.name): one that a profile may be for.",
	.reads = true,
	.lists = true,
	.run = run_list,
};

OPERATION(profile_show) = {
	.name = "profile show",
	.role = OP_SERVER_ADMIN,
	.args = profile_args,
	.help = "show a profile's key, certificate and the chain above it",
	.more = "As pki show does for a domain. Pending means that it has changes which wait for\n"
		"pki commit, and shows it with them.",
	.example = "profile show mx",
	.reads = true,
	.run = pki_call_show,
};

OPERATION(profile_certificate) = {
	.name = "profile certificate",
	.role = OP_SERVER_ADMIN,
	.args = profile_args,
	.help = "write a profile's certificate and its chain as PEM, and nothing else",
	.example = "profile certificate mx > mx.pem",
	.reads = true,
	.run = pki_run_certificate,
};

/* --- add and remove --- */

static int run_add(struct op_call *call)
{
	enum key_kind kind = (enum key_kind)op_number(call, "type", KEY_P256);
	struct subject subject;
	struct err err = { 0 };

	pki_call_subject(call, &subject);
	return pki_call_answer(
	    call, profile_add(slice_str(op_text(call, "profile")), kind, &subject, &err), &err);
}

static const struct op_arg add_args[] = {
	OP_PKI_PROFILE,
	{ "type", OP_CHOICE, OP_OPTION, "of the key; P-256 unless said otherwise", key_kind_names },
	OP_PKI_SUBJECT,
	{ 0 },
};

/* E-012, E-013 */
OPERATION(profile_add) = {
	.name = "profile add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "make a certificate profile: a key, and a certificate that it signs itself",
	.more =
	    "A profile is a certificate of the server's that belongs to no domain. It is shown\n"
	    "where it is assigned (listener certificate, profile assign). The name (cn) is the one\n"
	    "that others use to connect: the host name of the listener, which the MX record names;\n"
	    "or that from which mail is delivered (relay.helo). Without one it is server.name. For\n"
	    "a certificate that others can verify go on with profile csr and profile cert-set.",
	.example = "profile add mx --cn mx.example.org --o 'Example, Inc.' --c US",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, profile_remove(slice_str(op_text(call, "profile")), &err), &err);
}

OPERATION(profile_remove) = {
	.name = "profile remove",
	.role = OP_SERVER_ADMIN,
	.args = profile_args,
	.help = "remove a certificate profile, with its private key",
	.more = "Not while it is assigned; the answer says where.",
	.example = "profile remove mx",
	.run = run_remove,
};

/* --- as for domains --- */

static const struct op_arg subject_args[] = { OP_PKI_PROFILE, OP_PKI_SUBJECT, { 0 } };

OPERATION(profile_csr) = {
	.name = "profile csr",
	.role = OP_SERVER_ADMIN,
	.args = subject_args,
	.help = "write a request for a certificate, to be signed by an authority",
	.more =
	    "Give the authority the PEM text, and ask for the certificate in X.509 PEM form\n"
	    "(\"Apache\") together with its intermediate certificates. What comes back goes to\n"
	    "profile cert-set, also when a certificate expires: the key stays. A profile with\n"
	    "changes that wait has to be committed before.",
	.example = "profile csr mx > mx.csr",
	.run = pki_run_csr,
};

OPERATION(profile_self_signed) = {
	.name = "profile self-signed",
	.role = OP_SERVER_ADMIN,
	.args = subject_args,
	.help = "make a certificate that the profile's key signs itself",
	.example = "profile self-signed mx --cn mx2.example.org",
	.run = pki_run_self_signed,
};

static const struct op_arg refresh_args[] = {
	OP_PKI_PROFILE,
	{ "new-serial", OP_BOOL, OP_OPTION, "with a serial number of its own", NULL },
	{ 0 },
};

OPERATION(profile_refresh) = {
	.name = "profile refresh",
	.role = OP_SERVER_ADMIN,
	.args = refresh_args,
	.help = "make a profile's self-signed certificate anew, for a new time",
	.example = "profile refresh mx",
	.run = pki_run_refresh,
};

static const struct op_arg key_args[] = {
	OP_PKI_PROFILE,
	{ "type", OP_CHOICE, OP_OPTION, "P-256 unless said otherwise", key_kind_names },
	{ "replace", OP_BOOL, OP_OPTION, "the key that is there, with its certificate", NULL },
	{ 0 },
};

OPERATION(profile_key_generate) = {
	.name = "profile key-generate",
	.role = OP_SERVER_ADMIN,
	.args = key_args,
	.help = "make a new private key for a profile",
	.more = "The certificate goes with its old key: make or set one for the new key next.",
	.example = "profile key-generate mx --type RSA-3072 --replace",
	.run = pki_run_key_generate,
};

static const struct op_arg cert_args[] = {
	OP_PKI_PROFILE,
	{ "pem", OP_SECRET, OP_REQUIRED, "the certificate", NULL },
	{ "chain", OP_SECRET, 0, "those above it, when they are in a file of their own", NULL },
	{ 0 },
};

OPERATION(profile_cert_set) = {
	.name = "profile cert-set",
	.role = OP_SERVER_ADMIN,
	.args = cert_args,
	.help = "set the certificate that an authority signed for a profile",
	.more =
	    "It must be for the profile's key: the one that the request was made with. It takes\n"
	    "the place of the certificate that is there. PEM (X.509 PEM, \"Apache\"), DER or\n"
	    "PKCS#7; the authority's intermediate certificates may stand behind it, or in\n"
	    "--chain-file.",
	.example = "profile cert-set mx --pem-file mx.pem --chain-file intermediate.pem",
	.run = pki_run_cert_set,
};

static const struct op_arg chain_args[] = {
	OP_PKI_PROFILE,
	{ "pem", OP_SECRET, OP_REQUIRED, "certificates of authorities", NULL },
	{ 0 },
};

OPERATION(profile_chain_set) = {
	.name = "profile chain-set",
	.role = OP_SERVER_ADMIN,
	.args = chain_args,
	.help = "set the certificates of authorities that are sent with a profile's own",
	.example = "profile chain-set mx < intermediates.pem",
	.run = pki_run_chain_set,
};

OPERATION(profile_chain_remove) = {
	.name = "profile chain-remove",
	.role = OP_SERVER_ADMIN,
	.args = profile_args,
	.help = "send a profile's certificate alone",
	.example = "profile chain-remove mx",
	.run = pki_run_chain_remove,
};
