/* capability.c - what this server can do, in words (RFC 3501 §7.2.1) */
#include "protocols/imap/imap.h"

static void put_words(struct buf *out, const char *words)
{
	if (!words)
		return;
	buf_addc(out, ' ');
	buf_addz(out, words);
}

void imap_put_capabilities(const struct imap *im, struct buf *out)
{
	buf_addz(out, "CAPABILITY IMAP4rev1");
	for (size_t i = 0; i < imap_enabling_table_n; i++)
		put_words(out, imap_enabling_table[i]->name);
	for (size_t i = 0; i < imap_extension_table_n; i++)
		imap_extension_table[i]->words(im, out);
	for (size_t i = 0; i < imap_command_table_n; i++)
		put_words(out, imap_command_table[i]->capability);
}
