/* msg_field.c - header fields: walk, find, unfold (RFC 5322 §2.2) */
#include "core/msg.h"

static const char *line_end(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? lf + 1 : end;
}

/* Length of the line end that p begins with, or 0. */
static size_t empty_line(const char *p, const char *end)
{
	if (*p == '\n')
		return 1;
	return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* RFC 5322 §3.6.8: printable ASCII but the colon; §4.5.8 lets blanks stand
   between it and the colon. Empty when it is none. Returns the colon. */
static const char *read_name(const char *p, const char *end, struct slice *name)
{
	const char *c = p;

	*name = slice_of(p, 0);
	while (c<end && * c> ' ' && *c < 127 && *c != ':')
		c++;
	size_t n = (size_t)(c - p);
	while (c < end && (*c == ' ' || *c == '\t'))
		c++;
	if (c < end && *c == ':')
		name->n = n;
	return c;
}

static struct slice without_line_end(const char *p, const char *end)
{
	if (end > p && end[-1] == '\n')
		end--;
	if (end > p && end[-1] == '\r')
		end--;
	return slice_of(p, (size_t)(end - p));
}

bool msg_field_next(struct slice *rest, struct msg_field *field)
{
	const char *p = rest->p, *end, *next;

	if (rest->n == 0)
		return false;
	end = p + rest->n;
	if (empty_line(p, end)) {
		*rest = slice_from(*rest, empty_line(p, end));
		return false;
	}
	next = line_end(p, end);
	const char *colon = read_name(p, next, &field->name);
	while (next < end && (*next == ' ' || *next == '\t'))
		next = line_end(next, end);

	*rest = slice_of(next, (size_t)(end - next));
	field->raw = slice_of(p, (size_t)(next - p));
	field->value = without_line_end(field->name.n ? colon + 1 : p, next);
	return true;
}

bool msg_field_find(struct slice header, struct slice name, struct msg_field *field)
{
	while (msg_field_next(&header, field))
		if (slice_ieq(field->name, name))
			return true;
	return false;
}

bool msg_has_field(struct slice header, struct slice name, struct slice value)
{
	struct msg_field field;

	while (msg_field_next(&header, &field))
		if (slice_ieq(field.name, name) && slice_ieq(slice_trim(field.value), value))
			return true;
	return false;
}

struct slice msg_unfold(struct pool *pool, struct slice value)
{
	struct slice out;
	char *to;

	value = slice_trim(value);
	if (slice_chr(value, '\n') < 0)
		return value;
	out.p = to = pool_get(pool, value.n);
	for (const char *p = value.p, *end = p + value.n; p < end; p++)
		if (*p != '\n' && !(*p == '\r' && p + 1 < end && p[1] == '\n'))
			*to++ = *p;
	out.n = (size_t)(to - out.p);
	return out;
}
