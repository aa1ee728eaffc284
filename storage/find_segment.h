/* find_segment.h - private to find_*.c: a piece of an account's index, written once
 *
 * A segment knows some messages, by their ids, rising; a message's place among
 * them is its number. It has a dictionary for each of several kinds of text:
 *
 *	"sgfind4\n", messages 4, then for each kind words, blocks, posts, places: the
 *	bytes of each, 4, the checksum of the first three 4, of places 4; checksum of
 *	all before, of ids, lengths and flags 4
 *	ids of the messages, 8 each; lengths, 4 each; flags, 1 each
 *	of each kind: words, blocks, posts, places
 *
 * words: LF, then each word and LF, in order: so one memmem() finds what a word
 * contains, begins with, ends with or is. posts: for each word in the same order
 * the messages that have it: (number << 1 | 1) when there is one, else the length
 * of what follows << 1, and the numbers, each as the distance from the one before;
 * all as numbers of 7 bits a byte. places: for each word the length of what follows,
 * and for each message that has it, in the same order, where (find_places.h). blocks:
 * where each sixteenth word, its posts and its places begin. The length of a message
 * is above the number of each of its words.
 *
 * FIND_FIELDS has no words but names, in small letters. The places of one are among
 * those of FIND_OTHER: that of its value's first word, that of its last (enum
 * find_bound says which), and so on; of a field that has a kind of its own one only. */
#ifndef STORAGE_FIND_SEGMENT_H
#define STORAGE_FIND_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

enum find_kind {
	FIND_FROM,
	FIND_TO,
	FIND_CC,
	FIND_BCC,
	FIND_SUBJECT,
	FIND_OTHER, /* values of other fields */
	FIND_NAMES, /* names of all fields */
	FIND_PARTS, /* header fields of parts, names and values */
	FIND_BODY,
	FIND_FIELDS, /* whole names, and which words of FIND_OTHER theirs are */
	FIND_KINDS,
};

enum find_bound { FIND_BEGIN = 1, FIND_END = 2 }; /* in place of a gap */

/* The name of a field as FIND_FIELDS has it (find_make.c). */
void find_field_name(struct slice name, struct buf *out);

/* Of a header field's value (find_make.c). */
enum find_kind find_kind_of(struct slice name);

enum { FIND_PARTIAL = 1 }; /* flag of a message: not all of it is in the index */

/* --- writing (find_write.c) --- */

struct find_write_kind {
	struct buf words, blocks, posts, places;
	uint32_t n; /* words */
};

struct find_write {
	struct buf ids, lengths, flags;
	uint32_t n; /* messages */
	struct find_write_kind kinds[FIND_KINDS];
};

/* A message as it is told of: in one segment it has a number, in another another. */
struct find_message {
	uint64_t id;
	uint32_t length;
	unsigned flags;
};
void find_write_message(struct find_write *write, struct find_message message);
/* Words in order; docs rising, at least one; places of all of them. */
void find_write_word(struct find_write_kind *kind, struct slice word, const uint32_t *docs,
    size_t n, struct slice places);
/* Durable on return. */
int find_write_file(const struct find_write *write, const char *path, struct err *err);
void find_write_done(struct find_write *write);

/* --- reading (find_segment.c) --- */

struct find_kind_data {
	struct slice words, blocks, posts, places;
	uint32_t checksum, places_checksum;
	atomic_int state, places_state; /* not checked yet, good, bad */
};

struct find_segment {
	uint32_t number; /* its file */
	uint32_t n;	 /* messages */
	struct slice file, ids, lengths, flags;
	struct find_kind_data kinds[FIND_KINDS];
};

/* NULL and why: it can't be read, or is damaged. */
struct find_segment *find_segment_open(const char *path, struct err *err);
void find_segment_close(struct find_segment **segment);
uint64_t find_segment_id(const struct find_segment *segment, uint32_t doc);
struct find_message find_segment_message(const struct find_segment *segment, uint32_t doc);
bool find_segment_partial(const struct find_segment *segment, uint32_t doc);
/* Where the id is or would go. */
uint32_t find_segment_place(const struct find_segment *segment, uint64_t id);

/* Are the kind's bytes as they were written? Asked once; any thread. */
bool find_kind_good(struct find_kind_data *kind);
bool find_places_good(struct find_kind_data *kind); /* its places */

/* The messages of a word. */
struct find_post {
	struct slice rest;
	uint64_t at; /* the last one told */
	bool lone;   /* there is this one and no other */
};
/* False at the end, and at what is no message below limit. */
bool find_post_next(struct find_post *post, uint32_t limit, uint32_t *doc);

/* Words one by one, in order. */
struct find_cursor {
	struct slice words, posts, places; /* what is left */
	struct slice word;
	struct find_post post;
	struct slice its_places;
	bool no_places; /* they are not wanted */
};
struct find_cursor find_cursor_at(const struct find_kind_data *kind);
bool find_cursor_next(struct find_cursor *cursor);

/* Visit the posts of all words that contain the text, or begin or end with it. */
struct find_match {
	struct slice text;
	bool begins, ends;
	bool places;					    /* they are wanted as well, and good */
	bool (*visit)(void *arg, struct find_cursor *word); /* false: it is enough */
	void *arg;
};
void find_kind_match(const struct find_kind_data *kind, const struct find_match *match);

#endif
