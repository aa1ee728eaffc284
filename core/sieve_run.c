/* sieve_run.c - a script is run for a message: its commands, its actions, its bounds */
#include "core/sieve_private.h"

#include <stdio.h>

#include "core/conf.h"

CONF_KEY(sieve_max_redirects) = {
	.name = "sieve.max-redirects",
	.type = CONF_INT,
	.def = "4",
	.min = 0,
	.max = 30,
	.help = "most addresses that a Sieve script may redirect a message to",
};

unsigned sieve_redirects_max(void)
{
	return (unsigned)conf_num(&conf_key_sieve_max_redirects);
}

int sieve_fault(struct sieve_run *run, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_set(run->err, ERR_INPUT, "line %u: %s", run->line, text);
}

bool sieve_work(struct sieve_run *run, uint64_t steps)
{
	run->work += steps;
	if (!sieve_tired(run))
		return true;
	sieve_fault(run, "the script takes too long for this message");
	return false;
}

/* --- commands and tests --- */

enum sieve_next sieve_run_block(struct sieve_run *run, const struct sieve_node *commands)
{
	enum sieve_next next = SIEVE_GO_ON;

	for (; commands && next == SIEVE_GO_ON; commands = commands->next) {
		run->line = commands->line;
		next = sieve_work(run, SIEVE_STEPS_NODE) ? commands->command->run(run, commands)
							 : SIEVE_FAULT;
	}
	return next;
}

int sieve_eval(struct sieve_run *run, const struct sieve_node *test)
{
	run->line = test->line;
	if (!sieve_work(run, SIEVE_STEPS_NODE))
		return -1;
	int result = test->test->eval(run, test);
	pool_reset(&run->scratch);
	return sieve_tired(run) ? -1 : result;
}

/* --- actions --- */

static struct sieve_action *find(
    struct sieve_run *run, enum sieve_kind kind, struct slice name, bool encrypt)
{
	struct sieve_action *action = run->actions;

	while (action &&
	    (action->kind != kind || action->encrypt != encrypt || !slice_eq(action->name, name)))
		action = action->next;
	return action;
}

/* RFC 5429 2.4: a message that is refused is neither kept nor sent on, and is
   refused once. */
static int check_reject(struct sieve_run *run, enum sieve_kind kind)
{
	if (run->actions && (kind == SIEVE_REJECT || run->actions->kind == SIEVE_REJECT))
		return sieve_fault(run, "reject goes with no other action");
	return 0;
}

static int check_bounds(struct sieve_run *run, enum sieve_kind kind)
{
	if (++run->n_actions > SIEVE_ACTIONS_MAX)
		return sieve_fault(run, "more than %d actions", SIEVE_ACTIONS_MAX);
	if (kind == SIEVE_REDIRECT && ++run->n_redirects > sieve_redirects_max())
		return sieve_fault(run, "more than %u redirects", sieve_redirects_max());
	return 0;
}

struct sieve_action *sieve_act(
    struct sieve_run *run, enum sieve_kind kind, struct slice name, bool encrypt)
{
	if (check_reject(run, kind) != 0)
		return NULL;
	struct sieve_action *action = find(run, kind, name, encrypt); /* RFC 5228 2.10.3 */
	if (action)
		return action;
	if (check_bounds(run, kind) != 0)
		return NULL;
	action = pool_get(run->pool, sizeof *action);
	action->kind = kind;
	action->name = pool_slice(run->pool, name);
	action->encrypt = encrypt;
	*run->end = action;
	run->end = &action->next;
	return action;
}

/* --- all of it --- */

/* RFC 5228 2.10.2; RFC 5232 3: with the flags that are set at the end. */
static int keep_implicitly(struct sieve_run *run)
{
	enum sieve_kind kind = sieve_keep_kind(run->message);

	if (!run->keep || find(run, kind, SLICE(""), false))
		return 0;
	struct sieve_action *action = sieve_act(run, kind, SLICE(""), false);
	if (!action)
		return -1;
	action->implicit = true;
	sieve_flag(run, action, NULL);
	return 0;
}

/* RFC 6785 3.11: what answers a sender has no place where there is none. */
static int check_event(struct sieve_run *run, const struct sieve_script *script)
{
	if (!run->message->event || !script->delivery)
		return 0;
	run->line = 1;
	return sieve_fault(run, "\"%s\" is for mail that comes in", script->delivery);
}

static struct sieve_action *kept(struct pool *pool, enum sieve_kind kind)
{
	struct sieve_action *action = pool_get(pool, sizeof *action);

	action->kind = kind;
	action->name = SLICE("");
	action->implicit = true;
	return action;
}

int sieve_run(const struct sieve_script *script, const struct sieve_message *message,
    struct pool *pool, struct sieve_action **actions, struct err *err)
{
	struct sieve_run run = { .message = message, .pool = pool, .keep = true, .err = err };
	int rc = 0;

	run.end = &run.actions;
	if (message->event)
		sieve_begin_flags(&run, message->event);
	if (check_event(&run, script) != 0 ||
	    sieve_run_block(&run, script->commands) == SIEVE_FAULT || keep_implicitly(&run) != 0)
		rc = -1;
	*actions = rc == 0 ? run.actions : kept(pool, sieve_keep_kind(message));
	pool_done(&run.memory);
	pool_done(&run.scratch);
	return rc;
}
