/* spool.c - a message while it arrives */
#include "core/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "core/random.h"

enum { MEMORY_BYTES = 256 * 1024, BLOCK_BYTES = 64 };

struct spool {
	struct buf memory;				    /* what is not in the file */
	int fd;						    /* -1: no file */
	unsigned char key[crypto_stream_chacha20_KEYBYTES]; /* of this file alone */
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
	bytes_wipe(s->key, sizeof(s->key));
	free(s);
	*spool = NULL;
}

bool spool_add(struct spool *spool, struct slice data)
{
	unmap(spool);
	buf_adds(&spool->memory, data);
	return spool->memory.n >= MEMORY_BYTES;
}

/* --- the cipher: ChaCha20 (RFC 8439) from any offset on; the same undoes it --- */

/* No block begins at p: the end of one. */
static size_t cipher_rest(const struct spool *spool, uint64_t at, unsigned char *p, size_t n)
{
	static const unsigned char nonce[crypto_stream_chacha20_NONCEBYTES];
	unsigned char block[BLOCK_BYTES] = { 0 };
	size_t skip = at % BLOCK_BYTES;

	if (skip == 0 || n == 0)
		return 0;
	if (n > BLOCK_BYTES - skip)
		n = BLOCK_BYTES - skip;
	memcpy(block + skip, p, n);
	crypto_stream_chacha20_xor_ic(
	    block, block, sizeof(block), nonce, at / BLOCK_BYTES, spool->key);
	memcpy(p, block + skip, n);
	return n;
}

static void cipher(const struct spool *spool, uint64_t at, unsigned char *p, size_t n)
{
	static const unsigned char nonce[crypto_stream_chacha20_NONCEBYTES];
	size_t done = cipher_rest(spool, at, p, n);

	if (n > done)
		crypto_stream_chacha20_xor_ic(
		    p + done, p + done, n - done, nonce, (at + done) / BLOCK_BYTES, spool->key);
}

/* --- the file --- */

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

static int open_file(struct spool *spool, struct err *err)
{
	const char *dir = spool_dir ? spool_dir : "/tmp";

	if (spool->fd >= 0)
		return 0;
	if (sodium_init() < 0)
		return err_set(err, ERR_TEMP, "the cipher of spool files cannot be used");
	random_bytes(spool->key, sizeof(spool->key));
	spool->fd = nameless_file(dir);
	return spool->fd >= 0 ? 0 : err_sys(err, "cannot make a spool file in %s", dir);
}

static int write_all(int fd, struct slice left, uint64_t at)
{
	while (left.n > 0) {
		ssize_t n = pwrite(fd, left.p, left.n, (off_t)at);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			at += (uint64_t)n;
			left = slice_from(left, (size_t)n);
		}
	}
	return 0;
}

int spool_spill(struct spool *spool, struct err *err)
{
	struct buf *memory = &spool->memory;

	unmap(spool);
	if (open_file(spool, err) != 0)
		return -1;
	cipher(spool, spool->in_file, (unsigned char *)memory->p, memory->n);
	if (write_all(spool->fd, buf_slice(memory), spool->in_file) != 0) {
		err_sys(err, "cannot write to a spool file");
		cipher(spool, spool->in_file, (unsigned char *)memory->p, memory->n);
		return -1;
	}
	spool->in_file += memory->n;
	buf_done(memory);
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
		/* Private pages: what is deciphered there is not in the file. */
		size_t n = (size_t)spool->in_file;
		void *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, spool->fd, 0);

		if (map == MAP_FAILED)
			return err_sys(err, "cannot map a spool file");
		cipher(spool, 0, map, n);
		spool->map = map;
		spool->map_n = n;
	}
	*out = slice_of(spool->map, spool->map_n);
	return 0;
}
