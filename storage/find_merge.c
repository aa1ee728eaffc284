/* find_merge.c - several segments become one; what is gone is left out */
#include "storage/find_merge.h"

#include <stdlib.h>

#include "storage/find_places.h"

enum {
	GONE = UINT32_MAX,
	FACTOR = 4,	       /* a segment is merged into one that is not so much larger */
	MERGED_MAX = 64 << 20, /* bytes: memory is bounded */
};

size_t find_merge_from(struct find_piece *const *pieces, size_t n)
{
	size_t from = n;
	uint64_t bytes = 0;

	while (from > 0) {
		uint64_t next = pieces[from - 1]->segment->file.n;
		if (from < n && (next > bytes * FACTOR || next + bytes > MERGED_MAX))
			break;
		bytes += next;
		from--;
	}
	return n - from > 1 ? from : n;
}

/* --- messages: in order of their ids --- */

struct source {
	struct find_segment *segment;
	uint32_t *numbers; /* new ones, or GONE */
	uint32_t at;
	struct find_cursor cursor;
	bool has;
};

struct merge {
	struct source *sources;
	size_t n;
	bool plain; /* nothing is gone, and messages of one source come behind those before */
	struct find_write *out;
	struct buf entries, docs, places; /* of one word */
};

static struct source *lowest(struct merge *merge)
{
	struct source *best = NULL;
	uint64_t least = 0;

	for (size_t i = 0; i < merge->n; i++) {
		struct source *source = &merge->sources[i];
		if (source->at == source->segment->n)
			continue;
		uint64_t id = find_segment_id(source->segment, source->at);
		if (!best || id < least) {
			best = source;
			least = id;
		}
	}
	return best;
}

static void merge_messages(struct merge *merge, bool (*keep)(void *arg, uint64_t id), void *arg)
{
	const struct source *last = merge->sources;
	uint64_t before = 0;

	merge->plain = true;
	for (struct source *source; (source = lowest(merge)) != NULL; source->at++) {
		uint64_t id = find_segment_id(source->segment, source->at);
		bool twice = merge->out->n > 0 && id == before;

		source->numbers[source->at] = GONE;
		merge->plain &= source >= last && !twice;
		last = source;
		if (twice || !keep(arg, id)) {
			merge->plain = false;
			continue;
		}
		source->numbers[source->at] = merge->out->n;
		find_write_message(merge->out, find_segment_message(source->segment, source->at));
		before = id;
	}
}

/* --- words: in order of the words --- */

static void begin_words(struct merge *merge, size_t kind)
{
	for (size_t i = 0; i < merge->n; i++) {
		struct source *source = &merge->sources[i];
		source->cursor = find_cursor_at(&source->segment->kinds[kind]);
		source->has = find_cursor_next(&source->cursor);
	}
}

static bool first_word(struct merge *merge, struct slice *word)
{
	bool found = false;

	for (size_t i = 0; i < merge->n; i++) {
		const struct source *source = &merge->sources[i];
		if (source->has && (!found || slice_cmp(source->cursor.word, *word) < 0)) {
			*word = source->cursor.word;
			found = true;
		}
	}
	return found;
}

/* All of a word in a source that is copied as it is. */
static void add_plain(struct merge *merge, struct source *source)
{
	struct find_cursor *cursor = &source->cursor;
	uint32_t doc;

	while (find_post_next(&cursor->post, source->segment->n, &doc))
		buf_add(&merge->docs, &source->numbers[doc], sizeof(source->numbers[doc]));
	buf_adds(&merge->places, cursor->its_places);
}

/* A message of a word, by its new number. */
struct entry {
	uint32_t doc;
	struct slice places;
};

static void add_entries(struct merge *merge, struct source *source)
{
	struct find_cursor *cursor = &source->cursor;
	uint32_t doc;

	while (find_post_next(&cursor->post, source->segment->n, &doc)) {
		struct entry entry = { source->numbers[doc],
			find_places_take(&cursor->its_places) };
		if (entry.doc != GONE)
			buf_add(&merge->entries, &entry, sizeof(entry));
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct entry *)a)->doc, y = ((const struct entry *)b)->doc;

	return x < y ? -1 : x > y;
}

static void sort_entries(struct merge *merge)
{
	struct entry *entries = (struct entry *)(void *)merge->entries.p;
	size_t n = merge->entries.n / sizeof(*entries);

	if (n > 0)
		qsort(entries, n, sizeof(*entries), by_number);
	for (size_t i = 0; i < n; i++) {
		buf_add(&merge->docs, &entries[i].doc, sizeof(entries[i].doc));
		buf_adds(&merge->places, entries[i].places);
	}
	buf_clear(&merge->entries);
}

static void merge_word(struct merge *merge, size_t kind, struct slice word)
{
	buf_clear(&merge->docs);
	buf_clear(&merge->places);
	for (size_t i = 0; i < merge->n; i++) {
		struct source *source = &merge->sources[i];

		if (!source->has || !slice_eq(source->cursor.word, word))
			continue;
		(merge->plain ? add_plain : add_entries)(merge, source);
		source->has = find_cursor_next(&source->cursor);
	}
	sort_entries(merge);
	size_t n = merge->docs.n / sizeof(uint32_t);
	if (n > 0)
		find_write_word(&merge->out->kinds[kind], word,
		    (const uint32_t *)(const void *)merge->docs.p, n, buf_slice(&merge->places));
}

static void merge_kind(struct merge *merge, size_t kind)
{
	struct slice word;

	begin_words(merge, kind);
	while (first_word(merge, &word))
		merge_word(merge, kind, word);
}

/* --- all --- */

static bool all_good(struct find_piece *const *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t kind = 0; kind < FIND_KINDS; kind++)
			if (!find_kind_good(&pieces[i]->segment->kinds[kind]) ||
			    !find_places_good(&pieces[i]->segment->kinds[kind]))
				return false;
	return true;
}

int find_merge(struct find_piece *const *pieces, size_t n, bool (*keep)(void *arg, uint64_t id),
    void *arg, struct find_write *out)
{
	struct merge merge = {
		.sources = mem_get((n + 1) * sizeof(*merge.sources)),
		.n = n,
		.out = out,
	};

	*out = (struct find_write){ 0 };
	bool good = all_good(pieces, n);
	for (size_t i = 0; i < n; i++) {
		merge.sources[i].segment = pieces[i]->segment;
		merge.sources[i].numbers =
		    mem_get(((size_t)pieces[i]->segment->n + 1) * sizeof(uint32_t));
	}
	if (good)
		merge_messages(&merge, keep, arg);
	for (size_t kind = 0; kind < FIND_KINDS && good; kind++)
		merge_kind(&merge, kind);
	for (size_t i = 0; i < n; i++)
		free(merge.sources[i].numbers);
	free(merge.sources);
	buf_done(&merge.entries);
	buf_done(&merge.docs);
	buf_done(&merge.places);
	return good ? 0 : -1;
}
