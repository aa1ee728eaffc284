/* cmd_metadata.c - GETMETADATA and SETMETADATA (RFC 5464): what clients note of a mailbox
 *
 * Notes are records of the account whose mailbox it is. Private ones of others
 * have their address in front. They stay with a mailbox that is renamed, and
 * nobody finds those of a mailbox that was deleted: ids are not used again. */
#include "core/num.h"
#include "protocols/imap/event.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "storage/acct_record.h"
#include "storage/rename.h"

#define ROOM "metadata"
#define SCRIPT "/shared/imapsieve/script" /* RFC 6785 7.4, 7.5 */

enum {
	NAME_MAX_BYTES = 500,
	VALUE_MAX = 64 << 10,
	NOTES_MAX = 100,      /* of a mailbox */
	BYTES_MAX = 16 << 20, /* of an account: no quota counts them */
	ENTRIES_MAX = 50,
	BOX = 4, /* a key is the mailbox's id and the name in lower case */
};

/* --- reading --- */

/* entry: "/private/..." or "/shared/..." (§3.2), in lower case. */
static bool read_entry(struct pool *pool, struct slice *in, struct slice *out)
{
	struct slice name;

	if (!imap_astring(pool, in, &name) || name.n > NAME_MAX_BYTES ||
	    (!slice_istarts(name, SLICE("/private/")) && !slice_istarts(name, SLICE("/shared/"))))
		return false;
	char *low = pool_get(pool, name.n);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c <= ' ' || c >= 127 || c == '*' || c == '%')
			return false;
		if (c == '/' && (i + 1 == name.n || name.p[i + 1] == '/'))
			return false;
		low[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	*out = slice_of(low, name.n);
	return true;
}

struct metadata {
	struct slice mailbox;
	uint32_t box; /* 0: the account itself */
	struct acct *acct;
	const char *who; /* before private notes: "" for the owner's */
	bool changes;
	struct slice entries[ENTRIES_MAX], values[ENTRIES_MAX];
	size_t n;
	uint64_t max_size; /* MAXSIZE */
	unsigned depth;
	/* The answer. */
	struct buf out;
	size_t at; /* the entry at hand */
	uint64_t longest;
};

/* §3.3: to see notes takes one of these rights, to change what all see another. */
static bool is_allowed(const struct metadata *m, unsigned rights)
{
	const unsigned some = RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_POST;

	for (size_t i = 0; m->changes && i < m->n; i++)
		if (slice_starts(m->entries[i], SLICE("/shared/")) && !(rights & RIGHT_WRITE))
			return false;
	return rights & some;
}

/* Find the mailbox; "" is the account's. False: the answer is *done. */
static bool find_mailbox(struct imap *im, struct metadata *m, enum imap_done *done)
{
	struct box_status status;
	struct err err;

	m->acct = im->acct;
	m->who = "";
	if (m->mailbox.n == 0)
		return true;
	struct imap_place *place = imap_find(im, m->mailbox, RIGHT_LOOKUP, &err);
	if (!place || box_status(place->acct, place->name, &status, &err) != 0) {
		*done = imap_failed(im, &err);
		return false;
	}
	if (!is_allowed(m, place->rights)) {
		*done = imap_reply(im, IMAP_NO, "[NOPERM] You may not do that with its notes");
		return false;
	}
	m->box = status.id;
	m->acct = place->acct;
	m->who = place->foreign ? im->who : "";
	return true;
}

static struct slice make_key(struct pool *pool, const struct metadata *m, struct slice entry)
{
	const char *who = slice_starts(entry, SLICE("/private/")) ? m->who : "";
	size_t n = strlen(who);
	unsigned char *key = pool_get(pool, BOX + n + entry.n);

	num_put32(key, m->box);
	memcpy(key + BOX, who, n);
	memcpy(key + BOX + n, entry.p, entry.n);
	return slice_of(key, BOX + n + entry.n);
}

/* Of a key, the address of somebody else; what clients call their notes stays. */
static void rename_note(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice name = slice_from(key, BOX);
	ptrdiff_t at = slice_chr(name, '/');

	buf_adds(new_key, slice_head(key, BOX));
	rename_addresses(names, slice_head(name, at < 0 ? 0 : (size_t)at), new_key);
	buf_adds(new_key, slice_from(name, at < 0 ? 0 : (size_t)at));
	buf_adds(new_value, value);
}

RENAMED(metadata) = { .room = ROOM, .of_accounts = true, .change = rename_note };
BOX_NOTES(metadata) = { .room = ROOM };

/* --- GETMETADATA --- */

static bool read_option(struct slice *in, struct metadata *m)
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

static bool read_options(struct slice *in, struct metadata *m)
{
	m->max_size = UINT64_MAX;
	if (!imap_take(in, '('))
		return true;
	do {
		if (!read_option(in, m))
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') && imap_take(in, ' ');
}

static bool read_entries(struct pool *pool, struct slice *in, struct metadata *m)
{
	bool many = imap_take(in, '(');

	do {
		if (m->n == ENTRIES_MAX || !read_entry(pool, in, &m->entries[m->n++]))
			return false;
	} while (many && imap_take(in, ' '));
	return !many || imap_take(in, ')');
}

/* Is this note the entry at hand, or below it as far as DEPTH goes? */
static bool is_wanted(const struct metadata *m, struct slice name)
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
	struct metadata *m = arg;
	struct slice name = slice_from(key, BOX), text = slice_from(value, 1);
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
	buf_adds(&m->out, name);
	buf_addc(&m->out, ' ');
	if (slice_chr(text, '\0') >= 0)
		buf_addc(&m->out, '~');
	imap_put_string(&m->out, text);
	return true;
}

