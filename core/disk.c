/* disk.c - files read and written whole, whatever interrupts it */
#include "core/disk.h"

#include <errno.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

int disk_read(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	size_t end = out->n + max + 1; /* one more, to see that there is more */

	while (out->n < end) {
		size_t room = end - out->n < PIECE ? end - out->n : PIECE;
		ssize_t n = read(fd, buf_room(out, room), room);
		if (n == 0)
			return 0;
		if (n > 0)
			out->n += (size_t)n;
		else if (errno != EINTR)
			return err_sys(err, "%s", path);
	}
	return err_set(err, ERR_LIMIT, "%s is longer than %zu bytes", path, max);
}

int disk_write(int fd, struct slice text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			text = slice_from(text, (size_t)n);
	}
	return 0;
}
