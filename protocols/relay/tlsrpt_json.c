/* tlsrpt_json.c - the report of a domain's day (RFC 8460 4) */
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "protocols/relay/tlsrpt.h"

struct writing {
	const struct notice_head *head;
	json_t *policies;
	struct tlsrpt_seen *seen;
};

static json_t *text_of(struct slice s)
{
	json_t *text = json_stringn(s.p ? s.p : "", s.n);

	return text ? text : json_string("?"); /* no UTF-8 */
}

static json_t *lines_of(struct slice text)
{
	json_t *lines = json_array();

	while (text.n > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		if (line.n > 0)
			json_array_append_new(lines, text_of(line));
	}
	return lines;
}

static json_t *failures_of(const struct tlsrpt_seen *seen)
{
	json_t *failures = json_array();

	for (size_t i = 0; i < seen->n; i++) {
		const struct tlsrpt_failure *f = &seen->failures[i];
		json_t *row = json_pack("{s:o, s:I}", "result-type", text_of(f->type),
		    "failed-session-count", (json_int_t)f->n);

		if (f->host.n > 0) /* else it is about the policy */
			json_object_set_new(row, "receiving-mx-hostname", text_of(f->host));
		if (f->address.n > 0)
			json_object_set_new(row, "receiving-ip", text_of(f->address));
		json_array_append_new(failures, row);
	}
	return failures;
}

static json_t *policy_of(const struct writing *w)
{
	json_t *policy = json_pack("{s:o, s:o}", "policy-type", text_of(w->seen->kind),
	    "policy-domain", text_of(w->head->domain));

	if (w->seen->policy.n > 0)
		json_object_set_new(policy, "policy-string", lines_of(w->seen->policy));
	return json_pack("{s:o, s:{s:I, s:I}, s:o}", "policy", policy, "summary",
	    "total-successful-session-count", (json_int_t)w->seen->good,
	    "total-failure-session-count", (json_int_t)w->seen->bad, "failure-details",
	    failures_of(w->seen));
}

static bool add_tally(void *arg, const struct tally *tally)
{
	struct writing *w = arg;

	tlsrpt_read(tally, w->seen);
	json_array_append_new(w->policies, policy_of(w));
	return true;
}

static json_t *time_of(int64_t when)
{
	time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static int add_piece(const char *piece, size_t n, void *arg)
{
	buf_add(arg, piece, n);
	return 0;
}

int tlsrpt_json(const struct notice_head *head, struct buf *out)
{
	struct writing w = { head, json_array(), mem_get(sizeof(*w.seen)) };

	int rc = tally_each(tlsrpt_room, head->day, head->domain, add_tally, &w);
	json_t *report = json_pack("{s:s, s:{s:o, s:o}, s:s, s:s, s:o}", "organization-name",
	    head->own, "date-range", "start-datetime", time_of(head->day), "end-datetime",
	    time_of(head->day + TALLY_DAY_S - 1), "contact-info", head->contact, "report-id",
	    head->id, "policies", w.policies);
	json_dump_callback(report, add_piece, out, JSON_COMPACT);
	json_decref(report);
	free(w.seen);
	return rc;
}
