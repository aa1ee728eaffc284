/* spf.c - check_host(): whose record holds, and what it says (RFC 7208 4) */
#include <arpa/inet.h>

#include "core/loop.h"
#include "mailauth/spf_private.h"

const char *const spf_result_names[] = { "none", "neutral", "pass", "fail", "softfail", "temperror",
	"permerror", NULL };

enum { ADDRESS_MAX = 64, EXPLANATION_MAX = 400 };

static enum spf_result evaluate(struct spf *spf, struct slice domain, struct slice *exp);

/* --- the record --- */

static bool is_spf(struct slice text)
{
	static const struct slice version = { "v=spf1", 6 };

	return slice_istarts(text, version) && (text.n == version.n || text.p[version.n] == ' ');
}

/* RFC 7208 4.4, 4.5: PASS when *text is the domain's only record. */
static enum spf_result find_record(struct spf *spf, struct slice domain, struct slice *text)
{
	struct dns_answer answer;
	struct slice one;
	size_t found = 0;

	if (spf_ask(spf, domain, DNS_TXT, false, &answer) == DNS_FAILED)
		return SPF_TEMPERROR;
	for (size_t i = 0; i < answer.n; i++)
		if (dns_read_text(answer.rr[i], spf->pool, &one) && is_spf(one)) {
			*text = slice_from(one, 6);
			found++;
		}
	if (found > 1)
		spf->why = "the domain has several records";
	return found == 1 ? SPF_PASS : found > 1 ? SPF_PERMERROR : SPF_NONE;
}

/* --- its terms --- */

/* RFC 7208 5.2 */
static enum spf_match match_include(struct spf *spf, const struct spf_term *term)
{
	struct slice outer = spf->domain, none;

	if (!spf_may_look_up(spf))
		return SPF_MATCH_PERM;
	enum spf_result result = evaluate(spf, spf_target(spf, term->domain), &none);
	spf->domain = outer;
	switch (result) {
	case SPF_PASS:
		return SPF_YES;
	case SPF_TEMPERROR:
		return SPF_MATCH_TEMP;
	case SPF_NONE:
		spf->why = "an included domain has no record";
		return SPF_MATCH_PERM;
	case SPF_PERMERROR:
		return SPF_MATCH_PERM;
	default:
		return SPF_NO;
	}
}

/* RFC 7208 6.1 */
static enum spf_result redirect(struct spf *spf, struct slice target, struct slice *exp)
{
	if (!spf_may_look_up(spf))
		return SPF_PERMERROR;
	enum spf_result result = evaluate(spf, spf_target(spf, target), exp);
	if (result == SPF_NONE) {
		spf->why = "the domain that it points to has no record";
		return SPF_PERMERROR;
	}
	return result;
}

static enum spf_result run_terms(
    struct spf *spf, const struct spf_record *record, struct slice *exp)
{
	for (size_t i = 0; i < record->n; i++) {
		const struct spf_term *term = &record->terms[i];
		enum spf_match match =
		    term->kind == SPF_IS_INCLUDE ? match_include(spf, term) : spf_match(spf, term);

		if (match == SPF_MATCH_TEMP)
			return SPF_TEMPERROR;
		if (match == SPF_MATCH_PERM)
			return SPF_PERMERROR;
		if (match == SPF_YES) {
			spf->mechanism = term->text;
			*exp = record->exp;
			return term->result;
		}
	}
	return record->redirect.n > 0 ? redirect(spf, record->redirect, exp) : SPF_NEUTRAL;
}

/* RFC 7208 4.3: a domain that cannot have a record. */
static bool is_asked_for(struct slice domain)
{
	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	return slice_chr(domain, '.') >= 0 && asker_name(domain);
}

/* *exp: where the explanation of a fail is, a domain-spec of the record that said so. */
static enum spf_result evaluate(struct spf *spf, struct slice domain, struct slice *exp)
{
	struct slice text = { 0 };
	struct spf_record record;

	*exp = (struct slice){ 0 };
	if (!is_asked_for(domain))
		return SPF_NONE;
	enum spf_result result = find_record(spf, domain, &text);
	if (result != SPF_PASS)
		return result;
	const char *why = spf_read(text, spf->pool, &record);
	if (why) {
		spf->why = why;
		return SPF_PERMERROR;
	}
	spf->domain = domain;
	spf->validated = (struct slice){ 0 };
	return run_terms(spf, &record, exp);
}

/* --- the words of the domain (RFC 7208 6.2) --- */

static bool is_ascii_line(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

/* Whatever is wrong with it, it is left out. */
static struct slice explain(struct spf *spf, struct slice exp)
{
	struct slice text, words = { 0 };
	struct dns_answer answer;
	struct buf out = { 0 };

	if (exp.n == 0 ||
	    spf_ask(spf, spf_target(spf, exp), DNS_TXT, false, &answer) != DNS_FOUND ||
	    answer.n != 1 || !dns_read_text(answer.rr[0], spf->pool, &text))
		return words;
	if (is_ascii_line(text) && spf_macro_expand(spf, text, true, &out) &&
	    is_ascii_line(buf_slice(&out)))
		words = pool_slice(spf->pool, slice_head(buf_slice(&out), EXPLANATION_MAX));
	buf_done(&out);
	return words;
}

/* --- who asks for whom --- */

static bool read_address(struct slice address, struct spf *spf)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[ADDRESS_MAX];

	if (address.n >= sizeof(text))
		return false;
	memcpy(text, address.p ? address.p : "", address.n);
	text[address.n] = '\0';
	if (inet_pton(AF_INET, text, spf->ip) == 1)
		return true;
	if (inet_pton(AF_INET6, text, spf->ip) != 1)
		return false;
	if (memcmp(spf->ip, mapped, sizeof(mapped)) == 0)
		memmove(spf->ip, spf->ip + 12, 4); /* RFC 7208 5: it is an IPv4 address */
	else
		spf->v6 = true;
	return true;
}

/* RFC 7208 2.4, 4.3 */
static void read_sender(const struct spf_question *question, struct spf *spf)
{
	struct slice sender = question->sender;
	ptrdiff_t at = slice_rchr(sender, '@');

	spf->local = at > 0 ? slice_head(sender, (size_t)at) : SLICE("postmaster");
	spf->sender_domain = sender.n == 0 ? question->helo : slice_from(sender, (size_t)(at + 1));
	spf->sender = slice_str(pool_printf(
	    spf->pool, "%.*s@%.*s", SLICE_ARG(spf->local), SLICE_ARG(spf->sender_domain)));
}

void spf_check(const struct spf_question *question, struct pool *pool, struct spf_answer *out)
{
	struct spf spf = { .question = question, .pool = pool, .until = loop_now() + SPF_TIME_MS };
	struct slice exp = { 0 };

	read_sender(question, &spf);
	*out = (struct spf_answer){ .domain = spf.sender_domain };
	if (!read_address(question->address, &spf))
		return;
	spf.domain = spf.sender_domain;
	out->result = evaluate(&spf, spf.sender_domain, &exp);
	if (out->result == SPF_FAIL)
		out->explanation = explain(&spf, exp);
	if (out->result == SPF_TEMPERROR || out->result == SPF_PERMERROR)
		out->why = spf.why;
	else
		out->mechanism = spf.mechanism;
}
