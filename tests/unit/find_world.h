/* find_world.h - messages in a search index and the same messages read: for tests and the fuzzer */
#ifndef TESTS_UNIT_FIND_WORLD_H
#define TESTS_UNIT_FIND_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/text.h"
#include "storage/find_look.h"
#include "storage/find_make.h"
#include "storage/find_merge.h"
#include "storage/find_text.h"

enum { FIND_WORLD_TEXT_MAX = 4096 };

/* A segment's file in memory. NULL: it is damaged. */
static inline struct find_piece *find_world_piece(const struct find_write *write)
{
	struct find_piece *piece = NULL;
	char path[64];
	struct err err;
	int fd = memfd_create("segment", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct find_segment *segment =
	    find_write_file(write, path, &err) == 0 ? find_segment_open(path, &err) : NULL;
	close(fd);
	if (segment) {
		piece = mem_get(sizeof(*piece));
		*piece = (struct find_piece){ .refs = 1, .segment = segment };
	}
	return piece;
}

/* Messages from..to - 1, with their places as ids. */
static inline struct find_piece *find_world_make(
    const struct slice *messages, size_t from, size_t to)
{
	struct find_make *make = find_make_new(FIND_WORLD_TEXT_MAX);
	struct find_write write;

	for (size_t i = from; i < to; i++)
		find_make_message(make, i + 1, messages[i]);
	find_make_finish(make, &write);
	struct find_piece *piece = find_world_piece(&write);
	find_write_done(&write);
	find_make_free(&make);
	return piece;
}

static inline bool find_world_keep(void *arg, uint64_t id)
{
	(void)arg;
	(void)id;
	return true;
}

static inline struct find_piece *find_world_merge(struct find_piece **pieces, size_t n)
{
	struct find_piece *piece = NULL;
	struct find_write write;

	if (find_merge(pieces, n, find_world_keep, NULL, &write) == 0)
		piece = find_world_piece(&write);
	find_write_done(&write);
	return piece;
}

/* All messages, in the order of their ids; takes the pieces. */
static inline struct find_view *find_world_view(struct find_piece **pieces, size_t n)
{
	struct find_view *view = mem_get(sizeof(*view));

	view->index = find_index_new(NULL, 1);
	view->index->pieces = mem_get((n + 1) * sizeof(*pieces));
	view->bases = mem_get((n + 1) * sizeof(*view->bases));
	for (size_t i = 0; i < n; i++) {
		view->index->pieces[view->index->n++] = pieces[i];
		view->bases[i] = view->total;
		view->total += pieces[i]->segment->n;
	}
	view->count = view->total;
	view->partial = mem_get(find_bits_size(view->total));
	view->places = mem_get(((size_t)view->count + 1) * sizeof(*view->places));
	for (uint32_t i = 0, place = 0; i < n; i++)
		for (uint32_t doc = 0; doc < pieces[i]->segment->n; doc++, place++) {
			view->places[find_segment_id(pieces[i]->segment, doc)] = place;
			if (find_segment_partial(pieces[i]->segment, doc))
				find_bit_set(view->partial, place);
		}
	return view;
}

/* As a search without an index does it. */
static inline bool find_world_has(
    struct slice message, enum find_where where, struct slice field, struct slice needle)
{
	struct pool pool = { 0 };
	struct buf text = { 0 };
	bool has = true;

	if (where == FIND_IN_FIELD)
		has = find_text_field(&pool, message, field, &text);
	if (where == FIND_IN_TEXT || where == FIND_IN_HEADER)
		find_text_header(&pool, message, &text);
	if (where == FIND_IN_TEXT)
		buf_addc(&text, '\0'); /* what is found is in one or the other */
	if (where == FIND_IN_TEXT || where == FIND_IN_BODY)
		find_text_body(&pool, message, &text);
	has = has && slice_find(buf_slice(&text), needle) >= 0;
	buf_done(&text);
	pool_done(&pool);
	return has;
}

/* What the index says that is not so: the number of a message + 1, or 0. told, which may
   be NULL, counts what was said, by enum find_says. */
static inline size_t find_world_wrong(struct find_view *view, const struct slice *messages,
    enum find_where where, struct slice field, struct slice needle, size_t told[3])
{
	struct find_answer *answer = find_ask(view, where, field, needle);
	size_t wrong = 0;

	for (uint32_t seq = 1; answer && seq <= view->count && !wrong; seq++) {
		enum find_says says = find_says(answer, seq);
		bool has = find_world_has(messages[seq - 1], where, field, needle);
		if ((says == FIND_YES && !has) || (says == FIND_NO && has))
			wrong = seq;
		if (told)
			told[says]++;
	}
	find_answer_free(&answer);
	return wrong;
}

#endif
