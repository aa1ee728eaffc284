/* dmarc_report_xml.c - the report of a domain's day (RFC 7489 appendix C) */
#include "core/xml.h"
#include "protocols/smtp/dmarc_report.h"

struct writing {
	const struct notice_head *head;
	struct buf *out;
};

static void put(struct buf *out, const char *name, struct slice text)
{
	buf_printf(out, "<%s>", name);
	xml_escape(out, text);
	buf_printf(out, "</%s>", name);
}

static void put_head(const struct notice_head *head, struct buf *out)
{
	buf_addz(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback><version>1.0</version>"
	    "<report_metadata>");
	put(out, "org_name", slice_str(head->own));
	put(out, "email", slice_str(head->contact));
	put(out, "report_id", slice_str(head->id));
	buf_printf(out,
	    "<date_range><begin>%lld</begin><end>%lld</end></date_range></report_metadata>\n",
	    (long long)head->day, (long long)head->day + TALLY_DAY_S - 1);
}

static void put_signatures(struct slice signatures, struct buf *out)
{
	while (signatures.n > 0) {
		struct slice rest = slice_cut(&signatures, ',');

		buf_addz(out, "<dkim>");
		put(out, "domain", slice_cut(&rest, ' '));
		put(out, "selector", slice_cut(&rest, ' '));
		put(out, "result", rest);
		buf_addz(out, "</dkim>");
	}
}

static void put_record(struct slice line, uint64_t n, struct buf *out)
{
	struct slice w[DMARC_WORDS];

	dmarc_line_read(line, w);
	buf_addz(out, "<record><row>");
	put(out, "source_ip", w[DMARC_WORD_ADDRESS]);
	buf_printf(out, "<count>%llu</count><policy_evaluated>", (unsigned long long)n);
	put(out, "disposition", w[DMARC_WORD_ACTION]);
	put(out, "dkim", w[DMARC_WORD_DKIM]);
	put(out, "spf", w[DMARC_WORD_SPF]);
	if (w[DMARC_WORD_REASON].n > 0) {
		buf_addz(out, "<reason>");
		put(out, "type", w[DMARC_WORD_REASON]);
		buf_addz(out, "</reason>");
	}
	buf_addz(out, "</policy_evaluated></row><identifiers>");
	put(out, "envelope_from", w[DMARC_WORD_ENVELOPE]);
	put(out, "header_from", w[DMARC_WORD_FROM]);
	buf_addz(out, "</identifiers><auth_results>");
	put_signatures(w[DMARC_WORD_SIGNATURES], out);
	buf_addz(out, "<spf>");
	put(out, "domain", w[DMARC_WORD_SPF_DOMAIN]);
	put(out, "scope", w[DMARC_WORD_SPF_SCOPE]);
	put(out, "result", w[DMARC_WORD_SPF_RESULT]);
	buf_addz(out, "</spf></auth_results></record>\n");
}

static bool put_tally(void *arg, const struct tally *tally)
{
	struct writing *w = arg;
	struct slice lines = tally->lines, line;
	uint64_t n;

	buf_addz(w->out, "<policy_published>");
	put(w->out, "domain", tally->domain);
	buf_adds(w->out, tally->note);
	buf_addz(w->out, "</policy_published>\n");
	while (tally_next(&lines, &line, &n))
		put_record(line, n, w->out);
	return true;
}

int dmarc_report_xml(const struct notice_head *head, struct buf *out)
{
	struct writing w = { head, out };

	put_head(head, out);
	if (tally_each(dmarc_room, head->day, head->domain, put_tally, &w) != 0)
		return -1;
	buf_addz(out, "</feedback>\n");
	return 0;
}
