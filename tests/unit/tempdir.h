/* tempdir.h - a folder for one test */
#ifndef TESTS_TEMPDIR_H
#define TESTS_TEMPDIR_H

/* A new folder below $TMPDIR or /tmp; its path lives until tempdir_remove,
   which removes all that is in it. */
char *tempdir_new(void);
void tempdir_remove(char **dir);

/* "dir/name", to be released with free(). */
char *tempdir_path(const char *dir, const char *name);

#endif
