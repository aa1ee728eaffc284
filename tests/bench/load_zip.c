/* load_zip.c - COMPRESS=DEFLATE (RFC 4978) over a connection */
#include "load.h"

#include <stdlib.h>
#include <zlib.h>

struct zip {
	z_stream in, out;
	char from[64 * 1024], to[64 * 1024];
};

void zip_start(struct worker *w)
{
	w->zip = calloc(1, sizeof(*w->zip));
	if (!w->zip || inflateInit2(&w->zip->in, -MAX_WBITS) != Z_OK ||
	    deflateInit2(&w->zip->out, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(1);
}

ssize_t zip_get(struct worker *w, char *to, size_t n)
{
	struct zip *zip = w->zip;

	zip->in.next_out = (unsigned char *)to;
	zip->in.avail_out = (unsigned)n;
	for (;;) {
		int rc = inflate(&zip->in, Z_SYNC_FLUSH);
		if (zip->in.avail_out < n)
			return (ssize_t)(n - zip->in.avail_out);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return -1;
		ssize_t got = conn_get(w, zip->from, sizeof(zip->from));
		if (got <= 0)
			return -1;
		zip->in.next_in = (unsigned char *)zip->from;
		zip->in.avail_in = (unsigned)got;
	}
}

bool zip_put(struct worker *w, const char *bytes, size_t n)
{
	struct zip *zip = w->zip;

	zip->out.next_in = (unsigned char *)(size_t)bytes;
	zip->out.avail_in = (unsigned)n;
	do {
		zip->out.next_out = (unsigned char *)zip->to;
		zip->out.avail_out = sizeof(zip->to);
		deflate(&zip->out, Z_SYNC_FLUSH);
		if (!conn_put(w, zip->to, sizeof(zip->to) - zip->out.avail_out))
			return false;
	} while (zip->out.avail_out == 0);
	return true;
}

void zip_end(struct worker *w)
{
	if (!w->zip)
		return;
	inflateEnd(&w->zip->in);
	deflateEnd(&w->zip->out);
	free(w->zip);
	w->zip = NULL;
}
