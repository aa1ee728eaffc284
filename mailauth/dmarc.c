/* dmarc.c - DMARC: the record, whose it is, and what aligns (RFC 7489 3.1, 6.6) */
#include "mailauth/dmarc.h"

#include "core/num.h"
#include "core/random.h"
#include "mailauth/ask.h"
#include "mailauth/orgdomain.h"
#include "mailauth/tags.h"

const char *const dmarc_result_names[] = { "none", "pass", "fail", "temperror", "permerror", NULL };
const char *const dmarc_policy_names[] = { "none", "quarantine", "reject", NULL };

/* --- the record --- */

/* False: it is none of the three. */
static bool read_policy(const struct tags *tags, const char *name, enum dmarc_policy *out)
{
	struct slice value = tags_value(tags, name);

	for (int i = 0; dmarc_policy_names[i]; i++)
		if (slice_ieq(value, slice_str(dmarc_policy_names[i]))) {
			*out = (enum dmarc_policy)i;
			return true;
		}
	return false;
}

static bool is_strict(const struct tags *tags, const char *name)
{
	return slice_ieq(tags_value(tags, name), SLICE("s"));
}

static unsigned read_percent(const struct tags *tags)
{
	uint64_t n;

	return num_u64(tags_value(tags, "pct"), 100, &n) ? (unsigned)n : 100;
}

bool dmarc_read(struct slice text, struct dmarc_record *out)
{
	struct tags tags;

	*out = (struct dmarc_record){ 0 };
	/* RFC 7489 6.3: v= is the first. */
	if (!tags_read(text, &tags) || !slice_eq(tags.tag[0].name, SLICE("v")) ||
	    !slice_eq(tags.tag[0].value, SLICE("DMARC1")))
		return false;
	/* RFC 7489 6.6.3: without a policy that is known, "none" if somebody wants reports. */
	if (!read_policy(&tags, "p", &out->p) && tags_value(&tags, "rua").n == 0)
		return false;
	if (!read_policy(&tags, "sp", &out->sp))
		out->sp = out->p;
	out->np_given = read_policy(&tags, "np", &out->np);
	out->strict_dkim = is_strict(&tags, "adkim");
	out->strict_spf = is_strict(&tags, "aspf");
	out->testing = slice_ieq(tags_value(&tags, "t"), SLICE("y"));
	out->percent = read_percent(&tags);
	out->rua = tags_value(&tags, "rua");
	return true;
}

/* --- finding it --- */

int dmarc_find(
    const struct asker *asker, struct slice domain, struct pool *pool, struct dmarc_record *out)
{
	struct slice name = slice_str(pool_printf(pool, "_dmarc.%.*s", SLICE_ARG(domain))), text;
	struct dns_answer answer;
	struct dmarc_record one;
	struct err err = { 0 };
	int found = 0;

	if (asker_ask(asker, name, DNS_TXT, pool, &answer, &err) == DNS_FAILED)
		return -1;
	for (size_t i = 0; i < answer.n; i++)
		if (dns_read_text(answer.rr[i], pool, &text) && dmarc_read(text, &one)) {
			*out = one;
			found++;
		}
	return found == 1;
}

/* RFC 7489 6.6.3: of the domain, else of the one that was registered. */
static int find_record(const struct dmarc_question *q, struct pool *pool,
    struct dmarc_record *record, struct slice *where)
{
	struct slice org = org_domain(q->from, pool);
	int found = dmarc_find(q->asker, q->from, pool, record);

	*where = q->from;
	if (found == 0 && !slice_eq(org, q->from)) {
		*where = org;
		found = dmarc_find(q->asker, org, pool, record);
	}
	return found;
}

/* --- what aligns (RFC 7489 3.1) --- */

static bool aligns(struct slice from, struct slice domain, bool strict, struct pool *pool)
{
	return strict ? slice_ieq(from, domain) : org_same(from, domain, pool);
}

static bool spf_aligns(
    const struct dmarc_question *q, const struct dmarc_record *record, struct pool *pool)
{
	return q->spf && q->spf->result == SPF_PASS &&
	    aligns(q->from, q->spf->domain, record->strict_spf, pool);
}

