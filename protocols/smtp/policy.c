/* policy.c - what the mail flow policy of a client says of TLS, logins and mail for others */
#include "core/listen.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/flow.h"

#define PLACES (CONF_SERVER | CONF_LISTENER | CONF_POLICY)

CONF_KEY(smtp_tls) = {
	.name = "smtp.tls",
	.type = CONF_CHOICE,
	.scopes = PLACES,
	.def = "preferred",
	.choices = (const char *const[]){ "off", "preferred", "required", "verified", NULL },
	.help = "TLS with SMTP clients: off: not offered; preferred: offered; required: no mail "
		"without it; verified: nor without a client certificate that can be verified",
};

CONF_KEY(smtp_auth) = {
	.name = "smtp.auth",
	.type = CONF_CHOICE,
	.scopes = PLACES,
	.def = "usual",
	.choices = (const char *const[]){ "usual", "off", "offered", "required", NULL },
	.help = "logins of SMTP clients: off: not offered; offered: in TLS; required: no mail "
		"without one; usual: required on submission ports, else offered",
};

/* Printable ASCII, as replies are (RFC 5321 4.2). */
int smtp_check_words(struct slice value, struct err *err)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || (unsigned char)value.p[i] > '~')
			return err_set(err, ERR_INPUT, "a reply is printable ASCII");
	return 0;
}

/* RFC 5321 4.2: three digits, the first 4 or 5, a blank, text. */
int smtp_check_refusal(struct slice value, struct err *err)
{
	bool refuses = value.n > 4 && (value.p[0] == '4' || value.p[0] == '5') && value.p[3] == ' ';

	for (size_t i = 1; refuses && i < 3; i++)
		refuses = value.p[i] >= '0' && value.p[i] <= '9';
	return refuses ? smtp_check_words(value, err)
		       : err_set(err, ERR_INPUT, "a refusal is like '554 5.7.1 Not you'");
}

CONF_KEY(smtp_banner) = {
	.name = "smtp.banner",
	.type = CONF_TEXT,
	.scopes = PLACES,
	.def = "Signet",
	.max = 200,
	.check = smtp_check_words,
	.help = "what the greeting says behind the host's name and ESMTP",
};

enum login { LOGIN_USUAL, LOGIN_OFF, LOGIN_OFFERED, LOGIN_REQUIRED };

enum smtp_tls smtp_tls(const struct smtp *smtp)
{
	return smtp_is_lmtp(smtp) ? SMTP_TLS_PREFERRED
				  : (enum smtp_tls)smtp_num(smtp, &conf_key_smtp_tls);
}

bool smtp_offers_auth(const struct smtp *smtp)
{
	return !smtp_is_lmtp(smtp) && smtp_num(smtp, &conf_key_smtp_auth) != LOGIN_OFF;
}

bool smtp_needs_auth(const struct smtp *smtp)
{
	int64_t login = smtp_num(smtp, &conf_key_smtp_auth);

	return !smtp_is_lmtp(smtp) &&
	    (login == LOGIN_REQUIRED || (login == LOGIN_USUAL && smtp_is_submission(smtp)));
}

bool smtp_relays(const struct smtp *smtp)
{
	return smtp->group && smtp->group->policy->behaviour == FLOW_RELAY;
}

void smtp_greet(struct smtp *smtp, struct buf *out)
{
	struct buf banner = { 0 };

	smtp_conf_text(smtp, &conf_key_smtp_banner, &banner);
	buf_addz(out, "220 ");
	smtp_host_name(smtp, out);
	buf_addz(out, smtp_is_lmtp(smtp) ? " LMTP" : " ESMTP");
	buf_printf(out, "%s%.*s\r\n", banner.n > 0 ? " " : "", SLICE_ARG(banner));
	buf_done(&banner);
}

/* --- certificates of clients --- */

struct search {
	const char *listener;
	bool found;
};

static void look_for_verified(void *arg, const struct flow_group *group)
{
	struct search *search = arg;
	struct conf_at at = { .policy = group->policy->name, .listener = search->listener };

	search->found |= conf_num_at(&conf_key_smtp_tls, &at) == SMTP_TLS_VERIFIED;
}

/* Where TLS comes first nobody knows yet which policy it will be. */
static bool some_policy_verifies(const struct flow *flow, const char *listener)
{
	struct search search = { .listener = listener };

	flow_each_group(flow, listener, look_for_verified, &search);
	return search.found;
}

bool smtp_asks_certificate(struct sess *s)
{
	const struct smtp *smtp = sess_state(s);
	const char *listener = sess_listener(s)->name;
	struct conf_at at = { .listener = listener };
	struct flow *flow = flow_take();

	bool asks = flow && flow_wants_certificate(flow, listener);
	if (!asks && smtp->sess)
		asks = smtp_tls(smtp) == SMTP_TLS_VERIFIED;
	else if (!asks)
		asks = conf_num_at(&conf_key_smtp_tls, &at) == SMTP_TLS_VERIFIED ||
		    (flow && some_policy_verifies(flow, listener));
	flow_give(&flow);
	return asks;
}
