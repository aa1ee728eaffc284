/* test_imap_frame.c - commands as they come, in pieces of any size */
#include "unit.h"

#include <stdlib.h>

#include "core/sess_private.h"
#include "protocols/imap/imap.h"

/* in: what the client sends. want: the commands as run() sees them, each
   [tag|command|u for UID, r for refused, h for hopeless|arguments|messages].
   out: what was written meanwhile. */
static const struct {
	enum imap_state state;
	const char *in, *want, *out;
} cases[] = {
	{ IMAP_STRANGER, "a NOOP\r\n", "[a|NOOP|||]", "" },
	{ IMAP_STRANGER, "a noop\r\nb NoOp x\r\n", "[a|NOOP|||][b|NOOP||x|]", "" },
	{ IMAP_STRANGER, "a BOGUS x\r\n", "[a|-||x|]", "" },
	{ IMAP_STRANGER, "a\r\n", "[|-|||]", "" },
	{ IMAP_STRANGER, "\r\n", "[|-|||]", "" },
	{ IMAP_STRANGER, "a+ NOOP\r\n", "[|-|||]", "" },
	{ IMAP_STRANGER, "a NOOP\n", "[a|-|r|\n|]", "" },
	{ IMAP_STRANGER, "a NO\rOP\r\n", "[a|-|r|\rOP|]", "" },
	{ IMAP_SELECTED, "a UID FETCH 1 UID\r\n", "[a|FETCH|u|1 UID|]", "" },
	{ IMAP_SELECTED, "a UID NOOP\r\n", "[a|-|u||]", "" },
	{ IMAP_SELECTED, "a UID\r\n", "[a|-|u||]", "" },
	/* Literals become part of the text; only those that wait are told to come. */
	{ IMAP_STRANGER, "a LOGIN {3}\r\na\r\nb {2+}\r\nxy\r\nc NOOP\r\n",
	    "[a|LOGIN||{3}\r\na\r\nb {2+}\r\nxy|][c|NOOP|||]", "+ OK\r\n" },
	{ IMAP_STRANGER, "a LOGIN {0}\r\n {0+}\r\n\r\n", "[a|LOGIN||{0}\r\n {0+}\r\n|]",
	    "+ OK\r\n" },
	{ IMAP_STRANGER, "a LOGIN {x}\r\n", "[a|LOGIN||{x}|]", "" },
	{ IMAP_STRANGER, "a LOGIN {}\r\n", "[a|LOGIN||{}|]", "" },
	{ IMAP_STRANGER, "a LOGIN 3}\r\n", "[a|LOGIN||3}|]", "" },
	/* What is refused already need not come. */
	{ IMAP_STRANGER, "a BOGUS {3}\r\nb NOOP\r\n", "[a|-||{3}|][b|NOOP|||]", "" },
	{ IMAP_STRANGER, "a SELECT {3}\r\nb NOOP\r\n", "[a|SELECT||{3}|][b|NOOP|||]", "" },
	{ IMAP_STRANGER, "a BOGUS {3+}\r\nabc\r\nb NOOP\r\n", "[a|-||{3+}\r\nabc|][b|NOOP|||]",
	    "" },
	{ IMAP_STRANGER, "a LOGIN {999999}\r\nb NOOP\r\n", "[a|LOGIN|r|{999999}|][b|NOOP|||]", "" },
	{ IMAP_STRANGER, "a LOGIN {99999999999999999999999}\r\n",
	    "[a|LOGIN|r|{99999999999999999999999}|]", "" },
	{ IMAP_STRANGER, "a LOGIN {999999+}\r\n", "[a|LOGIN|rh|{999999+}|]", "" },
	/* Messages go elsewhere, names of mailboxes do not. */
	{ IMAP_AUTHENTICATED, "a APPEND x {3}\r\na:b\r\n", "[a|APPEND||x {3}\r\n|a:b]",
	    "+ OK\r\n" },
	{ IMAP_AUTHENTICATED, "a APPEND {1}\r\nx () {3+}\r\na:b {2+}\r\ncd\r\n",
	    "[a|APPEND||{1}\r\nx () {3+}\r\n {2+}\r\n|a:bcd]", "+ OK\r\n" },
	{ IMAP_AUTHENTICATED, "a APPEND x {10000000000}\r\nb NOOP\r\n",
	    "[a|APPEND|r|x {10000000000}|][b|NOOP|||]", "" },
	{ IMAP_STRANGER, "a APPEND x {3+}\r\na:b\r\n", "[a|APPEND||x {3+}\r\na:b|]", "" },
};

struct player {
	struct sess *sess;
	struct imap *im;
	struct buf seen;
};

/* Every command here is in a line of its own, without its end. */
static void note(struct player *p)
{
	struct imap *im = p->im;
	struct slice messages = { 0 };

	if (im->messages)
		assert_int_equal(spool_map(im->messages, &messages, NULL), 0);
	buf_printf(&p->seen, "[%.*s|%s|%s%s%s|%.*s|%.*s]", SLICE_ARG(im->tag),
	    im->command ? im->command->name : "-", im->uid ? "u" : "", im->refused ? "r" : "",
	    im->hopeless ? "h" : "", SLICE_ARG(im->args), SLICE_ARG(messages));
}

static void play(const char *text, size_t piece, struct player *p)
{
	struct slice in = slice_str(text);
	size_t taken = 0, come = 0;

	while (taken < in.n) {
		size_t used = 0;

		come = come + piece < in.n ? come + piece : in.n;
		enum frame frame = imap_frame(p->sess, slice_of(in.p + taken, come - taken), &used);
		taken += used;
		if (frame != FRAME_MORE) {
			note(p);
			imap_command_end(p->im);
			pool_reset(&p->sess->cmd);
		} else if (used == 0 && come == in.n) {
			fail_msg("%s: not taken", text);
		}
	}
}

static void test_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 1; piece < 50; piece += piece < 10 ? 1 : 13) {
			struct player p = { 0 };

			p.sess = mem_get(sizeof *p.sess + sizeof *p.im);
			p.im = sess_state(p.sess);
			p.im->sess = p.sess;
			p.im->state = cases[i].state;
			play(cases[i].in, piece, &p);
			want_text(cases[i].in, buf_slice(&p.seen), cases[i].want);
			want_text(cases[i].in, buf_slice(&p.sess->out), cases[i].out);
			buf_done(&p.seen);
			buf_done(&p.sess->out);
			free(p.sess);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_frames) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
