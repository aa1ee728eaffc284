/* log_read.h - the lines of the log read again (core/log.h has their form)
 *
 * The files that logrotate put aside are read as well, packed or not. Any thread but
 * a loop's. */
#ifndef CORE_LOG_READ_H
#define CORE_LOG_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

/* A line, taken apart; it points into the text. */
struct log_line {
	struct slice whole, time, level;
	uint64_t icid;
	struct slice proto, event; /* proto may be empty */
	struct slice fields;	   /* key=value ... */
};

/* False: it is none. */
bool log_line_read(struct slice text, struct log_line *out);

/* The value of a field, as it was before it was quoted, into *out (cleared first). False:
   there is no such field. */
bool log_line_field(const struct log_line *line, const char *key, struct buf *out);

/* The same of a number; 0: there is none. */
uint64_t log_line_number(const struct log_line *line, const char *key);

/* Visit the lines of all files of the log that were written to after `since` (unix seconds),
   oldest file first, until visit returns false. -1: there is no log to be read. */
int log_read(
    int64_t since, bool (*visit)(void *arg, struct slice text), void *arg, struct err *err);

/* What a line says in a sentence, as "ICID 41 TLS success protocol TLSv1.3 cipher ...", behind
   its time and level: "Tue Apr 17 00:57:53 2018 Info: ". Appended. */
void log_line_say(const struct log_line *line, struct buf *out);

#endif
