/* buf.h - bytes: a slice is borrowed, a buf is owned and grows */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes that belong to somebody else, with no terminator. An empty slice may
   have a NULL p. */
struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* printf("%.*s", SLICE_ARG(s)); s is evaluated twice */
#define SLICE_ARG(s) ((int)(s).n), ((s).p ? (s).p : "")

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

/* NULL gives the empty slice. */
static inline struct slice slice_str(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

/* The slice without its first n bytes; n is cut to its length. */
static inline struct slice slice_from(struct slice s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return (struct slice){ s.p ? s.p + n : s.p, s.n - n };
}

/* The first n bytes at most. */
static inline struct slice slice_head(struct slice s, size_t n)
{
	return (struct slice){ s.p, n < s.n ? n : s.n };
}

/* An ASCII letter in lower case. No locale: what a byte means must not depend on where the
   server runs. */
static inline char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool slice_eq(struct slice a, struct slice b);
int slice_cmp(struct slice a, struct slice b); /* bytewise, shorter first */

/* ASCII letters compare equal in both cases; no locale. */
bool slice_ieq(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_iends(struct slice s, struct slice suffix);

/* Offset of the first c, of the last c, of the first occurrence of what; or
   -1. */
ptrdiff_t slice_chr(struct slice s, char c);
ptrdiff_t slice_rchr(struct slice s, char c);
ptrdiff_t slice_find(struct slice s, struct slice what);
ptrdiff_t slice_ifind(struct slice s, struct slice what);

/* Without leading and trailing spaces, tabs, CR and LF. */
struct slice slice_trim(struct slice s);
bool slice_is_ascii(struct slice s); /* no byte above 127 */

/* Take the bytes before the first sep off *rest, and drop sep. When there is
   no sep the whole rest is taken and *rest is left empty with p == NULL. */
struct slice slice_cut(struct slice *rest, char sep);

/* The next word of *rest, where words are parted by runs of spaces or tabs;
   empty at the end. */
struct slice slice_word(struct slice *rest);

/* Compare secrets: the time depends on n only. */
bool bytes_same(const void *a, const void *b, size_t n);

/* Zero memory that held a secret; never optimised away. */
void bytes_wipe(void *p, size_t n);

/* Heap memory. These never return NULL: limits are checked before anything is
   stored, so running out of memory means that the machine has none, and the
   process ends with a log line; nothing acknowledged is lost by that. */
void *mem_get(size_t n); /* zeroed; release with free() */
void *mem_resize(void *p, size_t n);
char *mem_str(struct slice s); /* copy with a terminator */

/* Zero-initialised is empty and valid. */
struct buf {
	char *p;
	size_t n, cap;
};

void buf_done(struct buf *b);  /* free; b is empty and usable again */
void buf_wipe(struct buf *b);  /* the same, but zero the bytes first */
void buf_clear(struct buf *b); /* n = 0, memory kept */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, struct slice s);
void buf_add_lower(struct buf *b, struct slice s); /* its ASCII letters in lower case */
void buf_addz(struct buf *b, const char *s);
void buf_addu(struct buf *b, unsigned long long u); /* decimal */

/* The same into memory of the caller, DIGITS_MAX at most, so that they end before `end`.
   Returns the first. */
enum { DIGITS_MAX = 20 };
char *digits_put(char *end, unsigned long long u);

void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Room for n bytes more; returns where they go. Add to b->n what was used. */
char *buf_room(struct buf *b, size_t n);

/* Remove n bytes from the front. */
void buf_drop(struct buf *b, size_t n);

/* A terminator behind the bytes (not counted in n); returns b->p. */
const char *buf_z(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

#endif
