/* dkim_signature.c - reading a DKIM-Signature (RFC 6376 3.5) */
#include <string.h>

#include "core/num.h"
#include "core/text.h"
#include "mailauth/ask.h"
#include "mailauth/dkim_private.h"

enum { MARK_BYTES = 8, LIFE_DIGITS = 12 };

enum dkim_result dkim_say(struct dkim_verdict *verdict, enum dkim_result result, const char *why)
{
	verdict->why = why;
	return verdict->result = result;
}

static enum dkim_result malformed(const struct dkim_signature *s, const char *why)
{
	return dkim_say(s->verdict, DKIM_PERMERROR, why);
}

/* --- a=, d=, s=, b= --- */

static enum dkim_result read_algorithm(struct slice a, struct dkim_signature *out)
{
	out->verdict->algorithm = a;
	if (slice_ieq(a, SLICE("rsa-sha256")))
		out->algorithm = KEYSIG_RSA_SHA256;
	else if (slice_ieq(a, SLICE("ed25519-sha256")))
		out->algorithm = KEYSIG_ED25519_SHA256;
	else if (slice_ieq(a, SLICE("rsa-sha1"))) /* RFC 8301 3.1 */
		return dkim_say(out->verdict, DKIM_POLICY, "SHA-1 is not taken");
	else
		return malformed(out, "algorithm not known");
	return DKIM_PASS;
}

enum dkim_result dkim_signer_read(
    const struct tags *tags, struct pool *pool, struct dkim_signature *out)
{
	struct dkim_verdict *verdict = out->verdict;

	struct slice domain = tags_squeeze(pool, tags_value(tags, "d"));
	out->domain = verdict->domain = slice_of(pool_lower(pool, domain), domain.n);
	out->selector = verdict->selector = tags_squeeze(pool, tags_value(tags, "s"));
	verdict->mark = slice_head(tags_squeeze(pool, tags_value(tags, "b")), MARK_BYTES);
	if (!asker_name(out->domain) || !asker_name(out->selector))
		return malformed(out, "no domain or no selector");
	if (!tags_base64(pool, tags_value(tags, "b"), &out->signature) || out->signature.n == 0)
		return malformed(out, "no signature in it");
	return read_algorithm(tags_squeeze(pool, tags_value(tags, "a")), out);
}

/* --- the rest --- */

static bool read_canon(struct slice name, enum canon *out)
{
	*out = slice_ieq(name, SLICE("relaxed")) ? CANON_RELAXED : CANON_SIMPLE;
	return *out == CANON_RELAXED || slice_ieq(name, SLICE("simple"));
}

/* c= header [ "/" body ], each "simple" when it is not said. */
static bool read_canons(struct slice c, struct dkim_signature *out)
{
	struct slice header = slice_trim(slice_cut(&c, '/')), body = slice_trim(c);

	return read_canon(header.n > 0 ? header : SLICE("simple"), &out->header) &&
	    read_canon(body.n > 0 ? body : SLICE("simple"), &out->body);
}

static bool read_time(const struct tags *tags, const char *name, int64_t *out)
{
	const struct tag *tag = tags_find(tags, name);
	uint64_t n;

	*out = -1;
	if (!tag)
		return true;
	if (tag->value.n > LIFE_DIGITS) { /* RFC 6376 3.5: as if it were not there */
		for (size_t i = 0; i < tag->value.n; i++)
			if (tag->value.p[i] < '0' || tag->value.p[i] > '9')
				return false;
		return true;
	}
	if (!num_u64(tag->value, INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool read_length(const struct tags *tags, uint64_t *out)
{
	const struct tag *tag = tags_find(tags, "l");

	*out = UINT64_MAX;
	return !tag || num_u64(tag->value, UINT64_MAX - 1, out);
}

/* RFC 6376 3.5: i= is at d= or below. */
static bool read_identity(const struct tags *tags, struct pool *pool, struct dkim_signature *out)
{
	struct slice i = tags_squeeze(pool, tags_value(tags, "i"));
	ptrdiff_t at = slice_rchr(i, '@');
	struct slice host = at < 0 ? i : slice_from(i, (size_t)at + 1);

	out->identity = i;
	if (i.n == 0)
		return true;
	return at >= 0 && slice_iends(host, out->domain) &&
	    (host.n == out->domain.n || host.p[host.n - out->domain.n - 1] == '.');
}

static size_t count_names(struct slice names)
{
	size_t n = 1;

	for (size_t i = 0; i < names.n; i++)
		n += names.p[i] == ':';
	return n;
}

/* What ARC-Message-Signature has too. */
static enum dkim_result read_common(
    const struct tags *tags, struct pool *pool, struct dkim_signature *out)
{
	if (!read_canons(tags_value(tags, "c"), out))
		return malformed(out, "canonicalization not known");
	out->names = tags_squeeze(pool, tags_value(tags, "h"));
	if (out->names.n == 0 || count_names(out->names) > DKIM_NAMES_MAX)
		return malformed(out, "no list of header fields, or too long a one");
	if (!tags_base64(pool, tags_value(tags, "bh"), &out->body_digest) ||
	    out->body_digest.n != DIGEST_SIZE)
		return malformed(out, "no hash of the body");
	if (!read_length(tags, &out->most) || !read_time(tags, "t", &out->made) ||
	    !read_time(tags, "x", &out->ends))
		return malformed(out, "a number in it is malformed");
	if (out->ends >= 0 && out->made >= 0 && out->ends <= out->made)
		return malformed(out, "it ends before it begins");
	return DKIM_PASS;
}

static enum dkim_result read_own(
    const struct tags *tags, struct pool *pool, struct dkim_signature *out)
{
	const struct tag *q = tags_find(tags, "q");

	if (!slice_eq(tags_value(tags, "v"), SLICE("1")))
		return malformed(out, "version not known");
	if (q && !tags_lists(q->value, "dns/txt"))
		return malformed(out, "no way known to the key");
	if (!tags_lists(out->names, "from")) /* RFC 6376 5.4 */
		return malformed(out, "From is not signed");
	if (!read_identity(tags, pool, out))
		return malformed(out, "i= is not of the domain");
	out->verdict->identity = out->identity;
	return DKIM_PASS;
}

enum dkim_result dkim_signature_read(const struct msg_field *field, const struct tags *tags,
    bool arc, struct pool *pool, struct dkim_signature *out)
{
	out->field = field;
	enum dkim_result result = dkim_signer_read(tags, pool, out);
	if (result == DKIM_PASS)
		result = read_common(tags, pool, out);
	if (result == DKIM_PASS && !arc)
		result = read_own(tags, pool, out);
	return result;
}
