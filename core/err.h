/* err.h - why something did not work, in words for a human
 *
 * Three families, never mixed: the peer's fault (ERR_INPUT to ERR_LIMIT: reply
 * and go on), the world's fault (ERR_TEMP: log, answer with a temporary
 * failure), and our own (bug(): stop). */
#ifndef CORE_ERR_H
#define CORE_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_INPUT,  /* malformed or out of range */
	ERR_ABSENT, /* what was named is not there */
	ERR_EXISTS, /* what should be made is there already */
	ERR_DENIED, /* not allowed to this caller, or wrong credentials */
	ERR_LIMIT,  /* a quota or a limit is reached */
	ERR_BUSY,   /* try again: in use, or shutting down */
	ERR_TEMP,   /* disk, network, library: try again later */
};

struct err {
	enum err_kind kind;
	char text[256];
};

/* Fill *err, which may be NULL. Always returns -1, so that a function can end
   with `return err_set(...)`. The text is one line without a final dot; it
   says what to do next where that is known. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": strerror(errno)" behind it, of kind ERR_TEMP. */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *err_kind_name(enum err_kind kind); /* "input", "absent", ... as in JSON answers */

/* Our own fault: log where and end the process; what was acknowledged is on
   disk. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

#endif