static int gather(struct imap *im, struct metadata *m)
{
	for (m->at = 0; m->at < m->n; m->at++) {
		struct slice key = make_key(sess_cmd_pool(im->sess), m, m->entries[m->at]);

		if (acct_record_each(m->acct, ROOM, key, put_note, m) < 0)
			return -1;
	}
	return 0;
}

static enum imap_done answer(struct imap *im, struct metadata *m)
{
	struct buf *out = sess_out(im->sess);

	if (m->out.n > 0) {
		buf_addz(out, "* METADATA ");
		imap_put_name(im, m->mailbox);
		buf_addz(out, " (");
		buf_adds(out, buf_slice(&m->out));
		buf_addz(out, ")\r\n");
	}
	if (m->longest == 0)
		return IMAP_OK;
	return imap_reply(im, IMAP_OK,
	    pool_printf(sess_cmd_pool(im->sess), "[METADATA LONGENTRIES %llu] Some are longer",
		(unsigned long long)m->longest));
}

static enum imap_done run_get(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct metadata *m = pool_get(pool, sizeof *m);
	enum imap_done done = IMAP_OK;

	if (!read_options(&args, m) || !imap_take_name(im, &args, &m->mailbox) ||
	    !imap_take(&args, ' ') || !read_entries(pool, &args, m) || !imap_end(args))
		return IMAP_BAD;
	if (!find_mailbox(im, m, &done))
		return done;
	done = gather(im, m) == 0
	    ? answer(im, m)
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

static bool read_notes(struct pool *pool, struct slice *in, struct metadata *m)
{
	if (!imap_take(in, '('))
		return false;
	do {
		size_t i = m->n++;

		if (i == ENTRIES_MAX || !read_entry(pool, in, &m->entries[i]) ||
		    !imap_take(in, ' ') || !read_value(pool, in, &m->values[i]))
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
static const char *no_room(const struct metadata *m)
{
	struct tally tally = { .box = m->box };

	for (size_t i = 0; i < m->n; i++)
		if (m->values[i].n > VALUE_MAX)
			return "[METADATA MAXSIZE 65535] That is too long";
	acct_record_each(m->acct, ROOM, SLICE(""), count_note, &tally);
	if (tally.bytes > BYTES_MAX)
		return "[OVERQUOTA] The notes of the account take all the room that they may";
	if (tally.notes >= NOTES_MAX)
		return "[METADATA TOOMANY] The mailbox has its most notes already";
	return NULL;
}

static bool only_removes(const struct metadata *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->values[i].n > 0)
			return false;
	return true;
}

static enum imap_done store(struct imap *im, struct metadata *m)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct acct_record *records = pool_get(pool, m->n * sizeof *records);
	const char *why = only_removes(m) ? NULL : no_room(m);
	struct err err;

	if (why)
		return imap_reply(im, IMAP_NO, why);
	for (size_t i = 0; i < m->n; i++)
		records[i] = (struct acct_record){
			.key = make_key(pool, m, m->entries[i]),
			.value = m->values[i],
		};
	if (acct_record_put(m->acct, ROOM, records, m->n, &err) != 0)
		return imap_failed(im, &err);
	imap_events_changed();
	return IMAP_OK;
}

/* --- for events --- */

static bool find_script(void *arg, struct slice key, struct slice value)
{
	bool *any = arg;

	(void)value;
	*any = slice_eq(slice_from(key, BOX), SLICE(SCRIPT));
	return !*any;
}

bool imap_metadata_scripts(struct acct *acct)
{
	bool any = false;

	acct_record_each(acct, ROOM, SLICE(""), find_script, &any);
	return any;
}

static int read_script(struct acct *acct, uint32_t box, struct buf *out)
{
	unsigned char key[BOX + sizeof SCRIPT - 1];

	num_put32(key, box);
	memcpy(key + BOX, SCRIPT, sizeof SCRIPT - 1);
	return acct_record_get(acct, ROOM, slice_of(key, sizeof key), out);
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

static enum imap_done run_set(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct metadata *m = pool_get(pool, sizeof *m);
	enum imap_done done = IMAP_OK;

	m->changes = true;
	if (!imap_take_name(im, &args, &m->mailbox) || !imap_take(&args, ' ') ||
	    !read_notes(pool, &args, m) || !imap_end(args))
		return IMAP_BAD;
	return find_mailbox(im, m, &done) ? store(im, m) : done;
}

IMAP_COMMAND(getmetadata) = {
	.name = "GETMETADATA",
	.states = IMAP_KNOWN,
	.capability = "METADATA",
	.ref = "RFC 5464 4.2",
	.run = run_get,
};

IMAP_COMMAND(setmetadata) = {
	.name = "SETMETADATA",
	.states = IMAP_KNOWN,
	.ref = "RFC 5464 4.3",
	.run = run_set,
};
