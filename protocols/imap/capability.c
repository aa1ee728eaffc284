/* capability.c - what this server can do, in words (RFC 3501 §7.2.1) */
#include "protocols/imap/imap.h"

static void put_words(struct buf *out, const char *words)
{
	if (!words)
		return;
	buf_addc(out, ' ');
	buf_addz(out, words);
}

/* Before STARTTLS a client can do nothing but ask for it, and asks again behind it
   (RFC 3501 §6.2.1); some read no more than 512 bytes of what is said until then. */
static bool is_early(const struct imap *im)
{
	return im->state == IMAP_STRANGER && !sess_is_tls(im->sess);
}

void imap_put_capabilities(const struct imap *im, struct buf *out)
{
	bool all = !is_early(im);

	buf_addz(out, "CAPABILITY IMAP4rev1");
	for (size_t i = 0; i < imap_enabling_table_n; i++)
		if (all || imap_enabling_table[i]->early)
			put_words(out, imap_enabling_table[i]->name);
	for (size_t i = 0; i < imap_extension_table_n; i++)
		if (all || imap_extension_table[i]->early)
			imap_extension_table[i]->words(im, out);
	for (size_t i = 0; i < imap_command_table_n; i++)
		if (all || imap_command_table[i]->states & IMAP_STRANGER)
			put_words(out, imap_command_table[i]->capability);
}
