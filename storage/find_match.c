/* find_match.c - words of a segment's dictionary that have a text in them
 *
 * One memmem() over the words: a dictionary of 100,000 words is a megabyte. */
#include "storage/find_segment.h"

#include <string.h>

#include "core/num.h"
#include "storage/find_layout.h"

/* Where the scan is: behind the last hit. */
struct scan {
	const struct find_kind_data *kind;
	const struct find_match *match;
	size_t n_blocks;
	struct find_cursor cursor;
};

/* Where in the words, the posts, the places a block begins: 0, 1, 2. */
static uint32_t block_at(const struct find_kind_data *kind, size_t block, size_t what)
{
	return num_get32(
	    (const unsigned char *)kind->blocks.p + block * FIND_BLOCK_BYTES + what * 4);
}

/* The last block that begins at or before the place, from `block` on. */
static size_t block_of(const struct scan *scan, size_t block, size_t at)
{
	size_t low = block, high = scan->n_blocks;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (block_at(scan->kind, middle, 0) <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static struct find_cursor block_cursor(const struct scan *scan, size_t block)
{
	const struct find_kind_data *kind = scan->kind;

	return (struct find_cursor){
		.words = slice_from(kind->words, block_at(kind, block, 0)),
		.posts = slice_from(kind->posts, block_at(kind, block, 1)),
		.places = slice_from(kind->places, block_at(kind, block, 2)),
		.no_places = !scan->match->places,
	};
}

/* Visit the word that begins at a place in that block; go there from the last hit, if that
   is nearer than the block's begin. */
static bool visit(struct scan *scan, size_t block, size_t at)
{
	const char *words = scan->kind->words.p;

	if (!scan->cursor.words.p || scan->cursor.words.p < words + block_at(scan->kind, block, 0))
		scan->cursor = block_cursor(scan, block);
	while (find_cursor_next(&scan->cursor))
		if (scan->cursor.word.p >= words + at)
			return scan->match->visit(scan->match->arg, &scan->cursor);
	return false;
}

static const char *word_begin(const struct find_kind_data *kind, const char *p)
{
	while (p > kind->words.p && p[-1] != '\n')
		p--;
	return p;
}

static void scan_words(struct scan *scan, struct slice pattern)
{
	const struct find_kind_data *kind = scan->kind;
	const char *p = kind->words.p, *end = p + kind->words.n;
	size_t block = 0;

	while ((p = memmem(p, (size_t)(end - p), pattern.p, pattern.n)) != NULL) {
		const char *begin = word_begin(kind, *p == '\n' ? p + 1 : p);
		size_t at = (size_t)(begin - kind->words.p);

		block = block_of(scan, block, at);
		if (!visit(scan, block, at))
			break;
		p = memchr(begin, '\n', (size_t)(end - begin));
		if (!p)
			break;
	}
}

void find_kind_match(const struct find_kind_data *kind, const struct find_match *match)
{
	struct scan scan = {
		.kind = kind,
		.match = match,
		.n_blocks = kind->blocks.n / FIND_BLOCK_BYTES,
	};
	struct buf pattern = { 0 };

	if (scan.n_blocks == 0)
		return;
	if (match->begins)
		buf_addc(&pattern, '\n');
	buf_adds(&pattern, match->text);
	if (match->ends)
		buf_addc(&pattern, '\n');
	scan_words(&scan, buf_slice(&pattern));
	buf_done(&pattern);
}
