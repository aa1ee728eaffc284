/* metadata.c - notes of mailboxes (RFC 5464): where they are kept, and how they are told
 *
 * Notes are records of the account whose mailbox it is. Private ones of others
 * have their address in front. They stay with a mailbox that is renamed, and are
 * removed with one that is deleted. */
#include "protocols/imap/metadata.h"

#include "core/num.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "storage/acct_record.h"
#include "storage/rename.h"

enum { NAME_MAX_BYTES = 500 };

/* --- reading --- */

/* §3.2 */
static bool is_rooted(struct slice name)
{
	struct slice rest = slice_from(name, 1), root = slice_cut(&rest, '/');

	return name.n > 0 && *name.p == '/' &&
	    (slice_ieq(root, SLICE("private")) || slice_ieq(root, SLICE("shared")));
}

bool imap_metadata_entry(struct pool *pool, struct slice *in, struct slice *out)
{
	struct slice name;

	if (!imap_astring(pool, in, &name) || name.n > NAME_MAX_BYTES || !is_rooted(name))
		return false;
	char *low = pool_get(pool, name.n);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c <= ' ' || c >= 127 || c == '*' || c == '%')
			return false;
		if (c == '/' && (i + 1 == name.n || name.p[i + 1] == '/'))
			return false;
		low[i] = char_lower(c);
	}
	*out = slice_of(low, name.n);
	return true;
}

bool imap_metadata_entries(struct pool *pool, struct slice *in, struct imap_metadata *m)
{
	bool many = imap_take(in, '(');

	do {
		if (m->n == IMAP_METADATA_ENTRIES ||
		    !imap_metadata_entry(pool, in, &m->entries[m->n++]))
			return false;
	} while (many && imap_take(in, ' '));
	return !many || imap_take(in, ')');
}

/* --- where they are --- */

/* §3.3: to see notes takes one of these rights, to change what all see another. */
static bool is_allowed(const struct imap_metadata *m, unsigned rights)
{
	const unsigned some = RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_POST;

	for (size_t i = 0; m->changes && i < m->n; i++)
		if (slice_starts(m->entries[i], SLICE("/shared/")) && !(rights & RIGHT_WRITE))
			return false;
	return rights & some;
}

enum imap_done imap_metadata_find(struct imap *im, struct imap_metadata *m)
{
	struct box_status status;
	struct err err;

	m->acct = im->acct;
	m->who = "";
	if (m->mailbox.n == 0)
		return IMAP_OK;
	struct imap_place *place = imap_find(im, m->mailbox, RIGHT_LOOKUP, &err);
	if (!place || box_status(place->acct, place->name, &status, &err) != 0)
		return imap_failed(im, &err);
	if (!is_allowed(m, place->rights))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may not do that with its notes");
	m->box = status.id;
	m->acct = place->acct;
	m->who = place->foreign ? im->who : "";
	return IMAP_OK;
}

struct slice imap_metadata_key(struct pool *pool, const struct imap_metadata *m, struct slice entry)
{
	const char *who = slice_starts(entry, SLICE("/private")) ? m->who : "";
	size_t n = strlen(who);
	unsigned char *key = pool_get(pool, IMAP_METADATA_BOX + n + entry.n);

	num_put32(key, m->box);
	memcpy(key + IMAP_METADATA_BOX, who, n);
	memcpy(key + IMAP_METADATA_BOX + n, entry.p, entry.n);
	return slice_of(key, IMAP_METADATA_BOX + n + entry.n);
}

/* Of a key, the address of somebody else; what clients call their notes stays. */
static void rename_note(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice name = slice_from(key, IMAP_METADATA_BOX);
	ptrdiff_t at = slice_chr(name, '/');

	buf_adds(new_key, slice_head(key, IMAP_METADATA_BOX));
	rename_addresses(names, slice_head(name, at < 0 ? 0 : (size_t)at), new_key);
	buf_adds(new_key, slice_from(name, at < 0 ? 0 : (size_t)at));
	buf_adds(new_value, value);
}

RENAMED(metadata) = { .room = IMAP_METADATA_ROOM, .of_accounts = true, .change = rename_note };
BOX_NOTES(metadata) = { .room = IMAP_METADATA_ROOM };

/* --- telling --- */

/* Is this note the entry at hand, or below it as far as DEPTH goes? */
static bool is_wanted(const struct imap_metadata *m, struct slice name)
{
	struct slice rest = slice_from(name, m->entries[m->at].n);

	if (rest.n == 0)
		return true;
	if (*rest.p != '/' || m->depth == 0)
		return false;
	return m->depth > 1 || slice_chr(slice_from(rest, 1), '/') < 0;
}

static bool put_note(void *arg, struct slice key, struct slice value)
{
	struct imap_metadata *m = arg;
	struct slice name = slice_from(key, IMAP_METADATA_BOX), text = slice_from(value, 1);
	ptrdiff_t at = slice_chr(name, '/'); /* behind the address */

	name = slice_from(name, at < 0 ? 0 : (size_t)at);

	if (!is_wanted(m, name))
		return true;
	if (text.n > m->max_size) {
		m->longest = text.n > m->longest ? text.n : m->longest;
		return true;
	}
	if (m->out.n > 0)
		buf_addc(&m->out, ' ');
	imap_put_astring(&m->out, name);
	buf_addc(&m->out, ' ');
	if (slice_chr(text, '\0') >= 0)
		buf_addc(&m->out, '~');
	imap_put_string(&m->out, text);
	return true;
}

static int gather(struct imap *im, struct imap_metadata *m)
{
	buf_clear(&m->out);
	for (m->at = 0; m->at < m->n; m->at++) {
		struct slice key = imap_metadata_key(sess_cmd_pool(im->sess), m, m->entries[m->at]);

		if (acct_record_each(m->acct, IMAP_METADATA_ROOM, key, put_note, m) < 0)
			return -1;
	}
	return 0;
}

int imap_metadata_put(struct imap *im, struct imap_metadata *m)
{
	struct buf *out = sess_out(im->sess);

	if (gather(im, m) != 0)
		return -1;
	if (m->out.n == 0)
		return 0;
	buf_addz(out, "* METADATA ");
	imap_put_name(im, m->mailbox);
	buf_addz(out, " (");
	buf_adds(out, buf_slice(&m->out));
	buf_addz(out, ")\r\n");
	return 0;
}
