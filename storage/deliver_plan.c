/* deliver_plan.c - what the rules of an account want, put into the plan of a delivery */
#include <string.h>

#include "core/log.h"
#include "storage/answer.h"
#include "storage/deliver_private.h"
#include "storage/group.h"
#include "storage/rules.h"
#include "storage/share.h"

/* However the rules of one recipient lead to others. */
enum { DEPTH_MAX = 5, REDIRECTS_MAX = 100 };

struct plan {
	struct delivery *op;
	struct party *party;
};

/* --- which mailbox, and whose --- */

struct place {
	struct party *owner;
	struct slice box; /* folded, from the pool; empty: the ordinary one */
	bool foreign;
};

static struct slice domain_of(struct slice address)
{
	return slice_from(address, (size_t)slice_rchr(address, '@') + 1);
}

static int fold(struct delivery *op, struct slice name, struct slice *out, struct err *err)
{
	struct buf folded = { 0 };
	int rc = box_name_fold(name, &folded, err);

	*out = pool_slice(&op->pool, buf_slice(&folded));
	buf_done(&folded);
	return rc;
}

/* The account of "~ann" or "~ann@beta.test". */
static int find_owner(
    const struct plan *plan, struct slice who, struct dir_account *account, struct err *err)
{
	struct pool *pool = &plan->op->pool;

	if (slice_chr(who, '@') < 0)
		who = slice_str(pool_printf(
		    pool, "%.*s@%.*s", SLICE_ARG(who), SLICE_ARG(domain_of(plan->party->address))));
	int found = dir_account(who, pool, account);
	if (found < 0)
		return err_set(err, ERR_TEMP, "the directory cannot be read");
	if (found == 0)
		return err_set(err, ERR_ABSENT, "there is no account %.*s", SLICE_ARG(who));
	return 0;
}

/* C-127: somebody else's mailbox takes what its owner allows. */
static int check_right(const struct plan *plan, const struct dir_account *owner, struct slice box,
    enum script_scope level, struct err *err)
{
	struct acct *acct = acct_open(owner->id, owner->shard);
	struct box_name name;
	unsigned rights;

	if (!acct)
		return err_set(err, ERR_TEMP, "the shard of %s is not open here", owner->name);
	int rc = box_find(acct, box, &name, err);
	if (rc == 0 && level != SCRIPT_SERVER) {
		if (share_rights(
			acct, slice_str(owner->name), name.box, plan->party->address, &rights) < 0)
			rc = err_set(err, ERR_TEMP, "the grants of %s cannot be read", owner->name);
		else if (!(rights & RIGHT_INSERT))
			rc = err_set(err, ERR_DENIED, "no right to file into ~%s/%.*s", owner->name,
			    SLICE_ARG(box));
	}
	acct_close(&acct);
	return rc;
}

/* Another account that gets something by these rules. */
static struct party *find_party(
    const struct plan *plan, const struct dir_target *target, struct err *err)
{
	struct party *party = deliver_party(plan->op, target, err);

	if (!party || !party->left_out)
		return party;
	err_set(err, ERR_TEMP, "%s has to wait for it", target->address);
	return NULL;
}

static int find_foreign(const struct plan *plan, struct slice name, enum script_scope level,
    struct place *out, struct err *err)
{
	struct slice box = slice_from(name, 1), who = slice_cut(&box, '/');
	struct dir_account account;

	if (who.n == 0)
		return fold(plan->op, box, &out->box, err);
	if (find_owner(plan, who, &account, err) != 0)
		return -1;
	if (fold(plan->op, box.n > 0 ? box : SLICE("INBOX"), &out->box, err) != 0)
		return -1;
	if (account.id == plan->party->account)
		return 0;
	if (check_right(plan, &account, out->box, level, err) != 0)
		return -1;
	struct dir_target target = {
		.account = account.id, .shard = account.shard, .address = account.name
	};
	out->owner = find_party(plan, &target, err);
	if (!out->owner)
		return -1;
	out->foreign = true;
	out->owner->entangled = plan->party->entangled = true;
	return 0;
}

static int find_place(const struct plan *plan, struct slice name, enum script_scope level,
    struct place *out, struct err *err)
{
	*out = (struct place){ .owner = plan->party };
	if (name.n == 0)
		return 0;
	if (name.p[0] == '~')
		return find_foreign(plan, name, level, out, err);
	return fold(plan->op, name, &out->box, err);
}

