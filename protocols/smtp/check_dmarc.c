/* check_dmarc.c - what the domain in From wishes, and the field that tells all results */
#include "core/log.h"
#include "protocols/smtp/dmarc_report.h"
#include "protocols/smtp/origin.h"

CONF_KEY(dmarc_check) = {
	.name = "dmarc.check",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "off",
	.help = "compare From with SPF and DKIM as its domain wishes (DMARC); asks for both",
};

CONF_KEY(dmarc_on_fail) = {
	.name = "dmarc.on-fail",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_POLICY,
	.choices = dmarc_policy_names,
	.def = "none",
	.help = "the most that is done with mail that fails DMARC, if its domain wishes so",
};

CONF_KEY(dmarc_junk) = {
	.name = "dmarc.junk-mailbox",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "Junk",
	.help = "mailbox for mail in quarantine, unless rules choose another",
};

CONF_KEY(arc_trusted) = {
	.name = "arc.trusted",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "",
	.help = "domains, parted by blanks, that are believed when they pass on mail (ARC)",
};

static bool wanted(const struct smtp *smtp)
{
	return smtp_origin_wanted(smtp, &conf_key_spf_check) ||
	    smtp_origin_wanted(smtp, &conf_key_dkim_check) ||
	    smtp_origin_wanted(smtp, &conf_key_arc_check);
}

/* --- a sealer who is believed --- */

static bool is_trusted(struct smtp *smtp, struct slice domain)
{
	struct buf list = { 0 };
	struct slice word;
	bool found = false;

	smtp_conf_text(smtp, &conf_key_arc_trusted, &list);
	for (struct slice rest = buf_slice(&list); !found && (word = slice_word(&rest)).n > 0;)
		found = slice_ieq(word, domain);
	buf_done(&list);
	return found;
}

/* Did he find dmarc=pass, before he changed the message? */
static bool says_pass(struct slice results)
{
	while (results.n > 0)
		if (slice_istarts(slice_trim(slice_cut(&results, ';')), SLICE("dmarc=pass")))
			return true;
	return false;
}

static bool is_overridden(struct smtp *smtp, const struct smtp_origin *origin)
{
	return origin->has_arc && origin->arc.result == ARC_PASS &&
	    is_trusted(smtp, origin->arc.domain) && says_pass(origin->arc.results);
}

/* --- the field --- */

static void add_field(struct smtp *smtp, struct results *results)
{
	struct buf id = { 0 }, value = { 0 };

	smtp_results_id(&id);
	results->id = buf_slice(&id);
	results_write(results, &value);
	smtp_add_field(smtp, "Authentication-Results", buf_slice(&value));
	smtp_origin(smtp)->said = pool_slice(&smtp->mail->pool, buf_slice(&value));
	buf_done(&id);
	buf_done(&value);
}

/* --- what is done --- */

static const char *junk_mailbox(struct smtp *smtp)
{
	struct buf name = { 0 };

	smtp_conf_text(smtp, &conf_key_dmarc_junk, &name);
	char *copy = pool_str(&smtp->mail->pool, buf_slice(&name));
	buf_done(&name);
	return copy;
}

/* What is done with it, the milder of what its domain wishes and what is done here. */
static enum dmarc_policy action_for(struct smtp *smtp, const struct results *results)
{
	int64_t most = smtp_num(smtp, &conf_key_dmarc_on_fail), wish = results->dmarc->wish;

	if (results->overridden)
		return DMARC_LET;
	return (enum dmarc_policy)(wish < most ? wish : most);
}

static const char *act(struct smtp *smtp, enum dmarc_policy action, struct slice from)
{
	if (action == DMARC_QUARANTINE)
		smtp->mail->junk = junk_mailbox(smtp);
	if (action == DMARC_REJECT) /* RFC 7489 10.3 */
		return pool_printf(&smtp->mail->pool,
		    "550 5.7.1 Not signed or sent as %.*s wishes for its mail (DMARC)",
		    SLICE_ARG(from));
	return NULL;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct smtp_origin *origin = smtp_origin(smtp);
	struct pool *pool = &smtp->mail->pool;
	struct dmarc_answer dmarc = { 0 };
	struct dkim_authors authors;
	enum dmarc_policy action = DMARC_LET;
	struct results results = { .spf = origin->has_spf ? &origin->spf : NULL,
		.mailfrom = smtp->mail->reverse_path,
		.dkim = origin->has_dkim ? &origin->dkim : NULL,
		.arc = origin->has_arc ? &origin->arc : NULL };

	(void)message;
	if (smtp_on(smtp, &conf_key_dmarc_check)) {
		dkim_authors_read(&origin->mail, pool, &authors);
		results.from = dmarc_check_authors(
		    &(struct dmarc_question){
			.asker = &origin->asker, .spf = results.spf, .dkim = results.dkim },
		    &authors, pool, &dmarc);
		results.dmarc = &dmarc;
		results.overridden = dmarc.result == DMARC_FAIL && is_overridden(smtp, origin);
		log_event(LOG_INFO, "dmarc", log_z("result", dmarc_result_names[dmarc.result]),
		    log_s("domain", results.from),
		    log_z("policy", dmarc_policy_names[dmarc.policy]),
		    log_z("sealed", results.overridden ? "yes" : "no"));
	}
	add_field(smtp, &results);
	if (results.dmarc)
		dmarc_report_count(smtp, &results, action = action_for(smtp, &results));
	return act(smtp, action, results.from);
}

SMTP_CHECK(dmarc) = {
	.name = "dmarc",
	.order = SMTP_CHECK_DMARC,
	.needs = SMTP_NEEDS_NETWORK,
	.wanted = wanted,
	.text = check_text,
};
