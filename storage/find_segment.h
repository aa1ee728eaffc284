/* find_segment.h - private to find_*.c: a piece of an account's index, written once
 *
 * A segment knows some messages, by their ids, rising; a message's place among
 * them is its number. It has a dictionary for each of several kinds of text:
 *
 *	"sgfind1\n", messages 4, then for each kind words, blocks, posts: the bytes
 *	of each, 4, and their checksum 4; checksum of all before and of ids and flags 4
 *	ids of the messages, 8 each; flags, 1 each
 *	of each kind: words, blocks, posts
 *
 * words: LF, then each word and LF, in order: so one memmem() finds what a word
 * contains, begins with, ends with or is. posts: for each word in the same order
 * the messages that have it: (number << 1 | 1) when there is one, else the length
 * of what follows << 1, and the numbers, each as the distance from the one before;
 * all as numbers of 7 bits a byte. blocks: where each sixteenth word and its posts
 * begin. */
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
	FIND_BODY,
	FIND_KINDS,
};

/* Of a header field's value (find_make.c). */
enum find_kind find_kind_of(struct slice name);

enum { FIND_PARTIAL = 1 }; /* flag of a message: not all of it is in the index */

/* --- writing (find_write.c) --- */

struct find_write_kind {
	struct buf words, blocks, posts;
	uint32_t n; /* words */
};

struct find_write {
	struct buf ids, flags;
	uint32_t n; /* messages */
	struct find_write_kind kinds[FIND_KINDS];
};

void find_write_message(struct find_write *write, uint64_t id, unsigned flags);
/* Words in order; docs rising, at least one. */
void find_write_word(
    struct find_write_kind *kind, struct slice word, const uint32_t *docs, size_t n);
uint64_t find_write_size(const struct find_write *write);
/* Durable on return. */
int find_write_file(const struct find_write *write, const char *path, struct err *err);
void find_write_done(struct find_write *write);

/* --- reading (find_segment.c) --- */

struct find_kind_data {
	struct slice words, blocks, posts;
	uint32_t checksum;
	atomic_int state; /* not checked yet, good, bad */
};

struct find_segment {
	uint32_t number; /* its file */
	uint32_t n;	 /* messages */
	struct slice file, ids, flags;
	struct find_kind_data kinds[FIND_KINDS];
};

/* NULL and why: it can't be read, or is damaged. */
struct find_segment *find_segment_open(const char *path, struct err *err);
void find_segment_close(struct find_segment **segment);
uint64_t find_segment_id(const struct find_segment *segment, uint32_t doc);
bool find_segment_partial(const struct find_segment *segment, uint32_t doc);
/* Where the id is or would go. */
uint32_t find_segment_place(const struct find_segment *segment, uint64_t id);

/* Are the kind's bytes as they were written? Asked once; any thread. */
bool find_kind_good(struct find_kind_data *kind);

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
	struct slice words, posts; /* what is left */
	struct slice word;
	struct find_post post;
};
struct find_cursor find_cursor_at(const struct find_kind_data *kind);
bool find_cursor_next(struct find_cursor *cursor);

/* Visit the posts of all words that contain the text, or begin or end with it. */
struct find_match {
	struct slice text;
	bool begins, ends;
	bool (*visit)(void *arg, struct find_post *post); /* false: it is enough */
	void *arg;
};
void find_kind_match(const struct find_kind_data *kind, const struct find_match *match);

#endif
