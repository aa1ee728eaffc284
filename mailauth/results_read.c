/* results_read.c - who says so? Fields that claim to be ours (RFC 8601 2.2, 5) */
#include "core/msg.h"
#include "mailauth/results.h"

enum { COMMENT_DEPTH_MAX = 20 };

/* A comment, which may have others inside; false: it does not end. */
static bool skip_comment(struct slice *s)
{
	unsigned depth = 0;

	while (s->n > 0) {
		char c = s->p[0];

		*s = slice_from(*s, c == '\\' ? 2 : 1);
		if (c == '(' && ++depth > COMMENT_DEPTH_MAX)
			return false;
		if (c == ')' && --depth == 0)
			return true;
	}
	return false;
}

/* Blanks, line ends and comments (RFC 5322 3.2.2). */
static bool skip_cfws(struct slice *s)
{
	while (s->n > 0) {
		char c = s->p[0];

		if (c == '(') {
			if (!skip_comment(s))
				return false;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			*s = slice_from(*s, 1);
		} else {
			break;
		}
	}
	return true;
}

static bool is_in_token(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static struct slice take_token(struct slice *s)
{
	size_t n = 0;

	while (n < s->n && is_in_token(s->p[n]))
		n++;
	struct slice token = slice_head(*s, n);
	*s = slice_from(*s, n);
	return token;
}

/* Compares while it goes, as nothing is kept. */
static bool quoted_is(struct slice s, struct slice id)
{
	size_t at = 0;

	for (s = slice_from(s, 1); s.n > 0 && s.p[0] != '"'; s = slice_from(s, 1)) {
		if (s.p[0] == '\r' || s.p[0] == '\n')
			continue;
		if (s.p[0] == '\\' && s.n > 1)
			s = slice_from(s, 1);
		if (at == id.n || !slice_ieq(slice_head(s, 1), slice_of(id.p + at, 1)))
			return false;
		at++;
	}
	return at == id.n;
}

bool results_is_from(struct slice value, struct slice id)
{
	if (!skip_cfws(&value) || value.n == 0)
		return false;
	return value.p[0] == '"' ? quoted_is(value, id) : slice_ieq(take_token(&value), id);
}

static bool is_forged(const struct msg_field *field, struct slice id)
{
	return slice_ieq(field->name, SLICE("Authentication-Results")) &&
	    results_is_from(field->value, id);
}

bool results_remove(struct slice message, struct slice id, struct buf *out)
{
	struct slice rest = message;
	struct msg_field field;
	bool found = false;

	while (!found && msg_field_next(&rest, &field))
		found = is_forged(&field, id);
	if (!found)
		return false;
	buf_room(out, message.n);
	for (rest = message; msg_field_next(&rest, &field);)
		if (!is_forged(&field, id))
			buf_adds(out, field.raw);
	buf_adds(out, SLICE("\r\n"));
	buf_adds(out, rest);
	return true;
}
