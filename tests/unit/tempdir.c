/* tempdir.c - a folder for one test */
#include "tests/unit/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"

char *tempdir_path(const char *dir, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", dir, name);
	buf_z(&path);
	return path.p;
}

char *tempdir_new(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = tempdir_path(base ? base : "/tmp", "signet-test-XXXXXX");

	if (!mkdtemp(dir)) {
		perror(dir);
		abort();
	}
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

void tempdir_remove(char **dir)
{
	if (*dir)
		nftw(*dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*dir);
	*dir = NULL;
}
