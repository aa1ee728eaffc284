/* metadata_script.c - the note that says which script runs for a mailbox (RFC 6785 7.4, 7.5) */
#include "core/num.h"
#include "protocols/imap/event.h"
#include "protocols/imap/metadata.h"
#include "storage/acct_record.h"

#define SCRIPT "/shared/imapsieve/script"

static bool find_script(void *arg, struct slice key, struct slice value)
{
	bool *any = arg;

	(void)value;
	*any = slice_eq(slice_from(key, IMAP_METADATA_BOX), SLICE(SCRIPT));
	return !*any;
}

bool imap_metadata_scripts(struct acct *acct)
{
	bool any = false;

	acct_record_each(acct, IMAP_METADATA_ROOM, SLICE(""), find_script, &any);
	return any;
}

static int read_script(struct acct *acct, uint32_t box, struct buf *out)
{
	unsigned char key[IMAP_METADATA_BOX + sizeof SCRIPT - 1];

	num_put32(key, box);
	memcpy(key + IMAP_METADATA_BOX, SCRIPT, sizeof SCRIPT - 1);
	return acct_record_get(acct, IMAP_METADATA_ROOM, slice_of(key, sizeof key), out);
}

int imap_metadata_script(struct acct *acct, uint32_t box, struct buf *name)
{
	struct buf value = { 0 };
	int found = read_script(acct, box, &value);

	if (found == 0) /* RFC 6785 2.3.1: that of the server, which is the account's here */
		found = read_script(acct, 0, &value);
	buf_clear(name);
	if (found == 1)
		buf_adds(name, slice_from(buf_slice(&value), 1));
	buf_done(&value);
	return found < 0 ? -1 : name->n > 0;
}
