/* results.c - writing Authentication-Results (RFC 8601 2.2) */
#include "mailauth/results.h"

/* --- values --- */

/* RFC 2045 5.1, and what an address or a domain has besides. */
static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c >= 0x80;

		if (!letter && (!c || !strchr(".-_@+!#$%&'*^`{|}~", c)))
			return false;
	}
	return s.n > 0;
}

static void put_quoted(struct slice s, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		if (s.p[i] >= ' ' || (unsigned char)s.p[i] >= 0x80)
			buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static void put_property(const char *name, struct slice value, struct buf *out)
{
	if (value.n == 0)
		return;
	buf_printf(out, " %s=", name);
	if (is_plain(value))
		buf_adds(out, value);
	else
		put_quoted(value, out);
}

/* method=result (comment) */
static void put_method(const char *method, const char *result, const char *why, struct buf *out)
{
	buf_printf(out, ";\r\n\t%s=%s", method, result);
	if (why)
		buf_printf(out, " (%s)", why);
}

/* --- methods --- */

static void put_spf(const struct results *r, struct buf *out)
{
	put_method("spf", spf_result_names[r->spf->result], r->spf->why, out);
	if (r->mailfrom.n > 0)
		put_property("smtp.mailfrom", r->mailfrom, out);
	else
		put_property("smtp.helo", r->spf->domain, out);
}

static void put_dkim(const struct dkim_verdict *v, struct buf *out)
{
	put_method("dkim", dkim_result_names[v->result], v->why, out);
	put_property("header.d", v->domain, out);
	put_property("header.i", v->identity, out);
	put_property("header.s", v->selector, out);
	put_property("header.a", v->algorithm, out);
	/* RFC 6008: base64 has letters that make it a quoted string. */
	put_property("header.b", v->mark, out);
}

static void put_all_dkim(const struct dkim_verdicts *dkim, struct buf *out)
{
	if (dkim->n == 0)
		put_method("dkim", "none", NULL, out);
	for (size_t i = 0; i < dkim->n; i++)
		put_dkim(&dkim->verdict[i], out);
}

static void put_arc(const struct arc_verdict *arc, struct buf *out)
{
	put_method("arc", arc_result_names[arc->result], arc->why, out);
	put_property("header.d", arc->domain, out);
}

static void put_dmarc(const struct results *r, struct buf *out)
{
	const struct dmarc_answer *dmarc = r->dmarc;

	buf_printf(out, ";\r\n\tdmarc=%s", dmarc_result_names[dmarc->result]);
	if (dmarc->why)
		buf_printf(out, " (%s)", dmarc->why);
	else if (dmarc->domain.n > 0)
		buf_printf(out, " (p=%s%s)", dmarc_policy_names[dmarc->policy],
		    r->overridden ? ", a trusted sealer passed it on" : "");
	put_property("header.from", r->from, out);
}

void results_write(const struct results *r, struct buf *out)
{
	size_t empty;

	if (is_plain(r->id))
		buf_adds(out, r->id);
	else
		put_quoted(r->id, out);
	empty = out->n;
	if (r->spf)
		put_spf(r, out);
	if (r->dkim)
		put_all_dkim(r->dkim, out);
	if (r->arc && r->arc->result != ARC_NONE)
		put_arc(r->arc, out);
	if (r->dmarc)
		put_dmarc(r, out);
	if (out->n == empty)
		buf_addz(out, "; none");
}