/* --- in which form --- */

/* C-121 to C-125: for the mailbox's owner; by an account's or a domain's
   script into somebody else's mailbox, for both. */
static struct form *encrypt(
    const struct plan *plan, const struct place *place, enum script_scope level, struct err *err)
{
	const char *accounts[2] = { place->owner->address.p, plan->party->address.p };
	size_t n = place->foreign && level != SCRIPT_SERVER ? 2 : 1;

	if (n == 2 && strcmp(accounts[0], accounts[1]) > 0) {
		accounts[0] = plan->party->address.p;
		accounts[1] = place->owner->address.p;
	}
	return form_encrypted(plan->op, place->owner->shard, accounts, n, err);
}

static const struct slice *copy_keywords(struct pool *pool, const struct sieve_action *action)
{
	struct slice *keywords = pool_get(pool, (action->n_keywords + 1) * sizeof(*keywords));

	for (size_t i = 0; i < action->n_keywords; i++)
		keywords[i] = pool_slice(pool, action->keywords[i]);
	return keywords;
}

/* --- the actions --- */

static void tell_filed(const struct plan *plan, const struct place *place, enum script_scope level,
    const struct sieve_action *action)
{
	log_event(LOG_INFO, "rule-files", log_s("account", plan->party->address),
	    log_z("level", rules_level_names[level]), log_s("into", action->name),
	    log_s("of", place->owner->address), log_z("encrypted", action->encrypt ? "yes" : "no"));
}

static int do_store(
    void *arg, enum script_scope level, const struct sieve_action *action, struct err *err)
{
	const struct plan *plan = arg;
	struct delivery *op = plan->op;
	struct place place;

	if (find_place(plan, action->name, level, &place, err) != 0)
		return -1;
	struct landing landing = { .box = place.box,
		.how = place.foreign ? LANDING_FOREIGN : LANDING_FILE,
		.flags = action->flags,
		.keywords = copy_keywords(&op->pool, action),
		.n_keywords = action->n_keywords };
	landing.form = action->encrypt ? encrypt(plan, &place, level, err)
				       : form_clear(op, place.owner->shard, err);
	if (!landing.form)
		return -1;
	if (place.box.n == 0)
		deliver_keep(op, place.owner, &landing);
	else
		deliver_land(op, place.owner, &landing);
	tell_filed(plan, &place, level, action);
	return 0;
}

/* An account here: it has it at once, by its own rules. */
static int redirect_here(
    const struct plan *plan, const struct dir_target *target, struct slice address, struct err *err)
{
	struct party *party = find_party(plan, target, err);

	if (!party)
		return -1;
	if (party->state == PARTY_ASKED)
		return err_set(err, ERR_EXISTS, "it would go round in circles");
	if (party->state == PARTY_DONE)
		return 0;
	if (plan->party->depth >= DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "it was redirected too often");
	party->entangled = true;
	party->depth = plan->party->depth + 1;
	if (!party->rcpt)
		party->original = pool_slice(&plan->op->pool, address);
	log_event(LOG_INFO, "rule-redirects", log_s("account", plan->party->address),
	    log_s("to", party->address));
	return deliver_plan(plan->op, party, err);
}

struct members {
	const struct plan *plan;
	struct slice address;
	struct err *err;
	int rc;
};

static int redirect_one(
    const struct plan *plan, const struct dir_target *target, struct slice address, struct err *err)
{
	return target->account
	    ? redirect_here(plan, target, address, err)
	    : sending_redirect(plan->op, plan->party, slice_str(target->address), err);
}

static int redirect_member(void *arg, const struct dir_target *target)
{
	struct members *m = arg;

	if (redirect_one(m->plan, target, m->address, m->err) == 0)
		m->rc = 0;
	return m->rc != 0 && m->err->kind == ERR_TEMP ? -1 : 0;
}

