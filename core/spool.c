/* spool.c - a message while it arrives */
#include "core/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY_BYTES = 256 * 1024 };

struct spool {
	struct buf memory; /* what is not in the file */
	int fd;		   /* -1: no file */
	uint64_t in_file;
	void *map;
	size_t map_n;
};

static char *spool_dir; /* set once, at start */

void spool_dir_set(const char *dir)
{
	free(spool_dir);
	spool_dir = mem_str(slice_str(dir));
}

struct spool *spool_new(void)
{
	struct spool *spool = mem_get(sizeof *spool);

	spool->fd = -1;
	return spool;
}

static void unmap(struct spool *spool)
{
	if (spool->map)
		munmap(spool->map, spool->map_n);
	spool->map = NULL;
}

void spool_free(struct spool **spool)
{
	struct spool *s = *spool;

	if (!s)
		return;
	unmap(s);
	if (s->fd >= 0)
		close(s->fd);
	buf_done(&s->memory);
	free(s);
	*spool = NULL;
}

bool spool_add(struct spool *spool, struct slice data)
{
	unmap(spool);
	buf_adds(&spool->memory, data);
	return spool->memory.n >= MEMORY_BYTES;
}

/* Not every file system makes files without a name; there, one is made and its
   name removed at once. */
static int nameless_file(const char *dir)
{
	struct buf name = { 0 };
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	buf_printf(&name, "%s/spool.XXXXXX", dir);
	buf_z(&name);
	fd = mkostemp(name.p, O_CLOEXEC);
	if (fd >= 0)
		unlink(name.p);
	buf_done(&name);
	return fd;
}

int spool_spill(struct spool *spool, struct err *err)
{
	const char *dir = spool_dir ? spool_dir : "/tmp";
	struct slice left = buf_slice(&spool->memory);
	off_t at = (off_t)spool->in_file;

	unmap(spool);
	if (spool->fd < 0)
		spool->fd = nameless_file(dir);
	if (spool->fd < 0)
		return err_sys(err, "cannot make a spool file in %s", dir);
	while (left.n > 0) {
		ssize_t n = pwrite(spool->fd, left.p, left.n, at);

		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot write to a spool file in %s", dir);
		if (n > 0) {
			at += n;
			left = slice_from(left, (size_t)n);
		}
	}
	spool->in_file = (uint64_t)at;
	buf_done(&spool->memory);
	return 0;
}

uint64_t spool_size(const struct spool *spool)
{
	return spool->in_file + spool->memory.n;
}

int spool_map(struct spool *spool, struct slice *out, struct err *err)
{
	if (spool->fd < 0) {
		*out = buf_slice(&spool->memory);
		return 0;
	}
	if (spool->memory.n > 0 && spool_spill(spool, err) != 0)
		return -1;
	if (!spool->map) {
		void *map =
		    mmap(NULL, (size_t)spool->in_file, PROT_READ, MAP_PRIVATE, spool->fd, 0);

		if (map == MAP_FAILED)
			return err_sys(err, "cannot map a spool file");
		spool->map = map;
		spool->map_n = (size_t)spool->in_file;
	}
	*out = slice_of(spool->map, spool->map_n);
	return 0;
}
