/* check_spf.c - may this client send in the name of that domain? (RFC 7208) */
#include "core/log.h"
#include "core/server_name.h"
#include "core/text.h"
#include "protocols/smtp/origin.h"

CONF_KEY(spf_check) = {
	.name = "spf.check",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "off",
	.help = "ask the sender's domain which hosts send for it (SPF)",
};

enum { LET, REFUSE };
static const char *const actions[] = { "none", "reject", NULL };

CONF_KEY(spf_on_fail) = {
	.name = "spf.on-fail",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_POLICY,
	.choices = actions,
	.def = "none",
	.help = "what becomes of mail from a host that the sender's domain does not allow",
};

static bool wanted(const struct smtp *smtp)
{
	return smtp_origin_wanted(smtp, &conf_key_spf_check);
}

/* The domain in the form in which the DNS knows it. */
static struct slice with_ascii_domain(struct pool *pool, struct slice address)
{
	ptrdiff_t at = slice_rchr(address, '@');
	char *domain = at < 0 ? NULL : domain_ascii(pool, slice_from(address, (size_t)at + 1));

	return domain ? slice_str(pool_printf(
			    pool, "%.*s@%s", SLICE_ARG(slice_head(address, (size_t)at)), domain))
		      : address;
}

/* RFC 7372 3.2: 5.7.23. The words are the domain's own, and said to be. */
static const char *refusal(struct smtp *smtp, const struct spf_answer *spf)
{
	if (spf->explanation.n == 0)
		return "550 5.7.23 The sender's domain does not let this host send (SPF)";
	return pool_printf(&smtp->mail->pool, "550 5.7.23 The sender's domain says (SPF): %.*s",
	    SLICE_ARG(spf->explanation));
}

static const char *check_mail(struct smtp *smtp)
{
	struct smtp_origin *origin = smtp_origin(smtp);
	struct pool *pool = &smtp->mail->pool;
	struct spf_question question = { .asker = &origin->asker,
		.address = slice_str(sess_peer_text(smtp->sess)),
		.helo = slice_str(smtp->helo),
		.sender = with_ascii_domain(pool, smtp->mail->reverse_path),
		.receiver = slice_str(server_name(pool)) };
	spf_check(&question, pool, &origin->spf);
	origin->has_spf = true;
	log_event(LOG_INFO, "spf", log_z("result", spf_result_names[origin->spf.result]),
	    log_s("domain", origin->spf.domain), log_s("by", origin->spf.mechanism),
	    log_z("reason", origin->spf.why ? origin->spf.why : ""));
	if (origin->spf.result == SPF_FAIL && smtp_num(smtp, &conf_key_spf_on_fail) == REFUSE)
		return refusal(smtp, &origin->spf);
	return NULL;
}

SMTP_CHECK(spf) = {
	.name = "spf",
	.order = SMTP_CHECK_SPF,
	.needs = SMTP_NEEDS_NETWORK,
	.wanted = wanted,
	.mail = check_mail,
};
