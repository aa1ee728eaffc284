/* find_files.c - an account's index on the disk: a folder of segments and their list
 *
 *	list: version 1, highest id 8, next number 4, then the number of each
 *	      segment 4; checksum of all before 4 */
#include "storage/find_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crc.h"
#include "core/num.h"
#include "storage/store_private.h"

enum { VERSION = 5, HEAD = 1 + 8 + 4, SUM = 4, SEGMENTS_MAX = 10000 };

/* --- names; for free() --- */

static char *root_path(const struct shard *shard)
{
	return store_path(shard->dir, "find");
}

static char *folder_path(const struct shard *shard, uint64_t account)
{
	char *root = root_path(shard), name[24];

	snprintf(name, sizeof(name), "%016llx", (unsigned long long)account);
	char *path = store_path(root, name);
	free(root);
	return path;
}

static char *file_path(const struct shard *shard, uint64_t account, const char *name)
{
	char *folder = folder_path(shard, account), *path = store_path(folder, name);

	free(folder);
	return path;
}

static char *segment_file(const struct shard *shard, uint64_t account, uint32_t number)
{
	char name[16];

	snprintf(name, sizeof(name), "%08x", (unsigned)number);
	return file_path(shard, account, name);
}

/* --- reading --- */

static struct find_piece *open_piece(
    const struct shard *shard, uint64_t account, uint32_t number, struct err *err)
{
	char *path = segment_file(shard, account, number);
	struct find_segment *segment = find_segment_open(path, err);

	free(path);
	if (!segment)
		return NULL;
	struct find_piece *piece = mem_get(sizeof(*piece));
	segment->number = number;
	*piece = (struct find_piece){ .refs = 1, .segment = segment };
	return piece;
}

static bool is_whole(struct slice list)
{
	if (list.n < HEAD + SUM || (list.n - HEAD - SUM) % 4 != 0)
		return false;
	struct slice all = slice_head(list, list.n - SUM);
	return crc_add(0, all) == num_get32((const unsigned char *)list.p + all.n);
}

static int open_pieces(struct find_index *index, struct slice list, struct err *err)
{
	const unsigned char *p = (const unsigned char *)list.p;
	size_t n = (list.n - HEAD - SUM) / 4;

	index->highest = num_get64(p + 1);
	index->next = num_get32(p + 9);
	index->pieces = mem_get((n + 1) * sizeof(*index->pieces));
	for (; index->n < n; index->n++) {
		uint32_t number = num_get32(p + HEAD + index->n * 4);
		index->pieces[index->n] = open_piece(index->shard, index->account, number, err);
		if (!index->pieces[index->n])
			return -1;
	}
	return 0;
}

static int read_list(const char *path, struct buf *list, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "%s", path);
	n = read(fd, buf_room(list, SEGMENTS_MAX * 4), SEGMENTS_MAX * 4);
	close(fd);
	if (n < 0)
		return err_sys(err, "%s", path);
	list->n = (size_t)n;
	if (n > 0 && list->p[0] != VERSION)
		return 0; /* of another release: as if there were none, so it is made anew */
	return is_whole(buf_slice(list)) ? 1 : err_set(err, ERR_TEMP, "%s: damaged", path);
}

int find_files_read(
    struct shard *shard, uint64_t account, struct find_index **index, struct err *err)
{
	char *path = file_path(shard, account, "list");
	struct buf list = { 0 };
	int found = read_list(path, &list, err);

	free(path);
	*index = NULL;
	if (found == 1) {
		*index = find_index_new(shard, account);
		if (open_pieces(*index, buf_slice(&list), err) < 0) {
			find_index_free(index);
			found = -1;
		}
	}
	buf_done(&list);
	return found;
}

/* --- writing --- */

static int make_folder(const struct shard *shard, uint64_t account, struct err *err)
{
	char *root = root_path(shard), *folder = folder_path(shard, account);
	int rc = 0;

	if ((mkdir(root, 0700) < 0 && errno != EEXIST) ||
	    (mkdir(folder, 0700) < 0 && errno != EEXIST))
		rc = err_sys(err, "%s", folder);
	free(folder);
	free(root);
	return rc;
}

struct find_piece *find_index_write(
    struct find_index *index, const struct find_write *write, struct err *err)
{
	struct find_piece *piece = NULL;

	if (make_folder(index->shard, index->account, err) < 0)
		return NULL;
	uint32_t number = index->next++;
	char *path = segment_file(index->shard, index->account, number);
	if (find_write_file(write, path, err) == 0)
		piece = open_piece(index->shard, index->account, number, err);
	free(path);
	return piece;
}

static void make_list(const struct find_index *index, struct buf *list)
{
	unsigned char head[HEAD] = { VERSION }, p[4];

	num_put64(head + 1, index->highest);
	num_put32(head + 9, index->next);
	buf_add(list, head, sizeof(head));
	for (size_t i = 0; i < index->n; i++) {
		num_put32(p, index->pieces[i]->segment->number);
		buf_add(list, p, sizeof(p));
	}
	num_put32(p, crc_add(0, buf_slice(list)));
	buf_add(list, p, sizeof(p));
}

static bool write_file(const char *path, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* Segments are removed behind it, so the new name must last. */
static bool sync_folder(const struct find_index *index)
{
	char *folder = folder_path(index->shard, index->account);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(folder);
	return good;
}

int find_files_list(const struct find_index *index, struct err *err)
{
	char *path = file_path(index->shard, index->account, "list");
	char *draft = file_path(index->shard, index->account, "list.new");
	struct buf list = { 0 };
	int rc = make_folder(index->shard, index->account, err);

	make_list(index, &list);
	if (rc == 0 &&
	    (!write_file(draft, buf_slice(&list)) || rename(draft, path) < 0 ||
		!sync_folder(index)))
		rc = err_sys(err, "%s", path);
	buf_done(&list);
	free(draft);
	free(path);
	return rc;
}

/* --- removing --- */

static bool is_named(const struct find_index *index, const char *name)
{
	char *end;
	unsigned long number = strtoul(name, &end, 16);

	for (size_t i = 0; *end == '\0' && i < index->n; i++)
		if (index->pieces[i]->segment->number == number)
			return true;
	return strcmp(name, "list") == 0;
}

/* With an index, what it names stays. */
static void remove_files(const char *folder, const struct find_index *index)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && !(index && is_named(index, entry->d_name)))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

void find_files_tidy(const struct find_index *index)
{
	char *folder = folder_path(index->shard, index->account);

	remove_files(folder, index);
	free(folder);
}

void find_files_remove(struct shard *shard, uint64_t account)
{
	char *folder = folder_path(shard, account);

	remove_files(folder, NULL);
	rmdir(folder);
	free(folder);
}
