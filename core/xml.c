/* xml.c - one element of XML into a tree, by expat
 *
 * A parser for each element: three microseconds, and nothing of one peer's names
 * and namespaces is left when the next one's are read. */
#include "core/xml.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

/* Debian's library has what this stands for, its header hides it. */
#define XML_DTD 1
#include <expat.h>

#include "core/err.h"
#include "core/random.h"

/* Between namespace and name in what expat hands over; no URI and no name has it. */
static const char separator[] = "\n";

enum { DEPTH_HARD = 256 };

/* One call of xml_read. */
struct reading {
	XML_Parser parser;
	struct pool *pool;
	const struct xml_limits *limits;
	enum xml_fault fault;
	bool armed; /* the root that was given is behind us */
	unsigned depth;
	struct xml *open[DEPTH_HARD];	    /* elements that have no end yet */
	const struct xml **end[DEPTH_HARD]; /* where the next child of each goes */
	struct xml *last_text;		    /* text that goes on, or NULL */
	size_t text_room;
	const struct xml *top;
};

static void stop(struct reading *r, enum xml_fault fault)
{
	if (r->fault == XML_OK)
		r->fault = fault;
	XML_StopParser(r->parser, XML_FALSE);
}

/* --- what expat finds --- */

/* "namespace, separator, name". Most elements are in their parent's namespace:
   then its bytes are shared. */
static void split_name(
    struct reading *r, const char *text, struct slice outer, struct slice *ns, struct slice *name)
{
	struct slice all = slice_str(text);
	ptrdiff_t at = slice_chr(all, *separator);

	*ns = SLICE("");
	if (at >= 0) {
		struct slice found = slice_head(all, (size_t)at);
		*ns = slice_eq(found, outer) ? outer : pool_slice(r->pool, found);
		all = slice_from(all, (size_t)at + 1);
	}
	*name = pool_slice(r->pool, all);
	if (name->n > r->limits->name)
		stop(r, XML_LIMIT);
}

static const struct xml_attr *read_attrs(struct reading *r, const char **atts)
{
	const struct xml_attr *first = NULL, **end = &first;
	unsigned n = 0;

	for (; atts[0]; atts += 2) {
		struct xml_attr *attr = pool_get(r->pool, sizeof(*attr));
		if (++n > r->limits->attrs)
			stop(r, XML_LIMIT);
		split_name(r, atts[0], SLICE(""), &attr->ns, &attr->name);
		attr->value = pool_slice(r->pool, slice_str(atts[1]));
		*end = attr;
		end = &attr->next;
	}
	return first;
}

static void add(struct reading *r, const struct xml *x)
{
	if (r->depth == 0) {
		if (r->top)
			stop(r, XML_MALFORMED);
		r->top = x;
		return;
	}
	*r->end[r->depth - 1] = x;
	/* Trees are constant to all but who builds them. */
	r->end[r->depth - 1] = (const struct xml **)&((struct xml *)(uintptr_t)x)->next;
}

static void on_start(void *arg, const char *name, const char **atts)
{
	struct reading *r = arg;

	if (!r->armed || r->fault != XML_OK)
		return;
	r->last_text = NULL;
	if (r->depth >= r->limits->depth || r->depth >= DEPTH_HARD) {
		stop(r, XML_LIMIT);
		return;
	}
	struct xml *x = pool_get(r->pool, sizeof(*x));
	split_name(r, name, r->depth ? r->open[r->depth - 1]->ns : SLICE(""), &x->ns, &x->name);
	x->attrs = read_attrs(r, atts);
	add(r, x);
	r->open[r->depth] = x;
	r->end[r->depth++] = &x->first;
}

static void on_end(void *arg, const char *name)
{
	struct reading *r = arg;

	(void)name;
	r->last_text = NULL;
	if (r->armed && r->depth > 0)
		r->depth--;
}

/* Expat cuts text at line ends and escapes: pieces are joined here. */
static void on_text(void *arg, const char *p, int n)
{
	struct reading *r = arg;

	if (!r->armed || r->depth == 0)
		return;
	struct xml *x = r->last_text;
	size_t more = (size_t)n;
	if (!x) {
		x = pool_get(r->pool, sizeof(*x));
		x->text = pool_slice(r->pool, slice_of(p, more));
		r->text_room = more;
		r->last_text = x;
		add(r, x);
		return;
	}
	if (x->text.n + more > r->text_room) {
		r->text_room = 2 * (x->text.n + more);
		char *room = pool_get(r->pool, r->text_room);
		memcpy(room, x->text.p, x->text.n);
		x->text.p = room;
	}
	memcpy((char *)(uintptr_t)x->text.p + x->text.n, p, more);
	x->text.n += more;
}

