/* outgoing.c - the limits of what accounts and domains send: settings and counters */
#include "protocols/smtp/outgoing.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS, LIMIT_MAX = 100000000 };

#define ACCOUNT_SCOPES (CONF_SERVER | CONF_DOMAIN | CONF_ACCOUNT)
#define DOMAIN_SCOPES (CONF_SERVER | CONF_DOMAIN)

CONF_KEY(outgoing_messages_hour) = {
	.name = "outgoing.messages-per-hour",
	.type = CONF_INT,
	.scopes = ACCOUNT_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "messages that an account may send in an hour; 0: any number",
};

CONF_KEY(outgoing_messages_day) = {
	.name = "outgoing.messages-per-day",
	.type = CONF_INT,
	.scopes = ACCOUNT_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "messages that an account may send in a day; 0: any number",
};

CONF_KEY(outgoing_recipients_hour) = {
	.name = "outgoing.recipients-per-hour",
	.type = CONF_INT,
	.scopes = ACCOUNT_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "recipients that an account may send to in an hour; 0: any number",
};

CONF_KEY(outgoing_recipients_day) = {
	.name = "outgoing.recipients-per-day",
	.type = CONF_INT,
	.scopes = ACCOUNT_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "recipients that an account may send to in a day; 0: any number",
};

CONF_KEY(outgoing_domain_messages_hour) = {
	.name = "outgoing.domain-messages-per-hour",
	.type = CONF_INT,
	.scopes = DOMAIN_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "messages that all accounts of a domain may send in an hour; 0: any number",
};

CONF_KEY(outgoing_domain_messages_day) = {
	.name = "outgoing.domain-messages-per-day",
	.type = CONF_INT,
	.scopes = DOMAIN_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "messages that all accounts of a domain may send in a day; 0: any number",
};

CONF_KEY(outgoing_domain_recipients_hour) = {
	.name = "outgoing.domain-recipients-per-hour",
	.type = CONF_INT,
	.scopes = DOMAIN_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "recipients that all accounts of a domain may send to in an hour; 0: any number",
};

CONF_KEY(outgoing_domain_recipients_day) = {
	.name = "outgoing.domain-recipients-per-day",
	.type = CONF_INT,
	.scopes = DOMAIN_SCOPES,
	.def = "0",
	.max = LIMIT_MAX,
	.help = "recipients that all accounts of a domain may send to in a day; 0: any number",
};

/* Kept: a restart gives nobody a new day. */
FACTS(outgoing) = {
	.name = "outgoing",
	.bound = 1000000,
	.kept = true,
	.state = FACTS_STATE,
};

const struct outgoing outgoing_limits[OUTGOING_LIMITS] = {
	{ &conf_key_outgoing_messages_hour, OUTGOING_MESSAGES, false, HOUR_MS },
	{ &conf_key_outgoing_messages_day, OUTGOING_MESSAGES, false, DAY_MS },
	{ &conf_key_outgoing_recipients_hour, OUTGOING_RECIPIENTS, false, HOUR_MS },
	{ &conf_key_outgoing_recipients_day, OUTGOING_RECIPIENTS, false, DAY_MS },
	{ &conf_key_outgoing_domain_messages_hour, OUTGOING_MESSAGES, true, HOUR_MS },
	{ &conf_key_outgoing_domain_messages_day, OUTGOING_MESSAGES, true, DAY_MS },
	{ &conf_key_outgoing_domain_recipients_hour, OUTGOING_RECIPIENTS, true, HOUR_MS },
	{ &conf_key_outgoing_domain_recipients_day, OUTGOING_RECIPIENTS, true, DAY_MS },
};

static const char *domain_of(const char *account)
{
	const char *at = strrchr(account, '@');

	return at ? at + 1 : account;
}

struct rate outgoing_rate(const struct outgoing *limit, const char *account)
{
	struct conf_at at = { .domain = domain_of(account) };

	if (!limit->of_domain)
		at.account = account;
	return (struct rate){
		.max = (unsigned)conf_num_at(limit->key, &at),
		.span_ms = limit->span_ms,
	};
}

void outgoing_key(const struct outgoing *limit, const char *account, struct buf *out)
{
	buf_addc(out, (char)('a' + (limit - outgoing_limits)));
	buf_addz(out, limit->of_domain ? domain_of(account) : account);
}
