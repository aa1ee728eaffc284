/* find_like.c - words that are like those that are looked for
 *
 * Each word of a dictionary is judged once, however many messages have it. */
#include <stdlib.h>
#include <string.h>

#include "storage/find_look.h"

struct find_scores {
	uint32_t count;
	size_t n;
	unsigned char *best;	/* n for each message, by sequence number; none of 0 */
	unsigned char *unknown; /* bits by sequence number */
};

/* A question and its answer by number in the index. */
struct judging {
	struct find_view *view;
	const struct find_like *like;
	unsigned kinds;
	unsigned char *best;
};

static void keep_best(unsigned char *best, const unsigned char *scores, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (scores[i] > best[i])
			best[i] = scores[i];
}

static void judge_word(struct judging *it, struct find_cursor *word, uint32_t base, uint32_t limit)
{
	unsigned char scores[FIND_LIKE_MAX] = { 0 }, any = 0;
	size_t n = it->like->n;
	uint32_t doc;

	it->like->judge(it->like->arg, word->word, scores);
	for (size_t i = 0; i < n; i++)
		any |= scores[i];
	while (any && find_post_next(&word->post, limit, &doc))
		keep_best(it->best + (base + doc) * n, scores, n);
}

/* False: it is damaged. */
static bool judge_kind(struct judging *it, size_t segment, unsigned kind)
{
	struct find_segment *from = it->view->index->pieces[segment]->segment;
	struct find_kind_data *data = &from->kinds[kind];

	if (!find_kind_good(data))
		return false;
	struct find_cursor cursor = find_cursor_at(data);
	cursor.no_places = true;
	while (find_cursor_next(&cursor))
		judge_word(it, &cursor, it->view->bases[segment], from->n);
	return true;
}

static bool judge_all(struct judging *it)
{
	for (size_t i = 0; i < it->view->index->n; i++)
		for (unsigned kind = 0; kind < FIND_KINDS; kind++)
			if ((it->kinds >> kind & 1) && !judge_kind(it, i, kind))
				return false;
	return true;
}

static struct find_scores *scores_of(const struct judging *it)
{
	struct find_scores *scores = mem_get(sizeof(*scores));
	size_t n = it->like->n;

	scores->count = it->view->count;
	scores->n = n;
	scores->best = mem_get(((size_t)scores->count + 1) * n);
	scores->unknown = mem_get(find_bits_size(scores->count + 1));
	for (uint32_t seq = 1; seq <= scores->count; seq++) {
		uint32_t place = it->view->places[seq];

		if (place == FIND_NOWHERE || find_bit(it->view->partial, place))
			find_bit_set(scores->unknown, seq);
		else
			memcpy(scores->best + seq * n, it->best + place * n, n);
	}
	return scores;
}

struct find_scores *find_ask_like(
    struct find_view *view, enum find_where where, struct slice field, const struct find_like *like)
{
	struct judging it = { .view = view, .like = like };
	struct find_scores *scores = NULL;

	it.kinds = where == FIND_IN_FIELD ? 1U << find_kind_of(field) : find_kinds_of(where);
	/* Which of the other fields a word is in is not known. */
	if (it.kinds == 1U << FIND_OTHER || like->n > FIND_LIKE_MAX)
		return NULL;
	it.best = mem_get(((size_t)view->total + 1) * like->n);
	if (judge_all(&it))
		scores = scores_of(&it);
	else
		find_damaged(view->index->shard, view->index->account, "checksum");
	free(it.best);
	return scores;
}

void find_scores_free(struct find_scores **scores)
{
	if (*scores) {
		free((*scores)->best);
		free((*scores)->unknown);
	}
	free(*scores);
	*scores = NULL;
}

const unsigned char *find_scores_of(const struct find_scores *scores, uint32_t seq)
{
	return seq > scores->count || find_bit(scores->unknown, seq)
	    ? NULL
	    : scores->best + seq * scores->n;
}
