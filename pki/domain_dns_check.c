/* domain_dns_check.c - does a domain publish what it should? */
#include <stdio.h>

#include "core/text.h"
#include "mailauth/ask.h"
#include "mailauth/dkim.h"
#include "mailauth/dmarc.h"
#include "pki/domain_dns.h"

const char *const record_state_names[] = { "right", "missing", "differs", "unknown", NULL };

static enum dns_type question_type(const struct record *record)
{
	switch (record->kind) {
	case RECORD_MX:
		return DNS_MX;
	case RECORD_TLSA:
		return DNS_TLSA;
	case RECORD_SRV:
		return DNS_SRV;
	case RECORD_HOST:
	case RECORD_CNAME:
		return DNS_A;
	default:
		return DNS_TXT;
	}
}

/* --- what is there, as in a zone --- */

static struct slice show_tlsa(struct slice rr, struct pool *pool)
{
	const unsigned char *p = (const unsigned char *)rr.p;
	struct buf hex = { 0 };

	if (rr.n < 3)
		return (struct slice){ 0 };
	hex_put(&hex, slice_from(rr, 3));
	const char *text =
	    pool_printf(pool, "%u %u %u %.*s", p[0], p[1], p[2], SLICE_ARG(buf_slice(&hex)));
	buf_done(&hex);
	return slice_str(text);
}

/* Empty: malformed. */
static struct slice show(enum dns_type type, struct slice rr, struct pool *pool)
{
	struct slice text = { 0 };
	struct dns_srv srv;
	struct dns_mx mx;

	switch (type) {
	case DNS_MX:
		return dns_read_mx(rr, pool, &mx)
		    ? slice_str(pool_printf(pool, "%u %.*s.", mx.preference, SLICE_ARG(mx.host)))
		    : text;
	case DNS_SRV:
		return dns_read_srv(rr, pool, &srv)
		    ? slice_str(pool_printf(pool, "%u %u %u %.*s.", srv.priority, srv.weight,
			  srv.port, SLICE_ARG(srv.host)))
		    : text;
	case DNS_TLSA:
		return show_tlsa(rr, pool);
	case DNS_TXT:
		dns_read_text(rr, pool, &text);
		return text;
	default:
		dns_read_address(rr, type, pool, &text);
		return text;
	}
}

/* --- is it the same? --- */

static bool same_key(struct slice want, struct slice got, struct pool *pool)
{
	struct dkim_key a, b;

	return !dkim_key_read(want, pool, &a) && !dkim_key_read(got, pool, &b) &&
	    a.algorithm == b.algorithm && slice_eq(a.bytes, b.bytes);
}

/* Behind its last blank. */
static struct slice last_word(struct slice s)
{
	return slice_from(s, (size_t)(slice_rchr(s, ' ') + 1));
}

static bool is_right(const struct record *record, struct slice got, struct pool *pool)
{
	struct slice want = slice_str(record->value);
	struct dmarc_record dmarc;

	switch (record->kind) {
	case RECORD_HOST:
		return true;
	case RECORD_MX: /* with whatever preference */
		return slice_ieq(last_word(got), last_word(want));
	case RECORD_DKIM:
		return same_key(want, got, pool);
	case RECORD_DMARC:
		return dmarc_read(got, &dmarc);
	case RECORD_NOTE:
		return true;
	default:
		return slice_ieq(got, want);
	}
}

/* Of the TXT records at a name only those that begin like it speak of the same. */
static bool is_about(const struct record *record, struct slice got)
{
	struct slice want = slice_str(record->value);
	ptrdiff_t end = slice_chr(want, record->kind == RECORD_SPF ? ' ' : ';');

	if (question_type(record) != DNS_TXT || record->kind == RECORD_DKIM)
		return got.n > 0;
	return end > 0 && slice_istarts(got, slice_head(want, (size_t)end));
}

static enum record_state compare(const struct record *record, enum dns_type type,
    const struct dns_answer *answer, struct pool *pool, struct slice *found)
{
	enum record_state state = RECORD_MISSING;
	struct buf all = { 0 };

	for (size_t i = 0; i < answer->n; i++) {
		struct slice got = show(type, answer->rr[i], pool);
		if (!is_about(record, got))
			continue;
		buf_printf(&all, "%s%.*s", all.n > 0 ? " | " : "", SLICE_ARG(got));
		if (is_right(record, got, pool))
			state = RECORD_RIGHT;
		else if (state == RECORD_MISSING)
			state = RECORD_DIFFERS;
	}
	*found = pool_slice(pool, buf_slice(&all));
	buf_done(&all);
	return state;
}

/* The name leads to the host by a CNAME, or has addresses of its own. */
static enum record_state compare_alias(const struct record *record, enum dns_type type,
    const struct dns_answer *answer, struct pool *pool, struct slice *found)
{
	const char *at = pool_printf(pool, "%.*s.", SLICE_ARG(answer->name));

	if (slice_ieq(slice_str(at), slice_str(record->value))) {
		*found = slice_str(at);
		return RECORD_RIGHT;
	}
	enum record_state state = compare(record, type, answer, pool, found);
	return state == RECORD_MISSING ? state : RECORD_DIFFERS;
}

enum record_state record_check(const struct record *record, struct pool *pool, struct slice *found)
{
	struct slice name = slice_str(record->name);
	enum dns_type type = question_type(record);
	struct dns_answer answer;
	struct err err = { 0 };

	*found = (struct slice){ 0 };
	if (record->kind == RECORD_NAMED)
		return *record->value ? RECORD_RIGHT : RECORD_MISSING;
	enum dns_status status = asker_ask(NULL, name, type, pool, &answer, &err);
	if (type == DNS_A && (status == DNS_EMPTY || status == DNS_ABSENT)) {
		type = DNS_AAAA;
		status = asker_ask(NULL, name, type, pool, &answer, &err);
	}
	if (status == DNS_FAILED) {
		*found = slice_str(pool_str(pool, slice_str(err.text)));
		return RECORD_UNKNOWN;
	}
	if (status != DNS_FOUND)
		return RECORD_MISSING;
	return record->kind == RECORD_CNAME ? compare_alias(record, type, &answer, pool, found)
					    : compare(record, type, &answer, pool, found);
}
