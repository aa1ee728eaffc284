/* err.c - why something did not work, in one line */
#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

/* A text may quote what a peer sent: it stays one line of printable bytes. */
static void keep_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void fill(struct err *err, enum err_kind kind, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void fill(struct err *err, enum err_kind kind, const char *fmt, va_list ap)
{
	err->kind = kind;
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	keep_one_line(err->text);
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		fill(err, kind, fmt, ap);
		va_end(ap);
	}
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int number = errno;
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		fill(err, ERR_TEMP, fmt, ap);
		va_end(ap);
		size_t n = strlen(err->text);
		snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(number));
	}
	errno = number;
	return -1;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_INPUT] = "input",
		[ERR_ABSENT] = "absent",
		[ERR_EXISTS] = "exists",
		[ERR_DENIED] = "denied",
		[ERR_LIMIT] = "limit",
		[ERR_BUSY] = "busy",
		[ERR_TEMP] = "temp",
	};

	return names[kind];
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_event(
	    LOG_ERROR, "bug", log_z("file", file), log_n("line", line), log_z("reason", text));
	abort();
}
