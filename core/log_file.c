/* log_file.c - the files of the log: the one that is written, and those put aside by logrotate */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/gzip.h"
#include "core/log.h"
#include "core/log_read.h"

enum { FILES_MAX = 200 };

#define NANO INT64_C(1000000000)

struct file {
	char *path;
	int64_t written; /* nanoseconds */
};

struct files {
	struct file all[FILES_MAX];
	size_t n;
};

/* "signetd.log", "signetd.log.1", "signetd.log.2.gz", "signetd.log-20260301". */
static bool is_of_log(struct slice name, struct slice log)
{
	if (!slice_starts(name, log))
		return false;
	struct slice rest = slice_from(name, log.n);
	return rest.n == 0 || rest.p[0] == '.' || rest.p[0] == '-';
}

static void add_file(struct files *files, struct slice folder, const char *name, int64_t since)
{
	struct buf path = { 0 };
	struct stat st;

	buf_printf(&path, "%.*s/%s", SLICE_ARG(folder), name);
	if (files->n < FILES_MAX && stat(buf_z(&path), &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mtime >= since)
		files->all[files->n++] = (struct file){ .path = mem_str(buf_slice(&path)),
			.written = st.st_mtim.tv_sec * NANO + st.st_mtim.tv_nsec };
	buf_done(&path);
}

static int by_time(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return (x->written > y->written) - (x->written < y->written);
}

static int find_files(struct slice path, int64_t since, struct files *files)
{
	ptrdiff_t slash = slice_rchr(path, '/');
	struct slice folder = slash < 0 ? SLICE(".") : slice_head(path, (size_t)slash);
	char *z = mem_str(folder);
	DIR *dir = opendir(z);

	free(z);
	if (!dir)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (is_of_log(slice_str(entry->d_name), slice_from(path, (size_t)(slash + 1))))
			add_file(files, folder, entry->d_name, since);
	closedir(dir);
	if (files->n > 1)
		qsort(files->all, files->n, sizeof(*files->all), by_time);
	return 0;
}

static bool read_file(const char *path, bool (*visit)(void *arg, struct slice text), void *arg)
{
	struct gzip_text *text = gzip_text_open(path);
	struct slice line;
	bool more = true;

	while (text && more && gzip_text_line(text, &line))
		more = visit(arg, line);
	gzip_text_close(&text);
	return more;
}

int log_read(int64_t since, bool (*visit)(void *arg, struct slice text), void *arg, struct err *err)
{
	struct files *files = mem_get(sizeof(*files));
	struct buf path = { 0 };
	bool more = true;
	int rc = 0;

	if (!log_path(&path))
		rc = err_set(err, ERR_ABSENT, "the log goes where it cannot be read again");
	else if (find_files(buf_slice(&path), since, files) != 0)
		rc = err_sys(err, "the folder of the log cannot be read");
	for (size_t i = 0; i < files->n; i++) {
		more = more && read_file(files->all[i].path, visit, arg);
		free(files->all[i].path);
	}
	buf_done(&path);
	free(files);
	return rc;
}
