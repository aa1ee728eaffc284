/* cmd_lang.c - UTF8 and LANG (RFC 6856) */
#include "protocols/pop/pop.h"

/* Messages are sent as they are, with letters of all scripts in their headers, too; to
   a client that has not said so as well: it would not get its mail otherwise. */
static enum sess_next run_utf8(struct pop *pop, struct slice args)
{
	(void)args;
	pop_ok(pop, "UTF8 it is");
	return SESS_NEXT;
}

POP_COMMAND(utf8) = {
	.name = "UTF8",
	.states = POP_AUTHORIZATION,
	.instant = true,
	.ref = "RFC 6856 §2",
	.capability = "UTF8 USER\r\n",
	.run = run_utf8,
};

/* RFC 4647 §3.3.1: "en" and what is narrower are English; so is our default. */
static bool is_known(struct slice range)
{
	return slice_ieq(range, SLICE("en")) || slice_istarts(range, SLICE("en-")) ||
	    slice_ieq(range, SLICE("i-default")) || slice_eq(range, SLICE("*"));
}

static enum sess_next run_lang(struct pop *pop, struct slice args)
{
	struct slice range = slice_word(&args);

	if (range.n == 0) {
		pop_ok(pop, "languages follow");
		buf_addz(sess_out(pop->s), "en English\r\n.\r\n");
	} else if (is_known(range)) {
		pop_ok(pop, "en English");
	} else {
		pop_err(pop, NULL, "there is no such language here");
	}
	return SESS_NEXT;
}

POP_COMMAND(lang) = {
	.name = "LANG",
	.states = POP_AUTHORIZATION | POP_TRANSACTION,
	.args_max = 1,
	.instant = true,
	.usage = "LANG [language]",
	.ref = "RFC 6856 §3",
	.capability = "LANG\r\n",
	.run = run_lang,
};
