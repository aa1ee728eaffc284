/* find_table.c - the words of some messages in one kind of text
 *
 * Each word of a text is noted by its number, one behind another as they stand there;
 * sorted by word in the end they are the posts and places. */
#include "storage/find_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/num.h"
#include "storage/find_places.h"
#include "storage/find_words.h"

/* Half a line of the processor's cache: most words are short, and it is all that must be
   fetched to compare one. */
struct word {
	uint64_t hash;
	uint32_t uses;
	uint32_t at; /* in the table's text */
	uint8_t n;
	char head[15]; /* the beginning of it */
};
_Static_assert(FIND_WORD_MAX <= UINT8_MAX, "its length fits");

enum { NOTHING = UINT32_MAX }; /* in place of a word: it is counted, no more */

static struct word *words_of(const struct find_table *table)
{
	return (struct word *)(void *)table->words.p;
}

static size_t count_words(const struct find_table *table)
{
	return table->words.n / sizeof(struct word);
}

static void grow(struct find_table *table)
{
	size_t slots = table->slots ? (table->mask + 1) * 2 : 64;

	free(table->slots);
	table->slots = mem_get(slots * sizeof(*table->slots));
	table->mask = slots - 1;
	for (size_t i = 0; i < count_words(table); i++) {
		size_t slot = words_of(table)[i].hash & table->mask;
		while (table->slots[slot])
			slot = (slot + 1) & table->mask;
		table->slots[slot] = (uint32_t)i + 1;
	}
}

static bool is_same(const struct find_table *table, const struct word *word, struct slice text)
{
	if (word->n != text.n)
		return false;
	if (text.n > sizeof(word->head))
		return memcmp(table->text.p + word->at, text.p, text.n) == 0;
	for (size_t i = 0; i < text.n; i++) /* faster than a call */
		if (word->head[i] != text.p[i])
			return false;
	return true;
}

/* Words of a text, some at a time. Where they are in the tables the processor has to
   fetch from far away: it is told of all of them first, and does not wait for one after
   another. */
enum { RUN = 32 };
struct run {
	struct slice texts[RUN];
	uint64_t hashes[RUN];
	char gaps[RUN];
	size_t n;
};

static void fetch(const struct find_table *table, const struct run *run)
{
	const struct word *words = words_of(table);

	for (size_t i = 0; i < run->n; i++)
		__builtin_prefetch(&table->slots[run->hashes[i] & table->mask]);
	for (size_t i = 0; i < run->n; i++) {
		uint32_t slot = table->slots[run->hashes[i] & table->mask];
		if (slot)
			__builtin_prefetch(&words[slot - 1], 1);
	}
}

/* Keyed, as hash_bytes is: mail comes from anybody. */
struct find_hash find_hash_new(void)
{
	return (struct find_hash){ hash_bytes(SLICE("words")), hash_bytes(SLICE("of texts")) };
}

