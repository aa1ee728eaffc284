/* find_phrase.c - words beside each other
 *
 * The words of a needle are gone through one after another. Of each the places are kept
 * that have a place of the word before to their left: as bits, one for each word of the
 * messages that are looked at. So time and memory are bounded by the segment. */
#include "storage/find_phrase.h"

#include <stdlib.h>
#include <string.h>

#include "storage/find_look.h"
#include "storage/find_places.h"

struct chase {
	const struct find_phrase *phrase;
	uint64_t *slots;	     /* by message: the bit of its first word */
	unsigned char *before, *now; /* places of the last word, of this one */
	size_t bytes;		     /* of before and of now */
	size_t word;
	bool good[256];	       /* what may stand before this word */
	bool sure;	       /* who has all that has the needle */
	unsigned char *inside; /* places of the field that is meant, or NULL: all are */
};

static void begin(struct chase *chase, const struct find_phrase *phrase)
{
	uint32_t n = phrase->segment->n;
	uint64_t total = 0;

	*chase = (struct chase){ .phrase = phrase };
	chase->slots = mem_get(((size_t)n + 1) * sizeof(*chase->slots));
	for (uint32_t doc = 0; doc < n; doc++) {
		chase->slots[doc] = total;
		if (find_bit(phrase->candidates, doc))
			total += find_segment_message(phrase->segment, doc).length;
	}
	chase->slots[n] = total;
	chase->bytes = (size_t)(total / 8) + 1;
	chase->before = mem_get(chase->bytes);
	chase->now = mem_get(chase->bytes);
}

static void end(struct chase *chase)
{
	free(chase->slots);
	free(chase->before);
	free(chase->now);
	free(chase->inside);
}

/* --- the field --- */

static void mark_inside(struct chase *chase, uint32_t doc, struct slice places)
{
	struct find_place place = { 0 };
	uint64_t from = chase->slots[doc], end = chase->slots[doc + 1], begin = end;
	bool more = true;

	while (more && find_place_take(&places, &place, &more)) {
		if (place.gap == FIND_BEGIN)
			begin = from + place.nth;
		for (; place.gap == FIND_END && begin < from + place.nth && begin < end; begin++)
			find_bit_set(chase->inside, begin);
	}
}

static bool mark_all(void *arg, struct find_cursor *word)
{
	struct chase *chase = arg;
	uint32_t doc;

	while (find_post_next(&word->post, chase->phrase->segment->n, &doc)) {
		struct slice places = find_places_take(&word->its_places);

		if (find_bit(chase->phrase->candidates, doc))
			mark_inside(chase, doc, places);
	}
	return true;
}

static void mark_field(struct chase *chase)
{
	struct find_match match = find_name_match(chase->phrase->name);

	match.places = true;
	match.visit = mark_all;
	match.arg = chase;
	chase->inside = mem_get(chase->bytes);
	find_kind_match(chase->phrase->fields, &match);
}

/* --- a place --- */

static void look(struct chase *chase, uint32_t doc, struct find_place place)
{
	const struct find_phrase *phrase = chase->phrase;
	uint64_t slot = chase->slots[doc] + place.nth;

	if (!chase->good[place.gap] || slot >= chase->slots[doc + 1])
		return;
	if (chase->inside && !find_bit(chase->inside, slot))
		return;
	if (chase->word > 0 && (place.nth == 0 || !find_bit(chase->before, slot - 1)))
		return;
	if (chase->word + 1 < phrase->needle->n)
		find_bit_set(chase->now, slot);
	else
		find_bit_set(chase->sure ? phrase->yes : phrase->maybe, phrase->base + doc);
}

static bool look_all(void *arg, struct find_cursor *word)
{
	struct chase *chase = arg;
	uint32_t doc;

	while (find_post_next(&word->post, chase->phrase->segment->n, &doc)) {
		struct find_place place = { 0 };
		bool more = true;

		if (!find_bit(chase->phrase->candidates, doc)) {
			find_places_take(&word->its_places);
			continue;
		}
		while (more && find_place_take(&word->its_places, &place, &more))
			look(chase, doc, place);
	}
	return true;
}

/* --- words --- */

static bool ends_so(unsigned char it, struct slice gap)
{
	return it != FIND_GAP_OTHER && find_gap_ends(it, gap);
}

/* What may stand before the word. What is before the first may go on to the left; when the
   index does not know what it is, `unknown`, it may be that. */
static void allow(struct chase *chase, bool unknown)
{
	const struct find_needle *needle = chase->phrase->needle;
	struct slice gap = needle->gaps[chase->word];

	memset(chase->good, chase->word == 0 && needle->open_left, sizeof(chase->good));
	if (chase->word > 0)
		chase->good[find_gap_of(gap)] = true;
	else if (unknown)
		chase->good[FIND_GAP_OTHER] = true;
	else if (!needle->open_left)
		for (unsigned it = 0; it < sizeof(chase->good); it++)
			chase->good[it] = ends_so((unsigned char)it, gap);
}

static void look_for_word(struct chase *chase)
{
	struct find_match match = find_needle_match(chase->phrase->needle, chase->word);
	unsigned char *last = chase->before;

	chase->before = chase->now;
	chase->now = memset(last, 0, chase->bytes);
	match.places = true;
	match.visit = look_all;
	match.arg = chase;
	find_kind_match(chase->phrase->kind, &match);
}

static void look_for_words(struct chase *chase, bool unknown)
{
	const struct find_needle *needle = chase->phrase->needle;

	chase->sure = needle->all && !unknown;
	for (size_t i = 1; i < needle->n; i++)
		chase->sure &= find_gap_of(needle->gaps[i]) != FIND_GAP_OTHER;
	for (chase->word = 0; chase->word < needle->n; chase->word++) {
		allow(chase, unknown);
		look_for_word(chase);
	}
}

void find_phrase_look(const struct find_phrase *phrase)
{
	struct chase chase;

	begin(&chase, phrase);
	if (phrase->fields)
		mark_field(&chase);
	look_for_words(&chase, false);
	if (!phrase->needle->open_left)
		look_for_words(&chase, true);
	end(&chase);
}

struct find_match find_name_match(struct slice name)
{
	return (struct find_match){ .text = name, .begins = true, .ends = true };
}

struct find_match find_needle_match(const struct find_needle *needle, size_t i)
{
	return (struct find_match){ .text = needle->words[i],
		.begins = i > 0 || !needle->open_left,
		.ends = i + 1 < needle->n || !needle->open_right };
}
