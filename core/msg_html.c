/* msg_html.c - the words of an HTML text, for searching
 *
 * No parser of HTML: what looks like a tag goes, scripts and styles go with what
 * is in them, blanks become one blank. One pass; what never ends is looked for
 * once. */
#include "core/msg.h"

struct reader {
	struct slice rest;
	struct buf *out;
	bool no_more_tags; /* there is no '>' in the rest */
};

/* --- characters --- */

static void add_blank(struct buf *out)
{
	if (out->n > 0 && out->p[out->n - 1] != ' ' && out->p[out->n - 1] != '\n')
		buf_addc(out, ' ');
}

static void add_utf8(struct buf *out, unsigned long c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		buf_addc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 63)));
	} else {
		buf_addc(out, (char)(0xf0 | c >> 18));
		buf_addc(out, (char)(0x80 | (c >> 12 & 63)));
		buf_addc(out, (char)(0x80 | (c >> 6 & 63)));
	}
	buf_addc(out, (char)(0x80 | (c & 63)));
}

/* U+00A0 to U+00FF in their order */
static const char latin1[] =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr "
    "deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest "
    "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute "
    "Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml "
    "Yacute THORN szlig "
    "agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute "
    "icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml "
    "yacute thorn yuml";

static const struct {
	const char *name;
	unsigned c;
} others[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' },
	{ "euro", 0x20ac }, { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 },
	{ "rsquo", 0x2019 }, { "sbquo", 0x201a }, { "ldquo", 0x201c }, { "rdquo", 0x201d },
	{ "bdquo", 0x201e }, { "bull", 0x2022 }, { "hellip", 0x2026 }, { "trade", 0x2122 },
	{ "OElig", 0x152 }, { "oelig", 0x153 }, { "Scaron", 0x160 }, { "scaron", 0x161 },
	{ "ensp", ' ' }, { "emsp", ' ' }, { "thinsp", ' ' }, { "zwnj", 0x200c },
	{ "zwj", 0x200d } };

/* 0: no such entity */
static unsigned long named(struct slice name)
{
	struct slice names = SLICE(latin1);

	for (unsigned c = 0xa0; c <= 0xff; c++)
		if (slice_eq(slice_cut(&names, ' '), name))
			return c;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (slice_eq(slice_str(others[i].name), name))
			return others[i].c;
	return 0;
}

/* "#228" or "#xe4", without the '#' */
static unsigned long numbered(struct slice digits)
{
	bool hex = digits.n > 0 && (digits.p[0] | 32) == 'x';
	unsigned long c = 0;

	for (size_t i = hex; i < digits.n; i++) {
		char d = digits.p[i];

		if (d >= '0' && d <= '9')
			c = c * (hex ? 16 : 10) + (unsigned long)(d - '0');
		else if (hex && (d | 32) >= 'a' && (d | 32) <= 'f')
			c = c * 16 + (unsigned long)((d | 32) - 'a' + 10);
		else
			return 0;
	}
	return c;
}

/* rest begins with '&' */
static void entity(struct reader *r)
{
	struct slice name = slice_head(slice_from(r->rest, 1), 10);
	ptrdiff_t n = slice_chr(name, ';');
	unsigned long c = 0;

	name.n = n > 0 ? (size_t)n : 0;
	if (name.n > 1 && name.p[0] == '#')
		c = numbered(slice_from(name, 1));
	else if (name.n > 1)
		c = named(name);
	r->rest = slice_from(r->rest, c ? name.n + 2 : 1);
	if (c == ' ' || c == 0xa0)
		add_blank(r->out);
	else if (c != 0xad) /* a soft hyphen is not searched for */
		add_utf8(r->out, c ? c : '&');
}

/* --- tags --- */

/* Tags within a word do not part it. */
static bool is_inline(struct slice name)
{
	struct slice names =
	    SLICE("a abbr acronym b bdi bdo big cite code del dfn em font i ins "
		  "kbd mark q s samp small span strike strong sub sup tt u var wbr");

	while (names.n > 0)
		if (slice_ieq(slice_word(&names), name))
			return true;
	return false;
}

static bool is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static struct slice tag_name(struct slice tag)
{
	size_t n = 0;

	while (n < tag.n && (is_letter(tag.p[n]) || (tag.p[n] >= '0' && tag.p[n] <= '9')))
		n++;
	return slice_head(tag, n);
}

/* Behind the next `end`; or nothing remains. */
static void skip_past(struct reader *r, struct slice end)
{
	ptrdiff_t n = slice_ifind(r->rest, end);

	r->rest = slice_from(r->rest, n < 0 ? r->rest.n : (size_t)n + end.n);
}

/* Is the '<' that rest begins with the begin of a tag? */
static bool begins_tag(const struct reader *r)
{
	return r->rest.n > 1 && !r->no_more_tags &&
	    (is_letter(r->rest.p[1]) || memchr("/!?", r->rest.p[1], 3));
}

/* What is between <script> and </script>, or the like. */
static void skip_element(struct reader *r, struct slice end)
{
	skip_past(r, end);
	skip_past(r, SLICE(">"));
}

static void tag(struct reader *r)
{
	struct slice inside = slice_from(r->rest, 1), name;
	ptrdiff_t n;

	if (slice_starts(inside, SLICE("!--"))) {
		skip_past(r, SLICE("-->"));
		return;
	}
	n = slice_chr(inside, '>');
	if (n < 0) {
		r->no_more_tags = true;
		return;
	}
	r->rest = slice_from(inside, (size_t)n + 1);
	name = tag_name(slice_from(inside, inside.p[0] == '/'));
	if (slice_ieq(name, SLICE("script")) && inside.p[0] != '/')
		skip_element(r, SLICE("</script"));
	else if (slice_ieq(name, SLICE("style")) && inside.p[0] != '/')
		skip_element(r, SLICE("</style"));
	else if (!is_inline(name))
		add_blank(r->out);
}

/* --- text --- */

static bool is_plain(char c)
{
	return c != '<' && c != '&' && (unsigned char)c > ' ';
}

static void text(struct reader *r)
{
	size_t n = 0;

	while (n < r->rest.n && is_plain(r->rest.p[n]))
		n++;
	buf_adds(r->out, slice_head(r->rest, n));
	r->rest = slice_from(r->rest, n);
}

void msg_html(struct buf *out, struct slice html)
{
	struct reader r = { .rest = html, .out = out };

	while (r.rest.n > 0) {
		char c = r.rest.p[0];

		if (is_plain(c)) {
			text(&r);
		} else if (c == '&') {
			entity(&r);
		} else if (c == '<' && begins_tag(&r)) {
			tag(&r);
		} else {
			if (c == '<')
				buf_addc(out, c);
			else
				add_blank(out);
			r.rest = slice_from(r.rest, 1);
		}
	}
}
