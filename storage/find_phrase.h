/* find_phrase.h - private to find_*.c: words beside each other */
#ifndef STORAGE_FIND_PHRASE_H
#define STORAGE_FIND_PHRASE_H

#include "storage/find_segment.h"
#include "storage/find_words.h"

struct find_phrase {
	const struct find_segment *segment;
	const struct find_kind_data *kind; /* of it, its places are good */
	const struct find_needle *needle;
	const struct find_kind_data *fields; /* or NULL: that of the names of fields, and */
	struct slice name;		     /* it must be in the value of that one */
	const unsigned char *candidates;     /* messages that are looked at: bits by number */
	unsigned char *yes, *maybe;	     /* out: who has it for sure, or perhaps */
	uint32_t base;			     /* of the numbers in these two */
};

/* The words of a dictionary that the needle's nth may be. */
struct find_match find_needle_match(const struct find_needle *needle, size_t nth);

/* In FIND_FIELDS. */
struct find_match find_name_match(struct slice name);

void find_phrase_look(const struct find_phrase *phrase);

#endif
