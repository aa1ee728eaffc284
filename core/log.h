/* log.h - one line per event: when, level, who, what, key=value
 *
 *   2026-03-01T12:00:00.123Z info icid=41 smtp accepted mid=77 from=<ann@alpha.test> size=4103
 *
 * The session that a thread is working for is kept in a thread-local, so a
 * line from deep below still says for whom. Values are quoted when they hold
 * blanks, quotes or control bytes, so a line can't be forged by what a peer
 * sent. Event and keys are words joined by '-'. Never a password, a key or
 * message text. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field {
	const char *key; /* NULL ends the list */
	const char *p;	 /* text, or NULL: number */
	size_t n;
	int64_t num;
};

static inline struct log_field log_s(const char *key, struct slice s)
{
	return (struct log_field){ key, s.p ? s.p : "", s.n, 0 };
}

static inline struct log_field log_z(const char *key, const char *s)
{
	return log_s(key, slice_str(s));
}

static inline struct log_field log_n(const char *key, int64_t num)
{
	return (struct log_field){ key, 0, 0, num };
}

/* log_event(LOG_INFO, "accepted", log_n("mid", 77), log_s("from", from)); */
#define log_event(level, event, ...)                                                               \
	log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* From now on this thread's lines may wait for its log_flush(), so that one
   write(2) serves several: for threads that come round at once, an event loop
   or a task. Errors and warnings never wait, and take along what does. */
void log_batch(void);
/* Write what waits in this thread. Before it sleeps, and before another thread
   goes on with what it did, so that a session's lines stand in order. */
void log_flush(void);

/* What this thread works for; part of every line until it is changed.
   Borrowed: must outlive its being set. */
struct log_context {
	const char *proto; /* "smtp" */
	uint64_t icid;	   /* incoming connection id, 0: none */
	uint64_t mid;	   /* message id, 0: none */
};

const struct log_context *log_context_set(
    const struct log_context *context); /* returns the one before */

/* Lines go to standard error until a file is named. Reopening the same path
   (SIGHUP) lets logrotate work. 0 or -1 with errno. */
int log_open(const char *path);
/* Where lines go, when that is a file: its path appended. False: it is none. */
bool log_path(struct buf *out);
void log_level_set(enum log_level max);

/* New id for a message, delivery or connection: unique, rising over restarts
   (starts from the clock in microseconds). Thread-safe. */
uint64_t log_id(void);

#endif
