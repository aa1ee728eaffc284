/* notice_report.c - a message with a report attached, for programs that read such (RFC 8460 5.3,
 * RFC 7489 7.2.1.1) */
#include <time.h>

#include "core/text.h"
#include "storage/notice.h"

enum { LINE = 76 };

static void put_base64(struct slice data, struct buf *out)
{
	struct buf text = { 0 };

	base64_put(&text, data);
	for (struct slice rest = buf_slice(&text); rest.n > 0; rest = slice_from(rest, LINE))
		buf_printf(out, "%.*s\r\n", SLICE_ARG(slice_head(rest, LINE)));
	buf_done(&text);
}

void notice_report_write(const struct notice_report *r, uint64_t mid, struct buf *out)
{
	unsigned long long id = mid;
	const char *at = strrchr(r->from, '@');
	char date[40];

	buf_printf(out,
	    "From: %s\r\nTo: %.*s\r\nDate: %s\r\nMessage-ID: <%llu.report%s>\r\nSubject: %s\r\n%s"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: %s;\r\n\tboundary=\"=_%llu\"\r\n\r\n"
	    "--=_%llu\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n%s\r\n\r\n"
	    "--=_%llu\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n\tfilename=\"%s\"\r\n\r\n",
	    r->from, SLICE_ARG(r->to), date_rfc5322(time(NULL), date), id, at ? at : "@localhost",
	    r->subject, r->fields, r->kind, id, id, r->text, id, r->type, r->file);
	put_base64(r->data, out);
	buf_printf(out, "--=_%llu--\r\n", id);
}
