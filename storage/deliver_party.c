/* deliver_party.c - the accounts of a delivery, and what lands in their mailboxes */
#include "core/conf.h"
#include "storage/deliver_private.h"

CONF_KEY(storage_detail_mailboxes) = {
	.name = "storage.detail-mailboxes",
	.type = CONF_BOOL,
	.def = "on",
	.help = "mail for ann+lists@ goes into the mailbox lists of ann, if she has one",
};

static void read_detail(struct delivery *op, struct party *party, const char *detail)
{
	struct buf folded = { 0 };

	if (detail && conf_on(&conf_key_storage_detail_mailboxes) &&
	    box_name_fold(slice_str(detail), &folded, NULL) == 0)
		party->detail = pool_slice(&op->pool, buf_slice(&folded));
	buf_done(&folded);
}

struct party *deliver_new_party(
    struct delivery *op, const struct dir_target *target, struct err *err)
{
	struct shard *shard = shard_of(target->shard);

	if (!shard) {
		err_set(err, ERR_TEMP, "a recipient's shard is not open here");
		return NULL;
	}
	struct party *party = pool_get(&op->pool, sizeof(*party));
	party->account = target->account;
	party->shard = shard;
	party->address = slice_str(pool_str(&op->pool, slice_str(target->address)));
	party->end = &party->landings;
	read_detail(op, party, target->detail);
	*op->last_party = party;
	op->last_party = &party->next;
	return party;
}

struct party *deliver_party(struct delivery *op, const struct dir_target *target, struct err *err)
{
	for (struct party *party = op->parties; party; party = party->next)
		if (party->account == target->account && party->shard->id == target->shard)
			return party;
	return deliver_new_party(op, target, err);
}

struct party *deliver_refuse(struct delivery *op, struct deliver_rcpt *rcpt, const char *why)
{
	struct party *party = pool_get(&op->pool, sizeof(*party));

	party->address = slice_str(pool_str(&op->pool, slice_str(rcpt->target->address)));
	party->original = rcpt->original;
	party->rcpt = rcpt;
	party->state = PARTY_DONE;
	party->rejects = true;
	party->why = slice_str(pool_str(&op->pool, slice_str(why)));
	party->end = &party->landings;
	*op->last_party = party;
	op->last_party = &party->next;
	return party;
}

static bool is_there(const struct party *party, const struct landing *landing)
{
	for (const struct landing *l = party->landings; l; l = l->next)
		if (l->form == landing->form && l->how == landing->how &&
		    slice_eq(l->box, landing->box))
			return true;
	return false;
}

void deliver_land(struct delivery *op, struct party *party, const struct landing *landing)
{
	if (is_there(party, landing))
		return;
	struct landing *copy = pool_get(&op->pool, sizeof(*copy));
	*copy = *landing;
	*party->end = copy;
	party->end = &copy->next;
}

void deliver_keep(struct delivery *op, struct party *party, const struct landing *landing)
{
	struct landing ordinary = *landing;

	ordinary.box = op->d->junk.n > 0 ? op->d->junk : party->detail;
	ordinary.how = op->d->junk.n > 0 ? LANDING_FILE : LANDING_DETAIL;
	deliver_land(op, party, &ordinary);
}

void parties_done(struct party *parties)
{
	for (; parties; parties = parties->next) {
		for (struct landing *l = parties->landings; l; l = l->next)
			box_edit_done(&l->edit);
		box_tx_done(&parties->tx);
	}
}
