/* msg_address.c - address lists: RFC 5322 §3.4 with the obsolete forms of §4.4
 *
 * One pass over the bytes. What is read of an entry is kept in two ways, since
 * only what comes later tells which one it was: as a phrase (words with blanks
 * between them: "John Q. Public") and as an address (blanks around dots and the
 * '@' go: "john . public @ x"). Neither grows longer than what it came from, so
 * both have their memory from the start. */
#include "core/msg.h"

/* Bytes being written; gap: there was a blank since. */
struct text {
	char *p;
	size_t n;
	bool gap;
};

struct entry {
	struct text phrase, spec;
	size_t words;	      /* of the phrase; a quoted one counts as several */
	struct slice comment; /* inside of the last one, as it came */
	struct slice route;
	char *at;    /* the last '@' in spec */
	bool angle;  /* spec came in <> */
	bool closed; /* spec is complete */
};

struct reader {
	struct pool *pool;
	const char *p, *end;
	char *phrase, *spec; /* memory for the next entry */
	struct msg_address *first, **tail;
	size_t n;
	bool group;
};

/* What ends a word. '.' and '[' do not: they may stand anywhere in the phrases
   that people write. */
enum { BLANK = 1, SPECIAL = 2 };
static const unsigned char kinds[256] = {
	[' '] = BLANK,
	['\t'] = BLANK,
	['\r'] = BLANK,
	['\n'] = BLANK,
	['('] = SPECIAL,
	[')'] = SPECIAL,
	['<'] = SPECIAL,
	['>'] = SPECIAL,
	['@'] = SPECIAL,
	[','] = SPECIAL,
	[';'] = SPECIAL,
	[':'] = SPECIAL,
	['"'] = SPECIAL,
};

static bool is_blank(char c)
{
	return kinds[(unsigned char)c] == BLANK;
}

static bool is_special(char c)
{
	return kinds[(unsigned char)c] == SPECIAL;
}

static bool is_any(const struct reader *r, const char *set)
{
	return r->p < r->end && *r->p && strchr(set, *r->p);
}

/* --- the two texts --- */

static void add_char(struct text *t, char c)
{
	t->p[t->n++] = c;
}

static void add(struct text *t, const char *p, size_t n)
{
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

static bool sticks(char c)
{
	return c == '.' || c == '@';
}

/* Called in front of each word, whose first byte is c. */
static void begin_word(struct entry *e, char c)
{
	struct text *t = &e->phrase;

	if (t->gap || t->n == 0)
		e->words++;
	if (t->gap && t->n > 0)
		add_char(t, ' ');
	t->gap = false;

	t = &e->spec;
	if (e->closed)
		return;
	if (t->gap && t->n > 0 && !sticks(t->p[t->n - 1]) && !sticks(c))
		add_char(t, ' ');
	t->gap = false;
}

static void add_both(struct entry *e, const char *p, size_t n)
{
	add(&e->phrase, p, n);
	if (!e->closed)
		add(&e->spec, p, n);
}

/* --- pieces --- */

/* Comments nest (RFC 5322 §3.2.2); one that does not end takes the rest. */
static void comment(struct reader *r, struct entry *e)
{
	const char *begin = ++r->p;
	size_t depth = 1;

	for (; r->p < r->end; r->p++) {
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (*r->p == '(')
			depth++;
		else if (*r->p == ')' && --depth == 0)
			break;
	}
	if (r->p > begin)
		e->comment = slice_of(begin, (size_t)(r->p - begin));
	if (r->p < r->end)
		r->p++;
}

static void blanks(struct reader *r, struct entry *e)
{
	while (r->p < r->end) {
		if (is_blank(*r->p))
			r->p++;
		else if (*r->p == '(')
			comment(r, e);
		else
			return;
		e->phrase.gap = e->spec.gap = true;
	}
}

/* RFC 5322 §3.2.4; the quotes and quoting backslashes go. */
static void quoted(struct reader *r, struct entry *e)
{
	begin_word(e, '"');
	e->words++;
	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == '"') {
			r->p++;
			return;
		}
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (*r->p == '\r' || *r->p == '\n')
			continue;
		add_both(e, r->p, 1);
	}
}

static void word(struct reader *r, struct entry *e)
{
	const char *begin = r->p;

	while (r->p < r->end && !is_blank(*r->p) && !is_special(*r->p))
		r->p++;
	begin_word(e, *begin);
	add_both(e, begin, (size_t)(r->p - begin));
}

/* RFC 5322 §3.4.1: [...] as it is, but for blanks. */
static void literal(struct reader *r, struct entry *e)
{
	begin_word(e, '[');
	for (; r->p < r->end; r->p++) {
		if (is_blank(*r->p))
			continue;
		add_both(e, r->p, 1);
		if (*r->p == ']') {
			r->p++;
			return;
		}
	}
}

static char last_char(const struct text *t)
{
	return t->n > 0 ? t->p[t->n - 1] : 0;
}

/* What follows an '@', as far as dots hold it together. */
static void domain_words(struct reader *r, struct entry *e)
{
	for (;;) {
		blanks(r, e);
		if (r->p == r->end || is_special(*r->p))
			return;
		if (e->spec.gap && !sticks(last_char(&e->spec)) && *r->p != '.')
			return;
		if (*r->p == '[' && last_char(&e->spec) == '@')
			literal(r, e);
		else
			word(r, e);
	}
}

