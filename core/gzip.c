/* gzip.c - packed files: a text read line by line, bytes packed */
#include "core/gzip.h"

#include <stdint.h>
#include <stdlib.h>

#include <zlib.h>

struct gzip_text {
	gzFile file;
	size_t from, to; /* of what is in the buffer */
	char bytes[GZIP_LINE_MAX];
};

struct gzip_text *gzip_text_open(const char *path)
{
	gzFile file = gzopen(path, "rbe");

	if (!file)
		return NULL;
	struct gzip_text *text = mem_get(sizeof(*text));
	text->file = file;
	return text;
}

void gzip_text_close(struct gzip_text **textp)
{
	struct gzip_text *text = *textp;

	*textp = NULL;
	if (!text)
		return;
	gzclose(text->file);
	free(text);
}

/* False: nothing more comes. */
static bool fill(struct gzip_text *text)
{
	memmove(text->bytes, text->bytes + text->from, text->to - text->from);
	text->to -= text->from;
	text->from = 0;
	int n =
	    gzread(text->file, text->bytes + text->to, (unsigned)(sizeof(text->bytes) - text->to));
	if (n > 0)
		text->to += (size_t)n;
	return n > 0;
}

bool gzip_text_line(struct gzip_text *text, struct slice *line)
{
	size_t looked = 0;

	for (;;) {
		size_t n = text->to - text->from;
		const char *start = text->bytes + text->from;
		const char *end = n > looked ? memchr(start + looked, '\n', n - looked) : NULL;

		looked = n;
		if (!end && n < sizeof(text->bytes) && fill(text))
			continue;
		*line = slice_of(start, end ? (size_t)(end - start) : n);
		text->from += line->n + (end != NULL);
		return end || n > 0;
	}
}

void gzip_pack(struct slice plain, struct buf *out)
{
	enum { GZIP = 16 + MAX_WBITS, BLOCK = 64 * 1024 };
	z_stream z = { .next_in = (Bytef *)(uintptr_t)plain.p, .avail_in = (uInt)plain.n };
	int rc;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		abort(); /* no memory, or no zlib */
	do {
		z.next_out = (Bytef *)buf_room(out, BLOCK);
		z.avail_out = BLOCK;
		rc = deflate(&z, Z_FINISH);
		out->n += BLOCK - z.avail_out;
	} while (rc == Z_OK);
	deflateEnd(&z);
}
