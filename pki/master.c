/* master.c - the master keys' file: made once, read at each start, replaced as a whole */
#include "pki/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/disk.h"
#include "core/random.h"
#include "storage/store.h"

enum { FILE_MAX = 4096 };

STORE_FILE(master_key) = { .name = "master.key" };

static void path_of(const char *data, struct buf *out)
{
	buf_printf(out, "%s/master.key", data);
	buf_z(out);
}

/* --- reading --- */

/* A key that others can read protects nothing: say so, rather than go on. */
static int check_mode(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		return err_set(err, ERR_DENIED, "%s can be used by others: chmod 600 it", path);
	return 0;
}

static int load(
    int fd, const char *path, struct slice passphrase, struct master *out, struct err *err)
{
	struct buf text = { 0 };
	struct err why = { 0 };
	int rc = 0;

	if (!out->external && check_mode(fd, path, err) != 0)
		return -1;
	if (disk_read(fd, path, FILE_MAX, &text, err) != 0)
		rc = -1;
	else if (master_get(buf_slice(&text), passphrase, out, &why) != 0)
		rc = err_set(err, why.kind, "%s: %s", path, why.text);
	buf_wipe(&text);
	return rc;
}

/* --- writing --- */

void master_key_make(struct master_key *out)
{
	random_bytes(out, sizeof(*out)); /* the id, too: it tells nothing of the key */
}

static int write_file(const char *path, struct slice text, struct err *err)
{
	unlink(path); /* left by one that was cut off */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "making %s", path);
	bool good = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
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

/* Written beside and then put in place, so that it is there whole or not at all. */
static int put_file(const char *data, const struct master *master, bool replace, struct err *err)
{
	struct buf path = { 0 }, beside = { 0 }, text = { 0 };

	path_of(data, &path);
	buf_printf(&beside, "%s.new", path.p);
	buf_z(&beside);
	int rc = master_put(master, &text, err);
	if (rc == 0)
		rc = write_file(beside.p, buf_slice(&text), err);
	if (rc == 0 && replace)
		rc = rename(beside.p, path.p) == 0 ? 0 : err_sys(err, "replacing %s", path.p);
	else if (rc == 0 && link(beside.p, path.p) != 0 && errno != EEXIST)
		rc = err_sys(err, "making %s", path.p);
	unlink(beside.p);
	sync_folder(data);
	buf_wipe(&text);
	buf_done(&path);
	buf_done(&beside);
	return rc;
}

int master_save(const char *data, const struct master *master, struct err *err)
{
	if (master->external)
		return err_set(err, ERR_DENIED,
		    "the master key is given by a credential (signet-master-key), which the server "
		    "cannot change");
	return put_file(data, master, true, err);
}

/* --- at a start --- */

static int open_credential(const char *name, struct buf *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY"); /* systemd.exec(5) */

	if (!folder)
		return -1;
	buf_printf(path, "%s/%s", folder, name);
	return open(buf_z(path), O_RDONLY | O_CLOEXEC);
}

static int load_credential(int fd, const char *path, struct master *out, struct err *err)
{
	out->external = true;
	int rc = load(fd, path, (struct slice){ 0 }, out, err);
	close(fd);
	return rc;
}

/* What was given, else the credential; it is wiped with the buf. */
static void take_passphrase(struct slice given, struct buf *out)
{
	struct buf path = { 0 };
	int fd = given.n == 0 ? open_credential("signet-passphrase", &path) : -1;

	buf_room(out, FILE_MAX);
	buf_adds(out, slice_head(given, FILE_MAX));
	if (fd >= 0) {
		if (disk_read(fd, path.p, FILE_MAX, out, NULL) != 0)
			buf_clear(out);
		close(fd);
	}
	while (out->n > 0 && strchr("\r\n", out->p[out->n - 1]))
		out->n--;
	buf_done(&path);
}

static int make(const char *data, struct slice passphrase, struct err *err)
{
	struct master fresh = { .keys.n = 1 };

	master_key_make(&fresh.keys.key[0]);
	master_protect(&fresh, passphrase);
	int rc = put_file(data, &fresh, false, err);
	bytes_wipe(&fresh, sizeof(fresh));
	return rc;
}

static int open_or_make(
    const char *data, const char *path, bool may_make, struct slice passphrase, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "opening %s", path);
	if (!may_make)
		return err_set(err, ERR_ABSENT,
		    "%s is missing, and keys are sealed under it: restore it from a backup", path);
	if (make(data, passphrase, err) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "opening %s", path);
}

int master_load(
    const char *data, bool may_make, struct slice given, struct master *out, struct err *err)
{
	struct buf path = { 0 }, passphrase = { 0 };
	int rc = -1;

	memset(out, 0, sizeof(*out));
	int fd = open_credential("signet-master-key", &path);
	if (fd >= 0) {
		rc = load_credential(fd, path.p, out, err);
		buf_done(&path);
		return rc;
	}
	buf_clear(&path);
	path_of(data, &path);
	take_passphrase(given, &passphrase);
	fd = open_or_make(data, path.p, may_make, buf_slice(&passphrase), err);
	if (fd >= 0) {
		rc = load(fd, path.p, buf_slice(&passphrase), out, err);
		close(fd);
	}
	buf_wipe(&passphrase);
	buf_done(&path);
	return rc;
}
