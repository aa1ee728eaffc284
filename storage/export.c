/* export.c - a folder while an export fills it
 *
 * It is called FOLDER.partial until it is whole, and has a file in it that says whose it
 * is, locked as long as the export runs. What is left of one that was broken off is
 * removed by the next, which begins anew: in the mean time messages may have come, gone
 * or changed. */
#include "storage/export.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"

#define MARKER ".signet-export"

static int open_marker(const char *path, int flags)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s/%s", path, MARKER);
	int fd = open(buf_z(&name), O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	buf_done(&name);
	return fd;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type;
	if (at->level == 0 || (at->level == 1 && strcmp(path + at->base, MARKER) == 0))
		return 0;
	return remove(path);
}

/* Nobody else could have made it. */
static bool is_ours(const char *path, int marker)
{
	struct stat folder, file;

	return lstat(path, &folder) == 0 && S_ISDIR(folder.st_mode) && fstat(marker, &file) == 0 &&
	    folder.st_uid == geteuid() && file.st_uid == geteuid();
}

/* The marker of one that was broken off, whose rest is removed; -1: it is no such one. */
static int take_over(const char *path, struct err *err)
{
	enum { FILES = 16 };
	int why = errno, fd = open_marker(path, 0);

	if (fd < 0 || !is_ours(path, fd)) {
		errno = why == ENOTEMPTY ? EEXIST : why;
		err_sys(err, "%s", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err_set(err, ERR_BUSY, "another export writes to %s", path);
	} else if (nftw(path, remove_one, FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0) {
		err_sys(err, "%s", path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* An empty one is as good as none. */
static int make(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return 0;
	return errno == EEXIST && rmdir(path) == 0 ? mkdir(path, 0700) : -1;
}

int export_begin(const char *path, struct err *err)
{
	if (make(path) != 0)
		return take_over(path, err);
	int fd = open_marker(path, O_CREAT | O_EXCL);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	err_sys(err, "%s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

int export_end(const char *path, const char *name, int marker, struct err *err)
{
	struct buf file = { 0 };
	int rc = rename(path, name);

	if (rc != 0) {
		err_sys(err, "%s", name);
	} else {
		buf_printf(&file, "%s/%s", name, MARKER);
		unlink(buf_z(&file));
		buf_done(&file);
	}
	close(marker);
	return rc;
}
