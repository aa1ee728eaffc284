/* export_mbox.c - all of an account as mbox files (RFC 4155), as import_mbox.c reads them
 *
 * "mboxrd": each line that is "From " behind any number of '>' gets one more.
 * Flags go into Status and X-Status, which mail readers of old know. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/export.h"

struct export
{
	struct acct *acct;
	const char *root;
	const struct import_progress *progress;
	uint64_t *messages;
	int64_t total;
	struct err *err;
	FILE *file;
	struct box *box;
	struct box_snap *snap;
	struct buf text, path;
	bool failed;
};

/* --- one message --- */

static void put_from(struct export *e, const struct box_entry *entry)
{
	char when[40];
	time_t t = (time_t)entry->internal_date;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(when, sizeof when, "%a %b %e %H:%M:%S %Y", &tm);
	buf_printf(&e->text, "From MAILER-DAEMON %s\n", when);
}

static void put_status(struct export *e, uint64_t flags)
{
	buf_printf(&e->text, "Status: %sO\n", flags & BOX_SEEN ? "R" : "");
	if (flags & (BOX_ANSWERED | BOX_FLAGGED | BOX_DELETED | BOX_DRAFT))
		buf_printf(&e->text, "X-Status: %s%s%s%s\n", flags & BOX_ANSWERED ? "A" : "",
		    flags & BOX_FLAGGED ? "F" : "", flags & BOX_DELETED ? "D" : "",
		    flags & BOX_DRAFT ? "T" : "");
}

static bool needs_quote(struct slice line)
{
	while (line.n > 0 && *line.p == '>')
		line = slice_from(line, 1);
	return slice_starts(line, SLICE("From "));
}

static void put_line(struct export *e, struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (needs_quote(line))
		buf_addc(&e->text, '>');
	buf_adds(&e->text, line);
	buf_addc(&e->text, '\n');
}

static void put_text(struct export *e, const struct box_entry *entry, struct slice text)
{
	bool header = true;

	while (text.p && text.n > 0) {
		struct slice line = slice_cut(&text, '\n');

		if (header && (line.n == 0 || slice_eq(line, SLICE("\r")))) {
			put_status(e, entry->flags);
			header = false;
		}
		put_line(e, line);
	}
	if (header) /* a message that is all header */
		put_status(e, entry->flags);
	buf_addc(&e->text, '\n');
}

/* One that was expunged meanwhile is passed over. */
static int put_message(struct export *e, const struct box_entry *entry)
{
	struct body *body = NULL;
	struct slice whole;

	int rc = box_body(e->box, entry, &body, e->err);
	if (rc == 1 && body_map(body, &whole, e->err) != 0)
		rc = -1;
	if (rc == 1) {
		buf_clear(&e->text);
		put_from(e, entry);
		put_text(e, entry, whole);
		if (fwrite(e->text.p, 1, e->text.n, e->file) != e->text.n)
			rc = err_sys(e->err, "%s", buf_z(&e->path));
		++*e->messages;
	}
	body_close(&body);
	e->progress->tell(e->progress->arg, (int64_t)*e->messages, e->total, "messages");
	return rc < 0 ? -1 : 0;
}

/* --- a mailbox --- */

/* Folders as levels are: names have no "..", being what they are (box_name.c), but for a
   level that is "." or "..". */
static int open_file(struct export *e, const char *name)
{
	buf_clear(&e->path);
	buf_printf(&e->path, "%s/", e->root);
	size_t base = e->path.n;
	buf_addz(&e->path, name);
	for (size_t i = base; i < e->path.n; i++)
		if (e->path.p[i] == '.' && (i == base || e->path.p[i - 1] == '/'))
			e->path.p[i] = '_';
	for (size_t i = base; i < e->path.n; i++) {
		if (e->path.p[i] != '/')
			continue;
		e->path.p[i] = '\0';
		mkdir(e->path.p, 0700);
		e->path.p[i] = '/';
	}
	buf_addz(&e->path, ".mbox");
	int fd = open(buf_z(&e->path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	e->file = fd < 0 ? NULL : fdopen(fd, "w");
	return e->file ? 0 : err_sys(e->err, "%s", buf_z(&e->path));
}

static int put_mailbox(struct export *e, const char *name)
{
	int rc = open_file(e, name);

	e->box = rc == 0 ? box_open(e->acct, slice_str(name), e->err) : NULL;
	e->snap = e->box ? box_snap(e->box) : NULL;
	rc = e->box ? 0 : -1;
	for (uint32_t seq = 1; rc == 0 && seq <= box_snap_count(e->snap); seq++)
		rc = put_message(e, box_snap_nth(e->snap, seq));
	if (e->file && fclose(e->file) != 0 && rc == 0)
		rc = err_sys(e->err, "%s", buf_z(&e->path));
	e->file = NULL;
	box_snap_free(&e->snap);
	box_close(&e->box);
	return rc;
}

static bool visit(void *arg, const struct box_info *info)
{
	struct export *e = arg;

	if (info->exists && put_mailbox(e, info->name) != 0)
		e->failed = true;
	return !e->failed;
}

int export_mbox(struct acct *acct, const char *path, const struct import_progress *progress,
    uint64_t *messages, struct err *err)
{
	struct export e = {
		.acct = acct, .root = path, .progress = progress, .messages = messages, .err = err
	};
	struct acct_usage usage;

	*messages = 0;
	e.total = acct_usage(acct, &usage) == 0 ? (int64_t)usage.messages : 0;
	if (box_list(acct, visit, &e) != 0 && !e.failed) {
		err_set(err, ERR_TEMP, "the mailboxes cannot be read");
		e.failed = true;
	}
	buf_done(&e.text);
	buf_done(&e.path);
	return e.failed ? -1 : 0;
}
