/* export_maildir.c - all of an account as a Maildir++, which other servers and clients read
 *
 * Line ends become LF, flags and keywords are kept as import_maildir.c reads
 * them, a file's time is the INTERNALDATE. '.' parts the levels there, so one
 * in a name becomes '_'. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "storage/export.h"

struct export
{
	struct acct *acct;
	const struct import_progress *progress;
	uint64_t *messages;
	int64_t total;
	struct err *err;
	int root, dir; /* of the folder at hand */
	struct box *box;
	struct box_snap *snap;
	struct buf text, path;
	bool failed;
};

/* --- one message --- */

static const struct {
	uint64_t flag;
	char letter;
} letters[] = {
	/* in the order of their letters, as readers want them */
	{ BOX_DRAFT, 'D' },
	{ BOX_FLAGGED, 'F' },
	{ BOX_ANSWERED, 'R' },
	{ BOX_SEEN, 'S' },
	{ BOX_DELETED, 'T' },
};

static void make_name(struct export *e, const struct box_entry *entry)
{
	buf_clear(&e->path);
	buf_printf(&e->path, "cur/%lld.M%lluU%u.signet,S=%zu:2,", (long long)entry->internal_date,
	    (unsigned long long)entry->message, entry->uid, e->text.n);
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (entry->flags & letters[i].flag)
			buf_addc(&e->path, letters[i].letter);
	for (unsigned i = 0; i < 26; i++)
		if (entry->flags >> (BOX_KEYWORD_SHIFT + i) & 1)
			buf_addc(&e->path, (char)('a' + i));
}

static void without_cr(struct slice text, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n')
			buf_addc(out, text.p[i]);
}

static int write_file(int dir, const char *name, struct slice data, int64_t time)
{
	const struct timespec times[2] = { { .tv_sec = time }, { .tv_sec = time } };
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t put = 0;

	while (fd >= 0 && data.n > 0 && (put = write(fd, data.p, data.n)) > 0)
		data = slice_from(data, (size_t)put);
	bool good = fd >= 0 && data.n == 0 && futimens(fd, times) == 0;
	if (fd >= 0 && close(fd) != 0)
		good = false;
	return good ? 0 : -1;
}

/* One that was expunged meanwhile is passed over. */
static int put_message(struct export *e, const struct box_entry *entry)
{
	struct body *body = NULL;
	struct slice whole;

	int rc = box_body(e->box, entry, &body, e->err);
	if (rc == 1 && (body_map(body, &whole, e->err) != 0))
		rc = -1;
	if (rc == 1) {
		without_cr(whole, &e->text);
		make_name(e, entry);
		if (write_file(
			e->dir, buf_z(&e->path), buf_slice(&e->text), entry->internal_date) != 0)
			rc = err_sys(e->err, "%s", buf_z(&e->path));
		++*e->messages;
	}
	body_close(&body);
	e->progress->tell(e->progress->arg, (int64_t)*e->messages, e->total, "messages");
	return rc < 0 ? -1 : 0;
}

/* --- a mailbox --- */

/* ".Work.2026", and nothing for INBOX. */
static void folder_name(const char *name, struct buf *out)
{
	buf_clear(out);
	if (strcmp(name, "INBOX") == 0)
		return;
	buf_addc(out, '.');
	text_utf7_encode(out, slice_str(name));
	for (size_t i = 1; i < out->n; i++)
		out->p[i] = out->p[i] == '.' ? '_' : out->p[i] == '/' ? '.' : out->p[i];
}

static int make_folder(struct export *e, const char *name)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	folder_name(name, &e->path);
	const char *folder = e->path.n ? buf_z(&e->path) : ".";
	if (e->path.n && mkdirat(e->root, folder, 0700) != 0)
		return err_sys(e->err, "%s", folder);
	e->dir = openat(e->root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 3; i++)
		if (e->dir < 0 || mkdirat(e->dir, parts[i], 0700) != 0)
			return err_sys(e->err, "%s/%s", folder, parts[i]);
	return 0;
}

static int put_keywords(struct export *e)
{
	const char *const *names = box_snap_keywords(e->snap);

	buf_clear(&e->text);
	for (unsigned i = 0; i < 26 && names[i]; i++)
		buf_printf(&e->text, "%u %s\n", i, names[i]);
	if (e->text.n > 0 && write_file(e->dir, "dovecot-keywords", buf_slice(&e->text), 0) != 0)
		return err_sys(e->err, "dovecot-keywords");
	return 0;
}

static int put_mailbox(struct export *e, const char *name)
{
	int rc = make_folder(e, name);

	e->box = rc == 0 ? box_open(e->acct, slice_str(name), e->err) : NULL;
	if (!e->box)
		return -1;
	e->snap = box_snap(e->box);
	rc = put_keywords(e);
	for (uint32_t seq = 1; rc == 0 && seq <= box_snap_count(e->snap); seq++)
		rc = put_message(e, box_snap_nth(e->snap, seq));
	box_snap_free(&e->snap);
	box_close(&e->box);
	return rc;
}

static bool visit(void *arg, const struct box_info *info)
{
	struct export *e = arg;

	e->dir = -1;
	if (info->exists && put_mailbox(e, info->name) != 0)
		e->failed = true;
	if (e->dir >= 0)
		close(e->dir);
	return !e->failed;
}

/* --- the account --- */

int export_maildir(struct acct *acct, const char *path, const struct import_progress *progress,
    uint64_t *messages, struct err *err)
{
	struct export e = { .acct = acct, .progress = progress, .messages = messages, .err = err };
	struct acct_usage usage;

	*messages = 0;
	e.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e.root < 0)
		return err_sys(err, "%s", path);
	e.total = acct_usage(acct, &usage) == 0 ? (int64_t)usage.messages : 0;
	if (box_list(acct, visit, &e) != 0 && !e.failed) {
		err_set(err, ERR_TEMP, "the mailboxes cannot be read");
		e.failed = true;
	}
	close(e.root);
	buf_done(&e.text);
	buf_done(&e.path);
	return e.failed ? -1 : 0;
}
