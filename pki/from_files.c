/* from_files.c - keys and certificates that other programs keep as files (P-015, P-018)
 *
 * An owner may name a file with its certificate, and one with its key, which may be the
 * same. They are read when that is said, at each start and reload, and every few minutes;
 * what has changed is installed. What was there stays while the files do not belong
 * together, as in the moment between the writing of the one and the other. */
#include "pki/from_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/disk.h"
#include "core/log.h"
#include "pki/pki_private.h"
#include "pki/shape.h"

/* --- reading --- */

/* No pipe or device, which could keep the reader waiting. */
static int read_file(const char *path, struct buf *out, unsigned *mode, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_sys(err, "%s", path);
	if (fstat(fd, &st) != 0)
		rc = err_sys(err, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_INPUT, "%s is no file", path);
	else
		rc = disk_read(fd, path, SHAPE_BYTES_MAX, out, err);
	*mode = st.st_mode & 0777;
	close(fd);
	return rc;
}

/* Which of the files it was is known here alone. */
static int blame(const char *path, struct err *err)
{
	struct err why = *err;

	return err_set(err, why.kind, "%s: %s", path, why.text);
}

/* P-013: nobody is there to give a password. */
static int add_file(const char *path, struct shape *shape, unsigned *mode, struct err *err)
{
	struct buf bytes = { 0 };
	int rc = read_file(path, &bytes, mode, err);

	if (rc == 0 && shape_add(buf_slice(&bytes), (struct slice){ 0 }, shape, err) != 0)
		rc = blame(path, err);
	if (shape->form && strcmp(shape->form, "PKCS#12") == 0)
		rc = err_set(err, ERR_INPUT,
		    "%s: PKCS#12 is not read from files that stay, for nobody is there to give its "
		    "password: signet pki import takes it, signet pki convert makes PEM of it",
		    path);
	buf_wipe(&bytes);
	return rc;
}

struct paths {
	const char *certificate, *key;
};

static int read_both(
    const struct paths *paths, struct shape *shape, unsigned *key_mode, struct err *err)
{
	unsigned mode;

	if (add_file(paths->certificate, shape, &mode, err) != 0)
		return -1;
	*key_mode = mode;
	if (strcmp(paths->certificate, paths->key) != 0 &&
	    add_file(paths->key, shape, key_mode, err) != 0)
		return -1;
	return shape->key.n > 0
	    ? 0
	    : err_set(err, ERR_INPUT, "%s: there is no private key in it", paths->key);
}

/* --- said by an admin --- */

int from_files_set(struct slice owner, const char *certificate, const char *key, unsigned *key_mode,
    struct err *err)
{
	struct paths paths = { certificate, key };
	struct shape shape = { 0 };
	struct buf kept = { 0 };
	int rc = read_both(&paths, &shape, key_mode, err);

	buf_printf(&kept, "%s\n%s\n", certificate, key);
	if (rc == 0)
		rc = domain_install(owner, &shape, buf_slice(&kept), err);
	shape_done(&shape);
	buf_done(&kept);
	return rc;
}

/* --- again and again --- */

static struct paths split(struct slice files, struct pool *pool)
{
	struct paths paths = { .certificate = pool_str(pool, slice_cut(&files, '\n')) };

	paths.key = pool_str(pool, slice_cut(&files, '\n'));
	return paths;
}

/* The certificates say it: a new key has a new one. */
static bool is_new(const struct domain_record *record, struct shape *shape)
{
	struct slice rest = record->leaf;
	struct buf now = { 0 };
	struct cert leaf;

	if (!cert_next(&rest, &leaf) || shape_arrange(shape, leaf.public_info, NULL) != 0)
		return true;
	buf_adds(&now, record->leaf);
	buf_adds(&now, record->above);
	bool same = slice_eq(buf_slice(&now), buf_slice(&shape->certs));
	buf_done(&now);
	return !same;
}

static int look(struct slice owner, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct pool pool = { 0 };
	struct shape shape = { 0 };
	unsigned mode;
	int rc = 0;

	if (record_get(owner, &bytes, &record) == 1 && record.files.n > 0) {
		struct paths paths = split(record.files, &pool);
		rc = read_both(&paths, &shape, &mode, err);
		if (rc == 0 && is_new(&record, &shape))
			rc = domain_install(owner, &shape, record.files, err);
	}
	shape_done(&shape);
	buf_done(&bytes);
	pool_done(&pool);
	return rc;
}

static bool note(void *arg, struct slice owner, const struct domain_record *record)
{
	struct buf *owners = arg;

	if (record->files.n > 0) {
		buf_adds(owners, owner);
		buf_addc(owners, '\n');
	}
	return true;
}

void from_files_look(void)
{
	struct buf owners = { 0 };
	struct pool pool = { 0 };

	record_each(note, &owners);
	for (struct slice rest = buf_slice(&owners); rest.n > 0;) {
		struct slice owner = slice_str(pool_str(&pool, slice_cut(&rest, '\n')));
		struct err err = { 0 };
		if (look(owner, &err) != 0)
			log_event(LOG_ERROR, "files-not-taken", log_s("domain", owner),
			    log_z("reason", err.text));
	}
	buf_done(&owners);
	pool_done(&pool);
}
