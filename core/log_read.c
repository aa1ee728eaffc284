/* log_read.c - the lines of the log read again: a line taken apart */
#include "core/log_read.h"

#include "core/num.h"

/* One word, a value in quotes included. */
static struct slice take_word(struct slice *rest)
{
	bool quoted = false;
	size_t n = 0;

	while (rest->n > 0 && rest->p[0] == ' ')
		*rest = slice_from(*rest, 1);
	for (; n < rest->n && (quoted || rest->p[n] != ' '); n++) {
		if (rest->p[n] == '\\' && quoted && n + 1 < rest->n)
			n++;
		else if (rest->p[n] == '"')
			quoted = !quoted;
	}
	struct slice word = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return word;
}

static bool is_level(struct slice word)
{
	return slice_eq(word, SLICE("error")) || slice_eq(word, SLICE("warn")) ||
	    slice_eq(word, SLICE("info")) || slice_eq(word, SLICE("debug"));
}

bool log_line_read(struct slice text, struct log_line *out)
{
	struct slice rest = text, before, word;

	*out = (struct log_line){ .whole = text };
	out->time = take_word(&rest);
	out->level = take_word(&rest);
	if (out->time.n < 20 || out->time.p[out->time.n - 1] != 'Z' || !is_level(out->level))
		return false;
	before = rest;
	word = take_word(&rest);
	if (slice_starts(word, SLICE("icid="))) {
		if (!num_u64(slice_from(word, 5), UINT64_MAX, &out->icid))
			return false;
		before = rest;
		word = take_word(&rest);
	}
	for (; word.n > 0 && slice_chr(word, '=') < 0; word = take_word(&rest)) {
		out->proto = out->event;
		out->event = word;
		before = rest;
	}
	out->fields = before;
	return out->event.n > 0;
}

/* --- fields --- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void unquote(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			continue;
		if (s.p[i] != '\\' || i + 1 >= s.n) {
			buf_addc(out, s.p[i]);
			continue;
		}
		if (i + 3 < s.n && s.p[i + 1] == 'x' && digit(s.p[i + 2]) >= 0 &&
		    digit(s.p[i + 3]) >= 0) {
			buf_addc(out, (char)(digit(s.p[i + 2]) << 4 | digit(s.p[i + 3])));
			i += 3;
		} else
			buf_addc(out, s.p[++i]);
	}
}

static bool find_field(const struct log_line *line, const char *key, struct slice *value)
{
	struct slice rest = line->fields, word;

	while ((word = take_word(&rest)).n > 0) {
		*value = word;
		if (slice_eq(slice_cut(value, '='), slice_str(key)))
			return true;
	}
	return false;
}

bool log_line_field(const struct log_line *line, const char *key, struct buf *out)
{
	struct slice value;

	buf_clear(out);
	if (!find_field(line, key, &value))
		return false;
	unquote(value, out);
	return true;
}

uint64_t log_line_number(const struct log_line *line, const char *key)
{
	struct slice value;
	uint64_t n = 0;

	return find_field(line, key, &value) && num_u64(value, UINT64_MAX, &n) ? n : 0;
}
