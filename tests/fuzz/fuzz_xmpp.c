/* fuzz_xmpp.c - a stream cut anywhere gives the same stanzas; what was read is written and read
 * again as it was */
#include <stdint.h>
#include <stdlib.h>

#include "core/xml.h"
#include "protocols/xmpp/jid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOT "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

static const struct xml_limits limits = { .depth = 16, .attrs = 8, .name = 64 };

/* What was read is written so that it reads as the same. */
static void check_element(struct slice text)
{
	struct pool pool = { 0 };
	struct buf once = { 0 }, twice = { 0 };
	enum xml_fault fault;
	const struct xml *x = xml_read(&pool, SLICE(ROOT), text, false, &limits, &fault);

	if (x) {
		xml_write(&once, x, SLICE("jabber:client"));
		x = xml_read(&pool, SLICE(ROOT), buf_slice(&once), false, &limits, &fault);
		/* Prefixes of attributes become declarations, never more attributes. */
		if (!x)
			abort();
		xml_write(&twice, x, SLICE("jabber:client"));
		if (!slice_eq(buf_slice(&once), buf_slice(&twice)))
			abort();
	}
	buf_done(&once);
	buf_done(&twice);
	pool_done(&pool);
}

/* Canonical form is a fixed point, and the parts are slices of the text. */
static void check_jid(struct slice text)
{
	struct pool pool = { 0 };
	struct jid jid, again;

	if (jid_parse(&pool, text, &jid)) {
		if (!jid_parse(&pool, jid.bare, &again) || !slice_eq(jid.bare, again.bare) ||
		    again.resource.n > 0 || jid.domain.n == 0)
			abort();
		if (jid.local.n &&
		    (slice_chr(jid.local, '/') >= 0 || slice_chr(jid.local, '@') >= 0))
			abort();
	}
	pool_done(&pool);
}

/* Pieces of the stream, `step` bytes coming at a time; their lengths go to *out. */
static void cut(struct slice in, size_t step, bool header, bool read, struct buf *out)
{
	struct xml_scan scan = { 0 };
	enum xml_fault fault = XML_OK;
	size_t have = 0;

	while (have < in.n) {
		have = in.n - have > step ? have + step : in.n;
		enum xml_piece piece =
		    xml_scan(&scan, slice_head(in, have), header, limits.depth, &fault);
		while (piece == XML_ELEMENT || piece == XML_OPEN) {
			if (scan.at == 0 || scan.at > have)
				abort();
			if (read && piece == XML_ELEMENT)
				check_element(slice_head(in, scan.at));
			buf_addu(out, scan.at);
			buf_addc(out, header ? 'h' : ' ');
			in = slice_from(in, scan.at);
			have -= scan.at;
			header = false;
			scan = (struct xml_scan){ 0 };
			piece = xml_scan(&scan, slice_head(in, have), false, limits.depth, &fault);
		}
		if (piece == XML_WRONG || piece == XML_CLOSE) {
			buf_addu(out, (unsigned)piece);
			buf_addu(out, (unsigned)fault);
			return;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };

	if (size < 2)
		return 0;
	struct slice in = slice_of(data + 1, size - 1);
	cut(in, in.n, data[0] & 1, true, &whole);
	cut(in, 1 + data[0] / 2 % 16, data[0] & 1, false, &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	check_jid(in);
	check_element(in);
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
