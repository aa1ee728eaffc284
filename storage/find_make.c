/* find_make.c - messages gathered in memory, to become a segment of the index
 *
 * Each kind of text has a table of its words. That a message has a word is noted
 * as a pair of numbers; sorted by word in the end they are the posts. */
#include "storage/find_make.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/msg.h"
#include "storage/find_text.h"
#include "storage/find_words.h"

/* Half a line of the processor's cache: most words are short, and it is all that must be
   fetched to compare one. */
struct word {
	uint64_t hash;
	uint32_t last, count; /* message, and how many had it */
	uint32_t at;	      /* in the table's text */
	uint8_t n;
	char head[11]; /* the beginning of it */
};
_Static_assert(FIND_WORD_MAX <= UINT8_MAX, "its length fits");

struct pair {
	uint32_t word, doc;
};

struct table {
	uint32_t *slots; /* number of a word + 1 */
	size_t mask;
	struct buf text, words, pairs;
};

struct find_make {
	size_t text_max;
	uint32_t n;
	struct buf ids, flags, folded;
	struct pool pool;
	struct table tables[FIND_KINDS];
};

struct find_make *find_make_new(size_t text_max)
{
	struct find_make *make = mem_get(sizeof(*make));

	make->text_max = text_max;
	return make;
}

static void table_clear(struct table *table)
{
	free(table->slots);
	buf_done(&table->text);
	buf_done(&table->words);
	buf_done(&table->pairs);
	*table = (struct table){ 0 };
}

static void clear(struct find_make *make)
{
	for (size_t i = 0; i < FIND_KINDS; i++)
		table_clear(&make->tables[i]);
	buf_clear(&make->ids);
	buf_clear(&make->flags);
	make->n = 0;
}

void find_make_free(struct find_make **make)
{
	if (!*make)
		return;
	clear(*make);
	buf_done(&(*make)->ids);
	buf_done(&(*make)->flags);
	buf_done(&(*make)->folded);
	pool_done(&(*make)->pool);
	free(*make);
	*make = NULL;
}

size_t find_make_memory(const struct find_make *make)
{
	size_t n = 0;

	for (size_t i = 0; i < FIND_KINDS; i++) {
		const struct table *table = &make->tables[i];
		n += table->text.cap + table->words.cap + table->pairs.cap +
		    (table->slots ? (table->mask + 1) * sizeof(*table->slots) : 0);
	}
	return n;
}

uint32_t find_make_count(const struct find_make *make)
{
	return make->n;
}

/* --- words --- */

static struct word *words_of(const struct table *table)
{
	return (struct word *)(void *)table->words.p;
}

static size_t count_words(const struct table *table)
{
	return table->words.n / sizeof(struct word);
}

static void grow(struct table *table)
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

static bool is_same(const struct table *table, const struct word *word, struct slice text)
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
	size_t n;
};

static void fetch(const struct table *table, const struct run *run)
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

static uint32_t word_number(struct table *table, struct slice text, uint64_t hash)
{
	size_t slot = hash & table->mask;

	for (; table->slots[slot]; slot = (slot + 1) & table->mask) {
		const struct word *word = &words_of(table)[table->slots[slot] - 1];
		if (word->hash == hash && is_same(table, word, text))
			return table->slots[slot] - 1;
	}
	struct word word = { .hash = hash, .last = UINT32_MAX, .at = (uint32_t)table->text.n };
	word.n = (uint8_t)text.n;
	memcpy(word.head, text.p, text.n < sizeof(word.head) ? text.n : sizeof(word.head));
	buf_add(&table->words, &word, sizeof(word));
	buf_adds(&table->text, text);
	table->slots[slot] = (uint32_t)count_words(table);
	return table->slots[slot] - 1;
}

static void add_word(struct table *table, struct slice text, uint64_t hash, uint32_t doc)
{
	uint32_t number = word_number(table, text, hash);
	struct word *word = &words_of(table)[number];
	const struct pair pair = { number, doc };

	if (word->last == doc)
		return;
	word->last = doc;
	word->count++;
	buf_add(&table->pairs, &pair, sizeof(pair));
}

static void add_run(struct table *table, struct run *run, uint32_t doc)
{
	while ((count_words(table) + run->n) * 2 >= (table->slots ? table->mask + 1 : 0))
		grow(table);
	fetch(table, run);
	for (size_t i = 0; i < run->n; i++)
		add_word(table, run->texts[i], run->hashes[i], doc);
	run->n = 0;
}

