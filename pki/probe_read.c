/* probe_read.c - what a server that is tried answers, in each protocol: bounded */
#include "pki/probe_words.h"

enum { LINES_MAX = 200, STANZA_MAX = 64 * 1024 };

/* One more line of an answer. 1, or -1. */
static int read_line(struct words *w, struct slice *line)
{
	int got = client_line(w->client, line, &w->err);

	if (got == 0)
		err_set(&w->err, ERR_TEMP, "the other side hung up");
	if (got <= 0)
		return -1;
	probe_say_at(w->probe, "<-- %.*s", SLICE_ARG(slice_head(*line, PROBE_SHOWN_MAX)));
	buf_adds(&w->answer, *line);
	buf_addc(&w->answer, '\n');
	return 1;
}

static int no_such(struct words *w)
{
	return err_set(&w->err, ERR_INPUT, "an answer that is none of the protocol");
}

/* RFC 5321 4.2.1 */
int probe_read_smtp(struct words *w)
{
	struct slice line;

	for (int i = 0; i < LINES_MAX; i++) {
		if (read_line(w, &line) < 0)
			return -1;
		if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5')
			return no_such(w);
		if (line.n == 3 || line.p[3] != '-')
			return line.p[0] <= '3';
	}
	return no_such(w);
}

/* RFC 3501 2.2.2; the greeting has no tag. */
int probe_read_imap(struct words *w)
{
	struct slice line;

	for (int i = 0; i < LINES_MAX; i++) {
		bool greeting = w->answer.n == 0;
		if (read_line(w, &line) < 0)
			return -1;
		if (slice_istarts(line, SLICE("a ")))
			return slice_istarts(line, SLICE("a OK"));
		if (!slice_starts(line, SLICE("* ")))
			return no_such(w);
		if (greeting && slice_istarts(line, SLICE("* OK")))
			return 1;
		if (slice_istarts(line, SLICE("* BYE")))
			return 0;
	}
	return no_such(w);
}

int probe_read_pop(struct words *w)
{
	struct slice line;

	if (read_line(w, &line) < 0)
		return -1;
	if (slice_starts(line, SLICE("-ERR")))
		return 0;
	return slice_starts(line, SLICE("+OK")) ? 1 : no_such(w);
}

/* RFC 2449 5: a list that a dot ends. */
int probe_read_pop_list(struct words *w)
{
	struct slice line;
	int good = probe_read_pop(w);

	for (int i = 0; good == 1 && i < LINES_MAX; i++) {
		if (read_line(w, &line) < 0)
			return -1;
		if (slice_eq(line, SLICE(".")))
			return 1;
	}
	return good == 1 ? no_such(w) : good;
}

/* RFC 6120 4.3.2, 5.4.2: until an element is over that says how it goes on. */
int probe_read_xmpp(struct words *w)
{
	struct slice bytes, all;

	for (;;) {
		int got = client_bytes(w->client, &bytes, &w->err);
		if (got == 0)
			err_set(&w->err, ERR_TEMP, "the other side hung up");
		if (got <= 0)
			return -1;
		buf_adds(&w->answer, bytes);
		all = buf_slice(&w->answer);
		if (slice_find(all, SLICE("</stream:features>")) >= 0 ||
		    slice_find(all, SLICE("<proceed")) >= 0)
			break;
		if (slice_find(all, SLICE("<failure")) >= 0 ||
		    slice_find(all, SLICE("</stream:stream>")) >= 0)
			break;
		if (all.n > STANZA_MAX)
			return no_such(w);
	}
	probe_say_at(w->probe, "<-- %.*s", SLICE_ARG(slice_head(all, PROBE_SHOWN_MAX)));
	return slice_find(all, SLICE("<failure")) < 0 && slice_find(all, SLICE("stream:error")) < 0;
}

int probe_read_http(struct words *w)
{
	struct slice line;

	if (read_line(w, &line) < 0)
		return -1;
	return slice_starts(line, SLICE("HTTP/1.")) ? 1 : no_such(w);
}
