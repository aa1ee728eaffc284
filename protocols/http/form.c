/* form.c - queries and forms as name and value */
#include "protocols/http/form.h"

#include "core/text.h"

enum { PAIRS_MAX = 1000 };

/* --- pairs --- */

void http_pairs_add(struct pool *pool, struct http_pairs *pairs, const char *name,
    const char *value, struct slice bytes)
{
	if (pairs->n == pairs->cap) {
		size_t cap = pairs->cap ? 2 * pairs->cap : 8;
		struct http_pair *p = pool_get(pool, cap * sizeof *p);
		if (pairs->n > 0)
			memcpy(p, pairs->p, pairs->n * sizeof *p);
		pairs->p = p;
		pairs->cap = cap;
	}
	pairs->p[pairs->n++] = (struct http_pair){ name, value, bytes };
}

const struct http_pair *http_pairs_find(const struct http_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->p[i].name, name) == 0)
			return &pairs->p[i];
	return NULL;
}

/* Text for people and operations, not bytes. */
static bool is_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return false;
	}
	return utf8_valid(s);
}

/* --- percent encoding --- */

char *http_decode(struct pool *pool, struct slice in, bool plus)
{
	char *out = pool_get(pool, in.n + 1), *to = out;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '%') {
			int high = i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? hex_digit(in.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return NULL;
			*to++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*to++ = in.p[i] == '+' && plus ? ' ' : in.p[i];
		}
	}
	return is_text(slice_of(out, (size_t)(to - out))) ? out : NULL;
}

bool http_form_urlencoded(struct pool *pool, struct slice in, struct http_pairs *out)
{
	while (in.n > 0) {
		struct slice pair = slice_cut(&in, '&');
		if (pair.n == 0)
			continue;
		struct slice name = slice_cut(&pair, '=');
		char *key = http_decode(pool, name, true), *value = http_decode(pool, pair, true);
		if (!key || !value || out->n == PAIRS_MAX)
			return false;
		http_pairs_add(pool, out, key, value, (struct slice){ 0 });
	}
	return true;
}

/* --- parameters of a field: ; name="value" --- */

struct slice http_media_type(struct slice content_type)
{
	return slice_trim(slice_cut(&content_type, ';'));
}

/* RFC 7578 4.2: a quote in a name is sent as %22, so quoted texts have no
   escapes. p == NULL: there is none. */
static struct slice parameter(struct slice field, const char *name)
{
	slice_cut(&field, ';');
	while (field.n > 0) {
		struct slice key = slice_trim(slice_cut(&field, '='));
		while (field.n > 0 && *field.p == ' ')
			field = slice_from(field, 1);
		struct slice value;
		if (field.n > 0 && *field.p == '"') {
			field = slice_from(field, 1);
			value = slice_cut(&field, '"');
			slice_cut(&field, ';');
		} else {
			value = slice_trim(slice_cut(&field, ';'));
		}
		if (slice_ieq(key, slice_str(name)))
			return slice_of(value.p ? value.p : "", value.n);
	}
	return (struct slice){ 0 };
}

/* --- multipart/form-data --- */

/* Value of a field in the head of a part. */
static struct slice part_field(struct slice head, const char *name)
{
	while (head.n > 0) {
		struct slice line = slice_cut(&head, '\n');
		struct slice key = slice_trim(slice_cut(&line, ':'));
		if (slice_ieq(key, slice_str(name)))
			return slice_trim(line);
	}
	return (struct slice){ 0 };
}

static bool take_part(struct pool *pool, struct slice part, struct http_pairs *out)
{
	ptrdiff_t end = slice_starts(part, SLICE("\r\n")) ? 0 : slice_find(part, SLICE("\r\n\r\n"));
	if (end < 0 || out->n == PAIRS_MAX)
		return false;
	struct slice disposition = part_field(slice_head(part, (size_t)end), "Content-Disposition");
	struct slice name = parameter(disposition, "name");
	struct slice file = parameter(disposition, "filename");
	struct slice content = slice_from(part, (size_t)end + (end ? 4 : 2));
	if (!slice_ieq(http_media_type(disposition), SLICE("form-data")) || !name.p ||
	    !is_text(name) || (!file.p && !is_text(content)))
		return false;
	http_pairs_add(pool, out, pool_str(pool, name), file.p ? NULL : pool_str(pool, content),
	    file.p ? content : (struct slice){ 0 });
	return true;
}

bool http_form_multipart(
    struct pool *pool, struct slice content_type, struct slice in, struct http_pairs *out)
{
	struct slice boundary = parameter(content_type, "boundary");
	if (boundary.n == 0 || boundary.n > 70) /* RFC 2046 5.1.1 */
		return false;
	struct slice mark = slice_str(pool_printf(pool, "\r\n--%.*s", SLICE_ARG(boundary)));
	ptrdiff_t at = 0;

	/* The first one may stand at the very beginning, without a line end. */
	if (!slice_starts(in, slice_from(mark, 2)) && (at = slice_find(in, mark)) < 0)
		return false;
	in = slice_from(in, (size_t)at + mark.n - (at == 0 && in.p[0] == '-' ? 2 : 0));
	while (!slice_starts(in, SLICE("--"))) {
		ptrdiff_t lf = slice_find(in, SLICE("\r\n"));
		if (lf < 0 || slice_trim(slice_head(in, (size_t)lf)).n > 0)
			return false;
		in = slice_from(in, (size_t)lf + 2);
		at = slice_find(in, mark);
		if (at < 0 || !take_part(pool, slice_head(in, (size_t)at), out))
			return false;
		in = slice_from(in, (size_t)at + mark.n);
	}
	return true;
}
