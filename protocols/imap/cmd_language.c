/* cmd_language.c - LANGUAGE and I18NLEVEL=1 (RFC 5255): texts are in English; letters compare
 * without their case in all scripts (search_text.c, order.c) */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

enum { RANGES_MAX = 20 };

/* RFC 4647 §3.3.1: "en" and what is narrower are English; so is our default. */
static bool is_known(struct slice range)
{
	return slice_ieq(range, SLICE("en")) || slice_istarts(range, SLICE("en-")) ||
	    slice_ieq(range, SLICE("i-default")) || slice_ieq(range, SLICE("default")) ||
	    slice_eq(range, SLICE("*"));
}

static bool read_range(struct imap *im, struct slice *in, struct slice *out)
{
	if (in->n > 0 && *in->p == '*') {
		*out = SLICE("*");
		return imap_take(in, '*');
	}
	return imap_astring(sess_cmd_pool(im->sess), in, out);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct buf *out = sess_out(im->sess);
	struct slice range;
	bool known = false;
	unsigned n = 0;

	if (args.n == 0) { /* §3.2: which there are */
		buf_addz(out, "* LANGUAGE (\"en\" \"i-default\")\r\n");
		return IMAP_OK;
	}
	do {
		if (++n > RANGES_MAX || !read_range(im, &args, &range))
			return IMAP_BAD;
		known |= is_known(range);
	} while (imap_take(&args, ' '));
	if (!imap_end(args))
		return IMAP_BAD;
	if (!known)
		return imap_reply(im, IMAP_NO, "There is no such language here");
	buf_addz(out, "* LANGUAGE (\"en\")\r\n");
	return IMAP_OK;
}

IMAP_COMMAND(language) = {
	.name = "LANGUAGE",
	.states = IMAP_ANY,
	.capability = "LANGUAGE I18NLEVEL=1",
	.ref = "RFC 5255",
	.instant = true,
	.run = run,
};
