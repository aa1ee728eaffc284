/* tags.h - lists of tag=value, as DKIM, DMARC and ARC write them (RFC 6376 3.2) */
#ifndef MAILAUTH_TAGS_H
#define MAILAUTH_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/pool.h"

enum { TAGS_MAX = 40 };

/* Slices point into the text. */
struct tag {
	struct slice name, value; /* blanks and line ends around them removed */
	struct slice whole;	  /* all that stands between "=" and ";" or the end */
};

struct tags {
	struct tag tag[TAGS_MAX];
	size_t n;
};

/* False: malformed, a tag twice, or more than TAGS_MAX. Names are case-sensitive. */
bool tags_read(struct slice text, struct tags *out);

/* The tag, or NULL; its value, empty when it is absent. */
const struct tag *tags_find(const struct tags *tags, const char *name);
struct slice tags_value(const struct tags *tags, const char *name);

/* Without blanks and line ends, wherever they stand; from pool when there are some. */
struct slice tags_squeeze(struct pool *pool, struct slice value);

/* Is the word, in any case, in a list parted by colons, blanks around it or not? */
bool tags_lists(struct slice value, const char *word);

/* A base64 value with blanks in it, decoded into pool; false: malformed. */
bool tags_base64(struct pool *pool, struct slice value, struct slice *out);

#endif
