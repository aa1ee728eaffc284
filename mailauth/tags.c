/* tags.c - lists of tag=value (RFC 6376 3.2) */
#include "mailauth/tags.h"

#include "core/text.h"

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '_')))
			return false;
	}
	return name.n > 0;
}

/* tval: printable ASCII without ";", blanks inside. Words of people may be UTF-8. */
static bool is_value(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c == 0x7f || (c < ' ' && c != '\t' && c != '\r' && c != '\n'))
			return false;
	}
	return true;
}

static bool read_tag(struct slice text, struct tags *out)
{
	ptrdiff_t equals = slice_chr(text, '=');
	struct tag *tag = &out->tag[out->n];

	if (equals < 0 || out->n >= TAGS_MAX)
		return false;
	tag->name = slice_trim(slice_head(text, (size_t)equals));
	tag->whole = slice_from(text, (size_t)equals + 1);
	tag->value = slice_trim(tag->whole);
	if (!is_name(tag->name) || !is_value(tag->value))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (slice_eq(out->tag[i].name, tag->name))
			return false;
	out->n++;
	return true;
}

bool tags_read(struct slice text, struct tags *out)
{
	out->n = 0;
	while (text.n > 0) {
		struct slice one = slice_cut(&text, ';');

		if (slice_trim(one).n == 0) { /* RFC 6376 3.2: one ";" may end the list */
			if (slice_trim(text).n > 0)
				return false;
			break;
		}
		if (!read_tag(one, out))
			return false;
	}
	return out->n > 0;
}

const struct tag *tags_find(const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (slice_eq(tags->tag[i].name, slice_str(name)))
			return &tags->tag[i];
	return NULL;
}

struct slice tags_value(const struct tags *tags, const char *name)
{
	const struct tag *tag = tags_find(tags, name);

	return tag ? tag->value : (struct slice){ 0 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice tags_squeeze(struct pool *pool, struct slice value)
{
	size_t first = 0, n = 0;

	while (first < value.n && !is_blank(value.p[first]))
		first++;
	if (first == value.n)
		return value;
	char *out = pool_get(pool, value.n);
	for (size_t i = 0; i < value.n; i++)
		if (!is_blank(value.p[i]))
			out[n++] = value.p[i];
	return slice_of(out, n);
}

bool tags_lists(struct slice value, const char *word)
{
	while (value.n > 0)
		if (slice_ieq(slice_trim(slice_cut(&value, ':')), slice_str(word)))
			return true;
	return false;
}

bool tags_base64(struct pool *pool, struct slice value, struct slice *out)
{
	struct buf bytes = { 0 };
	bool good = base64_get(&bytes, tags_squeeze(pool, value));

	if (good)
		*out = pool_slice(pool, buf_slice(&bytes));
	buf_done(&bytes);
	return good;
}
