/* own.c - may who logged in send as that address? */
#include "core/loop.h"
#include "protocols/smtp/smtp.h"
#include "storage/identity.h"

const char smtp_not_yours[] = "553 5.7.1 That address is not yours";
static const char no_answer[] = "451 4.3.0 Cannot look that up now, try again later";

static bool leads_to(const struct dir_target *target, uint64_t account)
{
	while (target && target->account != account)
		target = target->next;
	return target != NULL;
}

/* What an admin granted; asked for seldom, and never on a loop. */
static const char *check_grant(struct smtp *smtp, struct slice address)
{
	struct pool *pool = &smtp->mail->pool;
	struct dir_account account;

	if (loop_thread())
		return smtp_later;
	int found = dir_account(slice_str(smtp->login), pool, &account);
	if (found == 1)
		found = identity_is_granted(account.id, account.shard, address);
	if (found < 0)
		return no_answer;
	return found == 1 ? NULL : smtp_not_yours;
}

const char *smtp_check_own(struct smtp *smtp, struct slice address)
{
	struct dir_target *target = NULL;

	switch (dir_route(address, &smtp->mail->pool, &target)) {
	case DIR_LATER:
		return smtp_later;
	case DIR_FAILED:
		return no_answer;
	default:
		if (leads_to(target, smtp->account))
			return NULL;
		return check_grant(smtp, address);
	}
}
