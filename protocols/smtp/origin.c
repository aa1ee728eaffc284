/* origin.c - what SPF, DKIM and DMARC share of a transaction */
#include "protocols/smtp/origin.h"

#include "core/loop.h"
#include "core/server_name.h"

/* A sender must not hold a thread longer, however slow his name servers are. */
enum { ORIGIN_TIME_MS = 30000 };

CONF_KEY(results_id) = {
	.name = "mailauth.id",
	.type = CONF_TEXT,
	.def = "",
	.help = "name by which this server signs Authentication-Results; empty: server.name",
};

static enum dns_status ask(void *arg, struct slice name, enum dns_type type, struct pool *pool,
    struct dns_answer *out, struct err *err)
{
	const struct smtp_origin *origin = arg;

	if (loop_now() > origin->until) {
		err_set(err, ERR_TEMP, "there is no time left to ask the DNS");
		return DNS_FAILED;
	}
	return dns_ask(name, type, pool, out, err);
}

void smtp_origin_hurry(struct smtp_origin *origin)
{
	origin->until = loop_now() + ORIGIN_TIME_MS;
}

struct smtp_origin *smtp_origin(struct smtp *smtp)
{
	struct smtp_mail *mail = smtp->mail;

	if (!mail->origin) {
		mail->origin = pool_get(&mail->pool, sizeof(*mail->origin));
		mail->origin->asker = (struct asker){ .ask = ask, .arg = mail->origin };
		smtp_origin_hurry(mail->origin);
	}
	return mail->origin;
}

bool smtp_origin_wanted(const struct smtp *smtp, const struct conf_key *key)
{
	if (smtp->login || smtp_is_submission(smtp))
		return false;
	return smtp_on(smtp, key) || smtp_on(smtp, &conf_key_dmarc_check);
}

void smtp_chain_known(const struct smtp *smtp, struct deliver *d)
{
	static const enum deliver_chain chains[] = {
		[ARC_NONE] = DELIVER_CHAIN_NONE,
		[ARC_PASS] = DELIVER_CHAIN_PASS,
		[ARC_FAIL] = DELIVER_CHAIN_FAIL,
	};
	const struct smtp_origin *origin = smtp->mail->origin;

	if (!origin)
		return;
	d->results = origin->said;
	if (origin->has_arc)
		d->chain = chains[origin->arc.result];
}

void smtp_chain_find(struct smtp *smtp, struct deliver *d)
{
	struct smtp_origin *origin = smtp_origin(smtp);
	struct pool *pool = &smtp->mail->pool;
	struct dkim_mail mail;

	smtp_origin_hurry(origin);
	dkim_mail_read((struct slice){ 0 }, d->message, pool, &mail);
	arc_verify(&origin->asker, &mail, pool, &origin->arc);
	origin->has_arc = true;
	smtp_chain_known(smtp, d);
}

void smtp_results_id(struct buf *out)
{
	size_t before = out->n;
	struct buf id = { 0 };

	conf_text(&conf_key_results_id, NULL, &id);
	buf_adds(out, buf_slice(&id));
	buf_done(&id);
	if (out->n == before)
		server_name_add(out);
}
