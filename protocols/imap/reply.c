/* reply.c - the tagged line, and how names and strings are written */
#include "core/ban.h"
#include "core/log.h"
#include "core/text.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

CONF_KEY(imap_max_faults) = {
	.name = "imap.max-bad-commands",
	.type = CONF_INT,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "malformed commands after which an IMAP connection is closed",
};

/* --- the text --- */

enum imap_done imap_reply(struct imap *im, enum imap_done done, const char *text)
{
	im->reply = text;
	return done;
}

/* RFC 5530 */
static const char *const codes[] = {
	[ERR_NONE] = "SERVERBUG",
	[ERR_INPUT] = "CANNOT",
	[ERR_ABSENT] = "NONEXISTENT",
	[ERR_EXISTS] = "ALREADYEXISTS",
	[ERR_DENIED] = "NOPERM",
	[ERR_LIMIT] = "LIMIT",
	[ERR_BUSY] = "INUSE",
	[ERR_TEMP] = "UNAVAILABLE",
};

static enum imap_done failed(struct imap *im, const char *code, const struct err *err)
{
	const char *text = err->text;

	if (err->kind == ERR_TEMP) { /* its words are for the admin */
		log_event(LOG_ERROR, "failed", log_z("command", im->command->name),
		    log_z("reason", err->text));
		text = "Cannot do that now, try again later";
	}
	return imap_reply(im, IMAP_NO, pool_printf(sess_cmd_pool(im->sess), "[%s] %s", code, text));
}

enum imap_done imap_failed(struct imap *im, const struct err *err)
{
	return failed(im, codes[err->kind], err);
}

/* RFC 9051 §7.1: TRYCREATE tells that the target mailbox could be made; RFC 9208 §4.3: what
   messages run into is the quota. */
enum imap_done imap_failed_target(struct imap *im, const struct err *err)
{
	const char *code = codes[err->kind];

	if (err->kind == ERR_ABSENT)
		code = "TRYCREATE";
	else if (err->kind == ERR_LIMIT)
		code = "OVERQUOTA";
	return failed(im, code, err);
}

/* --- the tagged line --- */

static const struct {
	const char *word, *text;
	enum sess_next next;
} endings[] = {
	[IMAP_OK] = { "OK", "Done", SESS_NEXT },
	[IMAP_NO] = { "NO", "Cannot do that", SESS_NEXT },
	[IMAP_BAD] = { "BAD", "Not understood", SESS_NEXT },
	[IMAP_TLS] = { "OK", "Begin TLS now", SESS_STARTTLS },
	[IMAP_COMPRESS] = { "OK", "Compressed from here on", SESS_DEFLATE },
	[IMAP_BYE] = { "OK", "Goodbye", SESS_CLOSE },
};

/* Of resp-text: printable ASCII, so that nothing that a client sent can end
   the line. */
static void put_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_addc(out, *text >= ' ' && *text < 127 ? *text : '?');
}

static bool too_many_faults(struct imap *im, const char *text)
{
	log_event(LOG_INFO, "bad-command", log_z("reply", text));
	if (++im->faults < (unsigned)conf_num(&conf_key_imap_max_faults))
		return false;
	log_event(LOG_INFO, "too-many-bad-commands", log_n("count", im->faults));
	ban_offence(sess_peer(im->sess), BAN_NONSENSE);
	buf_addz(sess_out(im->sess), "* BYE Too many bad commands\r\n");
	return true;
}

enum sess_next imap_answer(struct imap *im, enum imap_done done)
{
	struct buf *out = sess_out(im->sess);

	if (done == IMAP_OK && im->limited)
		imap_limit_tell(im);
	const char *text = im->reply ? im->reply : endings[done].text;

	if (im->tag.n > 0)
		buf_adds(out, im->tag);
	else
		buf_addc(out, '*');
	buf_addc(out, ' ');
	buf_addz(out, endings[done].word);
	buf_addc(out, ' ');
	put_text(out, text);
	buf_addz(out, "\r\n");
	if (done == IMAP_BAD && too_many_faults(im, text))
		return SESS_CLOSE;
	return endings[done].next;
}

