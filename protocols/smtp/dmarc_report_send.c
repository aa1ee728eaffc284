/* dmarc_report_send.c - reports on mail in a domain's name leave by mail when their day is over
 * (RFC 7489 7.2) */
#include "core/gzip.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/num.h"
#include "core/op.h"
#include "core/server_name.h"
#include "core/text.h"
#include "protocols/smtp/dmarc_report.h"

enum { TARGETS_MAX = 5 };

/* One domain's day. */
struct report {
	struct notice_head head;
	struct pool pool;
	struct buf packed;
};

/* --- to whom --- */

/* RFC 7489 6.2: behind "!" the most bytes that are wanted, with k, m, g or t. */
static bool fits(struct slice most, size_t size)
{
	static const char units[] = "kmgt";
	uint64_t n;

	if (most.n == 0)
		return true;
	const char *unit = strchr(units, most.p[most.n - 1] | 0x20);
	if (!num_u64(slice_head(most, most.n - (unit != NULL)), UINT32_MAX, &n))
		return false;
	for (; unit && unit >= units && n < UINT32_MAX; unit--)
		n *= 1024;
	return size <= n;
}

/* The address of a mailto: that may be used; empty: err says why not. */
static struct slice address_of(struct report *r, struct slice target, struct err *err)
{
	struct slice most = slice_from(target, 7), to = slice_cut(&most, '!');
	struct address parsed;

	if (!slice_istarts(target, SLICE("mailto:")) || !address_parse(&r->pool, to, &parsed))
		err_set(err, ERR_INPUT, "that is no mailto: with an address");
	else if (!fits(most, r->packed.n))
		err_set(err, ERR_LIMIT, "the report is larger than it is wanted");
	else if (!dmarc_may_report(NULL, r->head.domain, parsed.domain, &r->pool))
		err_set(err, ERR_DENIED, "%.*s does not say that it wants reports about %.*s",
		    SLICE_ARG(parsed.domain), SLICE_ARG(r->head.domain));
	else
		return to;
	return (struct slice){ 0 };
}

/* --- the message (RFC 7489 7.2.1.1) --- */

static int send_mail(struct report *r, struct slice to, struct err *err)
{
	const struct notice_head *h = &r->head;
	const struct notice_report report = {
		.head = h,
		.fields = "",
		.kind = "multipart/mixed",
		.text = pool_printf(&r->pool, "What %s got as mail from %.*s (DMARC).", h->own,
		    SLICE_ARG(h->domain)),
		.type = "application/gzip",
		.ending = "xml.gz",
		.data = buf_slice(&r->packed),
	};

	return notice_report_send(&report, to, err);
}

static bool send_to(struct report *r, struct slice target)
{
	struct err err = { 0 };
	struct slice to = address_of(r, target, &err);
	bool sent = to.n > 0 && send_mail(r, to, &err) == 0;

	log_event(sent ? LOG_INFO : LOG_WARN, "dmarc-report", log_s("domain", r->head.domain),
	    log_s("to", target), log_z("sent", sent ? "yes" : "no"),
	    log_z("reason", sent ? "" : err.text));
	return sent;
}

/* 0: somebody has it, or nobody wants it any more. */
static int send_all_of(struct report *r)
{
	struct dmarc_record record;
	bool sent = false;

	int found = dmarc_find(NULL, r->head.domain, &r->pool, &record);
	if (found < 0)
		return -1;
	if (found == 0 || record.rua.n == 0)
		return 0;
	for (unsigned i = 0; record.rua.n > 0 && i < TARGETS_MAX; i++)
		if (send_to(r, slice_trim(slice_cut(&record.rua, ','))))
			sent = true;
	return sent ? 0 : -1;
}

/* --- a report --- */

static int send_one(int64_t day, struct slice domain)
{
	struct report r = { 0 };
	struct buf xml = { 0 };

	r.head = notice_head(slice_str(server_name(&r.pool)), domain, day, &r.pool);
	int rc = dmarc_report_xml(&r.head, &xml);
	if (rc == 0) {
		gzip_pack(buf_slice(&xml), &r.packed);
		rc = send_all_of(&r);
	}
	buf_done(&xml);
	buf_done(&r.packed);
	pool_done(&r.pool);
	return rc;
}

TALLY_REPORT(dmarc) = { .room = dmarc_room, .send = send_one };

/* --- for admins --- */

static void put_row(struct op_call *call, const struct tally *tally, struct slice line, uint64_t n)
{
	struct slice w[DMARC_WORDS];
	char day[TALLY_DAY_TEXT];

	tally_day_text(tally->day, day);
	dmarc_line_read(line, w);
	op_row(call);
	op_put_text(call, "day", slice_str(day));
	op_put_text(call, "domain", tally->domain);
	op_put_text(call, "address", w[DMARC_WORD_ADDRESS]);
	op_put_number(call, "count", (int64_t)n);
	op_put_text(call, "from", w[DMARC_WORD_FROM]);
	op_put_text(call, "dkim", w[DMARC_WORD_DKIM]);
	op_put_text(call, "spf", w[DMARC_WORD_SPF]);
	op_put_text(call, "action", w[DMARC_WORD_ACTION]);
}

static bool put_rows(void *arg, const struct tally *tally)
{
	struct slice lines = tally->lines, line;
	uint64_t n;

	while (tally_next(&lines, &line, &n))
		put_row(arg, tally, line, n);
	return true;
}

static int run_show(struct op_call *call)
{
	if (tally_each(dmarc_room, 0, (struct slice){ 0 }, put_rows, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read what was counted");
	return 0;
}

OPERATION(dmarc_report_show) = {
	.name = "dmarc-report show",
	.role = OP_SERVER_ADMIN,
	.help = "show what domains that want reports on mail in their name (DMARC) will be told",
	.reads = true,
	.lists = true,
	.run = run_show,
};

static int run_send(struct op_call *call)
{
	op_put_number(call, "sent", tally_send(&tally_report_dmarc, op_bool(call, "today")));
	return 0;
}

static const struct op_arg send_args[] = {
	{ "today", OP_BOOL, OP_OPTION, "also of the day that is not over", NULL },
	{ 0 },
};

OPERATION(dmarc_report_send) = {
	.name = "dmarc-report send",
	.role = OP_SERVER_ADMIN,
	.args = send_args,
	.help = "send the reports on mail in others' names (DMARC) that are due now",
	.more = "They are sent by themselves in the hours after midnight, UTC.",
	.network = true,
	.run = run_send,
};
