/* url_parse.c - read an imap:// address (RFC 5092 §11, RFC 4467 §9)
 *
 *	[imap://[user[;AUTH=type]@]host[:port]]/mailbox[;UIDVALIDITY=n]
 *	/;UID=n[/;SECTION=s][/;PARTIAL=from[.count]][;EXPIRE=date][;URLAUTH=access[:mech:token]] */
#include "core/num.h"
#include "core/text.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/url.h"

enum { URL_MAX = 4000 };

/* %XX undone; no NUL and nothing that is not UTF-8 may come of it. */
static bool decode(struct pool *pool, struct slice in, struct slice *out)
{
	char *p = pool_get(pool, in.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++, n++) {
		p[n] = in.p[i];
		if (in.p[i] != '%')
			continue;
		if (in.n - i < 3 || hex_digit(in.p[i + 1]) < 0 || hex_digit(in.p[i + 2]) < 0)
			return false;
		p[n] = (char)(hex_digit(in.p[i + 1]) << 4 | hex_digit(in.p[i + 2]));
		i += 2;
	}
	*out = slice_of(p, n);
	return slice_chr(*out, '\0') < 0 && utf8_valid(*out);
}

static bool take_word(struct slice *in, const char *word)
{
	struct slice w = slice_str(word);

	if (!slice_istarts(*in, w))
		return false;
	*in = slice_from(*in, w.n);
	return true;
}

/* Up to one of these characters, or the end. */
static struct slice take_until(struct slice *in, const char *stops)
{
	size_t n = 0;

	while (n < in->n && !strchr(stops, in->p[n]))
		n++;
	struct slice head = slice_head(*in, n);
	*in = slice_from(*in, n);
	return head;
}

static bool read_server(struct pool *pool, struct slice *in, struct imap_url *url)
{
	if (!take_word(in, "imap://"))
		return true;
	struct slice server = take_until(in, "/");
	ptrdiff_t at = slice_rchr(server, '@');
	if (at >= 0) {
		struct slice user = slice_head(server, (size_t)at);
		if (!decode(pool, take_until(&user, ";"), &url->user))
			return false;
		server = slice_from(server, (size_t)at + 1);
	}
	url->host = server;
	return server.n > 0;
}

/* "/mailbox;UIDVALIDITY=7" up to "/;UID="; a mailbox may have '/' in it. */
static bool read_mailbox(struct pool *pool, struct slice *in, struct imap_url *url)
{
	ptrdiff_t at = slice_ifind(*in, SLICE("/;UID="));
	bool bare = at < 0 && slice_istarts(*in, SLICE(";UID="));

	if (at < 0 && !bare)
		return false;
	struct slice name = slice_head(*in, bare ? 0 : (size_t)at);
	*in = slice_from(*in, name.n + (bare ? 0 : 1));
	if (name.n == 0)
		return url->host.n == 0;
	if (!imap_take(&name, '/'))
		return false;
	struct slice encoded = take_until(&name, ";");
	if (name.n > 0 &&
	    (!take_word(&name, ";UIDVALIDITY=") || !imap_nz_number(&name, &url->uidvalidity) ||
		name.n > 0))
		return false;
	return encoded.n > 0 && decode(pool, encoded, &url->mailbox);
}

static bool read_part(struct pool *pool, struct slice *in, struct imap_url *url)
{
	if (!take_word(in, ";UID=") || !imap_nz_number(in, &url->uid))
		return false;
	if (take_word(in, "/;SECTION=") && !decode(pool, take_until(in, "/;"), &url->section))
		return false;
	url->partial = take_word(in, "/;PARTIAL=");
	if (!url->partial)
		return true;
	return imap_number(in, &url->from) &&
	    (!imap_take(in, '.') || imap_nz_number(in, &url->count));
}

/* RFC 3339: "2026-11-21T19:00:00Z" or with an offset. */
static bool read_expire(struct slice text, struct imap_url *url)
{
	struct tm tm = { 0 };
	char copy[40], *end;

	if (text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	end = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	url->expire = (int64_t)timegm(&tm);
	if ((*end == 'Z' || *end == 'z') && !end[1])
		return true;
	uint32_t hours, minutes;
	struct slice zone = slice_str(end);
	if (zone.n != 6 || (*end != '+' && *end != '-') || end[3] != ':' ||
	    !num_u32(slice_of(end + 1, 2), &hours) || !num_u32(slice_of(end + 4, 2), &minutes))
		return false;
	int64_t offset = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	url->expire -= *end == '+' ? offset : -offset;
	return true;
}

static bool read_auth(struct slice *in, struct slice text, struct imap_url *url)
{
	if (take_word(in, ";EXPIRE=") && !read_expire(take_until(in, ";"), url))
		return false;
	if (!take_word(in, ";URLAUTH="))
		return true;
	url->access = take_until(in, ":");
	url->rump = slice_head(text, text.n - in->n);
	if (!imap_take(in, ':'))
		return url->access.n > 0;
	url->mech = take_until(in, ":");
	if (!imap_take(in, ':'))
		return false;
	url->token = take_until(in, "");
	return url->access.n > 0 && url->mech.n > 0 && url->token.n > 0;
}

const char *imap_url_user(struct pool *pool, struct slice name, const char *beside)
{
	struct address address;

	if (slice_chr(name, '@') < 0 && strchr(beside, '@'))
		name =
		    slice_str(pool_printf(pool, "%.*s%s", SLICE_ARG(name), strrchr(beside, '@')));
	if (!address_parse(pool, name, &address))
		return "";
	return pool_printf(pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
}

bool imap_url_parse(struct pool *pool, struct slice text, struct imap_url *out)
{
	struct slice in = text;

	*out = (struct imap_url){ 0 };
	return text.n <= URL_MAX && read_server(pool, &in, out) && read_mailbox(pool, &in, out) &&
	    read_part(pool, &in, out) && read_auth(&in, text, out) && in.n == 0;
}
