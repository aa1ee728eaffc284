/* import_maildir.c - a Maildir++ folder, as Dovecot and Courier keep it
 *
 * "cur" and "new" hold INBOX, ".Work.2026" the mailbox Work/2026, its name in
 * modified UTF-7. Flags stand behind ":2," in a file's name; small letters are
 * keywords that "dovecot-keywords" names. Nothing in the folder is changed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "storage/import.h"

enum { FILE_MAX_BYTES = 1 << 30, N_KEYWORDS = 26, SMALL_FILE = 1 << 20 };

struct maildir {
	struct import *import;
	const char *path;
	struct slice prefix;
	const struct import_progress *progress;
	uint64_t *failed;
	int64_t done, total;
	struct err *err;
	/* The folder at hand. */
	int dir;
	struct slice mailbox;
	char *keywords[N_KEYWORDS];
	struct buf place, source, data;
};

/* --- files --- */

static int read_file(int dir, const char *name, struct buf *out, struct stat *st)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = -1;

	buf_clear(out);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size < FILE_MAX_BYTES)
		while ((got = read(fd, buf_room(out, (size_t)st->st_size + 1),
			    (size_t)st->st_size + 1)) > 0)
			out->n += (size_t)got;
	close(fd);
	return got == 0 ? 0 : -1;
}

/* Names in the order in which the messages came: they begin with the time. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* -1: there is no such folder. */
static ssize_t list(int dir, const char *name, char ***names)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *open = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0, room = 0;

	*names = NULL;
	if (!open)
		return -1;
	for (struct dirent *entry; (entry = readdir(open));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n == room) {
			room = room ? room * 2 : 64;
			*names = mem_resize(*names, room * sizeof **names);
		}
		(*names)[n++] = mem_str(slice_str(entry->d_name));
	}
	closedir(open);
	if (n > 0)
		qsort(*names, n, sizeof **names, by_name);
	return (ssize_t)n;
}

/* --- flags --- */

/* "3 $Work" */
static void read_keywords(struct maildir *m)
{
	struct stat st;

	for (size_t i = 0; i < N_KEYWORDS; i++) {
		free(m->keywords[i]);
		m->keywords[i] = NULL;
	}
	if (read_file(m->dir, "dovecot-keywords", &m->data, &st) != 0)
		return;
	for (struct slice rest = buf_slice(&m->data); rest.p && rest.n > 0;) {
		struct slice line = slice_cut(&rest, '\n');
		struct slice number = slice_cut(&line, ' ');
		uint64_t at;

		if (num_u64(number, N_KEYWORDS - 1, &at) && line.n > 0 && !m->keywords[at])
			m->keywords[at] = mem_str(line);
	}
}

static void read_flags(const struct maildir *m, const char *name, struct import_message *message)
{
	static const struct {
		char letter;
		uint64_t flag;
	} letters[] = {
		{ 'D', BOX_DRAFT },
		{ 'F', BOX_FLAGGED },
		{ 'R', BOX_ANSWERED },
		{ 'S', BOX_SEEN },
		{ 'T', BOX_DELETED },
	};
	const char *flags = strstr(name, ":2,");

	for (flags = flags ? flags + 3 : ""; *flags; flags++) {
		for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
			if (*flags == letters[i].letter)
				message->flags |= letters[i].flag;
		if (message->n_keywords == BOX_KEYWORDS_MAX)
			continue;
		if (*flags == 'P')
			message->keywords[message->n_keywords++] = SLICE("$Forwarded");
		else if (*flags >= 'a' && *flags <= 'z' && m->keywords[*flags - 'a'])
			message->keywords[message->n_keywords++] =
			    slice_str(m->keywords[*flags - 'a']);
	}
}

/* --- messages --- */

static void skip(struct maildir *m, const char *folder, const char *name)
{
	++*m->failed;
	log_event(LOG_WARN, "not-imported", log_s("mailbox", m->mailbox), log_z("folder", folder),
	    log_z("file", name), log_z("reason", strerror(errno)));
}

