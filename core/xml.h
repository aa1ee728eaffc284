/* xml.h - XML as it comes over a wire: where an element ends, its tree, and writing
 *
 * Nothing but elements, attributes and text is taken: no DTD, no entities but
 * the five that XML has, no comments, no processing instructions (RFC 6120
 * 11.1). A stream is cut into elements by a small scanner, which needs no memory
 * while nothing comes; each complete element is then read by expat into an
 * immutable tree, so no parser lives longer than one call.
 *
 * Nothing here waits; any thread. Text is UTF-8 everywhere. */
#ifndef CORE_XML_H
#define CORE_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"

enum xml_fault {
	XML_OK,
	XML_MALFORMED,	/* not well-formed, or not UTF-8 */
	XML_RESTRICTED, /* well-formed, but of what is not taken */
	XML_ENCODING,	/* declares another encoding than UTF-8 */
	XML_LIMIT,	/* too deep, too many attributes, a name too long */
};

/* --- cutting a stream --- */

/* What was seen of the element that comes next. Zero-initialised: at its
   beginning. */
struct xml_scan {
	size_t at; /* bytes looked at */
	uint32_t depth;
	uint8_t state;
	char quote;
	uint8_t matched; /* of "[CDATA[", "]]>" or "?>" */
	bool slash;	 /* the last byte in a tag was one */
};

enum xml_piece {
	XML_MORE,    /* not complete */
	XML_ELEMENT, /* a whole element ends at scan->at */
	XML_OPEN,    /* with `header`: the root's start tag ends there */
	XML_CLOSE,   /* an end tag that no start tag of this piece belongs to: the root's */
	XML_WRONG,   /* *fault says why */
};

/* Go on in `in`, which begins where it began at the last call and is longer now;
   each byte is looked at once. header: look for the root's start tag, before
   which there may be an XML declaration. depth_max: of elements in one another.
   What the scanner lets pass need not be well-formed. After a piece the caller
   zeroes *scan and goes on behind it. */
enum xml_piece xml_scan(
    struct xml_scan *scan, struct slice in, bool header, unsigned depth_max, enum xml_fault *fault);

/* --- the tree --- */

struct xml_attr {
	struct slice ns, name, value; /* ns is empty without a prefix */
	const struct xml_attr *next;
};

/* An element, or text, whose name.p is NULL. */
struct xml {
	struct slice ns, name;
	struct slice text;
	const struct xml_attr *attrs;
	const struct xml *first, *next; /* child, sibling */
};

struct xml_limits {
	unsigned depth, attrs, name; /* elements in one another, attributes of one, bytes */
};

/* Read one element into pool; NULL with *fault otherwise. root: a start tag
   in which it is taken to stand, for its namespaces; it does not count for
   the limits. open: `text` is such a start tag itself and has no end. */
const struct xml *xml_read(struct pool *pool, struct slice root, struct slice text, bool open,
    const struct xml_limits *limits, enum xml_fault *fault);

bool xml_is(const struct xml *x, struct slice ns, struct slice name);

/* The value of an attribute without a prefix; empty with p == NULL: absent. */
struct slice xml_attr(const struct xml *x, const char *name);

/* The first child element of that name, of any when name is NULL; or NULL. ns NULL:
   in any namespace. */
const struct xml *xml_child(const struct xml *x, const char *ns, const char *name);

/* The next sibling that is an element, or NULL. */
const struct xml *xml_next(const struct xml *x);

/* All text directly in x, joined in pool where there is more than one piece. */
struct slice xml_text(struct pool *pool, const struct xml *x);

/* A copy of x from pool, with that attribute changed, added, or (value.p NULL)
   left out; all else is shared with x, which is not changed. */
const struct xml *xml_with(
    struct pool *pool, const struct xml *x, const char *name, struct slice value);

/* --- writing: all append --- */

/* The element with all in it. outer: the default namespace where it will stand. */
void xml_write(struct buf *out, const struct xml *x, struct slice outer);

/* Text with what XML gives a meaning escaped; good in attributes, too. */
void xml_escape(struct buf *out, struct slice text);

/* " name='value'", escaped; nothing when value.p is NULL. */
void xml_put_attr(struct buf *out, const char *name, struct slice value);

#endif
