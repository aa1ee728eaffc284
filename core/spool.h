/* spool.h - a message while it arrives: in memory when small, in a nameless file when large
 *
 * The file is encrypted under a key that is nowhere but in this process's
 * memory: the message may be one that its owner lets store encrypted only, and
 * what was written to a disk can be found there after its file is gone. */
#ifndef CORE_SPOOL_H
#define CORE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct spool;

/* dir: folder for the file, which has no name and is gone with the process. */
void spool_dir_set(const char *dir);
struct spool *spool_new(void);
void spool_free(struct spool **spool);

/* Append to the memory part; never waits. True: much is in memory by now, call
   spool_spill from a worker before adding more. */
bool spool_add(struct spool *spool, struct slice data);

/* Move what is in memory to the file. May wait. */
int spool_spill(struct spool *spool, struct err *err);

uint64_t spool_size(const struct spool *spool);

/* All bytes, for reading; valid until the next change. May wait. Of a file they
   are a copy in memory. */
int spool_map(struct spool *spool, struct slice *out, struct err *err);

#endif
