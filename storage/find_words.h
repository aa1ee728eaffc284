/* find_words.h - words of a folded text
 *
 * A word is a longest run of ASCII letters and digits and of characters behind
 * ASCII, but for those that are no letters by their first byte or are written
 * without blanks between words: each of the latter is a word by itself. What is a
 * word is told by bytes alone, never by what stands beside them, so that the words
 * of a needle are those of any text that holds it, but for the two at its ends. */
#ifndef STORAGE_FIND_WORDS_H
#define STORAGE_FIND_WORDS_H

#include <stdbool.h>

#include "core/buf.h"

enum { FIND_WORD_MAX = 200 };

/* The next word of *rest, which ends before what follows; empty at the end. */
struct slice find_word_next(struct slice *rest);

/* A needle in words. The first may be the end of a word of the text, the last the
   beginning of one. */
enum { FIND_NEEDLE_WORDS = 16 };
struct find_needle {
	struct slice words[FIND_NEEDLE_WORDS]; /* parts of the needle */
	struct slice gaps[FIND_NEEDLE_WORDS];  /* before each of them */
	size_t n;
	bool open_left, open_right; /* the first, the last may go on beyond the needle */
	bool all;		    /* behind the last word is nothing of it */
	bool exact;		    /* it is one word: whoever has that has the needle */
};
/* False: it has no words, or none that would say something. */
bool find_needle_read(struct slice needle, struct find_needle *out);

#endif
