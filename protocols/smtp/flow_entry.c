/* flow_entry.c - what stands in a sender group: addresses, host names, certificates, DNS lists, ALL
 */
#include "core/digest.h"
#include "core/text.h"
#include "protocols/smtp/dnsbl.h"
#include "protocols/smtp/flow_private.h"

enum { ENTRY_MAX = 512 };

/* "AB:cd..." of SHA-256, in lower case without colons. */
static bool add_fingerprint(struct buf *out, struct slice hex)
{
	size_t digits = 0;

	for (size_t i = 0; i < hex.n; i++) {
		char c = hex.p[i];
		if (c == ':')
			continue;
		if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
			return false;
		buf_add_lower(out, slice_of(&c, 1));
		digits++;
	}
	return digits == 2 * (size_t)DIGEST_SIZE;
}

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return text.n > 0;
}

/* "subject:CN=..." and the like. 1, 0: it is none; -1: it is a bad one. */
static int read_certificate(struct slice text, struct buf *out, struct err *err)
{
	static const struct slice words[] = { { "fingerprint:", 12 }, { "subject:", 8 },
		{ "issuer:", 7 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!slice_istarts(text, words[i]))
			continue;
		struct slice value = slice_trim(slice_from(text, words[i].n));
		buf_adds(out, words[i]);
		if (i == 0 && !add_fingerprint(out, value))
			return err_set(err, ERR_INPUT,
			    "'%.*s' is no SHA-256 fingerprint, which has 64 hex digits",
			    SLICE_ARG(value));
		if (i > 0)
			buf_add_lower(out, value);
		return i == 0 || is_printable(value)
		    ? 1
		    : err_set(err, ERR_INPUT, "'%.*s' lacks a name", SLICE_ARG(text));
	}
	return 0;
}

/* "dnsbl:zen.example.org", "dnsbl:bl.example.org=127.0.0.2-4"; "dnsbl-score:3", or below 0
   for who is in lists of good ones. 1, 0, -1 as above. */
static int read_dnsbl(struct slice text, struct buf *out, struct err *err)
{
	static const struct slice list = { "dnsbl:", 6 }, score = { "dnsbl-score:", 12 };
	struct dnsbl lists[DNSBL_MAX];
	struct pool pool = { 0 };
	int rc = 1;

	if (slice_istarts(text, list)) {
		struct slice zone = slice_from(text, list.n);
		if (slice_chr(zone, ':') >= 0 || slice_chr(zone, ' ') >= 0 ||
		    dnsbl_read(zone, &pool, lists, NULL) != 1)
			rc = err_set(err, ERR_INPUT,
			    "'%.*s' is no DNS list, as dnsbl:bl.example.org or "
			    "dnsbl:bl.example.org=127.0.0.2-4",
			    SLICE_ARG(text));
	} else if (slice_istarts(text, score)) {
		int at;
		if (!dnsbl_score(text, &at))
			rc = err_set(err, ERR_INPUT,
			    "'%.*s' is no score, as dnsbl-score:3 or dnsbl-score:-2",
			    SLICE_ARG(text));
	} else {
		rc = 0;
	}
	if (rc == 1)
		buf_add_lower(out, text);
	pool_done(&pool);
	return rc;
}

/* Host names have a letter: what is all digits and dots is an address gone wrong. */
static bool has_letter(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] | 0x20) >= 'a' && (text.p[i] | 0x20) <= 'z')
			return true;
	return false;
}

static bool read_host(struct slice text, struct buf *out)
{
	struct slice name = slice_from(text, text.n > 0 && text.p[0] == '.');
	struct pool pool = { 0 };
	const char *canonical = has_letter(name) ? domain_ascii(&pool, name) : NULL;

	if (canonical) {
		buf_addz(out, name.n < text.n ? "." : "");
		buf_addz(out, canonical);
	}
	pool_done(&pool);
	return canonical != NULL;
}

int flow_entry_read(
    struct slice text, enum flow_kind *kind, struct range *range, struct buf *out, struct err *err)
{
	text = slice_trim(text);
	if (text.n == 0 || text.n > ENTRY_MAX)
		return err_set(err, ERR_INPUT, "an entry has 1 to %d bytes", ENTRY_MAX);
	*kind = FLOW_BY_ALL;
	if (slice_ieq(text, SLICE("ALL"))) {
		buf_addz(out, "ALL");
		return 0;
	}
	*kind = FLOW_BY_ADDRESS;
	if (range_parse(text, range)) {
		buf_add_lower(out, text);
		return 0;
	}
	*kind = FLOW_BY_CERTIFICATE;
	int certificate = read_certificate(text, out, err);
	if (certificate != 0)
		return certificate < 0 ? -1 : 0;
	*kind = FLOW_BY_DNSBL;
	int dnsbl = read_dnsbl(text, out, err);
	if (dnsbl != 0)
		return dnsbl < 0 ? -1 : 0;
	*kind = FLOW_BY_HOST;
	if (read_host(text, out))
		return 0;
	return err_set(err, ERR_INPUT,
	    "'%.*s' is no address, network, range, host name, .domain, fingerprint:, subject:, "
	    "issuer:, dnsbl:, dnsbl-score: or ALL",
	    SLICE_ARG(text));
}
