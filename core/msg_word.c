/* msg_word.c - header text for people: encoded words (RFC 2047) to UTF-8
 *
 * More is read than the RFC allows, since mail is full of it: words without
 * blanks around them, longer ones than 75 bytes, characters that are parted by
 * two words. */
#include "core/msg.h"
#include "core/text.h"

struct word {
	struct slice charset, text;
	bool q;
	size_t n; /* bytes of it all */
};

struct decoder {
	struct buf out;
	struct buf bytes; /* of the words just read, which have the same charset */
	struct slice charset;
	bool after_word;
};

static void flush(struct decoder *d)
{
	if (d->bytes.n == 0)
		return;
	msg_utf8(&d->out, d->charset, buf_slice(&d->bytes));
	buf_clear(&d->bytes);
}

/* The bytes before `end` of *s, which go together with it. */
static struct slice cut_at(struct slice *s, char end, size_t most)
{
	struct slice head = slice_head(*s, most);
	ptrdiff_t n = slice_chr(head, end);

	if (n < 0)
		return slice_of(NULL, 0);
	head.n = (size_t)n;
	*s = slice_from(*s, head.n + 1);
	return head;
}

/* RFC 2047 §2: "=?charset?encoding?text?=", with "*language" behind the charset
   (RFC 2231 §5). s begins with "=?", and `last` is the last "?=" in it: to know it
   keeps the search for ends that are not there from being done again and again. */
static bool read_word(struct slice s, const char *last, struct word *out)
{
	struct slice rest = slice_from(s, 2), encoding;
	size_t n;

	out->charset = cut_at(&rest, '?', 64);
	encoding = cut_at(&rest, '?', 2);
	if (out->charset.n == 0 || encoding.n != 1 || rest.p > last)
		return false;
	out->q = slice_ieq(encoding, SLICE("q"));
	if (!out->q && !slice_ieq(encoding, SLICE("b")))
		return false;
	n = (size_t)slice_find(rest, SLICE("?="));
	out->text = slice_head(rest, n);
	out->n = (size_t)(rest.p + n + 2 - s.p);
	out->charset = slice_cut(&out->charset, '*');
	return true;
}

static bool all_blank(struct slice s)
{
	return slice_trim(s).n == 0;
}

/* RFC 2047 §6.2: blanks between two words are no text. */
static void add_plain(struct decoder *d, struct slice text, bool before_word)
{
	if (text.n == 0 || (d->after_word && before_word && all_blank(text)))
		return;
	flush(d);
	msg_utf8(&d->out, slice_of(NULL, 0), text);
	d->after_word = false;
}

static void add_word(struct decoder *d, const struct word *word)
{
	if (!slice_ieq(d->charset, word->charset))
		flush(d);
	d->charset = word->charset;
	if (word->q)
		msg_qp(&d->bytes, word->text, true);
	else
		msg_base64(&d->bytes, word->text);
	d->after_word = true;
}

/* The last "?=", or NULL. */
static const char *last_end(struct slice s)
{
	for (size_t i = s.n; i >= 2; i--)
		if (s.p[i - 1] == '=' && s.p[i - 2] == '?')
			return s.p + i - 2;
	return NULL;
}

static void decode(struct decoder *d, struct slice text)
{
	const char *last = last_end(text);
	size_t at = 0;

	while (last && at < text.n) {
		ptrdiff_t n = slice_find(slice_from(text, at), SLICE("=?"));
		struct word word;

		if (n < 0)
			break;
		at += (size_t)n;
		if (!read_word(slice_from(text, at), last, &word)) {
			at += 2;
			continue;
		}
		add_plain(d, slice_head(text, at), true);
		add_word(d, &word);
		text = slice_from(text, at + word.n);
		at = 0;
	}
	add_plain(d, text, false);
	flush(d);
}

/* Line ends and other control characters that were encoded must not come back. */
static void blank_controls(struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] < ' ' || b->p[i] == 127)
			b->p[i] = ' ';
}

struct slice msg_decode_text(struct pool *pool, struct slice value)
{
	struct slice text = msg_unfold(pool, value), out;
	struct decoder d = { .after_word = false };

	decode(&d, text);
	blank_controls(&d.out);
	out = pool_slice(pool, buf_slice(&d.out));
	buf_done(&d.out);
	buf_done(&d.bytes);
	return out;
}
