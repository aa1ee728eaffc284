/* msg_part.c - the tree of MIME parts (RFC 2045, RFC 2046)
 *
 * One pass over the lines. The boundaries of all multiparts that are open are on
 * a stack: a delimiter line of an outer one ends all within, so that a missing
 * close delimiter costs nothing but itself. */
#include "core/msg.h"

struct reader {
	struct pool *pool;
	struct slice whole;
	size_t at;	/* begin of a line */
	uint64_t lines; /* line ends before it */
	size_t parts;

	struct slice open[MSG_DEPTH_MAX]; /* boundaries, the innermost last */
	size_t n_open;

	/* The delimiter line that `at` stands before. */
	size_t found; /* which of open, + 1; 0: none, this is the end */
	bool close;   /* it is a close delimiter */
};

/* --- lines --- */

static void next_line(struct reader *r)
{
	const char *p = r->whole.p + r->at;
	const char *lf = memchr(p, '\n', r->whole.n - r->at);

	r->at = lf ? (size_t)(lf + 1 - r->whole.p) : r->whole.n;
	r->lines += lf != NULL;
}

static bool at_empty_line(const struct reader *r)
{
	const char *p = r->whole.p + r->at;

	return *p == '\n' || (*p == '\r' && r->whole.n - r->at >= 2 && p[1] == '\n');
}

/* RFC 2046 §5.1.1: the line need only begin with the boundary. Where several do,
   the longest is meant, since one boundary may be the beginning of another's; of
   equal ones the innermost. When there are too many parts there are no more
   delimiters, and the last part takes the rest. */
static bool at_delimiter(struct reader *r)
{
	struct slice line = slice_from(r->whole, r->at);
	size_t longest = 0;

	if (line.n < 3 || line.p[0] != '-' || line.p[1] != '-' || r->parts >= MSG_PARTS_MAX)
		return false;
	line = slice_from(line, 2);
	for (size_t i = r->n_open; i-- > 0;) {
		struct slice b = r->open[i];

		/* the first and last byte tell most of them */
		if (b.n <= longest || b.n > line.n || b.p[0] != line.p[0] ||
		    b.p[b.n - 1] != line.p[b.n - 1] || memcmp(b.p, line.p, b.n) != 0)
			continue;
		longest = b.n;
		r->found = i + 1;
	}
	r->close = slice_starts(slice_from(line, longest), SLICE("--"));
	return longest > 0;
}

/* To the next delimiter line or the end. Where no multipart is open there is none. */
static void find_delimiter(struct reader *r)
{
	for (r->found = 0; r->at < r->whole.n; next_line(r))
		if (r->n_open > 0 && at_delimiter(r))
			return;
}

/* --- header --- */

static struct slice lone_word(struct pool *pool, struct slice value)
{
	struct msg_param *ignored;

	return msg_params(pool, value, &ignored);
}

/* "text/plain" in two. False: it is none. */
static bool split_type(struct slice words, struct msg_part *part)
{
	ptrdiff_t slash = slice_chr(words, '/');

	if (slash <= 0 || (size_t)slash + 1 == words.n)
		return false;
	part->type = slice_head(words, (size_t)slash);
	part->subtype = slice_from(words, (size_t)slash + 1);
	return true;
}

static void set_type(
    struct pool *pool, struct msg_part *part, struct slice type, struct slice subtype)
{
	part->type = type;
	part->subtype = subtype;
	part->params = NULL;
	if (!slice_eq(type, SLICE("text")))
		return;
	part->params = pool_get(pool, sizeof *part->params);
	part->params->name = SLICE("charset");
	part->params->value = SLICE("us-ascii");
}

/* RFC 2045 §5.2: what can't be read is text/plain. */
static void read_type(struct pool *pool, struct msg_part *part, struct slice value)
{
	if (part->type.n == 0 && !split_type(msg_params(pool, value, &part->params), part))
		set_type(pool, part, SLICE("text"), SLICE("plain"));
}

static void read_disposition(struct pool *pool, struct msg_part *part, struct slice value)
{
	if (part->disposition.n == 0)
		part->disposition = msg_params(pool, value, &part->disposition_params);
}

/* The fields that are kept as they are: where they go. */
static struct slice *plain_field(struct msg_part *part, struct slice name)
{
	static const struct {
		struct slice name;
		size_t offset;
	} rows[] = {
		{ { "id", 2 }, offsetof(struct msg_part, id) },
		{ { "description", 11 }, offsetof(struct msg_part, description) },
		{ { "md5", 3 }, offsetof(struct msg_part, md5) },
		{ { "location", 8 }, offsetof(struct msg_part, location) },
		{ { "language", 8 }, offsetof(struct msg_part, language) },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (slice_ieq(name, rows[i].name))
			return (struct slice *)((char *)part + rows[i].offset);
	return NULL;
}

/* The first field of each name counts. */
static void read_field(struct pool *pool, struct msg_part *part, const struct msg_field *field)
{
	struct slice name = slice_from(field->name, strlen("content-"));
	struct slice *plain;

	if (slice_ieq(name, SLICE("type"))) {
		read_type(pool, part, field->value);
	} else if (slice_ieq(name, SLICE("transfer-encoding"))) {
		if (part->encoding.n == 0)
			part->encoding = lone_word(pool, field->value);
	} else if (slice_ieq(name, SLICE("disposition"))) {
		read_disposition(pool, part, field->value);
	} else if ((plain = plain_field(part, name)) != NULL && !plain->p) {
		*plain = msg_unfold(pool, field->value);
	}
}

/* To the end of the header block: behind the empty line, or at a delimiter. */
static bool skip_header(struct reader *r)
{
	for (r->found = 0; r->at < r->whole.n; next_line(r)) {
		if (at_empty_line(r)) {
			next_line(r);
			return true;
		}
		if (at_delimiter(r))
			return false;
	}
	return true;
}

static bool is_message(const struct msg_part *part)
{
	return slice_eq(part->type, SLICE("message")) &&
	    (slice_eq(part->subtype, SLICE("rfc822")) ||
		slice_eq(part->subtype, SLICE("global"))); /* RFC 6532 §3.7 */
}

static bool is_multipart(const struct msg_part *part)
{
	return slice_eq(part->type, SLICE("multipart"));
}

static struct slice boundary_of(const struct msg_part *part)
{
	struct slice b = msg_param(part->params, SLICE("boundary"));

