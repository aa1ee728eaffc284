/* find_write.c - a segment of the index while it is written */
#include "storage/find_segment.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/crc.h"
#include "core/num.h"
#include "storage/find_layout.h"
#include "storage/find_number.h"

static void add32(struct buf *out, uint32_t v)
{
	unsigned char p[4];

	num_put32(p, v);
	buf_add(out, p, sizeof(p));
}

void find_write_message(struct find_write *write, struct find_message message)
{
	unsigned char p[8];

	num_put64(p, message.id);
	buf_add(&write->ids, p, sizeof(p));
	add32(&write->lengths, message.length);
	buf_addc(&write->flags, (char)message.flags);
	write->n++;
}

/* --- words --- */

enum { NUMBER_MAX = 5 }; /* bytes of a message's number */

static size_t number_size(uint32_t v)
{
	return v < 1U << 7 ? 1 : v < 1U << 14 ? 2 : v < 1U << 21 ? 3 : v < 1U << 28 ? 4 : 5;
}

/* How many bytes the numbers take is known before they are written. */
static size_t posts_size(const uint32_t *docs, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += number_size(docs[i] - (i ? docs[i - 1] : 0));
	return bytes;
}

static void add_post(struct buf *posts, const uint32_t *docs, size_t n)
{
	char *begin = buf_room(posts, n * NUMBER_MAX + FIND_NUMBER_MAX), *to = begin;

	if (n == 1) {
		to = find_number_put(to, (uint64_t)docs[0] << 1 | 1);
	} else {
		to = find_number_put(to, (uint64_t)posts_size(docs, n) << 1);
		for (size_t i = 0; i < n; i++)
			to = find_number_put(to, docs[i] - (i ? docs[i - 1] : 0));
	}
	posts->n += (size_t)(to - begin);
}

static void add_places(struct buf *out, struct slice places)
{
	char *begin = buf_room(out, places.n + FIND_NUMBER_MAX);
	char *to = find_number_put(begin, places.n);

	out->n += (size_t)(to - begin);
	buf_adds(out, places);
}

void find_write_word(struct find_write_kind *kind, struct slice word, const uint32_t *docs,
    size_t n, struct slice places)
{
	if (kind->n == 0)
		buf_addc(&kind->words, '\n');
	if (kind->n++ % FIND_BLOCK == 0) {
		add32(&kind->blocks, (uint32_t)kind->words.n);
		add32(&kind->blocks, (uint32_t)kind->posts.n);
		add32(&kind->blocks, (uint32_t)kind->places.n);
	}
	buf_adds(&kind->words, word);
	buf_addc(&kind->words, '\n');
	add_post(&kind->posts, docs, n);
	add_places(&kind->places, places);
}

/* --- the file --- */

static uint32_t checksum_kind(const struct find_write_kind *kind)
{
	uint32_t sum = crc_add(0, buf_slice(&kind->words));

	sum = crc_add(sum, buf_slice(&kind->blocks));
	return crc_add(sum, buf_slice(&kind->posts));
}

static void make_head(const struct find_write *write, struct buf *head)
{
	buf_addz(head, FIND_MAGIC);
	add32(head, write->n);
	for (size_t i = 0; i < FIND_KINDS; i++) {
		const struct find_write_kind *kind = &write->kinds[i];

		add32(head, (uint32_t)kind->words.n);
		add32(head, (uint32_t)kind->blocks.n);
		add32(head, (uint32_t)kind->posts.n);
		add32(head, (uint32_t)kind->places.n);
		add32(head, checksum_kind(kind));
		add32(head, crc_add(0, buf_slice(&kind->places)));
	}
	uint32_t sum = crc_add(0, buf_slice(head));
	sum = crc_add(sum, buf_slice(&write->ids));
	sum = crc_add(sum, buf_slice(&write->lengths));
	add32(head, crc_add(sum, buf_slice(&write->flags)));
}

static bool put_all(int fd, const struct buf *buf)
{
	for (size_t at = 0; at < buf->n;) {
		ssize_t n = write(fd, buf->p + at, buf->n - at);
		if (n < 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool put_parts(int fd, const struct find_write *write, const struct buf *head)
{
	bool good = put_all(fd, head) && put_all(fd, &write->ids) && put_all(fd, &write->lengths) &&
	    put_all(fd, &write->flags);

	for (size_t i = 0; i < FIND_KINDS && good; i++) {
		const struct find_write_kind *kind = &write->kinds[i];
		good = put_all(fd, &kind->words) && put_all(fd, &kind->blocks) &&
		    put_all(fd, &kind->posts) && put_all(fd, &kind->places);
	}
	return good;
}

int find_write_file(const struct find_write *write, const char *path, struct err *err)
{
	struct buf head = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	make_head(write, &head);
	bool good = fd >= 0 && put_parts(fd, write, &head) && fdatasync(fd) == 0;
	int rc = good ? 0 : err_sys(err, "%s", path);
	if (fd >= 0)
		close(fd);
	buf_done(&head);
	return rc;
}

void find_write_done(struct find_write *write)
{
	buf_done(&write->ids);
	buf_done(&write->lengths);
	buf_done(&write->flags);
	for (size_t i = 0; i < FIND_KINDS; i++) {
		buf_done(&write->kinds[i].words);
		buf_done(&write->kinds[i].blocks);
		buf_done(&write->kinds[i].posts);
		buf_done(&write->kinds[i].places);
	}
}
