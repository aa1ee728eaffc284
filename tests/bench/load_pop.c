/* load_pop.c - POP3: RETR of one message after the other */
#include "load.h"

#include <string.h>

static bool good(struct worker *w)
{
	return conn_line(w) && strncmp(w->line, "+OK", 3) == 0;
}

static bool prepare(struct worker *w)
{
	char user[128];

	account_name(w->o, 0, user, sizeof(user));
	return conn_open(w) && good(w) && conn_say(w, "USER %s\r\n", user) && good(w) &&
	    conn_say(w, "PASS %s\r\n", w->o->password) && good(w);
}

static bool once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	if (!conn_say(w, "RETR %ld\r\n", number % w->o->messages + 1) || !good(w))
		return false;
	do {
		if (!conn_line(w))
			return false;
	} while (strcmp(w->line, ".") != 0);
	w->done++;
	return true;
}

const struct work work_retr = { .name = "retr", .prepare = prepare, .once = once };