	while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
		b.n--; /* RFC 2046 §5.1.1: can't end in blanks */
	return b;
}

/* What the fields left open, and what can't be as they say. */
static void settle(struct reader *r, struct msg_part *part, size_t depth)
{
	const struct msg_part *up = part->parent;
	bool in_digest = up && is_multipart(up) && slice_eq(up->subtype, SLICE("digest"));

	if (part->encoding.n == 0)
		part->encoding = SLICE("7bit");
	if (part->type.n == 0 && in_digest) /* RFC 2046 §5.1.5 */
		set_type(r->pool, part, SLICE("message"), SLICE("rfc822"));
	else if (part->type.n == 0)
		set_type(r->pool, part, SLICE("text"), SLICE("plain"));
	else if (is_multipart(part) && boundary_of(part).n == 0)
		set_type(r->pool, part, SLICE("text"), SLICE("plain"));
	if ((depth + 1 >= MSG_DEPTH_MAX || r->parts >= MSG_PARTS_MAX) &&
	    (is_multipart(part) || is_message(part)))
		set_type(r->pool, part, SLICE("application"), SLICE("octet-stream"));
}

/* False: a delimiter line ended it, and there is no body. */
static bool read_header(struct reader *r, struct msg_part *part, size_t depth)
{
	bool body = skip_header(r);
	struct slice header;
	struct msg_field field;

	part->body = r->at;
	header = msg_header(part, r->whole);
	while (msg_field_next(&header, &field))
		if (slice_istarts(field.name, SLICE("content-")))
			read_field(r->pool, part, &field);
	settle(r, part, depth);
	return body;
}

/* --- tree --- */

static struct msg_part *read_part(struct reader *r, struct msg_part *parent, size_t depth);

/* Clients count on one part at least. */
static struct msg_part *empty_part(struct reader *r, struct msg_part *parent)
{
	struct msg_part *part = pool_get(r->pool, sizeof *part);

	part->parent = parent;
	part->header = part->body = part->end = r->at;
	part->encoding = SLICE("7bit");
	set_type(r->pool, part, SLICE("text"), SLICE("plain"));
	r->parts++;
	return part;
}

static void read_multipart(struct reader *r, struct msg_part *part, size_t depth)
{
	struct msg_part **tail = &part->children;
	size_t mine = r->n_open + 1;

	r->open[r->n_open++] = boundary_of(part);
	find_delimiter(r); /* passing over the preamble */
	while (r->found == mine && !r->close) {
		next_line(r);
		*tail = read_part(r, part, depth + 1);
		tail = &(*tail)->next;
	}
	r->n_open--;
	if (r->found == mine) {
		next_line(r);
		find_delimiter(r); /* the epilogue */
	}
	if (!part->children)
		part->children = empty_part(r, part);
}

/* The line end before a delimiter is the delimiter's (RFC 2046 §5.1.1), unless
   there is nothing else in the body. */
static void end_part(struct reader *r, struct msg_part *part, uint64_t lines)
{
	const char *p = r->whole.p;

	part->end = r->at;
	part->lines = r->lines - lines;
	if (!r->found || part->end == part->body)
		return;
	part->end--;
	part->lines--;
	if (part->end > part->body && p[part->end - 1] == '\r')
		part->end--;
}

/* From `at` to the delimiter that ends it, or to the end. */
static struct msg_part *read_part(struct reader *r, struct msg_part *parent, size_t depth)
{
	struct msg_part *part = pool_get(r->pool, sizeof *part);
	uint64_t lines;

	r->parts++;
	part->parent = parent;
	part->header = r->at;
	if (read_header(r, part, depth)) {
		lines = r->lines;
		if (is_multipart(part))
			read_multipart(r, part, depth);
		else if (is_message(part))
			part->children = read_part(r, part, depth + 1);
		else
			find_delimiter(r);
	} else {
		lines = r->lines;
		if (is_multipart(part) || is_message(part))
			part->children = empty_part(r, part);
	}
	end_part(r, part, lines);
	return part;
}

struct msg_part *msg_parse(struct pool *pool, struct slice whole)
{
	struct reader r = { .pool = pool, .whole = whole };

	return read_part(&r, NULL, 0);
}

struct slice msg_header(const struct msg_part *part, struct slice whole)
{
	return slice_head(slice_from(whole, part->header), part->body - part->header);
}

struct slice msg_body(const struct msg_part *part, struct slice whole)
{
	return slice_head(slice_from(whole, part->body), part->end - part->body);
}
