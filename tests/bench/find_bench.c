/* find_bench.c - what the search index costs: to make, on the disk, to ask
 *
 * usage: make tests/bench/find_bench && tests/bench/find_bench [messages] [index]
 * Messages of 4 KB, made up of 260,000 words that are as frequent as words are.
 * With "index" it is only made: for valgrind --tool=callgrind. */
#include <string.h>
#include <time.h>

#include "tests/unit/find_world.h"

enum { OCTAVES = 18, VOCABULARY = 1 << OCTAVES, BATCH = 2000, BODY = 4000 };

/* Processor milliseconds of this thread. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* --- messages --- */

static uint64_t seed = 1;

static uint32_t dice(uint32_t n)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)((seed >> 33) % n);
}

/* The nth most frequent one. */
static void add_word(struct buf *out, uint32_t n)
{
	static const char *const syllables[] = { "ta", "re", "mi", "no", "ses", "la", "ver", "ko",
		"an", "ed", "ing", "pro", "con", "lu", "ti", "de" };

	do
		buf_addz(out, syllables[n % 16]);
	while ((n /= 16) > 0);
}

static void add_text(struct buf *out, size_t bytes)
{
	static const char *const gaps[] = { " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ",
		" ", " ", " ", " ", " ", " ", ", ", ". ", "-" };
	size_t line = out->n;

	for (size_t end = out->n + bytes; out->n < end;) {
		uint32_t octave = 1U << dice(OCTAVES);
		add_word(out, octave + dice(octave) - 1);
		buf_addz(out, out->n - line > 68 ? "\r\n" : gaps[dice(20)]);
		if (out->p[out->n - 1] == '\n')
			line = out->n;
	}
}

static void add_message(struct buf *out, uint32_t number)
{
	buf_printf(out,
	    "Received: from mx%u.example.net by mail.example.org with ESMTPS id %08x; Sat, 21 Nov "
	    "2026 10:%02u:00 +0000\r\nFrom: Person %u <p%u@example.net>\r\nTo: ann@example.org\r\n"
	    "Message-ID: <%08x.%u@example.net>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: ",
	    dice(9), dice(1 << 30), number % 60, number % 300, number % 300, dice(1 << 30), number);
	for (int i = 0; i < 5; i++) {
		add_word(out, dice(1 + dice(VOCABULARY)));
		buf_addc(out, ' ');
	}
	buf_addz(out, "words\r\n\r\n");
	add_text(out, BODY);
	if (number % 3000 == 7)
		buf_addz(out, " two words side by side\r\n");
	if (number % 3000 == 8)
		buf_addz(out, " words two\r\n");
	if (number % 100 != 99)
		buf_addz(out, " as most have it\r\n");
}

/* --- making --- */

static struct find_piece *make(uint32_t from, uint32_t to)
{
	struct find_make *make = find_make_new(1 << 20);
	struct buf message = { 0 };
	struct find_write write;

	for (uint32_t i = from; i < to; i++) {
		buf_clear(&message);
		add_message(&message, i);
		find_make_message(make, i + 1, buf_slice(&message));
	}
	find_make_finish(make, &write);
	struct find_piece *piece = find_world_piece(&write);
	find_write_done(&write);
	find_make_free(&make);
	buf_done(&message);
	return piece;
}

static double cost_of_messages(uint32_t n)
{
	struct buf message = { 0 };
	double began = now();

	for (uint32_t i = 0; i < n; i++) {
		buf_clear(&message);
		add_message(&message, i);
	}
	buf_done(&message);
	seed = 1;
	return now() - began;
}

/* As they are merged while they come. */
static size_t add_piece(struct find_piece **pieces, size_t n, struct find_piece *piece)
{
	pieces[n++] = piece;
	size_t from = find_merge_from(pieces, n);
	if (from == n)
		return n;
	struct find_piece *one = find_world_merge(pieces + from, n - from);
	for (size_t i = from; i < n; i++)
		find_piece_free(&pieces[i]);
	pieces[from] = one;
	return from + 1;
}

/* --- asking --- */

static void ask(struct find_view *view, enum find_where where, const char *needle)
{
	enum { TIMES = 5 };
	uint32_t told[3] = { 0 };
	double began = now();

	for (int i = 0; i < TIMES; i++) {
		struct find_answer *answer =
		    find_ask(view, where, SLICE("Subject"), slice_str(needle));
		for (uint32_t seq = 1; i == 0 && answer && seq <= view->count; seq++)
			told[find_says(answer, seq)]++;
		find_answer_free(&answer);
	}
	printf("%-28s %8.2f ms  yes %6u  to be read %6u\n", needle, (now() - began) / TIMES,
	    told[FIND_YES], told[FIND_MAYBE]);
}

static void ask_all(struct find_piece **pieces, size_t n)
{
	struct find_view *view = find_world_view(pieces, n);

	for (size_t i = 0; i < n; i++)
		for (size_t kind = 0; kind < FIND_KINDS; kind++)
			find_kind_good(&pieces[i]->segment->kinds[kind]);
	static const char *const needles[] = { "side", "nobodyhasthis", "two words", "words two",
		"as most", "most have it", "ta re", "a r", "most have.it", "o words side by s" };
	for (size_t i = 0; i < sizeof(needles) / sizeof(*needles); i++)
		ask(view, FIND_IN_BODY, needles[i]);
	ask(view, FIND_IN_TEXT, "two words");
	ask(view, FIND_IN_TEXT, "as most");
	ask(view, FIND_IN_TEXT, "@example.net");
	ask(view, FIND_IN_FIELD, "ta words");
	find_view_free(&view);
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
	struct find_piece *pieces[64];
	size_t n_pieces = 0, bytes = 0;
	double text = argc > 2 ? 0 : cost_of_messages(n), began = now();

	for (uint32_t i = 0; i < n; i += BATCH)
		n_pieces = add_piece(pieces, n_pieces, make(i, i + BATCH < n ? i + BATCH : n));
	for (size_t i = 0; i < n_pieces; i++)
		bytes += pieces[i]->segment->file.n;
	printf("%u messages in %zu segments: %.1f us and %zu bytes each\n", n, n_pieces,
	    (now() - began - text) * 1e3 / n, bytes / n);
	if (argc == 2 || argc == 1)
		ask_all(pieces, n_pieces);
	return 0;
}