/* --- strings --- */

static bool can_be_quoted(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 127) /* 8-bit is negative, too */
			return false;
	return s.n < 1000;
}

static void put_quoted(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

void imap_put_string(struct buf *out, struct slice s)
{
	if (can_be_quoted(s)) {
		put_quoted(out, s);
		return;
	}
	buf_addc(out, '{');
	buf_addu(out, s.n);
	buf_addz(out, "}\r\n");
	buf_adds(out, s);
}

void imap_put_astring(struct buf *out, struct slice s)
{
	struct slice rest = s, atom;

	if (imap_atom(&rest, &atom) && rest.n == 0)
		buf_adds(out, s);
	else
		imap_put_string(out, s);
}

bool imap_take_name(struct imap *im, struct slice *in, struct slice *name)
{
	return imap_mailbox(sess_cmd_pool(im->sess), in, im->enabled & IMAP_UTF8, name);
}

void imap_put_name(struct imap *im, struct slice name)
{
	struct buf *out = sess_out(im->sess);
	struct buf wire = { 0 };

	if (im->enabled & IMAP_UTF8) {
		put_quoted(out, name);
		return;
	}
	text_utf7_encode(&wire, name);
	put_quoted(out, buf_slice(&wire));
	buf_done(&wire);
}

void imap_put_fetch(struct imap *im, uint32_t seq, uint32_t uid)
{
	struct buf *out = sess_out(im->sess);
	bool numbers = !(im->enabled & IMAP_UIDONLY);

	buf_addz(out, "* ");
	buf_addu(out, numbers ? seq : uid);
	buf_addz(out, numbers ? " FETCH (" : " UIDFETCH (");
}

/* RFC 9051 §6.4.9: behind UID every FETCH has the UID; RFC 7162 §3.2.4, RFC 5465 §5.1: and
   for those who asked for CONDSTORE or NOTIFY. */
static void begin_change(struct imap *im, uint32_t seq, const struct box_entry *entry)
{
	struct buf *out = sess_out(im->sess);

	imap_put_fetch(im, seq, entry->uid);
	if (im->enabled & IMAP_UIDONLY)
		return;
	if (im->uid || im->notify || (im->enabled & IMAP_CONDSTORE)) {
		buf_addz(out, "UID ");
		buf_addu(out, entry->uid);
		buf_addc(out, ' ');
	}
}

static void put_modseq(struct buf *out, const struct box_entry *entry)
{
	buf_addz(out, "MODSEQ (");
	buf_addu(out, entry->modseq);
	buf_addc(out, ')');
}

void imap_put_change(
    struct imap *im, uint32_t seq, const struct box_entry *entry, const char *const *keywords)
{
	struct buf *out = sess_out(im->sess);

	begin_change(im, seq, entry);
	buf_addz(out, "FLAGS ");
	imap_put_flags(out, entry->flags, keywords);
	if (im->enabled & IMAP_CONDSTORE) {
		buf_addc(out, ' ');
		put_modseq(out, entry);
	}
	buf_addz(out, ")\r\n");
}

void imap_put_change_silent(struct imap *im, uint32_t seq, const struct box_entry *entry)
{
	begin_change(im, seq, entry);
	put_modseq(sess_out(im->sess), entry);
	buf_addz(sess_out(im->sess), ")\r\n");
}

void imap_put_range(struct buf *out, const struct imap_range *range)
{
	buf_addu(out, range->from);
	if (range->to > range->from) {
		buf_addc(out, ':');
		buf_addu(out, range->to);
	}
}

void imap_put_uids(struct buf *out, const uint32_t *uids, size_t n)
{
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && uids[j] == uids[j - 1] + 1; j++)
			;
		if (i > 0)
			buf_addc(out, ',');
		imap_put_range(out, &(struct imap_range){ uids[i], uids[j - 1] });
	}
}