static uint64_t load(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* Nearly all words are short: these need no more than one multiplication. */
static uint64_t hash_word(const struct find_hash *hash, struct slice word)
{
	__extension__ typedef unsigned __int128 wide;
	const char *end = word.p + word.n;
	uint64_t a, b;

	if (word.n > 16)
		return hash_bytes(word);
	if (word.n >= 8) {
		a = load(word.p, 8);
		b = load(end - 8, 8);
	} else if (word.n >= 4) {
		a = load(word.p, 4);
		b = load(end - 4, 4);
	} else {
		a = load(word.p, 1) << 16 | load(word.p + word.n / 2, 1) << 8 | load(end - 1, 1);
		b = 0;
	}
	wide product = (wide)(a ^ hash->first ^ word.n) * (b ^ hash->second);
	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static uint32_t word_number(struct find_table *table, struct slice text, uint64_t hash)
{
	size_t slot = hash & table->mask;

	for (; table->slots[slot]; slot = (slot + 1) & table->mask) {
		const struct word *word = &words_of(table)[table->slots[slot] - 1];
		if (word->hash == hash && is_same(table, word, text))
			return table->slots[slot] - 1;
	}
	struct word word = { .hash = hash, .at = (uint32_t)table->text.n };
	word.n = (uint8_t)text.n;
	memcpy(word.head, text.p, text.n < sizeof(word.head) ? text.n : sizeof(word.head));
	buf_add(&table->words, &word, sizeof(word));
	buf_adds(&table->text, text);
	table->slots[slot] = (uint32_t)count_words(table);
	return table->slots[slot] - 1;
}

static void add_run(struct find_table *table, struct run *run)
{
	while ((count_words(table) + run->n) * 2 >= (table->slots ? table->mask + 1 : 0))
		grow(table);
	fetch(table, run);
	uint32_t *uses = (uint32_t *)(void *)buf_room(&table->uses, run->n * sizeof(*uses));
	for (size_t i = 0; i < run->n; i++) {
		uses[i] = word_number(table, run->texts[i], run->hashes[i]);
		words_of(table)[uses[i]].uses++;
	}
	table->uses.n += run->n * sizeof(*uses);
	buf_add(&table->gaps, run->gaps, run->n);
	run->n = 0;
}

static void add_nothing(struct find_table *table)
{
	const uint32_t nothing = NOTHING;

	buf_add(&table->uses, &nothing, sizeof(nothing));
	buf_addc(&table->gaps, FIND_GAP_OTHER);
}

bool find_table_text(struct find_table *table, struct slice text)
{
	struct slice rest = text, word;
	const char *behind = NULL; /* the last word */
	struct run run = { .n = 0 };
	bool all = true;

	if (!table->slots)
		grow(table);

	while ((word = find_word_next(&rest)).n > 0) {
		run.gaps[run.n] = behind
		    ? (char)find_gap_of(slice_of(behind, (size_t)(word.p - behind)))
		    : FIND_GAP_OTHER;
		behind = word.p + word.n;
		if (word.n > FIND_WORD_MAX) {
			add_run(table, &run);
			add_nothing(table);
			all = false;
			continue;
		}
		run.texts[run.n] = word;
		run.hashes[run.n++] = hash_word(&table->hash, word);
		if (run.n == RUN)
			add_run(table, &run);
	}
	add_run(table, &run);
	add_nothing(table); /* so that the next text's are not beside these */
	return all;
}

uint32_t find_table_here(const struct find_table *table)
{
	return (uint32_t)(table->uses.n / sizeof(uint32_t)) - table->end;
}

bool find_table_mark(struct find_table *table, struct slice word, uint32_t place, unsigned char gap)
{
	if (word.n == 0 || word.n > FIND_WORD_MAX)
		return false;
	if (!table->slots)
		grow(table);
	while (find_table_here(table) < place)
		add_nothing(table);
	struct run run = {
		.n = 1,
		.texts = { word },
		.hashes = { hash_word(&table->hash, word) },
		.gaps = { (char)gap },
	};
	add_run(table, &run);
	return true;
}

uint32_t find_table_message(struct find_table *table)
{
	uint32_t end = (uint32_t)(table->uses.n / sizeof(uint32_t)), begin = table->end;

	buf_add(&table->ends, &end, sizeof(end));
	table->end = end;
	return end - begin;
}

/* --- the end --- */

/* To be sorted: most words differ in their beginnings. */
struct sorted {
	uint64_t head;
	uint32_t word;
};

static int by_text(const void *a, const void *b, void *arg)
{
	const struct find_table *table = arg;
	const struct sorted *m = a, *n = b;

	if (m->head != n->head)
		return m->head < n->head ? -1 : 1;
	const struct word *x = &words_of(table)[m->word], *y = &words_of(table)[n->word];
	return slice_cmp(
	    slice_of(table->text.p + x->at, x->n), slice_of(table->text.p + y->at, y->n));
}

static struct sorted *sort_words(struct find_table *table)
{
	size_t n = count_words(table);
	struct sorted *order = mem_get((n + 1) * sizeof(*order));

	for (size_t i = 0; i < n; i++) {
		const struct word *word = &words_of(table)[i];
		unsigned char head[8] = { 0 };

		memcpy(head, word->head, word->n < sizeof(head) ? word->n : sizeof(head));
		order[i] = (struct sorted){ num_get64(head), (uint32_t)i };
	}
	qsort_r(order, n, sizeof(*order), by_text, table);
	return order;
}

struct use {
	uint32_t doc;
	struct find_place place;
};

/* Those of each word, one word behind another, as they came. ends[i] is where those of
   word i end. */
static struct use *sort_uses(const struct find_table *table, size_t *ends)
{
	const uint32_t *words = (const uint32_t *)(const void *)table->uses.p;
	const uint32_t *docs = (const uint32_t *)(const void *)table->ends.p;
	size_t n_docs = table->ends.n / sizeof(*docs), at = 0;
	struct use *uses = mem_get((table->end + 1) * sizeof(*uses));

	for (size_t i = 0; i < count_words(table); i++) {
		ends[i] = at;
		at += words_of(table)[i].uses;
	}
	for (uint32_t doc = 0, begin = 0; doc < n_docs; begin = docs[doc++])
		for (uint32_t i = begin; i < docs[doc]; i++)
			if (words[i] != NOTHING)
				uses[ends[words[i]]++] = (struct use){ doc,
					{ i - begin, (unsigned char)table->gaps.p[i] } };
	return uses;
}

/* The messages and places of a word. */
struct spread {
	struct buf docs, places;
};

static void spread(struct spread *it, const struct use *uses, size_t n)
{
	char *begin = buf_room(&it->places, n * FIND_PLACE_MAX), *to = begin;

	for (size_t i = 0; i < n; i++) {
		bool more = i + 1 < n && uses[i + 1].doc == uses[i].doc;
		bool first = i == 0 || uses[i - 1].doc != uses[i].doc;

		if (first)
			buf_add(&it->docs, &uses[i].doc, sizeof(uses[i].doc));
		to = find_place_put(to, first ? 0 : uses[i - 1].place.nth, uses[i].place, more);
	}
	it->places.n += (size_t)(to - begin);
}

void find_table_finish(struct find_table *table, struct find_write_kind *out)
{
	size_t n = count_words(table), *ends = mem_get((n + 1) * sizeof(*ends));
	struct use *uses = sort_uses(table, ends);
	struct sorted *order = sort_words(table);
	struct spread it = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct word *word = &words_of(table)[order[i].word];

		buf_clear(&it.docs);
		buf_clear(&it.places);
		spread(&it, uses + ends[order[i].word] - word->uses, word->uses);
		find_write_word(out, slice_of(table->text.p + word->at, word->n),
		    (const uint32_t *)(const void *)it.docs.p, it.docs.n / sizeof(uint32_t),
		    buf_slice(&it.places));
	}
	buf_done(&it.docs);
	buf_done(&it.places);
	free(order);
	free(uses);
	free(ends);
}

void find_table_clear(struct find_table *table)
{
	free(table->slots);
	buf_done(&table->text);
	buf_done(&table->words);
	buf_done(&table->uses);
	buf_done(&table->gaps);
	buf_done(&table->ends);
	*table = (struct find_table){ .hash = table->hash };
}

size_t find_table_memory(const struct find_table *table)
{
	return table->text.cap + table->words.cap + table->uses.cap + table->gaps.cap +
	    (table->slots ? (table->mask + 1) * sizeof(*table->slots) : 0);
}
