/* cmd_urlfetch.c - URLFETCH (RFC 4467 §7, RFC 5524): what others gave an address of */
#include <time.h>

#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "protocols/imap/url.h"

/* What is wanted of an address; nothing: its text as it is, alone. */
enum wanted { BODY = 1, BINARY = 2, STRUCTURE = 4 };

struct asked {
	struct slice url;
	unsigned wanted; /* enum wanted, or-ed */
};

struct fetching {
	struct asked asked[IMAP_URLS_MAX];
	size_t n, at;
};

/* --- the right to it --- */

static bool may_fetch(struct imap *im, const struct imap_url *url, const char *owner)
{
	struct slice user = slice_from(url->access, 5);

	if (url->expire && url->expire <= (int64_t)time(NULL))
		return false;
	if (slice_ieq(url->access, SLICE("authuser")) || slice_ieq(url->access, SLICE("anonymous")))
		return true;
	return slice_istarts(url->access, SLICE("user+")) &&
	    strcmp(imap_url_user(sess_cmd_pool(im->sess), user, owner), im->who) == 0;
}

/* The time does not tell how much of the token was right. */
static bool is_genuine(struct imap *im, const struct imap_url *url, struct acct *acct, uint32_t box)
{
	const char *want = imap_url_token(sess_cmd_pool(im->sess), acct, box, url->rump);

	return want && slice_ieq(url->mech, SLICE("internal")) && url->token.n == strlen(want) &&
	    bytes_same(want, url->token.p, url->token.n);
}

static const char *fetch(struct imap *im, struct slice address, struct imap_url_text *text)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct box_status status;
	struct imap_url url;
	struct err err;

	if (!imap_url_parse(pool, address, &url) || url.mech.n == 0 || url.mailbox.n == 0)
		return "no address with a token";
	const char *owner = imap_url_user(pool, url.user, im->who);
	struct imap_place *place = *owner ? imap_find_owner(im, owner, &err) : NULL;
	if (!place || !may_fetch(im, &url, owner) ||
	    box_status(place->acct, url.mailbox, &status, &err) != 0 ||
	    !is_genuine(im, &url, place->acct, status.id))
		return "not for this user";
	return imap_url_take(&url, place->acct, url.mailbox, text);
}

/* --- the answer --- */

/* RFC 5524 §5: NUL goes only into a literal8. */
static void put_text(struct buf *out, const struct imap_url_text *text)
{
	struct slice plain = buf_slice(text->out);

	if (text->undecoded)
		buf_addz(out, "NIL");
	else if (slice_chr(plain, '\0') < 0)
		imap_put_string(out, plain);
	else {
		buf_printf(out, "~{%zu}\r\n", plain.n);
		buf_adds(out, plain);
	}
}

/* " (BODYPARTSTRUCTURE (...)) (BINARY {28}..." */
static void put_items(struct buf *out, unsigned wanted, const struct imap_url_text *text)
{
	if (wanted & STRUCTURE) {
		buf_addz(out, " (BODYPARTSTRUCTURE ");
		buf_adds(out, buf_slice(text->structure));
		buf_addc(out, ')');
	}
	if (wanted & (BODY | BINARY)) {
		buf_addz(out, wanted & BINARY ? " (BINARY " : " (BODY ");
		put_text(out, text);
		buf_addc(out, ')');
	}
}

static void put_fetched(struct imap *im, const struct asked *asked)
{
	struct buf *out = sess_out(im->sess), plain = { 0 }, structure = { 0 };
	struct imap_url_text text = {
		.most = (uint64_t)conf_num(&conf_key_imap_max_append),
		.binary = asked->wanted & BINARY,
		.out = &plain,
		.structure = asked->wanted & STRUCTURE ? &structure : NULL,
	};
	const char *why = fetch(im, asked->url, &text);

	buf_addz(out, "* URLFETCH ");
	imap_put_string(out, asked->url);
	if (why)
		buf_addz(out, " NIL");
	else if (asked->wanted)
		put_items(out, asked->wanted, &text);
	else {
		buf_addc(out, ' ');
		put_text(out, &text);
	}
	buf_addz(out, "\r\n");
	buf_done(&plain);
	buf_done(&structure);
}

static enum imap_done go_on(struct imap *im)
{
	struct fetching *f = im->work;

	while (f->at < f->n) {
		if (sess_full(im->sess))
			return IMAP_LATER;
		put_fetched(im, &f->asked[f->at++]);
	}
	return IMAP_OK;
}

/* --- the command --- */

static unsigned wanted_of(struct slice word)
{
	static const struct {
		const char *name;
		enum wanted what;
	} words[] = { { "BODY", BODY }, { "BINARY", BINARY }, { "BODYPARTSTRUCTURE", STRUCTURE } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_ieq(word, slice_str(words[i].name)))
			return words[i].what;
	return 0;
}

/* RFC 5524 §3.1: each once, and not both of BODY and BINARY. */
static bool take_asked(struct pool *pool, struct slice *in, struct asked *out)
{
	struct slice word;

	if (!imap_take(in, '('))
		return imap_astring(pool, in, &out->url);
	if (!imap_astring(pool, in, &out->url))
		return false;
	while (imap_take(in, ' ')) {
		unsigned one = imap_atom(in, &word) ? wanted_of(word) : 0;

		if (one == 0 || (out->wanted & one))
			return false;
		out->wanted |= one;
	}
	return (out->wanted & (BODY | BINARY)) != (BODY | BINARY) && imap_take(in, ')');
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct fetching *f = pool_get(pool, sizeof *f);

	do {
		if (f->n == IMAP_URLS_MAX || !take_asked(pool, &args, &f->asked[f->n++]))
			return IMAP_BAD;
	} while (imap_take(&args, ' '));
	if (!imap_end(args))
		return IMAP_BAD;
	im->work = f;
	im->resume = go_on;
	return go_on(im);
}

IMAP_COMMAND(urlfetch) = {
	.name = "URLFETCH",
	.states = IMAP_KNOWN,
	.capability = "URLAUTH=BINARY URL-PARTIAL",
	.ref = "RFC 4467 7",
	.run = run,
};
