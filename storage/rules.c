/* rules.c - run the scripts of three levels, one after the other */
#include "storage/rules.h"

#include "core/conf.h"
#include "core/log.h"
#include "storage/rules_fault.h"

enum { ON_FAILURE_KEEP, ON_FAILURE_DEFER };

CONF_KEY(rules_encrypt_failure) = {
	.name = "rules.encrypt-failure",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "keep",
	.choices = (const char *const[]){ "keep", "defer", NULL },
	.help =
	    "mail that a rule cannot encrypt: keep it in the ordinary way, or let its sender try again",
};

const char *const rules_level_names[] = {
	[SCRIPT_SERVER] = "server",
	[SCRIPT_DOMAIN] = "domain",
	[SCRIPT_ACCOUNT] = "account",
	[SCRIPT_FORMS] = "forms",
};

struct run {
	const struct rules_account *account;
	const struct sieve_message *message;
	struct pool *pool;
	const struct rules_doer *doer;
	enum script_scope level;
};

static struct slice domain_of(const struct rules_account *account)
{
	return slice_from(account->address, (size_t)slice_rchr(account->address, '@') + 1);
}

/* --- what cannot be done --- */

static bool must_defer(
    const struct run *run, const struct sieve_action *action, const struct err *err)
{
	if (err->kind == ERR_TEMP)
		return true;
	if (!action->encrypt)
		return false;
	struct conf_at at = { .domain = pool_str(run->pool, domain_of(run->account)) };
	return conf_num_at(&conf_key_rules_encrypt_failure, &at) == ON_FAILURE_DEFER;
}

static void tell(const struct run *run, const char *what, const struct err *err)
{
	log_event(LOG_WARN, what, log_s("account", run->account->address),
	    log_z("level", rules_level_names[run->level]), log_z("reason", err->text));
	rules_fault_note(run->account, run->level, slice_str(err->text));
}

/* --- a level --- */

static int do_action(const struct run *run, const struct sieve_action *action, struct err *err)
{
	const struct rules_doer *doer = run->doer;

	switch (action->kind) {
	case SIEVE_STORE:
		return doer->store(doer->arg, run->level, action, err);
	case SIEVE_REDIRECT:
		return doer->redirect(doer->arg, action->name, err);
	case SIEVE_VACATION:
		return doer->answer(doer->arg, action, err);
	default:
		return doer->reject(doer->arg, action->name, err);
	}
}

/* RULES_KEEP: the implicit keep stands. */
static enum rules_end do_actions(
    const struct run *run, const struct sieve_action *actions, struct err *err)
{
	enum rules_end end = RULES_DONE;

	if (!actions)
		log_event(LOG_INFO, "rule-discards", log_s("account", run->account->address),
		    log_z("level", rules_level_names[run->level]));
	for (; actions; actions = actions->next) {
		if (actions->kind == SIEVE_STORE && actions->implicit) {
			end = RULES_KEEP;
		} else if (do_action(run, actions, err) != 0) {
			tell(run, "rule-failed", err);
			if (must_defer(run, actions, err)) {
				err->kind = ERR_TEMP;
				return RULES_LATER;
			}
			end = RULES_KEEP;
		}
	}
	return end;
}

static enum rules_end run_script(
    const struct run *run, const struct sieve_script *script, struct err *err)
{
	struct sieve_action *actions;

	if (sieve_run(script, run->message, run->pool, &actions, err) != 0)
		tell(run, "rule-faulty", err);
	return do_actions(run, actions, err);
}

static enum rules_end run_level(
    const struct run *run, const struct script_owner *owner, struct err *err)
{
	struct script *script;
	int found = script_active(owner, &script);

	if (found == 0)
		return RULES_KEEP;
	if (found < 0) {
		err_set(err, ERR_TEMP, "the rules of the %s cannot be read",
		    rules_level_names[run->level]);
		return RULES_LATER;
	}
	enum rules_end end = run_script(run, script_compiled(script), err);
	script_release(&script);
	return end;
}

enum rules_end rules_run(const struct rules_account *account, const struct sieve_message *message,
    struct pool *pool, const struct rules_doer *doer, struct err *err)
{
	const struct script_owner owners[] = {
		script_of_server(),
		script_of_domain(domain_of(account)),
		script_of_forms(account->id, account->shard),
		script_of_account(account->id, account->shard),
	};
	struct run run = { account, message, pool, doer, SCRIPT_SERVER };
	enum rules_end end = RULES_KEEP;

	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners) && end == RULES_KEEP; i++) {
		run.level = owners[i].scope;
		end = run_level(&run, &owners[i], err);
	}
	return end;
}
