/* dmarc_report.c - what came in the name of domains that want to know */
#include "protocols/smtp/dmarc_report.h"

#include "core/conf.h"
#include "core/msg.h"
#include "protocols/smtp/origin.h"

CONF_KEY(dmarc_reports) = {
	.name = "dmarc.reports",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "tell domains that ask for it, once a day, of mail in their name (DMARC); of a "
		"domain here: also of mail to it",
};

const char dmarc_room[] = "dmarc-report";

enum { SIGNATURES_TOLD = 4, WORD_BYTES_MAX = 255 };

/* --- whether --- */

static bool wants(struct slice address, struct pool *pool)
{
	struct slice domain = slice_from(address, (size_t)(slice_rchr(address, '@') + 1));
	struct conf_at at = { .domain = pool_str(pool, domain) };

	return conf_num_at(&conf_key_dmarc_reports, &at) != 0;
}

static bool all_want(const struct smtp_mail *mail, struct pool *pool)
{
	for (const struct deliver_rcpt *rcpt = mail->rcpts; rcpt; rcpt = rcpt->next)
		if (!wants(rcpt->original, pool))
			return false;
	return true;
}

/* A report on reports would be answered by one, for ever. */
static bool is_report(const struct dkim_mail *mail)
{
	for (size_t i = 0; i < mail->n; i++)
		if (slice_ieq(mail->fields[i].name, SLICE("Subject")))
			return slice_istarts(
			    slice_trim(mail->fields[i].value), SLICE("Report Domain:"));
	return false;
}

/* --- what --- */

/* Texts of strangers, as a word of a line. */
static void put_word(struct slice word, struct buf *out)
{
	buf_addc(out, '\t');
	word = slice_head(word, WORD_BYTES_MAX);
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] > ' ' && word.p[i] < 0x7f && word.p[i] != ',')
			buf_addc(out, word.p[i]);
}

static void put_signatures(const struct dkim_verdicts *dkim, struct buf *out)
{
	buf_addc(out, '\t');
	for (size_t i = 0; dkim && i < dkim->n && i < SIGNATURES_TOLD; i++) {
		struct buf words = { 0 };

		put_word(dkim->verdict[i].domain, &words);
		put_word(dkim->verdict[i].selector, &words);
		put_word(slice_str(dkim_result_names[dkim->verdict[i].result]), &words);
		for (size_t k = 1; k < words.n; k++)
			buf_addc(out, words.p[k] == '\t' ? ' ' : words.p[k]);
		buf_addc(out, ',');
		buf_done(&words);
	}
}

static struct slice domain_of(struct slice address)
{
	return slice_from(address, (size_t)(slice_rchr(address, '@') + 1));
}

static void write_line(
    const struct smtp *smtp, const struct results *r, enum dmarc_policy action, struct buf *out)
{
	static const char *const aligned[] = { "fail", "pass" };
	const struct dmarc_answer *dmarc = r->dmarc;
	bool helo = r->mailfrom.n == 0;

	buf_printf(out, "%s\t%s\t%s\t%s\t%s", sess_peer_text(smtp->sess),
	    dmarc_policy_names[action], aligned[dmarc->dkim_aligns], aligned[dmarc->spf_aligns],
	    r->overridden		      ? "trusted_forwarder"
		: action < dmarc->wish	      ? "local_policy"
		: dmarc->result != DMARC_FAIL ? ""
		: dmarc->wish < dmarc->policy ? "sampled_out"
					      : "");
	put_word(r->from, out);
	put_word(domain_of(r->mailfrom), out);
	put_word(r->spf ? r->spf->domain : (struct slice){ 0 }, out);
	put_word(helo ? SLICE("helo") : SLICE("mfrom"), out);
	put_word(r->spf ? slice_str(spf_result_names[r->spf->result]) : SLICE("none"), out);
	put_signatures(r->dkim, out);
}

/* As published: the elements of policy_published. */
static void write_policy(const struct dmarc_record *record, struct buf *out)
{
	buf_printf(out, "<adkim>%s</adkim><aspf>%s</aspf><p>%s</p><sp>%s</sp><pct>%u</pct>",
	    record->strict_dkim ? "s" : "r", record->strict_spf ? "s" : "r",
	    dmarc_policy_names[record->p], dmarc_policy_names[record->sp], record->percent);
}

void dmarc_report_count(struct smtp *smtp, const struct results *results, enum dmarc_policy action)
{
	const struct dmarc_answer *dmarc = results->dmarc;
	struct pool *pool = &smtp->mail->pool;
	struct buf line = { 0 }, policy = { 0 };

	if (dmarc->domain.n == 0 || dmarc->record.rua.n == 0 || !all_want(smtp->mail, pool) ||
	    is_report(&smtp_origin(smtp)->mail))
		return;
	write_line(smtp, results, action, &line);
	write_policy(&dmarc->record, &policy);
	tally_count(dmarc_room,
	    slice_str(pool_printf(pool, "%.*s dmarc", SLICE_ARG(dmarc->domain))), buf_slice(&line),
	    buf_slice(&policy));
	buf_done(&line);
	buf_done(&policy);
}

void dmarc_line_read(struct slice line, struct slice words[DMARC_WORDS])
{
	for (int i = 0; i < DMARC_WORDS; i++)
		words[i] = slice_cut(&line, '\t');
}
