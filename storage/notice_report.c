/* notice_report.c - a message with a report attached, for programs that read such (RFC 8460 5.3,
 * RFC 7489 7.2.1.1) */
#include <time.h>

#include "core/log.h"
#include "core/text.h"
#include "storage/notice.h"
#include "storage/tally.h"

enum { LINE = 76 };

static void put_base64(struct slice data, struct buf *out)
{
	struct buf text = { 0 };

	base64_put(&text, data);
	for (struct slice rest = buf_slice(&text); rest.n > 0; rest = slice_from(rest, LINE))
		buf_printf(out, "%.*s\r\n", SLICE_ARG(slice_head(rest, LINE)));
	buf_done(&text);
}

struct notice_head notice_head(
    struct slice own, struct slice domain, int64_t day, struct pool *pool)
{
	return (struct notice_head){ .own = pool_str(pool, own),
		.contact = pool_printf(pool, "postmaster@%.*s", SLICE_ARG(own)),
		.id = pool_printf(
		    pool, "%lld.%.*s@%.*s", (long long)day, SLICE_ARG(domain), SLICE_ARG(own)),
		.domain = domain,
		.day = day };
}

static void put_header(
    const struct notice_report *r, struct slice to, unsigned long long mid, struct buf *out)
{
	const struct notice_head *h = r->head;
	char date[40];

	buf_printf(out, "From: %s\r\nTo: %.*s\r\nDate: %s\r\nMessage-ID: <%llu.report@%s>\r\n",
	    h->contact, SLICE_ARG(to), date_rfc5322(time(NULL), date), mid, h->own);
	buf_printf(out,
	    "Subject: Report Domain: %.*s Submitter: %s Report-ID: <%s>\r\n%s"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: %s;\r\n\tboundary=\"=_%llu\"\r\n\r\n",
	    SLICE_ARG(h->domain), h->own, h->id, r->fields, r->kind, mid);
}

static void put_message(
    const struct notice_report *r, struct slice to, unsigned long long mid, struct buf *out)
{
	const struct notice_head *h = r->head;

	put_header(r, to, mid, out);
	buf_printf(out,
	    "--=_%llu\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n%s\r\n\r\n"
	    "--=_%llu\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n",
	    mid, r->text, mid, r->type);
	buf_printf(out,
	    "Content-Disposition: attachment;\r\n\tfilename=\"%s!%.*s!%lld!%lld.%s\"\r\n\r\n",
	    h->own, SLICE_ARG(h->domain), (long long)h->day, (long long)h->day + TALLY_DAY_S - 1,
	    r->ending);
	put_base64(r->data, out);
	buf_printf(out, "--=_%llu--\r\n", mid);
}

int notice_report_send(const struct notice_report *report, struct slice to, struct err *err)
{
	struct buf message = { 0 };
	uint64_t mid = log_id();

	put_message(report, to, mid, &message);
	int rc = notice_message((struct slice){ 0 }, to, buf_slice(&message), mid, err);
	buf_done(&message);
	return rc > 0 ? err_set(err, ERR_ABSENT, "nobody is there") : rc;
}
