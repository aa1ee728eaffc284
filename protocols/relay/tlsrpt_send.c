/* tlsrpt_send.c - reports on TLS leave when their day is over: by mail, or by HTTPS (RFC 8460 3, 5)
 */
#include <stdlib.h>
#include <time.h>

#include "core/fetch.h"
#include "core/gzip.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/text.h"
#include "protocols/relay/talk.h"
#include "protocols/relay/tlsrpt.h"

enum { TARGETS_MAX = 5, POST_MS = 60000, ANSWER_MAX = 64 * 1024 };

/* One domain's day. */
struct report {
	struct notice_head head;
	struct pool pool;
	struct buf packed;
};

/* --- by mail (RFC 8460 5.3) --- */

/* Mail that is about TLS that fails must not wait for TLS (RFC 8689 5). */
static int send_mail(struct report *r, struct slice to, struct err *err)
{
	const struct notice_head *h = &r->head;
	const struct notice_report report = {
		.head = h,
		.fields = pool_printf(&r->pool,
		    "TLS-Report-Domain: %.*s\r\nTLS-Report-Submitter: %s\r\nTLS-Required: No\r\n",
		    SLICE_ARG(h->domain), h->own),
		.kind = "multipart/report; report-type=tlsrpt",
		.text = pool_printf(&r->pool, "How TLS from %s to the mail servers of %.*s went.",
		    h->own, SLICE_ARG(h->domain)),
		.type = "application/tlsrpt+gzip",
		.ending = "json.gz",
		.data = buf_slice(&r->packed),
	};
	struct address parsed;

	if (!address_parse(&r->pool, to, &parsed))
		return err_set(err, ERR_INPUT, "'%.*s' is no address", SLICE_ARG(to));
	return notice_report_send(&report, to, err);
}

/* --- by HTTPS (RFC 8460 5.4) --- */

static int post(struct report *r, struct slice url, struct err *err)
{
	struct fetch_spec spec = { .url = url,
		.body = buf_slice(&r->packed),
		.content_type = "application/tlsrpt+gzip",
		.max = ANSWER_MAX,
		.ms = POST_MS };
	struct buf answer = { 0 };
	int rc = fetch(&spec, &answer, err);

	buf_done(&answer);
	return rc;
}

/* --- one report --- */

static int send_to(struct report *r, struct slice target, struct err *err)
{
	if (slice_istarts(target, SLICE("mailto:")))
		return send_mail(r, slice_from(target, 7), err);
	if (slice_istarts(target, SLICE("https:")))
		return post(r, target, err);
	return err_set(err, ERR_INPUT, "that is neither mailto: nor https:");
}

/* 0: somebody has it, or nobody wants it any more. */
static int send_all_of(struct report *r)
{
	struct slice rua;
	struct err err = { 0 };
	int rc = -1;

	if (!tlsrpt_wanted(r->head.domain, &r->pool, &rua))
		return 0;
	for (unsigned i = 0; rua.n > 0 && i < TARGETS_MAX; i++) {
		struct slice target = slice_trim(slice_cut(&rua, ','));
		bool sent = send_to(r, target, &err) == 0;
		rc = sent ? 0 : rc;
		log_event(sent ? LOG_INFO : LOG_WARN, "tls-report", log_s("domain", r->head.domain),
		    log_s("to", target), log_z("sent", sent ? "yes" : "no"),
		    log_z("reason", sent ? "" : err.text));
	}
	return rc;
}

/* --- all that is due --- */

static int send_one(int64_t day, struct slice domain)
{
	struct report r = { 0 };
	struct buf json = { 0 };

	r.head = notice_head(relay_own_name(&r.pool), domain, day, &r.pool);
	int rc = tlsrpt_json(&r.head, &json);
	if (rc == 0) {
		gzip_pack(buf_slice(&json), &r.packed);
		rc = send_all_of(&r);
	}
	buf_done(&json);
	buf_done(&r.packed);
	pool_done(&r.pool);
	return rc;
}

TALLY_REPORT(tls) = { .room = tlsrpt_room, .send = send_one };

/* --- for admins --- */

static bool put_row(void *arg, const struct tally *tally)
{
	struct op_call *call = arg;
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));

	tlsrpt_read(tally, seen);
	char day[TALLY_DAY_TEXT];

	op_row(call);
	tally_day_text(tally->day, day);
	op_put_text(call, "day", slice_str(day));
	op_put_text(call, "domain", tally->domain);
	op_put_text(call, "policy", seen->kind);
	op_put_number(call, "good", (int64_t)seen->good);
	op_put_number(call, "bad", (int64_t)seen->bad);
	free(seen);
	return true;
}

static int run_show(struct op_call *call)
{
	if (tally_each(tlsrpt_room, 0, (struct slice){ 0 }, put_row, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read what was seen");
	return 0;
}

OPERATION(tls_report_show) = {
	.name = "tls-report show",
	.role = OP_SERVER_ADMIN,
	.help = "show what domains that want reports on TLS (RFC 8460) will be told",
	.reads = true,
	.lists = true,
	.run = run_show,
};

static int run_send(struct op_call *call)
{
	op_put_number(call, "sent", tally_send(&tally_report_tls, op_bool(call, "today")));
	return 0;
}

static const struct op_arg send_args[] = {
	{ "today", OP_BOOL, OP_OPTION, "also of the day that is not over", NULL },
	{ 0 },
};

OPERATION(tls_report_send) = {
	.name = "tls-report send",
	.role = OP_SERVER_ADMIN,
	.args = send_args,
	.help = "send the reports on TLS that are due now",
	.more = "They are sent by themselves in the hours after midnight, UTC.",
	.network = true,
	.run = run_send,
};
