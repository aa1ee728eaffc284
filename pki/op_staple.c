/* op_staple.c - what issuers say of domains' certificates, for admins */
#include <time.h>

#include "pki/op_pki.h"
#include "pki/staple.h"

static void say(void *arg, const char *sentence)
{
	op_say(arg, "%s", sentence);
}

static void put_state(struct op_call *call, const struct staple_state *state)
{
	const struct ocsp_answer *answer = &state->answer;

	op_put_text(call, "responder", state->url);
	op_put_bool(call, "must-staple", state->must_staple);
	op_put_bool(call, "stapled",
	    state->known && answer->verdict == OCSP_SAYS_GOOD && answer->next_update > time(NULL));
	if (state->known) {
		op_put_text(call, "says", slice_str(ocsp_verdict_names[answer->verdict]));
		op_put_time(call, "from", answer->this_update);
		if (answer->next_update)
			op_put_time(call, "till", answer->next_update);
		if (answer->verdict == OCSP_SAYS_REVOKED)
			op_put_time(call, "revoked", answer->revoked_at);
		op_put_time(call, "fetched", state->fetched);
	}
	if (state->due)
		op_put_time(call, "due", state->due);
	if (*state->reason)
		op_put_text(call, "failed", slice_str(state->reason));
}

static int show(struct op_call *call)
{
	struct staple_state state;
	struct slice domain;
	struct err err = { 0 };

	if (domain_hosted(pki_call_domain(call), op_pool(call), &domain, &err) != 0)
		return op_fail_err(call, &err);
	int found = staple_state(domain, op_pool(call), &state);
	if (found < 0)
		return op_fail(call, ERR_TEMP, "what %s has cannot be read", domain.p);
	op_put_text(call, "domain", domain);
	if (found == 1) {
		put_state(call, &state);
		staple_advice(domain, say, call);
	}
	return 0;
}

OPERATION(pki_ocsp) = {
	.name = "pki ocsp",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "show what the issuer of a domain's certificate says of it (OCSP)",
	.more =
	    "Where the certificate names a responder, it is asked in the background and the\n"
	    "answer stapled to handshakes (pki.ocsp). An answer that the certificate is revoked\n"
	    "is never stapled; it is told here, in the log and to the postmaster.",
	.example = "pki ocsp example.org",
	.reads = true,
	.run = show,
};

static int refresh(struct op_call *call)
{
	struct slice domain;
	struct err err = { 0 };

	if (domain_hosted(pki_call_domain(call), op_pool(call), &domain, &err) != 0 ||
	    staple_refresh(domain, &err) != 0)
		return op_fail_err(call, &err);
	return show(call);
}

OPERATION(pki_ocsp_refresh) = {
	.name = "pki ocsp-refresh",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "ask the issuer of a domain's certificate now (OCSP)",
	.example = "pki ocsp-refresh example.org",
	.network = true,
	.run = refresh,
};
