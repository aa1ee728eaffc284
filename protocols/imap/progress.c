/* progress.c - INPROGRESS (RFC 9585): who waits long is told that it goes on */
#include "core/loop.h"
#include "protocols/imap/imap.h"

enum { LEFT_MS = 100, TURN_MS = 20 };

CONF_KEY(imap_progress) = {
	.name = "imap.progress",
	.type = CONF_DURATION,
	.def = "10s",
	.max = 600000,
	.help =
	    "how long an IMAP command may take before its client is told that it goes on; 0: never",
};

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " INPROGRESS");
}

IMAP_EXTENSION(inprogress) = { .words = words };

/* A client that has closed its side is told soon: if it is gone, that shows it. */
static uint64_t how_often(const struct imap *im)
{
	uint64_t every = (uint64_t)conf_num(&conf_key_imap_progress);

	return sess_is_left(im->sess) && (every == 0 || every > LEFT_MS) ? LEFT_MS : every;
}

/* A command begins with its first turn, which `began` tells of then. */
static void tell(struct imap *im, uint64_t began, uint64_t done, uint64_t all)
{
	uint64_t every = how_often(im), now = loop_now();
	struct buf *out = sess_out(im->sess);

	if (im->progress == 0)
		im->progress = began;
	if (every == 0 || now - im->progress < every)
		return;
	im->progress = now;
	buf_addz(out, "* OK [INPROGRESS (");
	imap_put_string(out, im->tag);
	buf_printf(out, " %llu ", (unsigned long long)done);
	if (all > 0)
		buf_addu(out, all);
	else
		buf_addz(out, "NIL");
	buf_addz(out, ")] Still at it\r\n");
}

bool imap_turn_over(struct imap *im, uint64_t began, uint64_t done, uint64_t all)
{
	if (loop_now() - began <= TURN_MS)
		return false;
	tell(im, began, done, all);
	return true;
}
