/* deliver_write.c - one shard's part of a delivery, in one transaction
 *
 * First every account is checked, then everything is put: what is refused for
 * one is refused for all. Inside it each account costs four records. */
#include <string.h>

#include "core/conf.h"
#include "core/metric.h"
#include "storage/deliver_private.h"

CONF_KEY(rules_create_mailboxes) = {
	.name = "rules.create-mailboxes",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER,
	.def = "on",
	.help =
	    "make a mailbox that a rule files mail into and that does not exist; else INBOX has it",
};

METRIC(deliveries) = {
	.name = "signet_deliveries_total",
	.type = METRIC_COUNTER,
	.help = "messages put into mailboxes, once for each",
	.cells = METRIC_CELLS(1),
};

static enum kv_result refuse(struct shard_write *w, enum err_kind kind, const char *why)
{
	err_set(&w->op->err, kind, "%s", why);
	return KV_REFUSED;
}

/* --- which mailbox --- */

/* It may be one of those that every account has, and the account be new. Even if
   the delivery is refused afterwards, an empty mailbox does no harm; so the
   account's record is written at once. */
static int make(struct party *party, const struct landing *landing, struct box_name *name)
{
	struct box_tx *tx = &party->tx;

	if (box_name_find(tx, SLICE("INBOX"), name) < 0)
		return -1;
	int found = box_name_find(tx, landing->box, name);
	if (found != 0)
		return found;
	if (!conf_on(&conf_key_rules_create_mailboxes) || box_name_limits(landing->box, NULL) < 0 ||
	    !box_room_for_names(tx, 1, NULL))
		return 0;
	if (box_make(tx, landing->box, name, BOX_USE_NONE) < 0 || box_acct_put(tx, &tx->acct) < 0)
		return -1;
	return 1;
}

/* 1, -1 failed, 0: there is none, and INBOX is no substitute. */
static int find_mailbox(struct party *party, struct landing *landing)
{
	struct box_name name;
	int found = 0;

	if (landing->box.n > 0)
		found = box_name_find(&party->tx, landing->box, &name);
	if (found == 1 && landing->how == LANDING_DETAIL && name.use != BOX_USE_NONE)
		found = 0;
	if (found == 0 && landing->box.n > 0 && landing->how == LANDING_FILE)
		found = make(party, landing, &name);
	if (found == 0 && (landing->box.n == 0 || landing->how != LANDING_FOREIGN))
		found = box_name_find(&party->tx, SLICE("INBOX"), &name);
	if (found == 1)
		landing->box_id = name.box;
	return found;
}

/* Two names may have led to one mailbox. */
static void find_first(struct party *party, struct landing *landing)
{
	landing->first = NULL;
	landing->twice = false;
	for (struct landing *l = party->landings; l != landing; l = l->next) {
		if (l->box_id != landing->box_id)
			continue;
		if (!landing->first)
			landing->first = l;
		landing->twice |= l->form == landing->form;
	}
	if (!landing->first)
		landing->first = landing;
}

/* --- check --- */

static int open_landing(struct party *party, struct landing *landing)
{
	int found = find_mailbox(party, landing);

	if (found != 1)
		return found;
	find_first(party, landing);
	if (landing->first != landing)
		return 1;
	return box_edit_begin(&landing->edit, &party->tx, landing->box_id) == 1 ? 1 : -1;
}

static bool has_room(const struct party *party, struct err *err)
{
	uint64_t bytes = 0, n = 0;

	for (const struct landing *l = party->landings; l; l = l->next)
		if (!l->twice) {
			bytes += l->form->size;
			n++;
		}
	for (const struct landing *l = party->landings; l; l = l->next)
		if (l->first == l && !box_edit_room(&l->edit, bytes, n, err))
			return false;
	return true;
}

static enum kv_result check(struct shard_write *w, struct party *party, struct kv_txn *txn)
{
	int found = box_tx_begin(&party->tx, txn, w->shard, party->account);

	if (found == 0)
		return refuse(w, ERR_TEMP, "a recipient was removed meanwhile");
	for (struct landing *l = party->landings; l && found == 1; l = l->next)
		found = open_landing(party, l);
	if (found == 0)
		return refuse(w, ERR_TEMP, "a mailbox was removed meanwhile");
	if (found < 0)
		return KV_FAILED;
	return has_room(party, &w->op->err) ? KV_DONE : KV_REFUSED;
}

/* --- put --- */

/* A keyword for which there is no room is lost, the message is not. */
static int flags_of(const struct landing *landing, struct box_edit *edit, uint64_t *flags)
{
	uint64_t bit;

	*flags = landing->flags;
	for (size_t i = 0; i < landing->n_keywords; i++) {
		if (box_edit_keyword(edit, landing->keywords[i], &bit) < 0)
			return -1;
		*flags |= bit;
	}
	return 0;
}

