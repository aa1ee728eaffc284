/* load_imap.c - IMAP: whole sessions, held sessions, one command again and again */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Skip the literals that a response has, and its text, to the end of its last line. */
static bool rest_of_response(struct worker *w)
{
	for (;;) {
		size_t n = strlen(w->line);
		const char *open = n > 2 && w->line[n - 1] == '}' ? strrchr(w->line, '{') : NULL;

		if (!open)
			return true;
		if (!conn_skip(w, strtoul(open + 1, NULL, 10)) || !conn_line(w))
			return false;
	}
}

/* Read until the tagged response; whether it is OK. */
static bool tagged(struct worker *w)
{
	for (;;) {
		if (!conn_line(w))
			return false;
		if (strncmp(w->line, "a ", 2) == 0)
			return strncmp(w->line, "a OK", 4) == 0;
		if (!rest_of_response(w))
			return false;
	}
}

static bool squeeze(struct worker *w)
{
	if (!conn_say(w, "a COMPRESS DEFLATE\r\n") || !tagged(w))
		return false;
	zip_start(w);
	return true;
}

bool imap_login(struct worker *w, long number)
{
	char user[128];

	account_name(w->o, number, user, sizeof(user));
	if (!conn_open(w) || !conn_line(w) || strncmp(w->line, "* OK", 4) != 0)
		return false;
	if (!conn_say(w, "a LOGIN %s \"%s\"\r\n", user, w->o->password) || !tagged(w) ||
	    (w->o->compress && !squeeze(w)))
		return false;
	return !*w->o->box || (conn_say(w, "a SELECT %s\r\n", w->o->box) && tagged(w));
}

static bool in_session(struct worker *w, long number)
{
	return imap_login(w, number) && conn_say(w, "a FETCH 1:10 (ENVELOPE BODY.PEEK[])\r\n") &&
	    tagged(w) && conn_say(w, "a LOGOUT\r\n") && tagged(w);
}

static bool session_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	bool good = in_session(w, number);
	w->done += good;
	conn_close(w);
	return good;
}

/* --- sessions that stay --- */

static bool hold_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	if (!imap_login(w, number))
		return false;
	/* left open on purpose: it ends with the process */
	w->fd = -1;
	w->ssl = NULL;
	w->done++;
	return true;
}

/* --- handshakes --- */

static bool shake(struct worker *w)
{
	bool good = conn_open(w) && conn_line(w);

	conn_close(w);
	return good;
}

static bool handshake_prepare(struct worker *w)
{
	bool good = !w->o->resume || shake(w);

	w->resumed = 0;
	return good;
}

static bool handshake_once(struct worker *w)
{
	if (next_number() < 0)
		return true;
	bool good = shake(w);
	w->done += good;
	return good;
}

/* --- one command --- */

static bool command_prepare(struct worker *w)
{
	return imap_login(w, 0);
}

static bool command_once(struct worker *w)
{
	char command[512];
	long number = next_number();

	if (number < 0)
		return true;
	/* every second round over the mailbox takes away what the first has set */
	const char *sign = number / w->o->messages % 2 == 0 ? "+" : "-";
	const char *from = w->o->command;
	size_t n = 0;
	for (; *from && n + 24 < sizeof(command); from++) {
		if (*from == '#')
			n += (size_t)snprintf(command + n, 24, "%ld", number % w->o->messages + 1);
		else
			command[n++] = *from == '~' ? *sign : *from;
	}
	command[n] = '\0';
	bool good = conn_say(w, "a %s\r\n", command) && tagged(w);
	w->done += good;
	return good;
}

static bool append_prepare(struct worker *w)
{
	return message_make(w) && imap_login(w, 0);
}

static bool append_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	message_number(w, number);
	bool good = conn_say(w, "a APPEND %s {%ld}\r\n", w->o->box, w->o->size) && conn_line(w) &&
	    w->line[0] == '+' && conn_write(w, w->message, (size_t)w->o->size) &&
	    conn_say(w, "\r\n") && tagged(w);
	w->done += good;
	return good;
}

/* MULTIAPPEND (RFC 3502): `per` messages by one command. Their number is what is counted. */
static bool fill_once(struct worker *w)
{
	bool good = conn_say(w, "a APPEND %s", w->o->box);
	long number, n = 0;

	for (; good && n < w->o->per && (number = next_number()) >= 0; n++) {
		message_number(w, number);
		good = conn_say(w, " {%ld+}\r\n", w->o->size) &&
		    conn_write(w, w->message, (size_t)w->o->size);
	}
	good = good && conn_say(w, "\r\n") && (tagged(w) || n == 0);
	w->done += good ? n : 0;
	return good;
}

const struct work work_session = { .name = "session", .once = session_once };
const struct work work_hold = { .name = "hold", .once = hold_once };
const struct work work_handshake = {
	.name = "handshake", .prepare = handshake_prepare, .once = handshake_once
};
const struct work work_command = {
	.name = "command", .prepare = command_prepare, .once = command_once
};
const struct work work_fill = { .name = "fill", .prepare = append_prepare, .once = fill_once };
const struct work work_append = {
	.name = "append", .prepare = append_prepare, .once = append_once
};
