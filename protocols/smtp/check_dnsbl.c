/* check_dnsbl.c - where is the sender's address listed, and what follows from it
 *
 * The lists are asked once in a session, when the first MAIL comes: who sends nothing
 * costs nobody a question, and who has logged in is not asked about. What the lists
 * say is added up. */
#include <stdio.h>

#include "core/log.h"
#include "core/metric.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/dnsbl.h"

CONF_KEY(dnsbl_refuse_at) = {
	.name = "dnsbl.refuse-at",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "1",
	.max = 100000,
	.help = "sum of the weights of DNS lists at which mail is refused; 0: never",
};

CONF_KEY(dnsbl_greylist_at) = {
	.name = "dnsbl.greylist-at",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "0",
	.max = 100000,
	.help = "sum of the weights of DNS lists at which a sender is greylisted, where "
		"greylist.use is listed; 0: never",
};

CONF_KEY(dnsbl_tag_at) = {
	.name = "dnsbl.tag-at",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "0",
	.max = 100000,
	.help = "sum of the weights of DNS lists at which messages get a field X-DNSBL; 0: never",
};

enum { NOT_LISTED, LISTED, REFUSED };

METRIC(dnsbl) = {
	.name = "signet_dnsbl_sessions_total",
	.type = METRIC_COUNTER,
	.help = "sessions whose address was looked up in DNS lists",
	.label = "result",
	.values = METRIC_VALUES("not-listed", "listed", "refused"),
	.cells = METRIC_CELLS(3),
};

/* What the lists said in this session. */
struct smtp_dnsbl {
	int sum;
	struct slice hits; /* "bl.example.org=127.0.0.2 other.example=127.0.0.3" */
	const char *refusal;
};

static bool wanted(const struct smtp *smtp)
{
	return smtp->dnsbl ||
	    (!smtp->login && !smtp_is_submission(smtp) &&
		smtp_names_any(smtp, &conf_key_dnsbl_lists));
}

static bool is_at(const struct smtp *smtp, const struct conf_key *threshold)
{
	int64_t at = smtp_num(smtp, threshold);

	return smtp->dnsbl && at > 0 && smtp->dnsbl->sum >= at;
}

bool smtp_is_listed(const struct smtp *smtp)
{
	return is_at(smtp, &conf_key_dnsbl_greylist_at);
}

/* By the list that weighs most. */
static const char *refusal(
    struct smtp *smtp, const struct dnsbl_result *results, size_t n, struct pool *scratch)
{
	const struct dnsbl_result *worst = NULL;

	for (size_t i = 0; i < n; i++)
		if (results[i].state == DNSBL_LISTED &&
		    (!worst || results[i].list->weight > worst->list->weight))
			worst = &results[i];
	if (!worst)
		return NULL;
	struct slice why = dnsbl_why(worst->list, sess_peer(smtp->sess), scratch);
	return pool_printf(sess_pool(smtp->sess), "554 5.7.1 %s is listed in %s%s%.*s",
	    sess_peer_text(smtp->sess), worst->list->zone, why.n > 0 ? ": " : "", SLICE_ARG(why));
}

static void add_up(struct smtp *smtp, const struct dnsbl_result *results, size_t n)
{
	struct buf hits = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct dnsbl_result *r = &results[i];

		if (r->state == DNSBL_UNKNOWN)
			log_event(LOG_INFO, "dnsbl-silent", log_z("list", r->list->zone));
		if (r->state != DNSBL_LISTED)
			continue;
		smtp->dnsbl->sum += r->list->weight;
		buf_printf(&hits, "%s%s=%s", hits.n > 0 ? " " : "", r->list->zone, r->code);
	}
	smtp->dnsbl->hits = pool_slice(sess_pool(smtp->sess), buf_slice(&hits));
	buf_done(&hits);
}

static void say(const struct smtp *smtp)
{
	const struct smtp_dnsbl *d = smtp->dnsbl;

	metric_add(&metric_dnsbl, d->refusal ? REFUSED : d->hits.n > 0 ? LISTED : NOT_LISTED, 1);
	if (d->hits.n > 0)
		log_event(LOG_INFO, "dnsbl-listed", log_z("peer", sess_peer_text(smtp->sess)),
		    log_s("lists", d->hits), log_n("sum", d->sum));
}

static void look_up(struct smtp *smtp)
{
	struct dnsbl_result results[DNSBL_MAX];
	struct dnsbl lists[DNSBL_MAX];
	struct pool scratch = { 0 };
	struct buf text = { 0 };
	struct err err;

	smtp->dnsbl = pool_get(sess_pool(smtp->sess), sizeof(*smtp->dnsbl));
	smtp_conf_text(smtp, &conf_key_dnsbl_lists, &text);
	int n = dnsbl_read(buf_slice(&text), &scratch, lists, &err);
	size_t asked =
	    dnsbl_ask(lists, n > 0 ? (size_t)n : 0, sess_peer(smtp->sess), &scratch, results);
	add_up(smtp, results, asked);
	if (is_at(smtp, &conf_key_dnsbl_refuse_at))
		smtp->dnsbl->refusal = refusal(smtp, results, asked, &scratch);
	say(smtp);
	buf_done(&text);
	pool_done(&scratch);
}

static const char *check_mail(struct smtp *smtp)
{
	if (!smtp->dnsbl)
		look_up(smtp);
	return smtp->login ? NULL : smtp->dnsbl->refusal;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct buf value = { 0 };

	(void)message;
	if (!smtp->login && is_at(smtp, &conf_key_dnsbl_tag_at)) {
		buf_printf(&value, "sum=%d; %.*s", smtp->dnsbl->sum, SLICE_ARG(smtp->dnsbl->hits));
		smtp_add_field(smtp, "X-DNSBL", buf_slice(&value));
	}
	buf_done(&value);
	return NULL;
}

SMTP_CHECK(dnsbl) = {
	.name = "dnsbl",
	.order = SMTP_CHECK_DNSBL,
	.needs = SMTP_NEEDS_NETWORK,
	.wanted = wanted,
	.mail = check_mail,
	.text = check_text,
};
