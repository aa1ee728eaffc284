/* fuzz_search.c - what the search index says of hostile messages is what reading them says
 *
 * Input: a byte that says where is looked, the needle, the name of a field, and messages,
 * parted by the byte 1E. Pieces of the messages are looked for as well. They are in one
 * segment, in two, and in two that became one. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/find_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MESSAGES_MAX = 8, SEPARATOR = 0x1e };

struct input {
	enum find_where where;
	struct slice field;
	struct slice messages[MESSAGES_MAX];
	size_t n;
};

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void look_for(struct find_view *view, const struct input *in, struct slice text)
{
	struct buf folded = { 0 };

	if (utf8_valid(text)) {
		text_fold(&folded, text, true);
		need(find_world_wrong(
			 view, in->messages, in->where, in->field, buf_slice(&folded), NULL) == 0);
	}
	buf_done(&folded);
}

/* A piece of what a message says, cut between characters. */
static void look_for_piece(struct find_view *view, const struct input *in, size_t seed)
{
	struct slice message = in->messages[seed % in->n];
	struct pool pool = { 0 };
	struct buf text = { 0 };

	find_text_header(&pool, message, &text);
	find_text_body(&pool, message, &text);
	size_t from = text.n ? seed * 2654435761U % text.n : 0, to = from + seed % 23;
	while (from < text.n && (text.p[from] & 0xc0) == 0x80)
		from++;
	while (to < text.n && (text.p[to] & 0xc0) == 0x80)
		to++;
	if (from < to && to <= text.n)
		look_for(view, in, slice_of(text.p + from, to - from));
	buf_done(&text);
	pool_done(&pool);
}

static void look(struct find_piece **pieces, size_t n, const struct input *in, struct slice needle)
{
	struct find_view *view = find_world_view(pieces, n);

	look_for(view, in, needle);
	for (size_t seed = 1; seed < 40; seed += 3)
		look_for_piece(view, in, seed + needle.n);
	find_view_free(&view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice rest = slice_of(data, n);
	struct input in = { .where = (enum find_where)(n > 0 ? data[0] % 4 : 0) };
	struct find_piece *pieces[2], *one;

	rest = slice_from(rest, 1);
	struct slice needle = slice_cut(&rest, SEPARATOR);
	in.field = slice_cut(&rest, SEPARATOR);
	while (rest.n > 0 && in.n < MESSAGES_MAX)
		in.messages[in.n++] = slice_cut(&rest, SEPARATOR);
	if (in.n == 0)
		return 0;
	pieces[0] = find_world_make(in.messages, 0, in.n / 2);
	pieces[1] = find_world_make(in.messages, in.n / 2, in.n);
	need(pieces[0] && pieces[1]);
	one = find_world_merge(pieces, 2);
	need(one);
	look(&one, 1, &in, needle);
	look(pieces, 2, &in, needle);
	return 0;
}
