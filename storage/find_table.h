/* find_table.h - private to find_*.c: the words of some messages in one kind of text */
#ifndef STORAGE_FIND_TABLE_H
#define STORAGE_FIND_TABLE_H

#include "storage/find_segment.h"

/* Secret numbers. */
struct find_hash {
	uint64_t first, second;
};
struct find_hash find_hash_new(void);

/* Empty: all zero but for the hash. */
struct find_table {
	struct find_hash hash;
	uint32_t *slots; /* number of a word + 1 */
	size_t mask;
	struct buf text, words;
	struct buf uses, gaps; /* word by word what was said, and what stood before it */
	struct buf ends;       /* of the messages, in uses */
	uint32_t end;	       /* of the last one */
};

/* A text of the message that comes next. False: a word was too long, and is left out. */
bool find_table_text(struct find_table *table, struct slice text);
/* How many words there are of it so far, counted as places are. */
uint32_t find_table_here(const struct find_table *table);
/* A word at that place, or at the next one that is free. False: it is too long. */
bool find_table_mark(
    struct find_table *table, struct slice word, uint32_t place, unsigned char gap);
/* That was the message. Returns its length, above the number of each of its words. */
uint32_t find_table_message(struct find_table *table);

size_t find_table_memory(const struct find_table *table); /* about */
void find_table_finish(struct find_table *table, struct find_write_kind *out);
void find_table_clear(struct find_table *table); /* let go of the memory; it is empty */

#endif
