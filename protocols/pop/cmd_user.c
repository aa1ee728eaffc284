/* cmd_user.c - log in by USER and PASS */
#include "protocols/pop/pop.h"

static enum sess_next run_user(struct pop *pop, struct slice args)
{
	if (!pop_may_login(pop))
		return pop_bad(pop, "use STLS first");
	buf_clear(&pop->user);
	buf_adds(&pop->user, args);
	/* RFC 1939 §7: whether there is such a user is not told. */
	pop_ok(pop, "send PASS");
	return SESS_NEXT;
}

static void announce(struct pop *pop, struct buf *out)
{
	if (pop_may_login(pop))
		buf_addz(out, "USER\r\n");
}

POP_COMMAND(user) = {
	.name = "USER",
	.states = POP_AUTHORIZATION,
	.args_min = 1,
	.args_max = 1,
	.instant = true,
	.usage = "USER name",
	.ref = "RFC 1939 §7",
	.announce = announce,
	.run = run_user,
};

static enum sess_next run_pass(struct pop *pop, struct slice args)
{
	struct auth_account who;
	if (pop->user.n == 0)
		return pop_bad(pop, "send USER first");
	enum auth_result result =
	    auth_password(buf_slice(&pop->user), args, sess_cmd_pool(pop->s), &who);
	return pop_login(pop, result, slice_str(who.name), &who, "USER");
}

/* A password may have blanks: it is all that is behind the first one. */
POP_COMMAND(pass) = {
	.name = "PASS",
	.states = POP_AUTHORIZATION,
	.args_min = 1,
	.args_max = POP_ANY_ARGS,
	.usage = "PASS password",
	.ref = "RFC 1939 §7, RFC 3206",
	.capability = "AUTH-RESP-CODE\r\n",
	.run = run_pass,
};
