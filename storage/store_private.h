/* store_private.h - private to store.c, shard.c, backup.c and facts_keep.c */
#ifndef STORAGE_STORE_PRIVATE_H
#define STORAGE_STORE_PRIVATE_H

#include "core/err.h"

/* "dir/name", for free(). */
char *store_path(const char *dir, const char *name);
char *store_data_path(const char *name); /* in the open DATA */

/* Write the file that says which layout DATA has. */
int store_write_layout(const char *dir, struct err *err);

/* facts_keep.c: what is known of peers, read once the settings are; then written behind,
   now and then by the thread that keeps house, and at the end. */
int facts_read(struct err *err);
void facts_keep_house(void);
void facts_write(void);

#endif