/* One summary serves all mailboxes of an account. */
static int put_message(struct party *party, const struct landing *landing)
{
	struct form *form = landing->form;

	for (const struct landing *l = party->landings; l != landing; l = l->next)
		if (l->form == form)
			return box_message_use(&party->tx, form->place.id);
	form->users++;
	return box_message_add(&party->tx, form->place.id, buf_slice(&form->summary));
}

static int put_landing(struct delivery *op, struct party *party, struct landing *landing)
{
	struct box_edit *edit = &landing->first->edit;
	struct box_entry entry = {
		.size = landing->form->size,
		.message = landing->form->place.id,
		.internal_date = op->now,
	};

	if (landing->twice)
		return 0;
	if (flags_of(landing, edit, &entry.flags) < 0 || box_edit_add(edit, &entry) < 0)
		return -1;
	return put_message(party, landing);
}

static int put(struct delivery *op, struct party *party)
{
	for (struct landing *l = party->landings; l; l = l->next)
		if (put_landing(op, party, l) < 0)
			return -1;
	for (struct landing *l = party->landings; l; l = l->next)
		if (l->first == l && box_edit_end(&l->edit) < 0)
			return -1;
	return box_tx_end(&party->tx);
}

static int link_bodies(struct shard_write *w, struct kv_txn *txn)
{
	for (const struct form *form = w->op->forms; form; form = form->next)
		if (form->shard == w->shard && form->users > 0 &&
		    body_link(w->shard->bodies, txn, &form->place, form->users) < 0)
			return -1;
	return 0;
}

/* --- the write --- */

static bool is_here(const struct shard *shard, const struct party *party)
{
	return party->shard == shard && party->landings && !party->left_out;
}

static bool has_queue(const struct shard *shard)
{
	return shard->id == 0;
}

static enum kv_result check_all(struct shard_write *w, struct kv_txn *txn)
{
	for (struct party *party = w->op->parties; party; party = party->next) {
		if (party->shard != w->shard || !party->landings)
			continue;
		enum kv_result result = check(w, party, txn);
		bool left_out = result == KV_REFUSED && deliver_may_leave_out(w->op, party);
		party->left_out = left_out ? w->op->err.kind : ERR_NONE;
		if (result != KV_DONE && !left_out)
			return result;
	}
	return KV_DONE;
}

static enum kv_result apply(struct kv_write *kw, struct kv_txn *txn)
{
	struct shard_write *w = (struct shard_write *)kw;
	struct delivery *op = w->op;

	for (struct form *form = op->forms; form; form = form->next)
		if (form->shard == w->shard)
			form->users = 0;
	bool any = has_queue(w->shard) && op->sendings;
	enum kv_result result = check_all(w, txn);
	if (result != KV_DONE)
		return result;
	for (struct party *party = op->parties; party; party = party->next) {
		any = any || is_here(w->shard, party);
		if (is_here(w->shard, party) && put(op, party) < 0)
			return KV_FAILED;
	}
	for (struct sending *s = op->sendings; s && has_queue(w->shard); s = s->next)
		if (sending_put(op, s, txn) < 0)
			return KV_FAILED;
	if (any && has_queue(w->shard) && op->d->also && op->d->also(op->d->also_arg, txn) < 0)
		return KV_FAILED;
	return link_bodies(w, txn) < 0 ? KV_FAILED : KV_DONE;
}

static void durable(struct kv_write *kw)
{
	struct shard_write *w = (struct shard_write *)kw;
	unsigned n = 0;

	for (struct party *party = w->op->parties; party; party = party->next)
		for (struct landing *l = party->landings; l && is_here(w->shard, party);
		     l = l->next) {
			n += !l->twice;
			if (l->first == l)
				box_view_apply(w->shard, &l->edit.change);
		}
	metric_add(&metric_deliveries, 0, n);
	for (const struct sending *s = w->op->sendings; s && has_queue(w->shard); s = s->next)
		queue_added(&s->entry);
}

static void done(struct kv_write *kw)
{
	struct shard_write *w = (struct shard_write *)kw;

	w->op->ended(w->op->ended_arg);
}

static struct kv_write *prepare(struct delivery *op, struct shard *shard)
{
	op->write = (struct shard_write){ { .apply = apply, .durable = durable }, op, shard };
	return &op->write.w;
}

bool deliver_writes(const struct delivery *op, const struct shard *shard)
{
	for (const struct party *party = op->parties; party; party = party->next)
		if (is_here(shard, party))
			return true;
	return has_queue(shard) && op->sendings;
}

int deliver_write(struct delivery *op, struct shard *shard)
{
	return box_write(shard, prepare(op, shard), &op->err);
}

void deliver_write_begin(struct delivery *op, struct shard *shard)
{
	struct kv_write *w = prepare(op, shard);

	w->done = done;
	kv_write_begin(shard->env, w);
}
