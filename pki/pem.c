/* pem.c - DER as text (RFC 7468) */
#include "pki/pem.h"

#include "core/text.h"

enum { LINE = 64, KIND_MAX = 40 };

static const struct slice begin = { "-----BEGIN ", 11 }, end = { "-----END ", 9 },
			  dashes = { "-----", 5 };

/* --- write --- */

void pem_put(const char *kind, struct slice der, struct buf *pem)
{
	struct buf base64 = { 0 };

	buf_room(&base64, 2 * der.n + 4); /* growing would leave copies of a key behind */
	buf_room(pem, 2 * der.n + 128);
	base64_put(&base64, der);
	buf_printf(pem, "-----BEGIN %s-----\n", kind);
	for (struct slice rest = buf_slice(&base64); rest.n > 0; rest = slice_from(rest, LINE)) {
		buf_adds(pem, slice_head(rest, LINE));
		buf_addc(pem, '\n');
	}
	buf_printf(pem, "-----END %s-----\n", kind);
	buf_wipe(&base64);
}

/* --- marks --- */

/* The kind that a mark names, at its beginning; false: it is none. */
static bool kind_of(struct slice text, struct slice *kind)
{
	ptrdiff_t n = slice_find(slice_head(text, KIND_MAX + dashes.n), dashes);

	if (n <= 0)
		return false;
	*kind = slice_head(text, (size_t)n);
	for (size_t i = 0; i < kind->n; i++)
		if (kind->p[i] < ' ' || kind->p[i] >= 0x7f)
			return false;
	return true;
}

/* Go behind the next mark that begins a block. */
static bool find_begin(struct slice *text, struct slice *kind)
{
	ptrdiff_t at;

	while ((at = slice_find(*text, begin)) >= 0) {
		*text = slice_from(*text, (size_t)at + begin.n);
		if (kind_of(*text, kind)) {
			*text = slice_from(*text, kind->n + dashes.n);
			return true;
		}
	}
	return false;
}

/* Take what is before the mark that ends it; the next block must not have begun. */
static bool take_body(struct slice *text, struct slice kind, struct slice *body)
{
	ptrdiff_t next = slice_find(*text, begin);
	struct slice here = next < 0 ? *text : slice_head(*text, (size_t)next), ended;
	ptrdiff_t at = slice_find(here, end);

	if (at < 0 || !kind_of(slice_from(here, (size_t)at + end.n), &ended) ||
	    !slice_eq(ended, kind))
		return false;
	*body = slice_head(here, (size_t)at);
	*text = slice_from(*text, (size_t)at + end.n + kind.n + dashes.n);
	return true;
}

/* --- what is between them --- */

/* RFC 1421 4.4: headers end at an empty line. */
static void take_headers(struct slice *body, struct pem_block *block)
{
	struct slice rest = slice_trim(*body), first = rest;

	if (slice_chr(slice_cut(&first, '\n'), ':') < 0)
		return;
	while (rest.n > 0) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		if (line.n == 0)
			break;
		block->encrypted |= slice_find(line, SLICE("ENCRYPTED")) >= 0;
	}
	*body = rest;
}

static bool decode(struct slice body, struct buf *der)
{
	struct buf base64 = { 0 };

	buf_room(&base64, body.n);
	buf_room(der, body.n);
	for (size_t i = 0; i < body.n; i++)
		if (!strchr(" \t\r\n", body.p[i]) || body.p[i] == '\0')
			buf_addc(&base64, body.p[i]);
	bool good = base64.n > 0 && base64_get(der, buf_slice(&base64));
	buf_wipe(&base64);
	return good;
}

enum pem_got pem_take(struct slice *text, struct pem_block *block, struct buf *der, struct err *err)
{
	struct slice body;

	buf_clear(der);
	block->encrypted = false;
	if (!find_begin(text, &block->kind))
		return PEM_END;
	if (!take_body(text, block->kind, &body)) {
		err_set(err, ERR_INPUT, "is cut off: its line -----END %.*s----- is missing",
		    SLICE_ARG(block->kind));
		return PEM_BROKEN;
	}
	take_headers(&body, block);
	if (decode(body, der))
		return PEM_BLOCK;
	bytes_wipe(der->p, der->cap);
	buf_clear(der);
	err_set(err, ERR_INPUT, "is no base64: it was damaged on its way");
	return PEM_BROKEN;
}

bool pem_next(struct slice *text, const char *kind, struct buf *der)
{
	struct pem_block block;
	enum pem_got got;

	while ((got = pem_take(text, &block, der, NULL)) != PEM_END)
		if (slice_eq(block.kind, slice_str(kind)))
			return true;
	return false;
}
