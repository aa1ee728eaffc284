/* srs.c - the Sender Rewriting Scheme */
#include "core/srs.h"

#include "core/digest.h"

enum { HASH = 8, DAYS = 1024, ADDRESS_MAX = 1000 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 6 */

/* --- hashes --- */

static void make_hash(const struct srs_key *key, struct slice data, char out[HASH])
{
	unsigned char digest[DIGEST_SIZE];
	struct buf folded = { 0 };

	for (size_t i = 0; i < data.n; i++)
		buf_addc(&folded, char_lower(data.p[i]));
	digest_hmac(slice_of(key->bytes, sizeof(key->bytes)), buf_slice(&folded), digest);
	for (size_t i = 0; i < HASH; i++) {
		unsigned bits = (unsigned)(digest[i * 5 / 8] << 8 | digest[i * 5 / 8 + 1]);
		out[i] = letters[bits >> (11 - i * 5 % 8) & 31];
	}
	buf_done(&folded);
}

/* All keys are tried, whichever is right. */
static bool hash_fits(const struct srs_key *keys, size_t n, struct slice data, struct slice hash)
{
	char given[HASH], made[HASH];
	bool fits = false;

	if (hash.n != HASH)
		return false;
	for (size_t i = 0; i < HASH; i++)
		given[i] = char_lower(hash.p[i]);
	for (size_t i = 0; i < n; i++) {
		make_hash(&keys[i], data, made);
		fits |= bytes_same(given, made, HASH);
	}
	return fits;
}

/* --- days: two letters, which come again after 1024 --- */

static void put_day(struct buf *out, int64_t day)
{
	buf_addc(out, letters[day >> 5 & 31]);
	buf_addc(out, letters[day & 31]);
}

static int letter_value(char c)
{
	const char *at = c ? strchr(letters, char_lower(c)) : NULL;

	return at ? (int)(at - letters) : -1;
}

/* How many days ago that was, of tomorrow's as of today's; -1: it is no day. */
static int64_t age_of(struct slice text, int64_t day)
{
	int high = text.n == 2 ? letter_value(text.p[0]) : -1,
	    low = text.n == 2 ? letter_value(text.p[1]) : -1;

	if (high < 0 || low < 0)
		return -1;
	int64_t age = (day - (high << 5 | low)) & (DAYS - 1);
	return age == DAYS - 1 ? 0 : age; /* a clock that is ahead of ours */
}

/* --- forward --- */

static bool is_separator(char c)
{
	return c == '=' || c == '+' || c == '-';
}

static bool has_tag(struct slice local, const char *tag)
{
	return slice_istarts(local, slice_str(tag)) && local.n > 5 && is_separator(local.p[4]);
}

bool srs_is(struct slice local)
{
	return has_tag(local, "SRS0") || has_tag(local, "SRS1");
}

/* Which would need quotes, or end a field. */
static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f ||
		    strchr("\"(),:;<>@[\\]", text.p[i]))
			return false;
	return text.n > 0;
}

static void put(const struct srs_key *key, const char *tag, struct slice data, struct slice domain,
    struct buf *out)
{
	char hash[HASH];

	make_hash(key, data, hash);
	buf_printf(out, "%s=%.*s=%.*s@%.*s", tag, HASH, hash, SLICE_ARG(data), SLICE_ARG(domain));
}

/* "first.test" and what stands behind SRS0 there, with its separator. */
static bool read_second(struct slice local, struct slice *host, struct slice *rest)
{
	struct slice all = slice_from(local, 5), first;

	slice_cut(&all, '=');
	first = slice_cut(&all, '=');
	if (first.n == 0 || all.n < 2 || !is_separator(all.p[0]))
		return false;
	*host = first;
	*rest = all;
	return true;
}

bool srs_forward(const struct srs_key *key, int64_t day, struct slice sender, struct slice domain,
    struct buf *out)
{
	ptrdiff_t at = slice_rchr(sender, '@');
	struct slice local = slice_head(sender, at > 0 ? (size_t)at : 0), rest,
		     host = slice_from(sender, (size_t)(at + 1));
	struct buf data = { 0 };
	const char *tag = "SRS1";

	if (at <= 0 || sender.n > ADDRESS_MAX || !is_plain(local) || !is_plain(host) ||
	    slice_chr(host, '=') >= 0)
		return false;
	if (has_tag(local, "SRS1") && read_second(local, &host, &rest)) {
		buf_printf(&data, "%.*s=%.*s", SLICE_ARG(host), SLICE_ARG(rest));
	} else if (has_tag(local, "SRS0")) {
		buf_printf(&data, "%.*s=%.*s", SLICE_ARG(host), SLICE_ARG(slice_from(local, 4)));
	} else {
		tag = "SRS0";
		put_day(&data, day);
		buf_printf(&data, "=%.*s=%.*s", SLICE_ARG(host), SLICE_ARG(local));
	}
	put(key, tag, buf_slice(&data), domain, out);
	buf_done(&data);
	return true;
}

/* --- back --- */

static enum srs_verdict to_first(struct slice data, struct buf *out)
{
	struct slice rest = data, host = slice_cut(&rest, '=');

	if (!is_plain(host) || rest.n < 2 || !is_separator(rest.p[0]))
		return SRS_FORGED;
	buf_printf(out, "SRS0%.*s@%.*s", SLICE_ARG(rest), SLICE_ARG(host));
	return SRS_GOOD;
}

static enum srs_verdict to_sender(struct slice data, int64_t day, unsigned days, struct buf *out)
{
	struct slice rest = data, when = slice_cut(&rest, '='), host = slice_cut(&rest, '=');
	int64_t age = age_of(when, day);

	if (age < 0 || !is_plain(host) || rest.n == 0)
		return SRS_FORGED;
	if (age > (int64_t)days)
		return SRS_OLD;
	buf_printf(out, "%.*s@%.*s", SLICE_ARG(rest), SLICE_ARG(host));
	return SRS_GOOD;
}

enum srs_verdict srs_reverse(const struct srs_key *keys, size_t n, int64_t day, unsigned days,
    struct slice local, struct buf *out)
{
	struct slice data = slice_from(local, 5), hash = slice_cut(&data, '=');

	if (!srs_is(local))
		return SRS_NONE;
	if (local.n > ADDRESS_MAX || !is_plain(local) || !hash_fits(keys, n, data, hash))
		return SRS_FORGED;
	return has_tag(local, "SRS1") ? to_first(data, out) : to_sender(data, day, days, out);
}
