/* cmd_auth.c - log in by SASL */
#include "protocols/pop/pop.h"

static enum sess_next answer(struct pop *pop, struct slice line);

static enum sess_next go_on(struct pop *pop, enum auth_result result, struct buf *challenge)
{
	if (result == AUTH_MORE) {
		sess_printf(pop->s, "+ %.*s\r\n", SLICE_ARG(buf_slice(challenge)));
		pop->answer = answer;
		return SESS_NEXT;
	}
	return pop_login(
	    pop, result, auth_tried(pop->auth), auth_who(pop->auth), auth_mech(pop->auth));
}

static enum sess_next answer(struct pop *pop, struct slice line)
{
	struct buf challenge = { 0 };
	enum auth_result result = auth_line_step(pop->auth, line, &challenge);
	enum sess_next next = go_on(pop, result, &challenge);
	buf_wipe(&challenge);
	return next;
}

static enum sess_next run(struct pop *pop, struct slice args)
{
	struct auth_channel channel;
	struct buf challenge = { 0 };
	struct slice mech = slice_word(&args), initial = slice_word(&args);

	if (!pop_may_login(pop))
		return pop_bad(pop, "use STLS first");
	auth_free(&pop->auth);
	auth_channel_of(pop->s, &channel);
	channel.tls = true; /* or as good as that: pop_may_login */
	pop->auth = auth_new("pop", &channel);
	enum auth_result result = auth_line_begin(pop->auth, mech, initial, &challenge);
	enum sess_next next = go_on(pop, result, &challenge);
	buf_wipe(&challenge);
	return next;
}

static void announce(struct pop *pop, struct buf *out)
{
	struct auth_channel channel;

	if (!pop_may_login(pop))
		return;
	auth_channel_of(pop->s, &channel);
	channel.tls = true; /* or as good as that: pop_may_login */
	buf_printf(out, "SASL %s\r\n", auth_mechs(&channel));
}

POP_COMMAND(auth) = {
	.name = "AUTH",
	.states = POP_AUTHORIZATION,
	.args_min = 1,
	.args_max = 2,
	.usage = "AUTH mechanism [initial-response]",
	.ref = "RFC 5034",
	.announce = announce,
	.run = run,
};
