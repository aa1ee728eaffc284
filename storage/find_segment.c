/* find_segment.c - a segment of the index, read
 *
 * The file is mapped. Nothing in it is believed: places are compared with sizes,
 * and a kind's bytes are looked at once before they are used. */
#include "storage/find_segment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crc.h"
#include "core/num.h"
#include "storage/find_layout.h"
#include "storage/find_number.h"

enum { UNCHECKED, GOOD, BAD };

static uint32_t get32(struct slice s, size_t at)
{
	return num_get32((const unsigned char *)s.p + at);
}

/* --- open --- */

static bool take(struct slice *rest, uint64_t n, struct slice *out)
{
	if (n > rest->n)
		return false;
	*out = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

static bool read_kinds(struct find_segment *segment, struct slice head, struct slice rest)
{
	for (size_t i = 0; i < FIND_KINDS; i++) {
		struct find_kind_data *kind = &segment->kinds[i];
		size_t at = 8 + 4 + i * FIND_KIND_HEAD;

		if (!take(&rest, get32(head, at), &kind->words) ||
		    !take(&rest, get32(head, at + 4), &kind->blocks) ||
		    !take(&rest, get32(head, at + 8), &kind->posts) ||
		    !take(&rest, get32(head, at + 12), &kind->places))
			return false;
		kind->checksum = get32(head, at + 16);
		kind->places_checksum = get32(head, at + 20);
	}
	return rest.n == 0;
}

static bool read_file(struct find_segment *segment)
{
	struct slice rest = segment->file, head;

	if (!take(&rest, FIND_HEAD, &head) || !slice_starts(head, SLICE(FIND_MAGIC)))
		return false;
	segment->n = get32(head, 8);
	if (!take(&rest, (uint64_t)segment->n * 8, &segment->ids) ||
	    !take(&rest, (uint64_t)segment->n * 4, &segment->lengths) ||
	    !take(&rest, segment->n, &segment->flags))
		return false;
	uint32_t sum = crc_add(0, slice_head(head, FIND_HEAD - 4));
	sum = crc_add(sum, segment->ids);
	sum = crc_add(sum, segment->lengths);
	sum = crc_add(sum, segment->flags);
	return sum == get32(head, FIND_HEAD - 4) && read_kinds(segment, head, rest);
}

static int map_file(const char *path, struct slice *file, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err_sys(err, "%s", path);
	else
		*file = slice_of(p, (size_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? -1 : 0;
}

struct find_segment *find_segment_open(const char *path, struct err *err)
{
	struct find_segment *segment = mem_get(sizeof(*segment));

	if (map_file(path, &segment->file, err) < 0) {
		free(segment);
		return NULL;
	}
	if (!read_file(segment)) {
		err_set(err, ERR_TEMP, "%s: damaged", path);
		find_segment_close(&segment);
	}
	return segment;
}

void find_segment_close(struct find_segment **segment)
{
	if (*segment)
		munmap((void *)(uintptr_t)(*segment)->file.p, (*segment)->file.n);
	free(*segment);
	*segment = NULL;
}

static bool keep_state(atomic_int *state, bool good)
{
	atomic_store(state, good ? GOOD : BAD);
	return good;
}

bool find_kind_good(struct find_kind_data *kind)
{
	int state = atomic_load(&kind->state);

	if (state != UNCHECKED)
		return state == GOOD;
	uint32_t sum = crc_add(0, kind->words);
	sum = crc_add(sum, kind->blocks);
	sum = crc_add(sum, kind->posts);
	return keep_state(&kind->state, sum == kind->checksum);
}

bool find_places_good(struct find_kind_data *kind)
{
	int state = atomic_load(&kind->places_state);

	if (state != UNCHECKED)
		return state == GOOD;
	bool good = crc_add(0, kind->places) == kind->places_checksum;
	return keep_state(&kind->places_state, good);
}

/* --- messages --- */

uint64_t find_segment_id(const struct find_segment *segment, uint32_t doc)
{
	return num_get64((const unsigned char *)segment->ids.p + (size_t)doc * 8);
}

struct find_message find_segment_message(const struct find_segment *segment, uint32_t doc)
{
	return (struct find_message){ find_segment_id(segment, doc),
		get32(segment->lengths, (size_t)doc * 4), (unsigned char)segment->flags.p[doc] };
}

bool find_segment_partial(const struct find_segment *segment, uint32_t doc)
{
	return segment->flags.p[doc] & FIND_PARTIAL;
}

uint32_t find_segment_place(const struct find_segment *segment, uint64_t id)
{
	uint32_t low = 0, high = segment->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (find_segment_id(segment, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- posts --- */

/* The posts of the next word: a single number, or more behind a length. */
static bool take_post(struct slice *rest, struct find_post *post)
{
	uint64_t v;

	if (!find_number_take(rest, &v))
		return false;
	*post = (struct find_post){ .at = v & 1 ? v >> 1 : 0, .lone = v & 1 };
	return post->lone || take(rest, v >> 1, &post->rest);
}

bool find_post_next(struct find_post *post, uint32_t limit, uint32_t *doc)
{
	uint64_t step = 0;

	if (!post->lone && (post->rest.n == 0 || !find_number_take(&post->rest, &step)))
		return false;
	post->lone = false;
	post->at += step;
	*doc = (uint32_t)post->at;
	return post->at < limit;
}

struct find_cursor find_cursor_at(const struct find_kind_data *kind)
{
	return (struct find_cursor){
		.words = slice_from(kind->words, 1),
		.posts = kind->posts,
		.places = kind->places,
	};
}

static bool take_places(struct slice *rest, struct slice *places)
{
	uint64_t n;

	return find_number_take(rest, &n) && take(rest, n, places);
}

bool find_cursor_next(struct find_cursor *cursor)
{
	if (cursor->words.n == 0)
		return false;
	cursor->word = slice_cut(&cursor->words, '\n');
	return take_post(&cursor->posts, &cursor->post) &&
	    (cursor->no_places || take_places(&cursor->places, &cursor->its_places));
}
