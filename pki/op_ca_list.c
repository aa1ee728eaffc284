/* op_ca_list.c - operations on what authorities issued: listed, taken back, and told of */
#include "core/text.h"
#include "pki/op_ca.h"
#include "pki/op_pki.h"

enum { LIST_DEFAULT = 1000, LIST_MAX = 100000 };

/* --- list --- */

static const char *const states[] = { "valid", "revoked", "expired", NULL };

struct listing {
	struct op_call *call;
	const char *state; /* NULL: all */
	int64_t left;
};

static void put_fields(struct op_call *call, const struct issue_entry *entry)
{
	op_put_text(call, "serial", slice_str(entry->serial));
	op_put_text(call, "subject", slice_str(entry->subject));
	op_put_text(call, "names", slice_str(entry->address));
	op_put_text(call, "profile", slice_str(issue_profile_names[entry->profile]));
	op_put_time(call, "issued", entry->issued);
	op_put_time(call, "till", entry->not_after);
	op_put_text(call, "state", slice_str(issue_state(entry)));
	if (entry->revoked != 0) {
		op_put_time(call, "revoked", entry->revoked);
		op_put_text(call, "reason", slice_str(issue_reason_names[entry->reason]));
	}
}

static bool put_entry(void *arg, const struct issue_entry *entry)
{
	struct listing *listing = arg;
	struct op_call *call = listing->call;
	const char *state = issue_state(entry);

	if (listing->state && strcmp(listing->state, state) != 0)
		return true;
	if (listing->left-- == 0) {
		op_say(call, "There are more: see --after.");
		return false;
	}
	op_row(call);
	put_fields(call, entry);
	return true;
}

static int run_list(struct op_call *call)
{
	struct listing listing = { .call = call,
		.state = op_given(call, "state") ? states[op_number(call, "state", 0)] : NULL,
		.left = op_number(call, "limit", LIST_DEFAULT) };
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	if (listing.left < 1 || listing.left > LIST_MAX)
		return op_fail(call, ERR_INPUT, "limit: 1 to %d", LIST_MAX);
	return op_done(call,
	    issue_each(scope, slice_str(op_text(call, "after")), put_entry, &listing, &err), &err);
}

static const struct op_arg list_args[] = {
	OP_CA_SCOPE,
	{ "state", OP_CHOICE, OP_OPTION, "only those", states },
	{ "after", OP_TEXT, OP_OPTION, "those behind that serial number", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "no more than that many; else 1000", NULL },
	{ 0 },
};

