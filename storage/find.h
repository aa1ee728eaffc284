/* find.h - what the search index of an account knows about messages of a mailbox
 *
 * Words of header fields and bodies lie in segments (find_segment.h), made in the
 * background. The index says of each message that it has a text, that it has not,
 * or that it can't tell: then the message is read, as it is where there is no
 * index. So the answer is the same with and without one. What it says is about
 * texts as find_text.h makes them, and the needle is folded likewise.
 *
 * Workers and threads of their own only, but for find_mark(). */
#ifndef STORAGE_FIND_H
#define STORAGE_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/box.h"

/* --- searching --- */

/* The index as it is now, and where the messages of a snapshot are in it. Both stay
   as long as it is open. NULL: there is no index (one will be, if it is wanted), and
   messages are to be read. */
struct find_view;
struct find_view *find_look(struct box *box, const struct box_snap *snap);
void find_view_free(struct find_view **view);

enum find_where {
	FIND_IN_FIELD, /* the value of a field of that name */
	FIND_IN_TEXT,  /* the header with names and values, or the body */
	FIND_IN_BODY,
	FIND_IN_HEADER, /* names and values */
};
enum find_says { FIND_NO, FIND_YES, FIND_MAYBE };

/* What is known about a text in each message. NULL: nothing. */
struct find_answer;
struct find_answer *find_ask(
    struct find_view *view, enum find_where where, struct slice field, struct slice needle);
void find_answer_free(struct find_answer **answer);
/* By sequence number. */
enum find_says find_says(const struct find_answer *answer, uint32_t seq);
/* The first one from seq on that is not FIND_NO; behind the last: count + 1. */
uint32_t find_answer_next(const struct find_answer *answer, uint32_t seq);

/* Words that are like those that are looked for, as whoever asks judges. */
enum { FIND_LIKE_MAX = 16 };
struct find_like {
	size_t n; /* words looked for */
	/* How well a word that is in texts fits each of them: 0 not at all; all are 0 before. */
	void (*judge)(void *arg, struct slice word, unsigned char *scores);
	void *arg;
};

/* How well each word is found, by its best likeness in each message. NULL: nothing is
   known. */
struct find_scores;
struct find_scores *find_ask_like(struct find_view *view, enum find_where where, struct slice field,
    const struct find_like *like);
void find_scores_free(struct find_scores **scores);
/* Of a message, like.n of them. NULL: it is to be read. */
const unsigned char *find_scores_of(const struct find_scores *scores, uint32_t seq);

/* --- keeping it --- */

/* An account has messages that are new, or lost some. Waits for nothing. */
struct shard;
void find_mark(struct shard *shard, uint64_t account, bool lost);

/* The thread that builds; stopped by threads_stop. */
int find_start(struct err *err);
void find_stop(void); /* let go of what is in memory */

/* Remove the index of an account: it was removed, or what its messages say is to be
   forgotten. */
void find_forget(struct shard *shard, uint64_t account);

void find_remove(struct acct *acct); /* the same */

/* Make it anew, now. 0; -1: failed. */
int find_rebuild(struct acct *acct, void (*progress)(void *arg, int64_t done, int64_t total),
    void *arg, struct err *err);

struct find_size {
	uint64_t messages, partial, segments, bytes;
};
/* 1, 0 when there is no index, or it was damaged and will be made anew. */
int find_size(struct acct *acct, struct find_size *out);

#endif
