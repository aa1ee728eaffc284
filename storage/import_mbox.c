/* import_mbox.c - an mbox file (RFC 4155): messages behind lines that begin with "From "
 *
 * Such a line counts at the beginning and behind an empty line; ">From " in a
 * message was "From " ("mboxrd": one '>' is taken away). A message is known by
 * where it stands and what it is, so a file that has grown brings what is new. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/msg.h"
#include "storage/import.h"

static const struct slice from = { "From ", 5 };

/* Offset of the next message's line, or the end. */
static size_t next_from(struct slice file, size_t at)
{
	for (;;) {
		ptrdiff_t n = slice_find(slice_from(file, at), SLICE("\nFrom "));

		if (n < 0)
			return file.n;
		at += (size_t)n + 1;
		if (at < 2 || file.p[at - 2] == '\n' ||
		    (at > 2 && file.p[at - 2] == '\r' && file.p[at - 3] == '\n'))
			return at;
	}
}

/* "From ann@example.org Sat Jan  3 01:05:34 1996": the date, or now. */
static int64_t date_of(struct slice line)
{
	char text[64];
	struct tm tm = { 0 };

	line = slice_trim(slice_from(line, from.n));
	ptrdiff_t blank = slice_chr(line, ' ');
	snprintf(text, sizeof text, "%.*s",
	    SLICE_ARG(slice_from(line, blank < 0 ? line.n : (size_t)blank)));
	return strptime(text, " %a %b %d %H:%M:%S %Y", &tm) ? timegm(&tm) : time(NULL);
}

/* "Status: RO", "X-Status: AF", as mail readers of old wrote them. */
static uint64_t flags_in(
    struct slice header, struct slice name, const char *letters, uint64_t flags[])
{
	struct msg_field field;
	uint64_t found = 0;

	if (!msg_field_find(header, name, &field))
		return 0;
	for (size_t i = 0; letters[i]; i++)
		if (slice_chr(field.value, letters[i]) >= 0)
			found |= flags[i];
	return found;
}

static uint64_t flags_of(struct slice message)
{
	uint64_t status[] = { BOX_SEEN };
	uint64_t x_status[] = { BOX_ANSWERED, BOX_FLAGGED, BOX_DELETED, BOX_DRAFT };

	return flags_in(message, SLICE("Status"), "R", status) |
	    flags_in(message, SLICE("X-Status"), "AFDT", x_status);
}

/* One '>' less before "From ". */
static void unquote(struct slice text, struct buf *out)
{
	buf_clear(out);
	while (text.p && text.n > 0) {
		ptrdiff_t lf = slice_chr(text, '\n');
		struct slice line = slice_head(text, lf < 0 ? text.n : (size_t)lf + 1), rest = line;

		text = slice_from(text, line.n);
		while (rest.n > 0 && *rest.p == '>')
			rest = slice_from(rest, 1);
		buf_adds(
		    out, rest.n < line.n && slice_starts(rest, from) ? slice_from(line, 1) : line);
	}
}

/* The empty line before the next "From ", or at the end, is not the message's. */
static struct slice without_empty_line(struct slice text)
{
	if (slice_iends(text, SLICE("\r\n\r\n")))
		return slice_head(text, text.n - 2);
	return slice_iends(text, SLICE("\n\n")) ? slice_head(text, text.n - 1) : text;
}

struct mbox {
	struct import *import;
	struct slice mailbox, place;
	struct buf source, text;
	struct err *err;
};

static int take(struct mbox *m, size_t at, struct slice line, struct slice message)
{
	unsigned char digest[DIGEST_SIZE];
	char name[32];

	digest_sha256(message, digest);
	snprintf(name, sizeof name, "%zu-%02x%02x%02x%02x", at, digest[0], digest[1], digest[2],
	    digest[3]);
	import_source(&m->source, m->place, slice_str(name));
	int known = import_knows(m->import, buf_slice(&m->source), m->err);
	if (known != 0)
		return known < 0 ? -1 : 0;
	unquote(message, &m->text);
	const struct import_message it = {
		.data = buf_slice(&m->text),
		.flags = flags_of(buf_slice(&m->text)),
		.date = date_of(line),
		.source = buf_slice(&m->source),
	};
	return import_add(m->import, m->mailbox, &it, m->err);
}

static int take_all(struct mbox *m, struct slice file, const struct import_progress *progress)
{
	int rc = 0;

	for (size_t at = 0, next; rc == 0 && at < file.n; at = next) {
		struct slice rest = slice_from(file, at);
		ptrdiff_t lf = slice_chr(rest, '\n');
		struct slice line = slice_head(rest, lf < 0 ? rest.n : (size_t)lf + 1);

		next = next_from(file, at + line.n > 0 ? at + line.n - 1 : 0);
		struct slice message = slice_head(slice_from(rest, line.n), next - at - line.n);
		progress->tell(progress->arg, (int64_t)at, (int64_t)file.n, "octets");
		rc = take(m, at, line, without_empty_line(message));
	}
	progress->tell(progress->arg, (int64_t)file.n, (int64_t)file.n, "octets");
	return rc == 0 ? import_flush(m->import, m->err) : rc;
}

/* The file in memory, as far as the kernel holds it. */
static int map(const char *path, struct slice *file, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc = -1;

	*file = (struct slice){ 0 };
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_sys(err, "%s", path);
	} else if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_INPUT, "%s is no file", path);
	} else if (st.st_size == 0) {
		rc = 0;
	} else {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		rc = p == MAP_FAILED ? err_sys(err, "%s", path) : 0;
		*file = slice_of(rc == 0 ? p : NULL, rc == 0 ? (size_t)st.st_size : 0);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int import_mbox(struct import *import, const char *path, struct slice mailbox,
    const struct import_progress *progress, struct err *err)
{
	struct mbox m = {
		.import = import, .mailbox = mailbox, .place = slice_str(path), .err = err
	};
	struct slice file;

	if (map(path, &file, err) != 0)
		return -1;
	int rc = file.n == 0 || slice_starts(file, from)
	    ? take_all(&m, file, progress)
	    : err_set(err, ERR_INPUT, "%s is no mbox: it does not begin with 'From '", path);
	if (file.n > 0)
		munmap((void *)(uintptr_t)file.p, file.n);
	buf_done(&m.source);
	buf_done(&m.text);
	return rc;
}
