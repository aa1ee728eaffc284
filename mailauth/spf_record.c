/* spf_record.c - reading an SPF record: its terms and their syntax (RFC 7208 4.6.1, 5, 6, 12) */
#include <arpa/inet.h>

#include "core/num.h"
#include "mailauth/spf_private.h"

/* --- pieces of syntax --- */

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9');
}

/* toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum ) */
static bool is_toplabel(struct slice s)
{
	bool other = false;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
		other |= is_alpha(s.p[i]) || s.p[i] == '-';
	}
	return other && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

/* Behind its last macro-expand, or all of it. */
static struct slice literal_end(struct slice s)
{
	ptrdiff_t brace = slice_rchr(s, '}');

	return brace < 0 ? s : slice_from(s, (size_t)brace + 1);
}

/* domain-end = ( "." toplabel [ "." ] ) / macro-expand */
static bool is_domain_spec(struct slice s)
{
	struct slice end = literal_end(s);

	if (s.n == 0 || !spf_macro_valid(s, false))
		return false;
	if (end.n == 0)
		return true;
	if (end.p[end.n - 1] == '.')
		end.n--;
	ptrdiff_t dot = slice_rchr(end, '.');
	return dot >= 0 && is_toplabel(slice_from(end, (size_t)dot + 1));
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static bool is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
			return false;
	return s.n > 0 && is_alpha(s.p[0]);
}

/* --- prefix lengths --- */

