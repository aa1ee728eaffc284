/* find_match.c - words of a segment's dictionary that have a text in them
 *
 * One memmem() over the words: a dictionary of 100,000 words is a megabyte. */
#include "storage/find_segment.h"

#include <string.h>

#include "core/num.h"
#include "storage/find_layout.h"

/* Where the scan is: the block of the last hit, and the words before it there. */
struct scan {
	const struct find_kind_data *kind;
	const struct find_match *match;
	size_t n_blocks;
};

static uint32_t block_words(const struct find_kind_data *kind, size_t block)
{
	return num_get32((const unsigned char *)kind->blocks.p + block * FIND_BLOCK_BYTES);
}

static uint32_t block_posts(const struct find_kind_data *kind, size_t block)
{
	return num_get32((const unsigned char *)kind->blocks.p + block * FIND_BLOCK_BYTES + 4);
}

/* The last block that begins at or before the place, from `block` on. */
static size_t block_of(const struct scan *scan, size_t block, size_t at)
{
	size_t low = block, high = scan->n_blocks;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (block_words(scan->kind, middle) <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Visit the posts of the word that begins at a place in that block. */
static bool visit(const struct scan *scan, size_t block, size_t at)
{
	const struct find_kind_data *kind = scan->kind;
	size_t from = block_words(kind, block);
	struct find_cursor cursor = { .words = slice_from(kind->words, from),
		.posts = slice_from(kind->posts, block_posts(kind, block)) };

	while (find_cursor_next(&cursor))
		if (cursor.word.p >= kind->words.p + at)
			return scan->match->visit(scan->match->arg, &cursor.post);
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
	struct scan scan = { kind, match, kind->blocks.n / FIND_BLOCK_BYTES };
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
