/* cmd_metadata.c - GETMETADATA and SETMETADATA (RFC 5464): what clients note of a mailbox */
#include "core/num.h"
#include "protocols/imap/event.h"
#include "protocols/imap/metadata.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"
#include "storage/acct_record.h"

enum {
	VALUE_MAX = 64 << 10,
	NOTES_MAX = 100,      /* of a mailbox */
	BYTES_MAX = 16 << 20, /* of an account: no quota counts them */
};

/* --- GETMETADATA --- */

static bool read_option(struct slice *in, struct imap_metadata *m)
{
	struct slice word;
	uint32_t depth;

	if (!imap_word(in, &word) || !imap_take(in, ' '))
		return false;
	if (slice_ieq(word, SLICE("MAXSIZE")))
		return imap_number64(in, &m->max_size);
	if (!slice_ieq(word, SLICE("DEPTH")))
		return false;
	if (imap_is_word(in, "infinity")) {
		m->depth = 2;
		return true;
	}
	if (!imap_number(in, &depth) || depth > 1)
		return false;
	m->depth = depth;
	return true;
}

/* RFC 5464 §4.2: in front of the mailbox by the grammar, behind it in the examples. */
static bool read_options(struct slice *in, struct imap_metadata *m)
{
	if (in->n < 2 || in->p[0] != '(' || !imap_atom_char(in->p[1]) || in->p[1] == '/')
		return true;
	imap_take(in, '(');
	do {
		if (!read_option(in, m))
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') && imap_take(in, ' ');
}

static enum imap_done told(struct imap *im, const struct imap_metadata *m)
{
	if (m->longest == 0)
		return IMAP_OK;
	return imap_reply(im, IMAP_OK,
	    pool_printf(sess_cmd_pool(im->sess), "[METADATA LONGENTRIES %llu] Some are longer",
		(unsigned long long)m->longest));
}

static enum imap_done run_get(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct imap_metadata *m = pool_get(pool, sizeof *m);
	enum imap_done done;

	m->max_size = UINT64_MAX;
	if (!read_options(&args, m) || !imap_take_name(im, &args, &m->mailbox) ||
	    !imap_take(&args, ' ') || !read_options(&args, m) ||
	    !imap_metadata_entries(pool, &args, m) || !imap_end(args))
		return IMAP_BAD;
	if ((done = imap_metadata_find(im, m)) != IMAP_OK)
		return done;
	done = imap_metadata_put(im, m) == 0
	    ? told(im, m)
	    : imap_reply(im, IMAP_NO, "[UNAVAILABLE] Cannot look that up now, try again later");
	buf_done(&m->out);
	return done;
}

/* --- SETMETADATA --- */

/* Behind its "~": any bytes (RFC 3516 §7). */
static bool literal8(struct slice *in, struct slice *out)
{
	uint64_t n;

	if (!imap_literal_size(in, &n) || n > in->n)
		return false;
	*out = slice_head(*in, (size_t)n);
	*in = slice_from(*in, (size_t)n);
	return true;
}

/* nstring or literal8; NIL is no value: the note goes. */
static bool read_value(struct pool *pool, struct slice *in, struct slice *out)
{
	struct slice text;

	*out = (struct slice){ 0 };
	if (imap_is_word(in, "NIL"))
		return true;
	if (imap_take(in, '~') ? !literal8(in, &text) : !imap_string(pool, in, &text))
		return false;
	char *value = pool_get(pool, text.n + 1); /* behind a version byte */
	value[0] = 1;
	if (text.n > 0)
		memcpy(value + 1, text.p, text.n);
	*out = slice_of(value, text.n + 1);
	return true;
}

static bool read_notes(struct pool *pool, struct slice *in, struct imap_metadata *m)
{
	if (!imap_take(in, '('))
		return false;
	do {
		size_t i = m->n++;

		if (i == IMAP_METADATA_ENTRIES || !imap_metadata_entry(pool, in, &m->entries[i]) ||
		    slice_rchr(m->entries[i], '/') == 0 || !imap_take(in, ' ') ||
		    !read_value(pool, in, &m->values[i]))
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')');
}

struct tally {
	uint32_t box;
	unsigned notes; /* of the mailbox */
	uint64_t bytes; /* of all */
};

static bool count_note(void *arg, struct slice key, struct slice value)
{
	struct tally *tally = arg;

	tally->notes += num_get32((const unsigned char *)key.p) == tally->box;
	tally->bytes += value.n;
	return true;
}

/* NULL, or why there is no room. */
static const char *no_room(const struct imap_metadata *m)
{
	struct tally tally = { .box = m->box };

	for (size_t i = 0; i < m->n; i++)
		if (m->values[i].n > VALUE_MAX)
			return "[METADATA MAXSIZE 65535] That is too long";
	acct_record_each(m->acct, IMAP_METADATA_ROOM, SLICE(""), count_note, &tally);
	if (tally.bytes > BYTES_MAX)
		return "[OVERQUOTA] The notes of the account take all the room that they may";
	if (tally.notes >= NOTES_MAX)
		return "[METADATA TOOMANY] The mailbox has its most notes already";
	return NULL;
}

static bool only_removes(const struct imap_metadata *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->values[i].n > 0)
			return false;
	return true;
}

static enum imap_done store(struct imap *im, struct imap_metadata *m)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct acct_record *records = pool_get(pool, m->n * sizeof *records);
	const char *why = only_removes(m) ? NULL : no_room(m);
	struct err err;

	if (why)
		return imap_reply(im, IMAP_NO, why);
	for (size_t i = 0; i < m->n; i++)
		records[i] = (struct acct_record){
			.key = imap_metadata_key(pool, m, m->entries[i]),
			.value = m->values[i],
		};
	if (acct_record_put_of(m->acct, IMAP_METADATA_ROOM, m->box, records, m->n, &err) != 0)
		return imap_failed(im, &err);
	imap_events_changed();
	imap_notify_noted(im, m);
	return IMAP_OK;
}

static enum imap_done run_set(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct imap_metadata *m = pool_get(pool, sizeof *m);

	m->changes = true;
	if (!imap_take_name(im, &args, &m->mailbox) || !imap_take(&args, ' ') ||
	    !read_notes(pool, &args, m) || !imap_end(args))
		return IMAP_BAD;
	enum imap_done done = imap_metadata_find(im, m);
	return done == IMAP_OK ? store(im, m) : done;
}

IMAP_COMMAND(getmetadata) = {
	.name = "GETMETADATA",
	.states = IMAP_KNOWN,
	.ref = "RFC 5464 4.2",
	.run = run_get,
};

IMAP_COMMAND(setmetadata) = {
	.name = "SETMETADATA",
	.states = IMAP_KNOWN,
	.ref = "RFC 5464 4.3",
	.run = run_set,
};