static bool read_bits(struct slice digits, unsigned max, unsigned *out)
{
	uint64_t n;

	if (digits.n > 3 || (digits.n > 1 && digits.p[0] == '0') || !num_u64(digits, max, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* Cut slashes and digits off the end, if there are some. False: the number is wrong. */
static bool cut_bits(struct slice *s, const char *slashes, unsigned max, unsigned *bits)
{
	struct slice mark = slice_str(slashes);
	ptrdiff_t slash = slice_rchr(*s, '/');
	size_t at = slash < 0 ? 0 : (size_t)slash;

	if (slash < 0 || at + 1 < mark.n || !is_digits(slice_from(*s, at + 1)))
		return true;
	if (!slice_eq(slice_of(s->p + at + 1 - mark.n, mark.n), mark))
		return true;
	if (!read_bits(slice_from(*s, at + 1), max, bits))
		return false;
	s->n = at + 1 - mark.n;
	return true;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static bool cut_dual_bits(struct slice *s, struct spf_term *term)
{
	return cut_bits(s, "//", 128, &term->bits6) && cut_bits(s, "/", 32, &term->bits4);
}

/* --- mechanisms --- */

static const char *read_domain(struct slice rest, bool must, struct spf_term *term)
{
	if (rest.n == 0)
		return must ? "a mechanism lacks its domain" : NULL;
	term->domain = slice_from(rest, 1);
	return rest.p[0] == ':' && is_domain_spec(term->domain) ? NULL : "a domain is malformed";
}

static const char *read_network(struct slice rest, struct spf_term *term)
{
	bool v6 = term->kind == SPF_IS_IP6;
	char text[INET6_ADDRSTRLEN];

	if (rest.n == 0 || rest.p[0] != ':')
		return "an address is missing";
	rest = slice_from(rest, 1);
	if (!cut_bits(&rest, "/", v6 ? 128 : 32, v6 ? &term->bits6 : &term->bits4))
		return "a prefix length is malformed";
	if (rest.n == 0 || rest.n >= sizeof(text))
		return "an address is malformed";
	memcpy(text, rest.p, rest.n);
	text[rest.n] = '\0';
	if (strlen(text) != rest.n || inet_pton(v6 ? AF_INET6 : AF_INET, text, term->ip) != 1)
		return "an address is malformed";
	return NULL;
}

static const struct mechanism {
	const char *name;
	enum spf_kind kind;
	bool bits, must; /* takes prefix lengths; needs a domain */
} mechanisms[] = {
	{ "all", SPF_IS_ALL, false, false },
	{ "include", SPF_IS_INCLUDE, false, true },
	{ "a", SPF_IS_A, true, false },
	{ "mx", SPF_IS_MX, true, false },
	{ "ptr", SPF_IS_PTR, false, false },
	{ "ip4", SPF_IS_IP4, false, false },
	{ "ip6", SPF_IS_IP6, false, false },
	{ "exists", SPF_IS_EXISTS, false, true },
};

static const struct mechanism *find_mechanism(struct slice name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++)
		if (slice_ieq(name, slice_str(mechanisms[i].name)))
			return &mechanisms[i];
	return NULL;
}

static enum spf_result take_qualifier(struct slice *s)
{
	static const char signs[] = "?+-~";
	static const enum spf_result results[] = { SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL };
	const char *sign = s->n > 0 && s->p[0] ? strchr(signs, s->p[0]) : NULL;

	if (!sign)
		return SPF_PASS;
	*s = slice_from(*s, 1);
	return results[sign - signs];
}

/* Up to the first of ":" and "/". */
static struct slice mechanism_name(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ':' && s.p[n] != '/')
		n++;
	return slice_head(s, n);
}

static const char *read_mechanism(struct slice word, struct spf_record *record)
{
	struct spf_term *term = &record->terms[record->n];

	*term = (struct spf_term){ .text = word, .bits4 = 32, .bits6 = 128 };
	term->result = take_qualifier(&word);
	const struct mechanism *row = find_mechanism(mechanism_name(word));
	if (!row)
		return "a mechanism is not known";
	struct slice rest = slice_from(word, strlen(row->name));
	term->kind = row->kind;
	record->n++;
	if (row->kind == SPF_IS_IP4 || row->kind == SPF_IS_IP6)
		return read_network(rest, term);
	if (row->kind == SPF_IS_ALL)
		return rest.n == 0 ? NULL : "all takes nothing";
	if (row->bits && !cut_dual_bits(&rest, term))
		return "a prefix length is malformed";
	return read_domain(rest, row->must, term);
}

/* --- modifiers --- */

static const char *set_once(struct slice *to, struct slice value)
{
	if (to->n > 0)
		return "a modifier stands twice";
	*to = value;
	return is_domain_spec(value) ? NULL : "a domain is malformed";
}

static const char *read_modifier(struct slice name, struct slice value, struct spf_record *record)
{
	if (slice_ieq(name, SLICE("redirect")))
		return set_once(&record->redirect, value);
	if (slice_ieq(name, SLICE("exp")))
		return set_once(&record->exp, value);
	/* RFC 7208 6: those that are not known are ignored, if they are well-formed. */
	return spf_macro_valid(value, false) ? NULL : "a modifier is malformed";
}

static const char *read_term(struct slice word, struct spf_record *record)
{
	ptrdiff_t equals = slice_chr(word, '=');
	struct slice name = equals < 0 ? (struct slice){ 0 } : slice_head(word, (size_t)equals);

	if (record->n >= SPF_TERMS_MAX)
		return "it has too many terms";
	if (is_name(name))
		return read_modifier(name, slice_from(word, (size_t)equals + 1), record);
	return read_mechanism(word, record);
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static size_t count_words(struct slice s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ' ';
	return n < SPF_TERMS_MAX ? n : SPF_TERMS_MAX;
}

const char *spf_read(struct slice text, struct pool *pool, struct spf_record *out)
{
	const char *why = NULL;

	*out =
	    (struct spf_record){ .terms = pool_get(pool, count_words(text) * sizeof(*out->terms)) };
	if (!is_printable(text)) /* RFC 7208 3.1, 4.6.1 */
		return "it is not all printable ASCII";
	while (!why && text.n > 0) {
		struct slice word = slice_cut(&text, ' ');
		if (word.n > 0)
			why = read_term(word, out);
	}
	return why;
}