static void on_doctype(void *arg, const char *name, const char *system, const char *public, int own)
{
	(void)name, (void)system, (void)public, (void)own;
	stop(arg, XML_RESTRICTED);
}

static void on_entity(void *arg, const char *name, int parameter, const char *value, int n,
    const char *base, const char *system, const char *public, const char *notation)
{
	(void)name, (void)parameter, (void)value, (void)n, (void)base;
	(void)system, (void)public, (void)notation;
	stop(arg, XML_RESTRICTED);
}

static void on_comment(void *arg, const char *text)
{
	(void)text;
	stop(arg, XML_RESTRICTED);
}

static void on_instruction(void *arg, const char *target, const char *text)
{
	(void)target, (void)text;
	stop(arg, XML_RESTRICTED);
}

/* RFC 6120 11.6: UTF-8 and nothing else. */
static void on_declaration(void *arg, const char *version, const char *encoding, int standalone)
{
	(void)version, (void)standalone;
	if (encoding && !slice_ieq(slice_str(encoding), SLICE("UTF-8")))
		stop(arg, XML_ENCODING);
}

/* --- the parser --- */

static unsigned long salt;

static void make_salt(void)
{
	do
		random_bytes(&salt, sizeof(salt));
	while (salt == 0);
}

/* What a client sends to log in passes through here: nothing of it stays behind. */
static void wipe(void *p)
{
	if (p)
		bytes_wipe(p, malloc_usable_size(p));
	free(p);
}

static void *resize(void *p, size_t n)
{
	void *room = malloc(n);

	if (p && room) {
		size_t had = malloc_usable_size(p);
		memcpy(room, p, had < n ? had : n);
		wipe(p);
	}
	return room;
}

static XML_Parser parser_new(struct reading *r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_salt);
	static const XML_Memory_Handling_Suite memory = { malloc, resize, wipe };
	XML_Parser p = XML_ParserCreate_MM("UTF-8", &memory, separator);
	if (!p)
		bug("no memory for a parser");
	XML_SetUserData(p, r);
	/* The salt is ours, or expat would ask the kernel for one each time. */
	XML_SetHashSalt(p, salt);
	XML_SetElementHandler(p, on_start, on_end);
	XML_SetCharacterDataHandler(p, on_text);
	XML_SetXmlDeclHandler(p, on_declaration);
	XML_SetStartDoctypeDeclHandler(p, on_doctype);
	XML_SetEntityDeclHandler(p, on_entity);
	XML_SetCommentHandler(p, on_comment);
	XML_SetProcessingInstructionHandler(p, on_instruction);
	XML_SetParamEntityParsing(p, XML_PARAM_ENTITY_PARSING_NEVER);
	/* Entities are refused where they are declared; should one get by, it may
	   not grow. The five that XML has count as growth, too: "&lt;" as one byte
	   more for four. */
	XML_SetBillionLaughsAttackProtectionMaximumAmplification(p, 1.5f);
	XML_SetBillionLaughsAttackProtectionActivationThreshold(p, 1024);
	return p;
}

/* An entity that nobody declared is well-formed, but not taken (RFC 6120 11.1). */
static enum xml_fault fault_of(const struct reading *r)
{
	if (r->fault != XML_OK)
		return r->fault;
	switch (XML_GetErrorCode(r->parser)) {
	case XML_ERROR_UNDEFINED_ENTITY:
	case XML_ERROR_RECURSIVE_ENTITY_REF:
	case XML_ERROR_AMPLIFICATION_LIMIT_BREACH:
		return XML_RESTRICTED;
	case XML_ERROR_UNKNOWN_ENCODING:
	case XML_ERROR_INCORRECT_ENCODING:
		return XML_ENCODING;
	default:
		return XML_MALFORMED;
	}
}

static bool feed(struct reading *r, struct slice text, bool last)
{
	if (text.n > INT32_MAX / 2)
		return false;
	return XML_Parse(r->parser, text.p ? text.p : "", (int)text.n, last) == XML_STATUS_OK;
}

const struct xml *xml_read(struct pool *pool, struct slice root, struct slice text, bool open,
    const struct xml_limits *limits, enum xml_fault *fault)
{
	struct reading r;

	r.pool = pool;
	r.limits = limits;
	r.fault = XML_OK;
	r.depth = 0;
	r.last_text = NULL;
	r.top = NULL;
	r.parser = parser_new(&r);
	r.armed = root.n == 0;
	bool good = root.n == 0 || feed(&r, root, false);
	r.armed = true;
	good = good && feed(&r, text, root.n == 0 && !open);
	*fault = good ? XML_OK : fault_of(&r);
	XML_ParserFree(r.parser);
	/* As many ends as starts, or a start tag alone. */
	if (good && (!r.top || r.depth != open))
		*fault = XML_MALFORMED;
	return *fault == XML_OK ? r.top : NULL;
}
