/* savelimit.c - SAVELIMIT (RFC 9738): how many messages one COPY or APPEND may store
 *
 * These two are all or nothing, so the limit refuses them as a whole. The other
 * commands work by turns and have no such limit: MESSAGELIMIT is not announced. */
#include "protocols/imap/imap.h"

CONF_KEY(imap_save_limit) = {
	.name = "imap.save-limit",
	.type = CONF_INT,
	.def = "0",
	.max = 10000000,
	.help = "messages that one COPY or APPEND may store, at least 1000; 0: any number",
};

enum { LEAST = 1000 };

static uint64_t limit(void)
{
	uint64_t most = (uint64_t)conf_num(&conf_key_imap_save_limit);

	return most > 0 && most < LEAST ? LEAST : most;
}

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	if (limit() > 0)
		buf_printf(out, " SAVELIMIT=%llu", (unsigned long long)limit());
}

IMAP_EXTENSION(savelimit) = { .words = words };

bool imap_save_allowed(struct imap *im, size_t n)
{
	uint64_t most = limit();

	if (most == 0 || n <= most)
		return true;
	imap_reply(im, IMAP_NO,
	    pool_printf(sess_cmd_pool(im->sess), "[MESSAGELIMIT %llu] So many at once are too many",
		(unsigned long long)most));
	return false;
}
