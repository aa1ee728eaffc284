/* master.c - the file DATA/master.key: made once, read at each start */
#include "pki/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/random.h"
#include "core/text.h"
#include "storage/store.h"

enum { FILE_MAX = 4096 };

STORE_FILE(master_key) = { .name = "master.key" };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_get(struct slice text, unsigned char *out, size_t n)
{
	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool parse(struct slice text, struct master_keys *out)
{
	while (text.n > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		if (line.n == 0)
			continue;
		struct slice id = slice_word(&line), key = slice_word(&line);
		struct master_key *to = &out->key[out->n];
		if (out->n == MASTER_KEYS_MAX || slice_word(&line).n > 0 ||
		    !hex_get(id, to->id, sizeof(to->id)) || !hex_get(key, to->key, sizeof(to->key)))
			return false;
		out->n++;
	}
	return out->n > 0;
}

/* Room is made once: a buffer that grows leaves its old bytes behind. */
static int read_all(int fd, struct buf *out)
{
	buf_room(out, FILE_MAX);
	while (out->n < FILE_MAX) {
		ssize_t got = read(fd, out->p + out->n, FILE_MAX - out->n);
		if (got == 0)
			return 0;
		if (got > 0)
			out->n += (size_t)got;
		else if (errno != EINTR)
			return -1;
	}
	errno = EFBIG;
	return -1;
}

static int load(int fd, const char *path, struct master_keys *out, struct err *err)
{
	struct stat st;
	struct buf text = { 0 };
	int rc = 0;

	/* A key that others can read protects nothing: say so, rather than go on. */
	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		return err_set(err, ERR_DENIED, "%s can be used by others: chmod 600 it", path);
	memset(out, 0, sizeof(*out));
	if (read_all(fd, &text) != 0)
		rc = err_sys(err, "reading %s", path);
	else if (!parse(buf_slice(&text), out))
		rc = err_set(err, ERR_INPUT, "%s holds no master keys in the form `ID KEY`", path);
	buf_wipe(&text);
	return rc;
}

/* The lines of a fresh key. The id is random: it tells nothing of the key. */
static void make_line(struct buf *line)
{
	struct master_key key;

	buf_room(line, 4 * sizeof(key)); /* at once, as above */
	random_bytes(&key, sizeof(key));
	hex_put(line, slice_of(key.id, sizeof(key.id)));
	buf_addc(line, ' ');
	hex_put(line, slice_of(key.key, sizeof(key.key)));
	buf_addc(line, '\n');
	bytes_wipe(&key, sizeof(key));
}

static int write_file(const char *path, struct err *err)
{
	struct buf line = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "making %s", path);
	make_line(&line);
	bool good = write(fd, line.p, line.n) == (ssize_t)line.n && fsync(fd) == 0;
	buf_wipe(&line);
	int rc = good ? 0 : err_sys(err, "writing %s", path);
	close(fd);
	return rc;
}

static void sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* Written beside and then linked, so that it is there whole or not at all,
   and one that is there is never replaced. */
static int make(const char *data, const char *path, struct err *err)
{
	struct buf beside = { 0 };

	buf_printf(&beside, "%s.new", path);
	unlink(buf_z(&beside)); /* left by a start that was cut off */
	int rc = write_file(beside.p, err);
	if (rc == 0 && link(beside.p, path) != 0 && errno != EEXIST)
		rc = err_sys(err, "making %s", path);
	unlink(beside.p);
	sync_folder(data);
	buf_done(&beside);
	return rc;
}

static int open_or_make(const char *data, const char *path, bool may_make, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "opening %s", path);
	if (!may_make)
		return err_set(err, ERR_ABSENT,
		    "%s is missing, and keys are sealed under it: restore it from a backup", path);
	if (make(data, path, err) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "opening %s", path);
}

int master_load(const char *data, bool may_make, struct master_keys *out, struct err *err)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/master.key", data);
	int fd = open_or_make(data, buf_z(&path), may_make, err);
	int rc = fd < 0 ? -1 : load(fd, path.p, out, err);
	if (fd >= 0)
		close(fd);
	buf_done(&path);
	return rc;
}