/* A message is known by its name without flags: these change, it does not. */
static int take_file(struct maildir *m, const char *folder, const char *name)
{
	struct slice words[BOX_KEYWORDS_MAX];
	struct import_message message = { .keywords = words };
	struct slice unique = slice_str(name);
	struct buf path = { 0 };
	struct stat st;

	m->progress->tell(m->progress->arg, m->done++, m->total, "messages");
	unique = slice_cut(&unique, ':');
	import_source(&m->source, buf_slice(&m->place), unique);
	int rc = import_knows(m->import, buf_slice(&m->source), m->err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	buf_printf(&path, "%s/%s", folder, name);
	if (read_file(m->dir, buf_z(&path), &m->data, &st) == 0) {
		read_flags(m, name, &message);
		message.data = buf_slice(&m->data);
		message.date = st.st_mtime;
		message.source = buf_slice(&m->source);
		rc = import_add(m->import, m->mailbox, &message, m->err);
	} else {
		skip(m, folder, name);
	}
	if (m->data.cap > SMALL_FILE)
		buf_done(&m->data);
	buf_done(&path);
	return rc;
}

static int take_messages(struct maildir *m, const char *folder)
{
	char **names;
	ssize_t n = list(m->dir, folder, &names);
	int rc = 0;

	for (ssize_t i = 0; rc == 0 && i < n; i++)
		if (*names[i] != '.')
			rc = take_file(m, folder, names[i]);
	free_names(names, n > 0 ? (size_t)n : 0);
	return rc;
}

/* --- mailboxes --- */

/* ".Work.2026" or "." to a name of ours. False: it is none. */
static bool mailbox_name(const struct maildir *m, const char *folder, struct buf *out)
{
	struct slice parts = slice_str(folder + 1), utf8;
	struct pool pool = { 0 };
	bool good = true;

	buf_clear(out);
	buf_adds(out, m->prefix);
	while (good && parts.p && parts.n > 0) {
		good = text_utf7_decode(&pool, slice_cut(&parts, '.'), &utf8) && utf8.n > 0;
		if (out->n > 0)
			buf_addc(out, '/');
		if (good)
			buf_adds(out, utf8);
	}
	if (out->n == 0)
		buf_addz(out, "INBOX");
	pool_done(&pool);
	return good;
}

static int take_mailbox(struct maildir *m, int root, const char *folder)
{
	struct buf name = { 0 };
	int rc = 0;

	m->dir = openat(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->dir < 0 || !mailbox_name(m, folder, &name)) {
		m->mailbox = slice_str(folder);
		skip(m, folder, "");
	} else {
		m->mailbox = buf_slice(&name);
		buf_clear(&m->place);
		buf_printf(&m->place, "%s/%s", m->path, folder);
		read_keywords(m);
		rc = take_messages(m, "cur") != 0 || take_messages(m, "new") != 0 ||
			import_flush(m->import, m->err) != 0
		    ? -1
		    : 0;
	}
	if (m->dir >= 0)
		close(m->dir);
	buf_done(&name);
	return rc;
}

/* --- the folder --- */

static void count_messages(struct maildir *m, int root, const char *folder)
{
	static const char *const parts[] = { "cur", "new" };
	char path[300], **names;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
		ssize_t n = list(root, path, &names);
		m->total += n > 0 ? n : 0;
		free_names(names, n > 0 ? (size_t)n : 0);
	}
}

static bool is_mailbox(const char *name)
{
	return *name == '.' && name[1] != '.' && name[1] != '\0';
}

static int take_all(struct maildir *m, int root, char **names, size_t n)
{
	count_messages(m, root, ".");
	for (size_t i = 0; i < n; i++)
		if (is_mailbox(names[i]))
			count_messages(m, root, names[i]);
	int rc = take_mailbox(m, root, ".");
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (is_mailbox(names[i]))
			rc = take_mailbox(m, root, names[i]);
	m->progress->tell(m->progress->arg, m->total, m->total, "messages");
	return rc;
}

int import_maildir(struct import *import, const char *path, struct slice prefix,
    const struct import_progress *progress, uint64_t *failed, struct err *err)
{
	struct maildir m = {
		.import = import,
		.path = path,
		.prefix = prefix,
		.progress = progress,
		.failed = failed,
		.err = err,
	};
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = -1;
	char **names = NULL;
	ssize_t n = root < 0 ? -1 : list(root, ".", &names);

	if (n < 0)
		err_sys(err, "%s", path);
	else if (faccessat(root, "cur", R_OK | X_OK, 0) != 0)
		err_sys(err, "%s is no Maildir that I may read: cur", path);
	else
		rc = take_all(&m, root, names, (size_t)n);
	free_names(names, n > 0 ? (size_t)n : 0);
	if (root >= 0)
		close(root);
	for (size_t i = 0; i < N_KEYWORDS; i++)
		free(m.keywords[i]);
	buf_done(&m.place);
	buf_done(&m.source);
	buf_done(&m.data);
	return rc;
}
