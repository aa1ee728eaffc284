/* fuzzy.h - texts that are nearly alike (RFC 6203): words in any order, with other endings,
 * misspelt
 *
 * Both texts are folded (text_fold). Nothing here knows a session, so that a fuzzer
 * can call it. */
#ifndef PROTOCOLS_IMAP_FUZZY_H
#define PROTOCOLS_IMAP_FUZZY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"

struct imap_fuzzy;

/* What is looked for, from pool; text must live as long. NULL: there is no word in it. */
struct imap_fuzzy *imap_fuzzy_new(struct pool *pool, struct slice text);

/* How well it is found in hay: 0 not at all, since one of its words is not there, to
   100. The time grows with the length of hay alone: both are cut to a bounded number of
   words, or of letters in one. */
unsigned imap_fuzzy_score(const struct imap_fuzzy *fuzzy, struct slice hay);

/* --- the same word by word, as the search index knows them (storage/find_words.h) --- */

enum { IMAP_FUZZY_WORDS = 16 }; /* that are looked for, at most */
size_t imap_fuzzy_words(const struct imap_fuzzy *fuzzy);

/* How well each word is found so far, 0 at first, is told by this word of a text as well.
   True: better than that is not possible. */
bool imap_fuzzy_judge(const struct imap_fuzzy *fuzzy, struct slice word, unsigned char *best);

/* As imap_fuzzy_score, of a text with these words; whole: the text that is looked for is in
   it as it is. */
unsigned imap_fuzzy_sum(const struct imap_fuzzy *fuzzy, const unsigned char *best, bool whole);

#endif
