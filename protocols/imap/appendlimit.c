/* appendlimit.c - APPENDLIMIT (RFC 7889): how large a message may be, told before it is sent */
#include "protocols/imap/imap.h"
#include "protocols/imap/status.h"

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_printf(
	    out, " APPENDLIMIT=%llu", (unsigned long long)conf_num(&conf_key_imap_max_append));
}

IMAP_EXTENSION(appendlimit) = { .words = words };

static uint64_t value(const struct box_status *status)
{
	(void)status;
	return (uint64_t)conf_num(&conf_key_imap_max_append);
}

IMAP_STATUS_ITEM(appendlimit) = { .name = "APPENDLIMIT", .value = value };
