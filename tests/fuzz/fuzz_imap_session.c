/* fuzz_imap_session.c - commands of two sessions of one account, run on a store
 *
 * Input: what the sessions send, by turns, parted by the byte 1E. Both are logged in, one has
 * INBOX open. What they are answered must be such that a client can read it: lines that end,
 * quoted strings and literals that are whole, brackets that close, numbers of messages that are
 * there. */
#include "core/num.h"
#include "core/pool.h"
#include "protocols/imap/imap.h"
#include "tests/fuzz/fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern const struct proto proto_imap;

enum { SEPARATOR = 0x1e };

struct client {
	struct sess *s;
	uint32_t messages; /* in the selected mailbox, as far as it was told */
	bool blind;	   /* messages went away by UIDs: it does not know how many */
};

/* --- what a client reads --- */

static void read_quoted(struct slice *in)
{
	while (in->n > 0 && *in->p != '"') {
		fuzz_need(*in->p != '\r' && *in->p != '\n' && *in->p != '\0');
		*in = slice_from(*in, *in->p == '\\' ? 2 : 1);
	}
	fuzz_need(in->n > 0);
	*in = slice_from(*in, 1);
}

static void read_literal(struct slice *in)
{
	struct slice digits = slice_cut(in, '}');
	uint64_t n;

	fuzz_need(num_u64(digits, UINT64_MAX, &n) && slice_starts(*in, SLICE("\r\n")));
	fuzz_need(n <= in->n - 2);
	*in = slice_from(*in, 2 + (size_t)n);
}

/* Up to the end of the line, which is taken. */
static void read_data(struct slice *in)
{
	int depth = 0;

	while (in->n > 0 && *in->p != '\r') {
		char c = *in->p;

		fuzz_need(c != '\n' && c != '\0');
		*in = slice_from(*in, 1);
		if (c == '"')
			read_quoted(in);
		else if (c == '{')
			read_literal(in);
		depth += (c == '(') - (c == ')');
		fuzz_need(depth >= 0);
	}
	fuzz_need(depth == 0 && slice_starts(*in, SLICE("\r\n")));
	*in = slice_from(*in, 2);
}

static void read_text(struct slice *in, struct slice *line)
{
	*line = slice_cut(in, '\n');
	fuzz_need(line->n > 0 && line->p[line->n - 1] == '\r' && in->p);
	fuzz_need(slice_chr(*line, '\r') == (ptrdiff_t)line->n - 1);
	fuzz_need(slice_chr(*line, '\0') < 0);
}

static void read_number(struct client *c, uint32_t n, struct slice what)
{
	if (slice_istarts(what, SLICE("EXISTS"))) {
		fuzz_need(c->blind || n >= c->messages);
		c->messages = n;
	} else if (slice_istarts(what, SLICE("EXPUNGE"))) {
		fuzz_need(c->blind || (n >= 1 && n <= c->messages));
		c->messages -= !c->blind;
	} else if (slice_istarts(what, SLICE("FETCH"))) {
		fuzz_need(c->blind || (n >= 1 && n <= c->messages));
	}
}

static bool is_status(struct slice line)
{
	return slice_istarts(line, SLICE("OK ")) || slice_istarts(line, SLICE("NO ")) ||
	    slice_istarts(line, SLICE("BAD ")) || slice_istarts(line, SLICE("BYE "));
}

static void read_untagged(struct client *c, struct slice *in)
{
	struct slice line = *in, word;
	uint32_t n;

	if (is_status(*in)) {
		read_text(in, &line);
		if (slice_istarts(line, SLICE("OK [CLOSED]")))
			c->messages = 0, c->blind = false;
		return;
	}
	c->blind |= slice_istarts(line, SLICE("VANISHED"));
	word = slice_cut(&line, ' ');
	if (num_u32(word, &n))
		read_number(c, n, line);
	read_data(in);
}

static void heard(void *arg, struct slice said)
{
	struct client *c = arg;
	struct slice line;

	while (said.n > 0) {
		if (slice_starts(said, SLICE("* "))) {
			said = slice_from(said, 2);
			read_untagged(c, &said);
		} else {
			read_text(&said, &line);
		}
	}
	struct imap *im = sess_state(c->s);
	if (im->state != IMAP_SELECTED)
		c->messages = 0, c->blind = false;
}

/* --- the world --- */

static void open_client(struct client *c, uint64_t account)
{
	struct sess *s = c->s = fuzz_session(&proto_imap);
	struct imap *im = sess_state(s);

	im->acct = acct_open(account, 0);
	im->who = "ann@alpha.test";
	im->state = IMAP_AUTHENTICATED;
	im->sess = s;
}

static const char simple[] =
    "From: Ann <a@alpha.test>\r\nSubject: [a] Re: b\r\n"
    "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@a>\r\n\r\none\r\n";
static const char parts[] =
    "Subject: b\r\nReferences: <1@a>\r\nMessage-ID: <2@a>\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=latin1\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nPGI+5Pb8PC9iPg==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\n\r\ntwo\r\n--b--\r\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	struct client clients[2] = { { .s = NULL } };
	bool alive = true;

	fuzz_store();
	uint64_t account = fuzz_account();
	fuzz_append(account, simple);
	fuzz_append(account, parts);
	open_client(&clients[0], account);
	open_client(&clients[1], account);
	alive = fuzz_session_feed(clients[0].s, SLICE("0 SELECT INBOX\r\n"), heard, &clients[0]);
	for (unsigned turn = 0; alive && in.n > 0; turn++) {
		struct client *c = &clients[turn % 2];

		alive = fuzz_session_feed(c->s, slice_cut(&in, SEPARATOR), heard, c);
	}
	fuzz_session_end(clients[0].s);
	fuzz_session_end(clients[1].s);
	return 0;
}
