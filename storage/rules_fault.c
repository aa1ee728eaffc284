/* rules_fault.c - what went wrong with an account's rules last, kept for its owner
 *
 * Room "rules-fault": level -> version, time in eight bytes, why. */
#include "storage/rules_fault.h"

#include <time.h>

#include "core/num.h"
#include "storage/acct_record.h"

static const char room[] = "rules-fault";

enum { VERSION = 1, FIXED_BYTES = 1 + 8, QUIET_SECONDS = 600 };

static bool read_fault(struct slice key, struct slice value, struct rules_fault *out)
{
	if (key.n != 1 || value.n < FIXED_BYTES || value.p[0] != VERSION ||
	    (unsigned char)key.p[0] > SCRIPT_FORMS)
		return false;
	*out = (struct rules_fault){ .level = (enum script_scope)key.p[0],
		.when = (int64_t)num_get64((const unsigned char *)value.p + 1),
		.why = slice_from(value, FIXED_BYTES) };
	return true;
}

static bool is_known(struct acct *acct, struct slice key, struct slice why, int64_t now)
{
	struct rules_fault fault;
	struct buf value = { 0 };

	bool known = acct_record_get(acct, room, key, &value) == 1 &&
	    read_fault(key, buf_slice(&value), &fault) && slice_eq(fault.why, why) &&
	    now - fault.when < QUIET_SECONDS;
	buf_done(&value);
	return known;
}

static void put_fault(struct acct *acct, struct slice key, struct slice why, int64_t now)
{
	unsigned char head[FIXED_BYTES] = { VERSION };
	struct buf value = { 0 };

	num_put64(head + 1, (uint64_t)now);
	buf_add(&value, head, sizeof(head));
	buf_adds(&value, why);
	struct acct_record record = { .key = key, .value = buf_slice(&value) };
	acct_record_put(acct, room, &record, 1, NULL); /* the log has it in any case */
	buf_done(&value);
}

void rules_fault_note(
    const struct rules_account *account, enum script_scope level, struct slice why)
{
	struct acct *acct = acct_open(account->id, account->shard);
	int64_t now = time(NULL);
	char byte = (char)level;
	struct slice key = slice_of(&byte, 1);

	if (!acct)
		return;
	if (!is_known(acct, key, why, now))
		put_fault(acct, key, why, now);
	acct_close(&acct);
}

struct walk {
	bool (*visit)(void *arg, const struct rules_fault *fault);
	void *arg;
};

static bool walk_one(void *arg, struct slice key, struct slice value)
{
	const struct walk *walk = arg;
	struct rules_fault fault;

	return !read_fault(key, value, &fault) || walk->visit(walk->arg, &fault);
}

int rules_faults(
    struct acct *acct, bool (*visit)(void *arg, const struct rules_fault *fault), void *arg)
{
	struct walk walk = { visit, arg };

	return acct_record_each(acct, room, (struct slice){ 0 }, walk_one, &walk);
}
