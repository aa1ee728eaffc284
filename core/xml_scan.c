/* xml_scan.c - where an element in a stream ends, found without a parser
 *
 * Of markup only as much is known as is needed to count start and end tags: quotes
 * and CDATA sections, in which a '<' or '>' is none. In a well-formed element
 * the end that is found is the right one; what is not well-formed is left to
 * the parser. */
#include "core/xml.h"

enum state {
	IN_TEXT,
	AFTER_LT,
	IN_START,
	IN_QUOTE,
	IN_END,
	IN_BANG, /* behind "<!", where only "[CDATA[" may follow */
	IN_CDATA,
	IN_DECLARATION,
};

static enum xml_piece wrong(enum xml_fault *fault, enum xml_fault why)
{
	*fault = why;
	return XML_WRONG;
}

/* Jump behind the next c; false when there is none. */
static bool skip_to(struct xml_scan *scan, struct slice in, char c)
{
	const char *p = memchr(in.p + scan->at, c, in.n - scan->at);

	scan->at = p ? (size_t)(p - in.p) + 1 : in.n;
	return p != NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Between tags. Outside of all elements nothing may stand but space. */
static enum xml_piece scan_text(struct xml_scan *scan, struct slice in, enum xml_fault *fault)
{
	if (scan->depth == 0) {
		char c = in.p[scan->at++];
		if (c == '<')
			scan->state = AFTER_LT;
		else if (!is_space(c))
			return wrong(fault, XML_MALFORMED);
	} else if (skip_to(scan, in, '<')) {
		scan->state = AFTER_LT;
	}
	return XML_MORE;
}

static enum xml_piece scan_after_lt(
    struct xml_scan *scan, struct slice in, bool header, enum xml_fault *fault)
{
	char c = in.p[scan->at++];

	scan->matched = 0;
	scan->slash = false;
	if (c == '/')
		scan->state = IN_END;
	else if (c == '!')
		scan->state = IN_BANG;
	else if (c == '?' && header && scan->at == 2)
		scan->state = IN_DECLARATION;
	else if (c == '?')
		return wrong(fault, XML_RESTRICTED);
	else if (c == '<' || c == '>')
		return wrong(fault, XML_MALFORMED);
	else
		scan->state = IN_START;
	return XML_MORE;
}

static enum xml_piece end_start_tag(
    struct xml_scan *scan, bool header, unsigned depth_max, enum xml_fault *fault)
{
	scan->state = IN_TEXT;
	if (header)
		return XML_OPEN;
	if (scan->slash)
		return scan->depth == 0 ? XML_ELEMENT : XML_MORE;
	if (++scan->depth > depth_max)
		return wrong(fault, XML_LIMIT);
	return XML_MORE;
}

static enum xml_piece scan_start(
    struct xml_scan *scan, struct slice in, bool header, unsigned depth_max, enum xml_fault *fault)
{
	while (scan->at < in.n) {
		char c = in.p[scan->at++];
		switch (c) {
		case '"':
		case '\'':
			scan->quote = c;
			scan->state = IN_QUOTE;
			scan->slash = false;
			return XML_MORE;
		case '>':
			return end_start_tag(scan, header, depth_max, fault);
		case '<':
			return wrong(fault, XML_MALFORMED);
		default:
			scan->slash = c == '/';
		}
	}
	return XML_MORE;
}

static enum xml_piece scan_end(struct xml_scan *scan, struct slice in)
{
	if (!skip_to(scan, in, '>'))
		return XML_MORE;
	scan->state = IN_TEXT;
	if (scan->depth == 0)
		return XML_CLOSE;
	return --scan->depth == 0 ? XML_ELEMENT : XML_MORE;
}

/* RFC 6120 11.1: no comments, no document type. */
static enum xml_piece scan_bang(struct xml_scan *scan, struct slice in, enum xml_fault *fault)
{
	static const char cdata[] = "[CDATA[";

	if (in.p[scan->at++] != cdata[scan->matched])
		return wrong(fault, XML_RESTRICTED);
	if (++scan->matched < sizeof(cdata) - 1)
		return XML_MORE;
	if (scan->depth == 0)
		return wrong(fault, XML_MALFORMED);
	scan->matched = 0;
	scan->state = IN_CDATA;
	return XML_MORE;
}

/* "]]>"; matched: how many of the brackets came in a row, two at most. */
static void scan_cdata(struct xml_scan *scan, struct slice in)
{
	if (scan->matched == 0) {
		scan->matched = skip_to(scan, in, ']');
		return;
	}
	char c = in.p[scan->at++];
	if (c == ']') {
		scan->matched = 2;
		return;
	}
	if (c == '>' && scan->matched == 2)
		scan->state = IN_TEXT;
	scan->matched = 0;
}

static void scan_declaration(struct xml_scan *scan, struct slice in)
{
	char c = in.p[scan->at++];

	if (c == '>' && scan->matched)
		scan->state = IN_TEXT;
	scan->matched = c == '?';
}

enum xml_piece xml_scan(
    struct xml_scan *scan, struct slice in, bool header, unsigned depth_max, enum xml_fault *fault)
{
	enum xml_piece piece = XML_MORE;

	while (piece == XML_MORE && scan->at < in.n) {
		switch ((enum state)scan->state) {
		case IN_TEXT:
			piece = scan_text(scan, in, fault);
			break;
		case AFTER_LT:
			piece = scan_after_lt(scan, in, header, fault);
			break;
		case IN_START:
			piece = scan_start(scan, in, header, depth_max, fault);
			break;
		case IN_QUOTE:
			if (skip_to(scan, in, scan->quote))
				scan->state = IN_START;
			break;
		case IN_END:
			piece = scan_end(scan, in);
			break;
		case IN_BANG:
			piece = scan_bang(scan, in, fault);
			break;
		case IN_CDATA:
			scan_cdata(scan, in);
			break;
		case IN_DECLARATION:
			scan_declaration(scan, in);
			break;
		}
	}
	return piece;
}
