/* msg_param.c - Content-Type and Content-Disposition values: RFC 2045 §5.1, RFC 2231 */
#include "core/msg.h"

struct reader {
	struct pool *pool;
	const char *p, *end;
	char *out; /* memory for what is written without its quoting */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 §5.1, but "/[]?" and 8-bit bytes, which are found in the wild, are let
   through: they part nothing here. */
static bool is_token(char c)
{
	switch (c) {
	case 0:
	case '(':
	case ')':
	case '<':
	case '>':
	case ',':
	case ';':
	case ':':
	case '"':
	case '=':
		return false;
	default:
		return !is_blank(c);
	}
}

/* Comments nest; one that does not end takes the rest. */
static void comment(struct reader *r)
{
	size_t depth = 0;

	for (; r->p < r->end; r->p++) {
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (*r->p == '(')
			depth++;
		else if (*r->p == ')' && --depth == 0)
			break;
	}
	if (r->p < r->end)
		r->p++;
}

static void blanks(struct reader *r)
{
	while (r->p < r->end && (is_blank(*r->p) || *r->p == '('))
		if (*r->p == '(')
			comment(r);
		else
			r->p++;
}

static struct slice token(struct reader *r)
{
	const char *begin = r->p;

	while (r->p < r->end && is_token(*r->p))
		r->p++;
	return slice_of(begin, (size_t)(r->p - begin));
}

/* The words before the first ';': "text", "/" and "plain" may have blanks and
   comments between them. What begins another word is read as a parameter. */
static struct slice head(struct reader *r)
{
	char *begin = r->out;

	for (;;) {
		struct slice t;

		blanks(r);
		if (r->out > begin && r->out[-1] != '/' && r->p < r->end && *r->p != '/')
			break;
		t = token(r);
		if (t.n == 0)
			break;
		for (size_t i = 0; i < t.n; i++)
			*r->out++ = char_lower(t.p[i]);
	}
	return slice_of(begin, (size_t)(r->out - begin));
}

/* One without a second quote takes the rest. */
static struct slice quoted(struct reader *r)
{
	char *begin = r->out;

	for (r->p++; r->p < r->end && *r->p != '"'; r->p++) {
		if (*r->p == '\r' || *r->p == '\n')
			continue;
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		*r->out++ = *r->p;
	}
	if (r->p < r->end)
		r->p++;
	return slice_of(begin, (size_t)(r->out - begin));
}

/* Is the blank at p followed by "name=", so that only a ';' was forgotten? */
static bool begins_param(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (p < end && is_token(*p))
		p++;
	return p < end && *p == '=';
}

/* Without quotes: as far as the ';', since file names with blanks are found in
   the wild, but for a comment behind it. */
static struct slice unquoted(struct reader *r)
{
	const char *begin = r->p;

	while (r->p < r->end && *r->p != ';') {
		if (!is_blank(*r->p)) {
			r->p++;
			continue;
		}
		if (begins_param(r->p, r->end))
			break;
		while (r->p < r->end && is_blank(*r->p))
			r->p++;
		if (r->p < r->end && *r->p == '(')
			break;
	}
	return msg_unfold(r->pool, slice_of(begin, (size_t)(r->p - begin)));
}

/* A parameter as it was sent. number: which piece of base it is (RFC 2231 §3),
   or -1. */
struct raw {
	struct slice name, value, base;
	int number;
	bool encoded;
	bool joined; /* into piece 0 */
};

/* False: there is no parameter here. */
static bool param(struct reader *r, struct raw *out)
{
	out->name = token(r);
	blanks(r);
	if (r->p == r->end || *r->p != '=')
		return false;
	r->p++;
	blanks(r);
	if (r->p < r->end && *r->p == '"')
		out->value = quoted(r);
	else
		out->value = unquoted(r);
	return true;
}

/* To what can begin a parameter: behind ';', or at a word. */
static void next_param(struct reader *r)
{
	blanks(r);
	while (r->p < r->end && (*r->p == ';' || !is_token(*r->p))) {
		r->p++;
		blanks(r);
	}
}

/* --- RFC 2231 --- */

/* "title*0*" is piece 0 of title, encoded. */
static void find_number(struct raw *p)
{
	ptrdiff_t star = slice_chr(p->name, '*');
	struct slice digits;
	int number = 0;

	p->number = -1;
	if (star <= 0)
		return;
	p->base = slice_head(p->name, (size_t)star);
	digits = slice_from(p->name, (size_t)star + 1);
	p->encoded = digits.n > 0 && digits.p[digits.n - 1] == '*';
	digits.n -= p->encoded;
	if (digits.n == 0 || digits.n > 2)
		return; /* more pieces than parameters are read */
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return;
		number = number * 10 + digits.p[i] - '0';
	}
	p->number = number;
}

