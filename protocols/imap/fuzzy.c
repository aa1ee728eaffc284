/* fuzzy.c - how well words are found in a text
 *
 * A word counts in full as it is, less with another ending, less as the beginning
 * of a longer one, and least with one or two letters wrong, missing, too many or
 * swapped. */
#include <string.h>

#include "protocols/imap/fuzzy.h"
#include "storage/find_words.h"

enum {
	LETTERS_MAX = 32,
	AS_IT_IS = 100,
	OTHER_ENDING = 85,
	BEGINNING = 75,
	ONE_WRONG = 60,
	TWO_WRONG = 45,
};

struct word {
	uint32_t letters[LETTERS_MAX];
	unsigned n, stem; /* letters of it; without its ending, if it is looked for */
	uint64_t kinds;	  /* of letters in it */
};

struct imap_fuzzy {
	struct slice text;
	size_t n;
	struct word words[IMAP_FUZZY_WORDS];
};

/* --- words --- */

/* One letter off the front. What is no UTF-8 counts byte by byte. */
static uint32_t next_letter(struct slice *in)
{
	unsigned char c = (unsigned char)*in->p;
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	uint32_t letter = c;

	*in = slice_from(*in, 1);
	for (; more > 0 && in->n > 0 && (*in->p & 0xc0) == 0x80; more--) {
		letter = letter << 6 | ((unsigned char)*in->p & 0x3f);
		*in = slice_from(*in, 1);
	}
	return letter;
}

static bool ends_in(const struct word *word, const char *ending)
{
	size_t n = strlen(ending);

	if (word->n < n + 3)
		return false;
	for (size_t i = 0; i < n; i++)
		if (word->letters[word->n - n + i] != (unsigned char)ending[i])
			return false;
	return true;
}

/* "breaking", "breaks" and "break" have one stem, so have "planned" and "plan". */
static unsigned stem_of(const struct word *word)
{
	static const char *const endings[] = { "ings", "ing", "edly", "ies", "ed", "es", "er", "ly",
		"en", "s", "e", "y" };
	unsigned n = word->n;

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		if (ends_in(word, endings[i])) {
			n -= (unsigned)strlen(endings[i]);
			break;
		}
	}
	if (n > 3 && n < word->n && word->letters[n - 1] == word->letters[n - 2])
		n--;
	return n;
}

/* Of a word that is too long its beginning. */
static void read_word(struct slice text, struct word *out)
{
	out->n = 0;
	out->kinds = 0;
	while (text.n > 0) {
		uint32_t letter = next_letter(&text);

		if (out->n < LETTERS_MAX)
			out->letters[out->n++] = letter;
		out->kinds |= (uint64_t)1 << (letter & 63);
	}
}

/* --- two words --- */

static bool same_letters(const struct word *a, const struct word *b, unsigned n)
{
	return a->n >= n && b->n >= n && memcmp(a->letters, b->letters, n * sizeof(uint32_t)) == 0;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Letters to be changed, put in, taken out, or swapped with the next. */
static unsigned distance(const struct word *a, const struct word *b)
{
	unsigned rows[3][LETTERS_MAX + 1], *two = rows[0], *one = rows[1], *now = rows[2];

	for (unsigned j = 0; j <= b->n; j++)
		one[j] = j;
	for (unsigned i = 1; i <= a->n; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= b->n; j++) {
			unsigned wrong = a->letters[i - 1] != b->letters[j - 1];

			now[j] = least(now[j - 1] + 1, one[j] + 1, one[j - 1] + wrong);
			if (i > 1 && j > 1 && a->letters[i - 1] == b->letters[j - 2] &&
			    a->letters[i - 2] == b->letters[j - 1] && two[j - 2] + 1 < now[j])
				now[j] = two[j - 2] + 1;
		}
		unsigned *last = two;
		two = one;
		one = now;
		now = last;
	}
	return one[b->n];
}

/* A short word with a letter wrong is another one. */
static unsigned faults_allowed(const struct word *word)
{
	return word->n < 4 ? 0 : word->n < 8 ? 1 : 2;
}

static unsigned count_bits(uint64_t bits)
{
	unsigned n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

static unsigned misspelt(const struct word *want, const struct word *it)
{
	unsigned allowed = faults_allowed(want);
	unsigned longer = want->n > it->n ? want->n - it->n : it->n - want->n;

	/* Each fault brings and takes one kind of letter at most. */
	if (longer > allowed || count_bits(want->kinds ^ it->kinds) > 2 * allowed)
		return 0;
	unsigned faults = distance(want, it);
	if (faults > allowed)
		return 0;
	return faults <= 1 ? ONE_WRONG : TWO_WRONG;
}

static unsigned compare(const struct word *want, const struct word *it)
{
	if (want->n == it->n && same_letters(want, it, want->n))
		return AS_IT_IS;
	if (want->stem >= 3 && same_letters(want, it, want->stem) && stem_of(it) == want->stem)
		return OTHER_ENDING;
	if (want->n >= 3 && same_letters(want, it, want->n))
		return BEGINNING;
	return misspelt(want, it);
}

/* --- texts --- */

struct imap_fuzzy *imap_fuzzy_new(struct pool *pool, struct slice text)
{
	struct imap_fuzzy *fuzzy = pool_get(pool, sizeof *fuzzy);
	struct slice rest = text, word;

	fuzzy->text = text;
	while (fuzzy->n < IMAP_FUZZY_WORDS && (word = find_word_next(&rest)).n > 0) {
		struct word *want = &fuzzy->words[fuzzy->n++];

		read_word(word, want);
		want->stem = stem_of(want);
	}
	return fuzzy->n > 0 ? fuzzy : NULL;
}

size_t imap_fuzzy_words(const struct imap_fuzzy *fuzzy)
{
	return fuzzy->n;
}

bool imap_fuzzy_judge(const struct imap_fuzzy *fuzzy, struct slice text, unsigned char *best)
{
	bool all = true;
	struct word it;

	read_word(text, &it);
	for (size_t i = 0; i < fuzzy->n; i++) {
		unsigned score = best[i] < AS_IT_IS ? compare(&fuzzy->words[i], &it) : 0;

		if (score > best[i])
			best[i] = (unsigned char)score;
		all &= best[i] == AS_IT_IS;
	}
	return all;
}

unsigned imap_fuzzy_sum(const struct imap_fuzzy *fuzzy, const unsigned char *best, bool whole)
{
	unsigned sum = 0;

	for (size_t i = 0; i < fuzzy->n; i++) {
		if (best[i] == 0)
			return 0;
		sum += best[i];
	}
	unsigned score = sum / (unsigned)fuzzy->n;
	return fuzzy->n > 1 && !whole ? score * 9 / 10 : score;
}

unsigned imap_fuzzy_score(const struct imap_fuzzy *fuzzy, struct slice hay)
{
	unsigned char best[IMAP_FUZZY_WORDS] = { 0 };
	struct slice rest = hay, word;

	while ((word = find_word_next(&rest)).n > 0 && !imap_fuzzy_judge(fuzzy, word, best))
		;
	bool whole = fuzzy->n == 1 || slice_find(hay, fuzzy->text) >= 0;
	return imap_fuzzy_sum(fuzzy, best, whole);
}
