/* trust_builtin.c - whom the system trusts: a file, and a folder as c_rehash makes it
 *
 * In such a folder every certificate has a link whose name is a hash of its subject
 * and a number ("5ed36f99.0"), every list of revoked ones one with an r before the
 * number. What has no such name is not trusted, as OpenSSL would not find it. Both are
 * looked at again when their times have changed, and after a reload. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/disk.h"
#include "core/log.h"
#include "pki/crl.h"
#include "pki/trust_private.h"

enum { FILE_MAX = 16 * 1024 * 1024, LINK_MAX_SIZE = 1024 * 1024, LINKS_MAX = 5000, HASH = 8 };

CONF_KEY(trust_file) = {
	.name = "trust.file",
	.type = CONF_TEXT,
	.def = "/etc/ssl/certs/ca-certificates.crt",
	.help = "PEM file of the authorities that are trusted everywhere; /dev/null: none",
};

CONF_KEY(trust_directory) = {
	.name = "trust.directory",
	.type = CONF_TEXT,
	.def = "",
	.help = "folder of authorities that are trusted everywhere, too, as c_rehash makes it",
};

/* A path, and what was there when it was read. */
struct place {
	char *path;
	struct stat stat;
};

static struct {
	struct trust_set *set;
	struct place file, folder;
} builtin;

/* --- files --- */

static void read_file(const char *path, struct buf *certificates)
{
	struct buf pem = { 0 };
	struct err err = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? err_sys(&err, "%s", path) : disk_read(fd, path, FILE_MAX, &pem, &err);

	if (rc != 0)
		log_event(LOG_ERROR, "trust-file", log_z("path", path), log_z("reason", err.text));
	if (fd >= 0)
		close(fd);
	cert_readable_from_pem(buf_slice(&pem), certificates);
	buf_done(&pem);
}

/* --- folders --- */

static bool is_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && s[n] == '\0';
}

/* "5ed36f99.0", or with an r for lists. */
static bool is_link(const char *name, bool *list)
{
	if (strspn(name, "0123456789abcdef") != HASH || name[HASH] != '.')
		return false;
	*list = name[HASH + 1] == 'r';
	return is_number(name + HASH + 1 + *list);
}

static void read_link(
    int folder, const char *name, bool list, struct buf *certificates, struct buf *lists)
{
	struct buf pem = { 0 };
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	bool whole = disk_read(fd, name, LINK_MAX_SIZE, &pem, NULL) == 0;
	close(fd);
	if (whole && list)
		crl_readable_from_pem(buf_slice(&pem), lists);
	else
		cert_readable_from_pem(buf_slice(&pem), certificates);
	buf_done(&pem);
}

static void read_folder(const char *path, struct buf *certificates, struct buf *lists)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned n = 0;
	bool list;

	if (!dir) {
		log_event(LOG_ERROR, "trust-directory", log_z("path", path),
		    log_z("reason", strerror(errno)));
		return;
	}
	while (n < LINKS_MAX && certificates->n < FILE_MAX && (entry = readdir(dir)) != NULL)
		if (is_link(entry->d_name, &list)) {
			read_link(dirfd(dir), entry->d_name, list, certificates, lists);
			n++;
		}
	closedir(dir);
}

/* --- both --- */

static struct trust_set *read_places(void)
{
	struct buf certificates = { 0 }, lists = { 0 };

	if (*builtin.file.path)
		read_file(builtin.file.path, &certificates);
	if (*builtin.folder.path)
		read_folder(builtin.folder.path, &certificates, &lists);
	struct trust_set *set = trust_set_new(buf_slice(&certificates));
	trust_set_lists(set, buf_slice(&lists));
	log_event(LOG_INFO, "trust-read", log_z("file", builtin.file.path),
	    log_z("directory", builtin.folder.path),
	    log_n("certificates", (int64_t)trust_set_count(set)),
	    log_n("lists", (int64_t)trust_set_list_count(set)));
	buf_done(&certificates);
	buf_done(&lists);
	return set;
}

/* Note what is there now; true: it is not what was there. */
static bool has_changed(const struct conf_key *key, struct place *place)
{
	struct buf path = { 0 };
	struct stat now = { 0 };

	conf_text(key, NULL, &path);
	if (buf_z(&path)[0] != '\0' && stat(path.p, &now) != 0)
		now = (struct stat){ 0 };
	bool same = place->path && strcmp(path.p, place->path) == 0 &&
	    now.st_ino == place->stat.st_ino && now.st_size == place->stat.st_size &&
	    now.st_mtim.tv_sec == place->stat.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == place->stat.st_mtim.tv_nsec;
	if (!same) {
		free(place->path);
		place->path = mem_str(buf_slice(&path));
		place->stat = now;
	}
	buf_done(&path);
	return !same;
}

struct trust_set *builtin_now(void)
{
	bool file = has_changed(&conf_key_trust_file, &builtin.file);
	bool folder = has_changed(&conf_key_trust_directory, &builtin.folder);

	if (file || folder) {
		trust_set_unref(&builtin.set);
		builtin.set = read_places();
	}
	return trust_set_ref(builtin.set);
}

void builtin_stop(void)
{
	trust_set_unref(&builtin.set);
	free(builtin.file.path);
	free(builtin.folder.path);
	builtin.file.path = builtin.folder.path = NULL;
}