/* A second '@' makes the first a part of the mailbox. */
static void domain(struct reader *r, struct entry *e)
{
	begin_word(e, '@');
	if (!e->closed)
		e->at = e->spec.p + e->spec.n;
	add_both(e, r->p++, 1);
	if (e->closed)
		return;
	domain_words(r, e);
	e->closed = !is_any(r, "@");
}

/* RFC 5322 §4.4: <@a,@b:user@host> */
static void route(struct reader *r, struct entry *e)
{
	char *begin = e->spec.p;
	size_t n = 0;

	while (r->p < r->end && !is_any(r, ":>;<")) {
		if (*r->p == '(') {
			comment(r, e);
			continue;
		}
		if (!is_blank(*r->p))
			begin[n++] = *r->p;
		r->p++;
	}
	if (is_any(r, ":"))
		r->p++;
	e->route = slice_of(begin, n);
	e->spec.p += n;
}

/* The address in <>; a missing '>' is taken to be before the next ','. */
static void angle(struct reader *r, struct entry *e)
{
	struct text phrase = e->phrase;
	size_t words = e->words;

	r->p++;
	e->angle = true;
	e->closed = false;
	e->at = NULL;
	e->spec.p += e->spec.n;
	e->spec.n = 0;
	blanks(r, e);
	if (is_any(r, "@"))
		route(r, e);
	for (blanks(r, e); r->p < r->end && !is_any(r, ",;<>"); blanks(r, e)) {
		if (*r->p == '"')
			quoted(r, e);
		else if (*r->p == '@')
			domain(r, e);
		else if (!is_special(*r->p))
			word(r, e);
		else
			add_both(e, r->p++, 1); /* ':' or ')' */
	}
	if (is_any(r, ">"))
		r->p++;
	e->phrase = phrase; /* what stood in <> is no part of it */
	e->words = words;
}

/* --- entries --- */

static struct msg_address *append(struct reader *r, enum msg_address_kind kind)
{
	struct msg_address *a = pool_get(r->pool, sizeof *a);

	a->kind = kind;
	*r->tail = a;
	r->tail = &a->next;
	r->n++;
	return a;
}

static void end_group(struct reader *r)
{
	if (r->group)
		append(r, MSG_GROUP_END);
	r->group = false;
}

/* The entry's words were a group's name. */
static void begin_group(struct reader *r, const struct entry *e)
{
	end_group(r);
	append(r, MSG_GROUP)->mailbox = slice_of(e->phrase.p, e->phrase.n);
	r->group = true;
}

/* "ann@x (Ann Lee)": the name before display names were invented. */
static struct slice comment_text(struct pool *pool, struct slice comment)
{
	struct slice s = msg_unfold(pool, comment);
	char *out;
	size_t n = 0;

	if (slice_chr(s, '\\') < 0)
		return s;
	out = pool_get(pool, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		out[n++] = s.p[i];
	}
	return slice_of(out, n);
}

static void set_address(struct msg_address *a, const struct entry *e)
{
	const struct text *t = &e->spec;
	size_t local = e->at ? (size_t)(e->at - t->p) : t->n;

	a->mailbox = slice_of(t->p, local);
	if (e->at)
		a->host = slice_of(e->at + 1, t->n - local - 1);
	a->route = e->route;
}

static void append_mailbox(struct reader *r, const struct entry *e)
{
	bool address = e->angle || e->at || e->words == 1;
	struct slice phrase = slice_of(e->phrase.p, e->phrase.n);
	struct msg_address *a;

	if (phrase.n == 0 && e->spec.n == 0)
		return;
	a = append(r, MSG_MAILBOX);
	if (address)
		set_address(a, e);
	if (e->angle || !address)
		a->name = phrase;
	if (a->name.n == 0)
		a->name = comment_text(r->pool, e->comment);
}

/* Read up to the ',' or what else ends an entry, and append it. */
static void entry(struct reader *r)
{
	struct entry e = { .phrase.p = r->phrase, .spec.p = r->spec };

	for (blanks(r, &e); r->p < r->end && !is_any(r, ",;") && !e.angle; blanks(r, &e)) {
		if (*r->p == '"')
			quoted(r, &e);
		else if (*r->p == '<')
			angle(r, &e);
		else if (*r->p == '@')
			domain(r, &e);
		else if (*r->p == ':' && !e.at)
			break;
		else if (is_special(*r->p))
			r->p++;
		else
			word(r, &e);
	}
	if (is_any(r, ":") && !e.angle && !e.at)
		begin_group(r, &e);
	else
		append_mailbox(r, &e);
	r->phrase = e.phrase.p + e.phrase.n;
	r->spec = e.spec.p + e.spec.n;
}

struct msg_address *msg_addresses(struct pool *pool, struct slice value)
{
	struct reader r = { .pool = pool, .p = value.p };

	if (value.n == 0)
		return NULL;
	r.end = value.p + value.n;
	r.tail = &r.first;
	r.phrase = pool_get(pool, 2 * value.n + 1);
	r.spec = r.phrase + value.n;
	while (r.p < r.end && r.n < MSG_ADDRESSES_MAX) {
		entry(&r);
		if (is_any(&r, ";"))
			end_group(&r);
		if (is_any(&r, ",;:"))
			r.p++;
	}
	end_group(&r);
	return r.first;
}
