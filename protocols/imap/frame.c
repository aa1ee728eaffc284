/* frame.c - gather a command: its lines, and the literals between them
 *
 * The text is kept as it came, "{5}" CRLF and the five bytes behind it
 * included; the reader of arguments (parse.c) knows literals. Only messages,
 * that is APPEND's literals behind the name of the mailbox, are not in it but
 * in a spool: they may be large. Nobody is let to send what will not be read:
 * a literal that waits for our "+" is refused before it comes; behind one that
 * does not wait (RFC 7888) the connection is closed. */
#include "core/log.h"
#include "core/num.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

CONF_KEY(imap_max_line) = {
	.name = "imap.max-line",
	.type = CONF_SIZE,
	.def = "64k",
	.min = 1024,
	.max = 65536,
	.help = "longest line of an IMAP command",
};

CONF_KEY(imap_max_literals) = {
	.name = "imap.max-literals",
	.type = CONF_SIZE,
	.def = "1M",
	.min = 65536,
	.max = 64 << 20,
	.help = "most bytes of an IMAP command that is no APPEND",
};

CONF_KEY(imap_max_append) = {
	.name = "imap.max-append-size",
	.type = CONF_SIZE,
	.def = "50M",
	.min = 65536,
	.max = 2000000000,
	.help = "most bytes that one APPEND may bring",
};

/* The head is read again with each line of a command, so it is no longer than it needs
   to be. */
enum { STRANGERS_LITERALS = 64 * 1024, TAG_MAX = 256, NAME_MAX_BYTES = 64 };

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " LITERAL+");
}

IMAP_EXTENSION(literal_plus) = { .words = words, .early = true }; /* RFC 7888 */

/* --- the head: tag, name, arguments --- */

/* A command of this name, or NULL. */
static const struct imap_command *imap_find_command(struct slice name)
{
	for (size_t i = 0; i < imap_command_table_n; i++)
		if (slice_ieq(name, slice_str(imap_command_table[i]->name)))
			return imap_command_table[i];
	return NULL;
}

/* 1*<any ASTRING-CHAR except "+"> */
static bool read_tag(struct slice *in, struct slice *tag)
{
	size_t n = 0;

	while (n < in->n && n < TAG_MAX && in->p[n] != '+' &&
	    (imap_atom_char(in->p[n]) || in->p[n] == ']'))
		n++;
	*tag = slice_head(*in, n);
	*in = slice_from(*in, n);
	return n > 0;
}

/* A longer one is the name of no command. */
static void read_name(struct slice *in, struct slice *name)
{
	struct slice word = slice_head(*in, NAME_MAX_BYTES);

	imap_atom(&word, name);
	*in = slice_from(*in, name->n);
}

/* As far as the text goes; what is not there stays empty. */
static void read_head(struct imap *im)
{
	struct slice in = buf_slice(&im->text), name;

	im->tag = im->args = (struct slice){ 0 };
	im->command = NULL;
	im->uid = false;
	if (slice_iends(in, SLICE("\r\n")))
		in.n -= 2;
	if (!read_tag(&in, &im->tag) || !imap_take(&in, ' ')) {
		im->tag.n = 0; /* not known to be one */
		return;
	}
	read_name(&in, &name);
	if (slice_ieq(name, SLICE("UID"))) {
		im->uid = true;
		imap_take(&in, ' ');
		read_name(&in, &name);
	}
	im->command = imap_find_command(name);
	if (im->command && im->uid && !im->command->uid)
		im->command = NULL;
	if (in.n > 0 && !imap_take(&in, ' '))
		im->command = NULL;
	im->args = in;
}

static bool may_run(const struct imap *im)
{
	return im->command && (im->command->states & (unsigned)im->state);
}

/* On the loop, when it waits for nothing. */
static enum frame complete(struct imap *im)
{
	im->here = im->refused || !may_run(im) ||
	    (im->command->instant && !im->place &&
		!atomic_load_explicit(&im->changed, memory_order_relaxed));
	return im->here ? FRAME_INSTANT : FRAME_WORK;
}

/* --- literals --- */

struct literal {
	size_t at; /* where its "{" stands in the text */
	uint64_t size;
	bool waits; /* for our "+" */
};

/* "{n}" or "{n+}" at the end of a line. */
static bool ends_in_literal(struct slice line, struct literal *out)
{
	ptrdiff_t open = slice_rchr(line, '{');

	*out = (struct literal){ .at = (size_t)open, .waits = true };
	if (open < 0 || !slice_iends(line, SLICE("}\r\n")))
		return false;
	struct slice digits = slice_of(line.p + open + 1, line.n - (size_t)open - 4);
	if (digits.n > 0 && digits.p[digits.n - 1] == '+') {
		out->waits = false;
		digits.n--;
	}
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
	if (!num_u64(digits, UINT64_MAX, &out->size))
		out->size = UINT64_MAX;
	return digits.n > 0;
}

static uint64_t text_limit(const struct imap *im)
{
	uint64_t literals = im->state == IMAP_STRANGER
	    ? STRANGERS_LITERALS
	    : (uint64_t)conf_num(&conf_key_imap_max_literals);

	return (uint64_t)conf_num(&conf_key_imap_max_line) + literals;
}

/* Is the literal that begins there in the text a message? */
static bool is_message(const struct imap *im, size_t at)
{
	if (!may_run(im) || !im->command->messages || im->text.p + at < im->args.p)
		return false;
	struct slice before = slice_of(im->args.p, (size_t)(im->text.p + at - im->args.p));
	if (im->command->messages > 1) /* the first has no blank in it */
		slice_cut(&before, ' ');
	/* RFC 4469 §6: of CATENATE an address may be one, too. */
	return before.n > 0 && !slice_iends(before, SLICE("(URL ")) &&
	    !slice_iends(before, SLICE(" URL "));
}