static bool dkim_aligns(
    const struct dmarc_question *q, const struct dmarc_record *record, struct pool *pool)
{
	for (size_t i = 0; q->dkim && i < q->dkim->n; i++)
		if (q->dkim->verdict[i].result == DKIM_PASS &&
		    aligns(q->from, q->dkim->verdict[i].domain, record->strict_dkim, pool))
			return true;
	return false;
}

/* Could what failed for now have aligned? */
static bool may_align_later(
    const struct dmarc_question *q, const struct dmarc_record *record, struct pool *pool)
{
	if (q->spf && q->spf->result == SPF_TEMPERROR &&
	    aligns(q->from, q->spf->domain, record->strict_spf, pool))
		return true;
	for (size_t i = 0; q->dkim && i < q->dkim->n; i++)
		if (q->dkim->verdict[i].result == DKIM_TEMPERROR &&
		    aligns(q->from, q->dkim->verdict[i].domain, record->strict_dkim, pool))
			return true;
	return false;
}

/* --- what is wished for --- */

static bool exists(const struct dmarc_question *q, struct pool *pool)
{
	struct dns_answer answer;
	struct err err = { 0 };

	return asker_ask(q->asker, q->from, DNS_A, pool, &answer, &err) != DNS_ABSENT;
}

static enum dmarc_policy policy_for(const struct dmarc_question *q,
    const struct dmarc_record *record, struct slice where, struct pool *pool)
{
	if (slice_eq(where, q->from))
		return record->p;
	/* RFC 9091 3 */
	return record->np_given && !exists(q, pool) ? record->np : record->sp;
}

/* RFC 7489 6.6.4: those that are left out of the percentage get the next milder. */
static enum dmarc_policy wish_of(const struct dmarc_record *record, enum dmarc_policy policy)
{
	unsigned char dice[2];

	if (policy == DMARC_LET)
		return policy;
	random_bytes(dice, sizeof(dice));
	bool spared = (dice[0] << 8 | dice[1]) % 100 >= (int)record->percent;
	return record->testing || spared ? (enum dmarc_policy)(policy - 1) : policy;
}

void dmarc_check(const struct dmarc_question *q, struct pool *pool, struct dmarc_answer *out)
{
	struct dmarc_record *record = &out->record;

	*out = (struct dmarc_answer){ .result = DMARC_NONE };
	if (!asker_name(q->from)) {
		out->result = DMARC_PERMERROR;
		out->why = "no single domain in From";
		return;
	}
	int found = find_record(q, pool, record, &out->domain);
	if (found <= 0) {
		out->domain = (struct slice){ 0 };
		out->result = found < 0 ? DMARC_TEMPERROR : DMARC_NONE;
		return;
	}
	out->policy = policy_for(q, record, out->domain, pool);
	out->spf_aligns = spf_aligns(q, record, pool);
	out->dkim_aligns = dkim_aligns(q, record, pool);
	if (out->spf_aligns || out->dkim_aligns)
		out->result = DMARC_PASS;
	else if (may_align_later(q, record, pool))
		out->result = DMARC_TEMPERROR;
	else
		out->result = DMARC_FAIL;
	if (out->result == DMARC_FAIL)
		out->wish = wish_of(record, out->policy);
}

bool dmarc_may_report(
    const struct asker *asker, struct slice domain, struct slice to, struct pool *pool)
{
	struct dns_answer answer;
	struct slice text;
	struct err err = { 0 };
	const char *name =
	    pool_printf(pool, "%.*s._report._dmarc.%.*s", SLICE_ARG(domain), SLICE_ARG(to));

	if (org_same(domain, to, pool))
		return true;
	if (asker_ask(asker, slice_str(name), DNS_TXT, pool, &answer, &err) != DNS_FOUND)
		return false;
	for (size_t i = 0; i < answer.n; i++)
		if (dns_read_text(answer.rr[i], pool, &text) &&
		    slice_eq(slice_trim(slice_cut(&text, ';')), SLICE("v=DMARC1")))
			return true;
	return false;
}
