/* log.c - one line per event, one write(2) for a thread's lines of one turn
 *
 * Lines are built in memory of their thread and have a bound, so logging asks
 * for no memory and works when there is none. Values too long are cut, and
 * marked as cut, so that no peer fills the disk with a line. */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"

enum { LINE_BYTES = 4096, HELD_BYTES = 4 * LINE_BYTES, VALUE_BYTES = 1000, SECOND_BYTES = 32 };

struct line {
	size_t n;
	char *p; /* LINE_BYTES */
};

/* Whole lines that this thread has not written yet. */
static _Thread_local struct {
	bool wanted; /* log_batch() was called */
	size_t n;
	char p[HELD_BYTES];
} held;

static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_max = LOG_INFO;
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local const struct log_context *context;

/* --- a line --- */

static void put(struct line *line, const char *p, size_t n)
{
	if (n > LINE_BYTES - 1 - line->n) /* room for the line end */
		n = LINE_BYTES - 1 - line->n;
	if (n > 0)
		memcpy(line->p + line->n, p, n);
	line->n += n;
}

static void put_text(struct line *line, const char *s)
{
	put(line, s, strlen(s));
}

static void put_number(struct line *line, const char *key, int64_t n)
{
	char text[DIGITS_MAX + 2], *end = text + sizeof text;
	char *first = digits_put(end, n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n);

	if (n < 0)
		*--first = '-';
	*--first = '=';
	put(line, " ", 1);
	put_text(line, key);
	put(line, first, (size_t)(end - first));
}

/* Blanks, quotes, controls; and what a terminal or an editor takes for a
   control or a line end: U+0080 to U+009F, U+2028, U+2029. */
static bool is_plain(const unsigned char *p, size_t left)
{
	if (*p == 0xc2 && left > 1 && p[1] < 0xa0)
		return false;
	if (*p == 0xe2 && left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		return false;
	return *p > ' ' && *p != 0x7f && *p != '"' && *p != '\\';
}

static bool needs_quotes(struct slice s, bool utf8)
{
	if (s.n == 0 || !utf8)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain((const unsigned char *)s.p + i, s.n - i))
			return true;
	return false;
}

static void put_quoted(struct line *line, struct slice s, bool utf8)
{
	char hex[8];

	put(line, "\"", 1);
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;

		if (*p == ' ' || ((utf8 || *p < 0x80) && is_plain(p, s.n - i))) {
			put(line, s.p + i, 1);
		} else if (*p == '"' || *p == '\\') {
			put(line, "\\", 1);
			put(line, s.p + i, 1);
		} else {
			put(line, hex, (size_t)snprintf(hex, sizeof hex, "\\x%02x", *p));
			/* the rest of a character whose first byte was escaped */
			utf8 = utf8 && *p < 0x80;
		}
	}
	put(line, "\"", 1);
}

static void put_value(struct line *line, const char *key, struct slice s)
{
	bool cut = s.n > VALUE_BYTES;

	if (cut) {
		size_t n = VALUE_BYTES;
		while (n > VALUE_BYTES - 4 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--; /* not in the middle of a character */
		s = slice_head(s, n);
	}
	bool utf8 = utf8_valid(s);
	put(line, " ", 1);
	put_text(line, key);
	put(line, "=", 1);
	if (needs_quotes(s, utf8))
		put_quoted(line, s, utf8);
	else
		put(line, s.p, s.n);
	if (cut)
		put_text(line, "...");
}

/* A line's second changes seldom: its text is kept for the thread. */
static void put_time(struct line *line)
{
	static _Thread_local char second[SECOND_BYTES];
	static _Thread_local time_t of;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != of || !*second) {
		struct tm tm;

		gmtime_r(&now.tv_sec, &tm);
		strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &tm);
		of = now.tv_sec;
	}
	int ms = (int)(now.tv_nsec / 1000000 % 1000);
	put_text(line, second);
	put(line,
	    (char[]){ '.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
		(char)('0' + ms % 10), 'Z' },
	    5);
}

static void put_context(struct line *line)
{
	if (!context)
		return;
	if (context->icid)
		put_number(line, "icid", (int64_t)context->icid);
	if (context->proto) {
		put(line, " ", 1);
		put_text(line, context->proto);
	}
}

/* Room for one more line, behind those that wait. */
static struct line begin_line(void)
{
	if (held.n + LINE_BYTES > HELD_BYTES)
		log_flush();
	return (struct line){ 0, held.p + held.n };
}

static void end_line(struct line *line, enum log_level level)
{
	line->p[line->n++] = '\n';
	held.n += line->n;
	if (!held.wanted || level <= LOG_WARN)
		log_flush();
}

/* --- the header's functions --- */

void log_batch(void)
{
	held.wanted = true;
}

void log_flush(void)
{
	int saved = errno;

	if (held.n == 0)
		return;
	while (write(atomic_load(&log_fd), held.p, held.n) < 0 && errno == EINTR)
		;
	held.n = 0;
	errno = saved;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	static const char *const names[] = {
		[LOG_ERROR] = " error",
		[LOG_WARN] = " warn",
		[LOG_INFO] = " info",
		[LOG_DEBUG] = " debug",
	};

	if ((int)level > atomic_load_explicit(&log_max, memory_order_relaxed))
		return;
	int saved = errno;
	struct line line = begin_line();
	put_time(&line);
	put_text(&line, names[level]);
	put_context(&line);
	put(&line, " ", 1);
	put_text(&line, event);
	if (context && context->mid)
		put_number(&line, "mid", (int64_t)context->mid);
	for (; fields->key; fields++) {
		if (fields->p)
			put_value(&line, fields->key, slice_of(fields->p, fields->n));
		else
			put_number(&line, fields->key, fields->num);
	}
	end_line(&line, level);
	errno = saved;
}

const struct log_context *log_context_set(const struct log_context *now)
{
	const struct log_context *before = context;

	context = now;
	return before;
}

/* Other threads may be writing: the descriptor's number stays, what it stands
   for is replaced at once. */
int log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	int rc = 0;

	if (fd < 0)
		return -1;
	pthread_mutex_lock(&open_lock);
	if (atomic_load(&log_fd) == STDERR_FILENO) {
		atomic_store(&log_fd, fd);
	} else {
		rc = dup3(fd, atomic_load(&log_fd), O_CLOEXEC) < 0 ? -1 : 0;
		close(fd);
	}
	pthread_mutex_unlock(&open_lock);
	return rc;
}

/* The system knows the path, also of a standard error that somebody sent into a file. */
bool log_path(struct buf *out)
{
	char link[40], path[4096];
	struct stat st;
	int fd = atomic_load(&log_fd);

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path);
	if (n <= 0 || n == (ssize_t)sizeof path || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	buf_add(out, path, (size_t)n);
	return true;
}

void log_level_set(enum log_level max)
{
	atomic_store(&log_max, (int)max);
}

uint64_t log_id(void)
{
	static _Atomic uint64_t next;
	uint64_t none = 0;

	if (atomic_load(&next) == 0) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		atomic_compare_exchange_strong(
		    &next, &none, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	}
	return atomic_fetch_add(&next, 1);
}