/* Who redirects to a group is its sender. */
static int redirect_group(
    const struct plan *plan, const struct dir_target *target, struct slice address, struct err *err)
{
	struct members members = { plan, address, err, -1 };
	struct slice name = slice_str(target->address);
	struct group group;
	int found = group_find(name, &plan->op->pool, &group);
	int may = found == 1 ? group_may_send(&group, plan->party->address,
				   pool_str(&plan->op->pool, plan->party->address))
			     : found;

	if (may < 0)
		return err_set(err, ERR_TEMP, "the group cannot be read");
	if (may == 0 || deliver_was_at(plan->op, name))
		return err_set(err, ERR_DENIED, "no mail may be sent to %s", target->address);
	err_set(err, ERR_ABSENT, "%s has no members", target->address);
	if (group_expand(name, redirect_member, &members, err) != 0)
		return -1;
	return members.rc;
}

/* One of those behind an alias that takes it is enough. */
static int redirect_all(
    const struct plan *plan, const struct dir_target *target, struct slice address, struct err *err)
{
	int rc = -1;

	for (; target; target = target->next) {
		int one = target->group ? redirect_group(plan, target, address, err)
					: redirect_one(plan, target, address, err);
		if (one == 0)
			rc = 0;
		else if (err->kind == ERR_TEMP)
			return -1;
	}
	return rc;
}

static int do_redirect(void *arg, struct slice address, struct err *err)
{
	const struct plan *plan = arg;
	struct dir_target *target;

	plan->party->entangled = true;
	if (++plan->op->redirects > REDIRECTS_MAX)
		return err_set(err, ERR_LIMIT, "the message is redirected to too many");
	switch (dir_route(address, &plan->op->pool, &target)) {
	case DIR_LOCAL:
		return redirect_all(plan, target, address, err);
	case DIR_REMOTE:
		return sending_redirect(plan->op, plan->party, address, err);
	case DIR_UNKNOWN:
		return err_set(err, ERR_ABSENT, "%.*s leads nowhere", SLICE_ARG(address));
	default:
		return err_set(err, ERR_TEMP, "the directory cannot be read");
	}
}

static int do_reject(void *arg, struct slice reason, struct err *err)
{
	const struct plan *plan = arg;

	(void)err;
	plan->party->rejects = true;
	plan->party->why = pool_slice(&plan->op->pool, reason);
	log_event(LOG_INFO, "rule-rejects", log_s("account", plan->party->address));
	return 0;
}

/* It is sent when the message is stored. */
static int do_answer(void *arg, const struct sieve_action *action, struct err *err)
{
	const struct plan *plan = arg;
	struct delivery *op = plan->op;
	const struct party *party = plan->party;
	bool of_group = party->rcpt && party->rcpt->group;
	struct answer *answer = pool_get(&op->pool, sizeof(*answer));

	(void)err;
	*answer = (struct answer){ .account = party->account,
		.shard = party->shard->id,
		.address = party->address,
		.to = of_group ? (struct slice){ 0 } : party->original,
		.sender = op->d->reverse_path,
		.message = op->whole,
		.text = pool_slice(&op->pool, action->name),
		.vacation = *action->vacation,
		.next = op->answers };
	const char *why = answer_unsafe(answer, &op->pool);
	if (why) {
		log_event(LOG_INFO, "rule-does-not-answer", log_s("account", party->address),
		    log_z("reason", why));
		return 0;
	}
	answer_own(answer, &op->pool);
	op->answers = answer;
	return 0;
}

/* --- an account --- */

static int keep_clear(struct delivery *op, struct party *party, struct err *err)
{
	struct landing landing = { .form = form_clear(op, party->shard, err) };

	if (!landing.form)
		return -1;
	deliver_keep(op, party, &landing);
	return 0;
}

int deliver_plan(struct delivery *op, struct party *party, struct err *err)
{
	struct plan plan = { op, party };
	const struct rules_doer doer = { .store = do_store,
		.redirect = do_redirect,
		.reject = do_reject,
		.answer = do_answer,
		.arg = &plan };
	const struct rules_account account = { party->account, party->shard->id, party->address };
	const struct sieve_message message = {
		.text = op->whole, .from = op->d->reverse_path, .to = party->original
	};
	struct pool pool = { 0 };

	party->state = PARTY_ASKED;
	enum rules_end end = rules_run(&account, &message, &pool, &doer, err);
	party->state = PARTY_DONE;
	pool_done(&pool);
	if (end == RULES_LATER)
		return -1;
	return end == RULES_KEEP ? keep_clear(op, party, err) : 0;
}