OPERATION(ca_list) = {
	.name = "ca list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "list the certificates that an authority issued",
	.more = "In the order of their serial numbers: --after, with the last one, goes on.",
	.example = "ca list example.org --state revoked",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- one of them --- */

static bool put_pem(void *arg, const struct issue_entry *entry)
{
	struct buf pem = { 0 };

	cert_to_pem(entry->der, &pem);
	op_put_text(arg, "pem", buf_slice(&pem));
	buf_done(&pem);
	return true;
}

static int run_certificate(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	return op_done(
	    call, issue_find(scope, slice_str(op_text(call, "serial")), put_pem, call, &err), &err);
}

#define SERIAL                                                                                     \
	{                                                                                          \
		"serial", OP_TEXT, OP_REQUIRED, "its serial number in hex, as ca list shows it",   \
		    NULL                                                                           \
	}

static const struct op_arg serial_args[] = { OP_CA_SCOPE, SERIAL, { 0 } };

OPERATION(ca_certificate) = {
	.name = "ca certificate",
	.role = OP_DOMAIN_ADMIN,
	.args = serial_args,
	.help = "give a certificate that was issued again",
	.example = "ca certificate example.org 5f2c... > certificate.pem",
	.reads = true,
	.run = run_certificate,
};

static bool put_issued(void *arg, const struct issue_entry *entry)
{
	struct slice der = entry->der;
	struct cert cert;

	put_fields(arg, entry);
	if (cert_next(&der, &cert))
		pki_call_put_cert(arg, &cert);
	return put_pem(arg, entry);
}

static int run_issued(struct op_call *call)
{
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	return op_done(call,
	    issue_find(scope, slice_str(op_text(call, "serial")), put_issued, call, &err), &err);
}

OPERATION(ca_issued) = {
	.name = "ca issued",
	.role = OP_DOMAIN_ADMIN,
	.args = serial_args,
	.help = "show one certificate that was issued, and whether it was taken back",
	.example = "ca issued example.org 5f2c...",
	.reads = true,
	.run = run_issued,
};

/* --- revoke --- */

/* In the order of what is said most. */
static const char *const reasons[] = { "unspecified", "keyCompromise", "superseded",
	"cessationOfOperation", "affiliationChanged", "privilegeWithdrawn", "cACompromise",
	"certificateHold", NULL };

static enum issue_reason reason_of(const char *name)
{
	for (int i = 0; name && i < ISSUE_REASONS; i++)
		if (issue_reason_names[i] && strcmp(issue_reason_names[i], name) == 0)
			return (enum issue_reason)i;
	return ISSUE_UNSPECIFIED;
}

static int revoke(struct op_call *call, enum issue_reason reason)
{
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	return op_done(
	    call, issue_revoke(scope, slice_str(op_text(call, "serial")), reason, &err), &err);
}

static int run_revoke(struct op_call *call)
{
	return revoke(call, reason_of(reasons[op_number(call, "reason", 0)]));
}

static const struct op_arg revoke_args[] = {
	OP_CA_SCOPE,
	SERIAL,
	{ "reason", OP_CHOICE, OP_OPTION, "why; else unspecified", reasons },
	{ 0 },
};

OPERATION(ca_revoke) = {
	.name = "ca revoke",
	.role = OP_DOMAIN_ADMIN,
	.args = revoke_args,
	.help = "take a certificate back",
	.more =
	    "At once this server refuses it, and encrypts no more mail for it; others see it on\n"
	    "the authority's list (signet ca crl), which is made anew. Only one on hold\n"
	    "(certificateHold) can be good again: ca release.",
	.example = "ca revoke example.org 5f2c... --reason keyCompromise",
	.run = run_revoke,
};

static int run_release(struct op_call *call)
{
	return revoke(call, ISSUE_RELEASED);
}

OPERATION(ca_release) = {
	.name = "ca release",
	.role = OP_DOMAIN_ADMIN,
	.args = serial_args,
	.help = "let a certificate that was revoked for a while (certificateHold) be good again",
	.example = "ca release example.org 5f2c...",
	.run = run_release,
};

/* --- the list of those revoked --- */

static void put_base64(struct op_call *call, const char *key, struct slice bytes)
{
	struct buf text = { 0 };

	base64_put(&text, bytes);
	op_put_text(call, key, buf_slice(&text));
	buf_done(&text);
}

static int run_crl(struct op_call *call)
{
	struct buf der = { 0 }, pem = { 0 };
	struct err err = { 0 };
	struct slice scope;

	if (ca_call_scope(call, &scope) != 0)
		return -1;
	int rc = issue_crl(scope, &der, NULL, &err);
	if (rc != 0) {
		op_fail_err(call, &err);
	} else if (op_bool(call, "der")) {
		put_base64(call, "der", buf_slice(&der));
	} else {
		pem_put("X509 CRL", buf_slice(&der), &pem);
		op_put_text(call, "pem", buf_slice(&pem));
	}
	buf_done(&der);
	buf_done(&pem);
	return rc;
}

static const struct op_arg crl_args[] = {
	OP_CA_SCOPE,
	{ "der", OP_BOOL, OP_OPTION, "as DER in base64, not PEM", NULL },
	{ 0 },
};

OPERATION(ca_crl) = {
	.name = "ca crl",
	.role = OP_DOMAIN_ADMIN,
	.args = crl_args,
	.help = "give an authority's list of revoked certificates (CRL)",
	.more = "It is served as DER at the crl-path that ca show names, over http and https,\n"
		"together with those of authorities that were before.",
	.example = "ca crl example.org > example.crl",
	.reads = true,
	.run = run_crl,
};
