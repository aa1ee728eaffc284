/* disk.h - files read and written whole */
#ifndef CORE_DISK_H
#define CORE_DISK_H

#include "core/buf.h"
#include "core/err.h"

/* Append all that comes from fd, `max` bytes at most. 0, or -1 with the reason, which names
   the path; ERR_LIMIT: it is longer. Room is made once where max is below 64 KB, so that no
   growing leaves bytes of a secret behind. Waits. */
int disk_read(int fd, const char *path, size_t max, struct buf *out, struct err *err);

/* All of it. 0, or -1 with errno. Waits. */
int disk_write(int fd, struct slice text);

#endif