/* False: a word was too long, or the text. */
static bool add_text(struct find_make *make, enum find_kind kind, struct slice text)
{
	struct slice rest = slice_head(text, make->text_max), word;
	bool all = rest.n == text.n;
	struct run run = { .n = 0 };

	while ((word = find_word_next(&rest)).n > 0) {
		if (word.n > FIND_WORD_MAX) {
			all = false;
			continue;
		}
		run.texts[run.n] = word;
		run.hashes[run.n++] = hash_bytes(word);
		if (run.n == RUN)
			add_run(&make->tables[kind], &run, make->n);
	}
	add_run(&make->tables[kind], &run, make->n);
	return all;
}

/* --- messages --- */

enum find_kind find_kind_of(struct slice name)
{
	static const char *const names[] = {
		[FIND_FROM] = "From",
		[FIND_TO] = "To",
		[FIND_CC] = "Cc",
		[FIND_BCC] = "Bcc",
		[FIND_SUBJECT] = "Subject",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_ieq(name, slice_str(names[i])))
			return (enum find_kind)i;
	return FIND_OTHER;
}

static bool add_header(struct find_make *make, struct slice whole)
{
	struct msg_field field;
	size_t bytes = 0;
	bool all = true;

	while (msg_field_next(&whole, &field) && bytes <= make->text_max) {
		bytes += field.raw.n;
		buf_clear(&make->folded);
		find_text_name(field.name, &make->folded);
		all &= add_text(make, FIND_NAMES, buf_slice(&make->folded));
		buf_clear(&make->folded);
		find_text_value(&make->pool, field.value, &make->folded);
		all &= add_text(make, find_kind_of(field.name), buf_slice(&make->folded));
	}
	return all && bytes <= make->text_max;
}

void find_make_message(struct find_make *make, uint64_t id, struct slice whole)
{
	bool all = add_header(make, whole);

	buf_clear(&make->folded);
	find_text_body(&make->pool, whole, &make->folded);
	all &= add_text(make, FIND_BODY, buf_slice(&make->folded));
	buf_add(&make->ids, &id, sizeof(id));
	buf_addc(&make->flags, all ? 0 : FIND_PARTIAL);
	make->n++;
	pool_reset(&make->pool);
	if (make->folded.cap > make->text_max)
		buf_done(&make->folded);
}

/* --- the end --- */

static int by_text(const void *a, const void *b, void *arg)
{
	const struct table *table = arg;
	const struct word *x = &words_of(table)[*(const uint32_t *)a];
	const struct word *y = &words_of(table)[*(const uint32_t *)b];

	return slice_cmp(
	    slice_of(table->text.p + x->at, x->n), slice_of(table->text.p + y->at, y->n));
}

/* Messages of each word, one word behind another; those of a word rise, as they
   came. starts[i] is where those of word i end. */
static uint32_t *sort_pairs(const struct table *table, size_t *ends)
{
	const struct pair *pairs = (const struct pair *)(const void *)table->pairs.p;
	size_t n = table->pairs.n / sizeof(*pairs), at = 0;
	uint32_t *docs = mem_get((n + 1) * sizeof(*docs));

	for (size_t i = 0; i < count_words(table); i++) {
		ends[i] = at;
		at += words_of(table)[i].count;
	}
	for (size_t i = 0; i < n; i++)
		docs[ends[pairs[i].word]++] = pairs[i].doc;
	return docs;
}

static void finish_table(struct table *table, struct find_write_kind *out)
{
	size_t n = count_words(table), *ends = mem_get((n + 1) * sizeof(*ends));
	uint32_t *order = mem_get((n + 1) * sizeof(*order)), *docs = sort_pairs(table, ends);

	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, n, sizeof(*order), by_text, table);
	for (size_t i = 0; i < n; i++) {
		const struct word *word = &words_of(table)[order[i]];
		find_write_word(out, slice_of(table->text.p + word->at, word->n),
		    docs + ends[order[i]] - word->count, word->count);
	}
	free(order);
	free(docs);
	free(ends);
}

void find_make_finish(struct find_make *make, struct find_write *out)
{
	const uint64_t *ids = (const uint64_t *)(const void *)make->ids.p;

	*out = (struct find_write){ 0 };
	for (uint32_t i = 0; i < make->n; i++)
		find_write_message(out, ids[i], (unsigned char)make->flags.p[i]);
	for (size_t i = 0; i < FIND_KINDS; i++)
		finish_table(&make->tables[i], &out->kinds[i]);
	clear(make);
}
