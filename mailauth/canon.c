/* canon.c - the two forms in which a message is signed (RFC 6376 3.4) */
#include "mailauth/canon.h"

static const struct slice crlf = { "\r\n", 2 };

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* --- header fields --- */

/* Runs of blanks become one; line ends are not there. */
static void put_relaxed(struct slice value, struct buf *out)
{
	bool blank = false;

	value = slice_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' || c == '\n')
			continue;
		if (!is_wsp(c))
			buf_addc(out, c);
		else if (!blank)
			buf_addc(out, ' ');
		blank = is_wsp(c);
	}
}

/* RFC 6376 3.4.2 */
static void relax_field(struct slice raw, struct buf *out)
{
	ptrdiff_t colon = slice_chr(raw, ':');
	struct slice name = slice_trim(slice_head(raw, colon < 0 ? raw.n : (size_t)colon));

	for (size_t i = 0; i < name.n; i++)
		buf_addc(out, char_lower(name.p[i]));
	buf_addc(out, ':');
	if (colon >= 0)
		put_relaxed(slice_from(raw, (size_t)colon + 1), out);
	buf_adds(out, crlf);
}

void canon_field(enum canon how, struct slice raw, struct buf *out)
{
	if (how == CANON_RELAXED)
		relax_field(raw, out);
	else
		buf_adds(out, raw);
}

/* --- the body --- */

/* What goes into the digest, up to `left`; counted beyond. */
struct sink {
	struct digest digest;
	uint64_t left, all;
	size_t n;
	char bytes[4096];
};

static void flush(struct sink *sink)
{
	struct slice data = slice_of(sink->bytes, sink->n);

	if (data.n > sink->left)
		data.n = (size_t)sink->left;
	digest_add(&sink->digest, data);
	sink->left -= data.n;
	sink->n = 0;
}

static void put(struct sink *sink, struct slice data)
{
	sink->all += data.n;
	while (data.n > 0) {
		size_t n = sizeof(sink->bytes) - sink->n;

		if (n > data.n)
			n = data.n;
		memcpy(sink->bytes + sink->n, data.p, n);
		sink->n += n;
		data = slice_from(data, n);
		if (sink->n == sizeof(sink->bytes))
			flush(sink);
	}
}

/* Without the empty lines at its end. */
static struct slice cut_empty_lines(struct slice body)
{
	while (body.n >= 4 && memcmp(body.p + body.n - 4, "\r\n\r\n", 4) == 0)
		body.n -= 2;
	return slice_eq(body, crlf) ? (struct slice){ 0 } : body;
}

/* RFC 6376 3.4.3: a body that is empty is one line end. */
static void put_simple(struct slice body, struct sink *sink)
{
	body = cut_empty_lines(body);
	put(sink, body);
	if (body.n < 2 || memcmp(body.p + body.n - 2, "\r\n", 2) != 0)
		put(sink, crlf);
}

static struct slice trim_end(struct slice line)
{
	while (line.n > 0 && is_wsp(line.p[line.n - 1]))
		line.n--;
	return line;
}

/* Blanks at the end are gone, others one each. */
static void put_line(struct slice line, struct sink *sink)
{
	while (line.n > 0) {
		size_t n = 0, blanks;

		while (n < line.n && !is_wsp(line.p[n]))
			n++;
		for (blanks = n; blanks < line.n && is_wsp(line.p[blanks]);)
			blanks++;
		put(sink, slice_head(line, n));
		if (blanks > n)
			put(sink, SLICE(" "));
		line = slice_from(line, blanks);
	}
}

/* RFC 6376 3.4.4: lines of blanks at the end are empty lines at the end. */
static void put_relaxed_body(struct slice body, struct sink *sink)
{
	uint64_t empty = 0;

	while (body.n > 0) {
		ptrdiff_t end = slice_find(body, crlf);
		size_t n = end < 0 ? body.n : (size_t)end;
		struct slice line = trim_end(slice_head(body, n));

		body = slice_from(body, n + crlf.n);
		if (line.n == 0) {
			empty++;
			continue;
		}
		for (; empty > 0; empty--)
			put(sink, crlf);
		put_line(line, sink);
		put(sink, crlf);
	}
}

uint64_t canon_body(
    enum canon how, struct slice body, uint64_t most, unsigned char out[DIGEST_SIZE])
{
	struct sink sink;

	sink.left = most;
	sink.all = sink.n = 0;
	digest_begin(&sink.digest);
	if (how == CANON_RELAXED)
		put_relaxed_body(body, &sink);
	else
		put_simple(body, &sink);
	flush(&sink);
	digest_end(&sink.digest, out);
	return sink.all;
}
