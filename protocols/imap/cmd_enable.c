/* cmd_enable.c - ENABLE (RFC 5161): a client says what it understands */
#include "protocols/imap/imap.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"

/* RFC 7162 §3.2.3: who wants QRESYNC wants CONDSTORE. */
IMAP_ENABLING(condstore) = { .name = "CONDSTORE", .sets = IMAP_CONDSTORE };
IMAP_ENABLING(utf8_accept) = { .name = "UTF8=ACCEPT", .sets = IMAP_UTF8 };
IMAP_ENABLING(metadata) = { .name = "METADATA", .sets = IMAP_METADATA };
IMAP_ENABLING(imap4rev2) = { .name = "IMAP4rev2", .sets = IMAP_REV2 | IMAP_UTF8, .early = true };
IMAP_ENABLING(uidonly) = { .name = "UIDONLY", .sets = IMAP_UIDONLY };
IMAP_ENABLING(qresync) = { .name = "QRESYNC", .sets = IMAP_CONDSTORE | IMAP_QRESYNC };

void imap_enable(struct imap *im, unsigned what)
{
	bool condstore = (what & ~im->enabled & IMAP_CONDSTORE) != 0;

	im->enabled |= what;
	if (what & IMAP_METADATA)
		imap_notify_listen(im);
	if (condstore && im->state == IMAP_SELECTED) /* RFC 7162 §3.1 */
		buf_printf(sess_out(im->sess), "* OK [HIGHESTMODSEQ %llu] Highest\r\n",
		    (unsigned long long)box_snap_modseq(im->shown));
}

static const struct imap_enabling *find(struct slice word)
{
	for (size_t i = 0; i < imap_enabling_table_n; i++)
		if (slice_ieq(word, slice_str(imap_enabling_table[i]->name)))
			return imap_enabling_table[i];
	return NULL;
}

/* What is not known is passed over (RFC 5161 §3.1). */
static bool read_words(struct slice *args, unsigned *what)
{
	struct slice word;

	do {
		if (!imap_atom(args, &word))
			return false;
		const struct imap_enabling *row = find(word);
		if (row)
			*what |= row->sets;
	} while (imap_take(args, ' '));
	return args->n == 0;
}

/* RFC 5161 §3.2: what is not named there is off, so what the client asks for is named also
   when it is on already, as CONDSTORE is after SELECT (CONDSTORE). */
static enum imap_done run(struct imap *im, struct slice args)
{
	struct buf *out = sess_out(im->sess);
	unsigned what = 0;

	if (!read_words(&args, &what))
		return IMAP_BAD;
	buf_addz(out, "* ENABLED");
	for (size_t i = 0; i < imap_enabling_table_n; i++) {
		const struct imap_enabling *row = imap_enabling_table[i];

		if ((row->sets & ~what) == 0)
			buf_printf(out, " %s", row->name);
	}
	buf_addz(out, "\r\n");
	imap_enable(im, what);
	return IMAP_OK;
}

IMAP_COMMAND(enable) = {
	.name = "ENABLE",
	.states = IMAP_KNOWN,
	.capability = "ENABLE",
	.ref = "RFC 5161",
	.instant = true,
	.run = run,
};
