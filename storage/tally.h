/* tally.h - what is counted for the reports of a day: in memory, and now and then on the disk
 *
 * A tally belongs to a room (of small records), a day (UTC) and a subject, the first word
 * of which is the domain that is told. It has lines, each with how often it was counted,
 * and a note. To count costs no transaction: all that was counted is written in one every
 * few seconds and when the server ends; a machine that fails loses what came since.
 *
 * What strangers can make grow is bounded: TALLY_LINES_MAX lines are told apart, and
 * TALLY_NEW_MAX tallies of a room are begun in a day; what is beyond is not counted. */
#ifndef STORAGE_TALLY_H
#define STORAGE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"

enum { TALLY_LINES_MAX = 1000, TALLY_NEW_MAX = 20000, TALLY_DAY_S = 86400 };

/* Count that line today. room is static; subject and line have no line ends. The note that
   is given last stays; empty: none is given. Any thread but a loop's. */
void tally_count(const char *room, struct slice subject, struct slice line, struct slice note);

struct tally {
	int64_t day;	     /* its beginning, unix seconds */
	struct slice domain; /* first word of the subject */
	struct slice rest;   /* the others */
	struct slice lines;  /* see tally_next */
	struct slice note;
};
/* "20260301" */
enum { TALLY_DAY_TEXT = 16 };
void tally_day_text(int64_t when, char text[TALLY_DAY_TEXT]);

/* The next of tally->lines, and how often it was counted. */
bool tally_next(struct slice *lines, struct slice *line, uint64_t *n);
/* A key and a record, as they are stored. False: they are none. */
bool tally_read(struct slice key, struct slice record, struct tally *out);

/* Visit those of a room, by day and subject; what was counted is written first. With a
   domain: of that day and domain only. 0 or -1. Any thread but a loop's. */
int tally_each(const char *room, int64_t day, struct slice domain,
    bool (*visit)(void *arg, const struct tally *tally), void *arg);

/* A kind of report: a row beside the code that writes it. send() tells a domain about a
   day; -1: not now, so it is asked again for some days. */
struct tally_report {
	const char *room;
	int (*send)(int64_t day, struct slice domain);
};
#define TALLY_REPORT(id) TABLE_ROW(tally_report, id)
TABLE_DECLARE(tally_report);

/* Report each domain's day that is over; all: also today's. They are sent by themselves in
   the hours after midnight. Returns how many were. A thread that may wait for the network. */
unsigned tally_send(const struct tally_report *report, bool all);

/* The threads that write and that send; and the last writing, after all threads. */
int tally_start(struct err *err);
void tally_stop(void);

#endif