/* The pieces of one parameter, in their order. */
struct pieces {
	struct raw *piece[MSG_PARAMS_MAX];
	size_t n;
	bool any_encoded;
};

static void add_piece(struct pieces *pieces, struct raw *p)
{
	pieces->piece[pieces->n++] = p;
	pieces->any_encoded |= p->encoded;
}

/* All that follow on piece 0; those behind a gap stay as they are. */
static void gather(struct pieces *pieces, struct raw *zero, struct raw *list, size_t n)
{
	add_piece(pieces, zero);
	for (size_t i = 0; i < n; i++) {
		if (list[i].number != (int)pieces->n || list[i].joined ||
		    !slice_ieq(list[i].base, zero->base))
			continue;
		list[i].joined = true;
		add_piece(pieces, &list[i]);
		i = (size_t)-1; /* the next piece may be in front */
	}
}

/* RFC 2231 §7: what an encoded value can't hold as it is */
static bool needs_percent(char c)
{
	return c <= ' ' || c >= 127 || memchr("*'%()<>@,;:\\\"/[]?=", c, 18) != NULL;
}

static size_t put_encoded(char *out, struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (needs_percent(s.p[i])) {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		} else {
			out[n++] = s.p[i];
		}
	}
	return n;
}

static size_t copy(char *out, struct slice s)
{
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	return s.n;
}

/* As one value. When one piece is encoded, all must be: RFC 2231 §4.1 has them
   mixed, but one value is of one kind. */
static struct slice join_values(struct pool *pool, const struct pieces *p)
{
	size_t n = 2;
	char *out;

	for (size_t i = 0; i < p->n; i++)
		n += 3 * p->piece[i]->value.n;
	out = pool_get(pool, n);
	n = 0;
	if (p->any_encoded && !p->piece[0]->encoded)
		n += copy(out, SLICE("''")); /* no charset, no language */
	for (size_t i = 0; i < p->n; i++) {
		bool raw = p->piece[i]->encoded || !p->any_encoded;

		n += raw ? copy(out + n, p->piece[i]->value)
			 : put_encoded(out + n, p->piece[i]->value);
	}
	return slice_of(out, n);
}

/* Into piece 0, which then has the name of them all. */
static void join(struct pool *pool, struct raw *zero, struct raw *list, size_t n)
{
	struct pieces pieces = { .n = 0 };

	gather(&pieces, zero, list, n);
	zero->value = join_values(pool, &pieces);
	/* "name*0*" begins with "name*" */
	zero->name = slice_head(zero->name, zero->base.n + pieces.any_encoded);
}

/* --- the whole value --- */

static size_t read_params(struct reader *r, struct raw list[MSG_PARAMS_MAX])
{
	size_t n = 0;

	for (size_t tries = 0; tries < MSG_PARAMS_MAX; tries++) {
		next_param(r);
		if (r->p == r->end)
			break;
		list[n] = (struct raw){ .number = -1 };
		if (!param(r, &list[n]))
			continue;
		find_number(&list[n]);
		n++;
	}
	return n;
}

struct slice msg_params(struct pool *pool, struct slice value, struct msg_param **params)
{
	struct reader r = { .pool = pool, .p = value.p };
	struct raw list[MSG_PARAMS_MAX];
	struct slice words;
	size_t n;

	*params = NULL;
	if (value.n == 0)
		return value;
	r.end = value.p + value.n;
	r.out = pool_get(pool, value.n);
	words = head(&r);
	n = read_params(&r, list);
	for (size_t i = 0; i < n; i++)
		if (list[i].number == 0)
			join(pool, &list[i], list, n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].joined)
			continue;
		*params = pool_get(pool, sizeof **params);
		(*params)->name = list[i].name;
		(*params)->value = list[i].value;
		params = &(*params)->next;
	}
	return words;
}

struct slice msg_param(const struct msg_param *params, struct slice name)
{
	for (; params; params = params->next)
		if (slice_ieq(params->name, name))
			return params->value;
	return slice_of(NULL, 0);
}
