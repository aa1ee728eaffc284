/* load_smtp.c - messages by SMTP, `per` of them on each connection */
#include "load.h"

#include <stdio.h>
#include <string.h>

/* Read a reply to its last line; whether its code begins with `digit`. */
static bool reply(struct worker *w, char digit)
{
	do {
		if (!conn_line(w))
			return false;
	} while (strlen(w->line) > 3 && w->line[3] == '-');
	return w->line[0] == digit;
}

static bool ask(struct worker *w, char digit, const char *command)
{
	return conn_write(w, command, strlen(command)) && reply(w, digit);
}

/* RFC 4616: NUL name NUL password, in base64. */
static bool authenticate(struct worker *w, const char *user)
{
	unsigned char plain[256], text[400];
	int n = snprintf((char *)plain, sizeof(plain), "%c%s%c%s", 0, user, 0, w->o->password);

	if (n < 0 || (size_t)n >= sizeof(plain))
		return false;
	EVP_EncodeBlock(text, plain, n);
	return conn_say(w, "AUTH PLAIN %s\r\n", text) && reply(w, '2');
}

static bool begin(struct worker *w, const char *user)
{
	if (!conn_open(w) || !reply(w, '2') || !ask(w, '2', "EHLO load.test\r\n"))
		return false;
	if (w->o->starttls &&
	    (!ask(w, '2', "STARTTLS\r\n") || !conn_start_tls(w) ||
		!ask(w, '2', "EHLO load.test\r\n")))
		return false;
	return !w->o->password || authenticate(w, user);
}

static bool transaction(struct worker *w, const char *from, long number)
{
	char to[128];

	account_name(w->o, number, to, sizeof(to));
	message_number(w, number);
	return conn_say(w, "MAIL FROM:<%s>\r\n", from) && reply(w, '2') &&
	    conn_say(w, "RCPT TO:<%s>\r\n", to) && reply(w, '2') && ask(w, '3', "DATA\r\n") &&
	    conn_write(w, w->message, (size_t)w->o->size) && ask(w, '2', ".\r\n");
}

static bool one_connection(struct worker *w)
{
	char from[128] = "sender@load.test";
	long number = next_number();

	if (number < 0)
		return true;
	if (w->o->password)
		account_name(w->o, number, from, sizeof(from));
	if (!begin(w, from))
		return false;
	for (long i = 1; number >= 0; i++) {
		if (!transaction(w, from, number))
			return false;
		w->done++;
		if (i == w->o->per)
			break;
		number = next_number();
	}
	return ask(w, '2', "QUIT\r\n");
}

static bool once(struct worker *w)
{
	bool good = one_connection(w);

	conn_close(w);
	return good;
}

const struct work work_smtp = { .name = "smtp", .prepare = message_make, .once = once };
