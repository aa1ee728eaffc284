/* buf.c - bytes: slices, memory that is always there, buffers that grow */
#include "core/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/err.h"

/* --- slices --- */

static bool same_letters(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (char_lower(a[i]) != char_lower(b[i]))
			return false;
	return true;
}

bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool slice_ieq(struct slice a, struct slice b)
{
	return a.n == b.n && same_letters(a.p, b.p, a.n);
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return slice_eq(slice_head(s, prefix.n), prefix);
}

bool slice_istarts(struct slice s, struct slice prefix)
{
	return slice_ieq(slice_head(s, prefix.n), prefix);
}

bool slice_iends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && slice_ieq(slice_from(s, s.n - suffix.n), suffix);
}

ptrdiff_t slice_chr(struct slice s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t slice_rchr(struct slice s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t slice_find(struct slice s, struct slice what)
{
	if (what.n == 0)
		return 0;
	const char *at = s.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
	return at ? at - s.p : -1;
}

ptrdiff_t slice_ifind(struct slice s, struct slice what)
{
	for (size_t i = 0; i + what.n <= s.n; i++)
		if (same_letters(s.p + i, what.p, what.n))
			return (ptrdiff_t)i;
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_space(*s.p))
		s = slice_from(s, 1);
	return s;
}

bool slice_is_ascii(struct slice s)
{
	const uint64_t high = 0x8080808080808080;
	uint64_t eight;

	for (; s.n >= sizeof(eight); s = slice_from(s, sizeof(eight))) {
		memcpy(&eight, s.p, sizeof(eight));
		if (eight & high)
			return false;
	}
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

struct slice slice_cut(struct slice *rest, char sep)
{
	ptrdiff_t at = slice_chr(*rest, sep);
	struct slice head = *rest;

	if (at < 0) {
		*rest = (struct slice){ 0 };
		return head;
	}
	*rest = slice_from(*rest, (size_t)at + 1);
	return slice_head(head, (size_t)at);
}

struct slice slice_word(struct slice *rest)
{
	size_t n = 0;

	while (rest->n > 0 && is_blank(*rest->p))
		*rest = slice_from(*rest, 1);
	while (n < rest->n && !is_blank(rest->p[n]))
		n++;
	struct slice word = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return word;
}

/* --- secrets --- */

bool bytes_same(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned char differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}

void bytes_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

/* --- heap --- */

enum { SMALL = 1033 };

void *mem_get(size_t n)
{
	/* Small blocks lie with the thread, where glibc's calloc does not look. */
	void *p = n < SMALL ? malloc(n ? n : 1) : calloc(1, n);

	if (!p)
		bug("out of memory: %zu bytes wanted", n);
	return n < SMALL ? memset(p, 0, n) : p;
}

void *mem_resize(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		bug("out of memory: %zu bytes wanted", n);
	return q;
}

char *mem_str(struct slice s)
{
	char *p = mem_get(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

/* --- buffers --- */

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void buf_wipe(struct buf *b)
{
	bytes_wipe(b->p, b->cap); /* what was drained or cleared lies behind n */
	buf_done(b);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
}

char *buf_room(struct buf *b, size_t n)
{
	if (n > SIZE_MAX / 2 - b->n)
		bug("a buffer of %zu bytes should grow by %zu", b->n, n);
	if (!b->p || b->cap - b->n < n) {
		size_t cap = b->cap + b->cap / 2;

		if (cap < b->n + n)
			cap = b->n + n;
		if (cap < 64)
			cap = 64;
		b->p = mem_resize(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (b->cap - b->n < n)
		buf_room(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_addc(struct buf *b, char c)
{
	if (b->n == b->cap)
		buf_room(b, 1);
	b->p[b->n++] = c;
}

void buf_adds(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}

void buf_add_lower(struct buf *b, struct slice s)
{
	buf_room(b, s.n);
	for (size_t i = 0; i < s.n; i++)
		b->p[b->n++] = char_lower(s.p[i]);
}

void buf_addz(struct buf *b, const char *s)
{
	buf_adds(b, slice_str(s));
}

/* Two at a time: ids in the log have sixteen. */
static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

char *digits_put(char *end, unsigned long long u)
{
	for (; u >= 100; u /= 100) {
		end -= 2;
		memcpy(end, pairs + u % 100 * 2, 2);
	}
	if (u >= 10) {
		end -= 2;
		memcpy(end, pairs + u * 2, 2);
	} else {
		*--end = (char)('0' + u);
	}
	return end;
}

void buf_addu(struct buf *b, unsigned long long u)
{
	char digits[DIGITS_MAX], *end = digits + sizeof digits, *first = digits_put(end, u);

	buf_add(b, first, (size_t)(end - first));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *at = buf_room(b, 64);

	va_copy(again, ap);
	int n = vsnprintf(at, b->cap - b->n, fmt, ap);
	if (n >= 0 && (size_t)n >= b->cap - b->n)
		vsnprintf(buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	va_end(again);
	if (n < 0)
		bug("cannot format '%s'", fmt);
	b->n += (size_t)n;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

const char *buf_z(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return b->p;
}