/* How many bytes it may have at most. */
static uint64_t literal_limit(const struct imap *im, bool message)
{
	uint64_t max = message ? (uint64_t)conf_num(&conf_key_imap_max_append) : text_limit(im);
	uint64_t used = !message ? im->text.n : im->messages ? spool_size(im->messages) : 0;

	return max > used ? max - used : 0;
}

/* The command will not be run; the rest of it is read, if there is any. */
static void refuse(struct imap *im, enum imap_done how, const char *text)
{
	if (!im->refused) {
		im->refused = true;
		im->refusal = imap_reply(im, how, text);
	}
}

static enum frame refuse_literal(struct imap *im, bool message, bool waits)
{
	static const char too_big[] = "[TOOBIG] The message is too large";

	im->refused = false; /* this is the better reason */
	if (message) {
		log_event(LOG_INFO, "refused", log_z("reply", too_big));
		refuse(im, IMAP_NO, too_big);
	} else {
		refuse(im, IMAP_BAD, "Too long a command");
	}
	im->hopeless = !waits;
	im->here = true;
	return FRAME_INSTANT;
}

static enum frame begin_literal(struct imap *im, const struct literal *literal)
{
	bool message = is_message(im, literal->at);

	if (literal->size > literal_limit(im, message))
		return refuse_literal(im, message, literal->waits);
	if (literal->waits && (im->refused || !may_run(im))) /* BAD already: it need not come */
		return complete(im);
	im->want = literal->size;
	if (im->want > 0)
		im->reading = message ? IMAP_MESSAGE : IMAP_LITERAL;
	if (message && !im->messages)
		im->messages = spool_new();
	if (literal->waits)
		buf_addz(sess_out(im->sess), "+ OK\r\n");
	return FRAME_MORE;
}

static enum frame take_literal(struct imap *im, struct slice in, size_t *used)
{
	struct slice piece = slice_head(in, im->want < in.n ? (size_t)im->want : in.n);

	*used = piece.n;
	im->want -= piece.n;
	if (im->reading == IMAP_LITERAL)
		buf_adds(&im->text, piece);
	else
		im->spill = spool_add(im->messages, piece);
	if (im->want == 0)
		im->reading = IMAP_LINE;
	return im->spill ? FRAME_WORK : FRAME_MORE;
}

enum sess_next imap_spill(struct imap *im)
{
	struct err err;

	im->spill = false;
	if (spool_spill(im->messages, &err) == 0)
		return SESS_NEXT;
	log_event(LOG_ERROR, "cannot-spool", log_z("reason", err.text));
	buf_addz(sess_out(im->sess), "* BYE [UNAVAILABLE] Cannot keep so much now\r\n");
	return SESS_CLOSE;
}

/* --- lines --- */

static void check_line(struct imap *im, struct slice line)
{
	if (!slice_iends(line, SLICE("\r\n")))
		refuse(im, IMAP_BAD, "A line ends in CR LF");
	else if (slice_chr(line, '\0') >= 0 || slice_chr(line, '\r') < (ptrdiff_t)line.n - 2)
		refuse(im, IMAP_BAD, "NUL or CR inside a line");
}

/* A line that the command waits for: of a SASL exchange, or DONE. */
static enum frame answer_line(struct imap *im, struct slice line)
{
	check_line(im, line);
	im->args = pool_slice(sess_cmd_pool(im->sess), slice_trim(line));
	return complete(im);
}

/* Of a command that is too long, keep its tag and no more. */
static void keep_line(struct imap *im, struct slice line)
{
	if (line.n > (size_t)conf_num(&conf_key_imap_max_line) ||
	    im->text.n + line.n > text_limit(im)) {
		refuse(im, IMAP_BAD, "Too long a command");
		line = slice_head(line, im->text.n ? 0 : 256);
	}
	buf_adds(&im->text, line);
	read_head(im);
}

static enum frame take_line(struct imap *im, struct slice in, size_t *used)
{
	ptrdiff_t lf = slice_chr(in, '\n');
	struct literal literal;

	if (lf < 0)
		return FRAME_MORE;
	*used = (size_t)lf + 1;
	struct slice line = slice_head(in, *used);
	if (im->line)
		return answer_line(im, line);
	check_line(im, line);
	bool more = ends_in_literal(line, &literal);
	literal.at += im->text.n;
	keep_line(im, line);
	return more ? begin_literal(im, &literal) : complete(im);
}

static enum frame skip_line(struct imap *im, struct slice in, size_t *used)
{
	ptrdiff_t lf = slice_chr(in, '\n');

	*used = lf < 0 ? in.n : (size_t)lf + 1;
	if (lf >= 0)
		im->reading = IMAP_LINE;
	return FRAME_MORE;
}

enum frame imap_frame(struct sess *s, struct slice in, size_t *used)
{
	struct imap *im = sess_state(s);

	switch (im->reading) {
	case IMAP_LITERAL:
	case IMAP_MESSAGE:
		return take_literal(im, in, used);
	case IMAP_SKIP:
		return skip_line(im, in, used);
	default:
		return take_line(im, in, used);
	}
}

enum sess_next imap_overlong(struct sess *s, struct slice in, size_t *used)
{
	struct imap *im = sess_state(s);

	*used = in.n;
	if (!im->line)
		keep_line(im, in);
	im->reply = "Too long a line";
	enum sess_next next = imap_answer(im, IMAP_BAD);
	imap_command_end(im);
	im->reading = IMAP_SKIP;
	return next;
}
