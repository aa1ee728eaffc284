/* store_private.h - private to store.c, shard.c and backup.c */
#ifndef STORAGE_STORE_PRIVATE_H
#define STORAGE_STORE_PRIVATE_H

#include "core/err.h"

/* "dir/name", for free(). */
char *store_path(const char *dir, const char *name);
char *store_data_path(const char *name); /* in the open DATA */

/* Write the file that says which layout DATA has. */
int store_write_layout(const char *dir, struct err *err);

#endif
