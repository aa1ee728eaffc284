/* rules.h - the scripts that a message meets on its way to an account
 *
 * Four levels, in this order: the server's script, the domain's, what the
 * account's owner said in forms (storage/forms.h), the account's. Each is a Sieve script
 *(core/sieve.h) and sees the message as it came. What a level says is done; then the question is
 *whether its implicit keep (RFC 5228 §2.10.2) still stands:
 *
 *	it stands	the message goes on to the next level; behind the last one
 *			it is delivered in the ordinary way
 *	it does not	the end: the script discarded, rejected, kept, filed or
 *			redirected the message (each without :copy)
 *
 * So an empty script, `stop`, and `fileinto :copy` hand the message on, and
 * nothing of a lower level can take back what a higher one has done.
 *
 * An action that cannot be done (no such user, no right to that mailbox, no
 * certificate) is as if it had not been said, but leaves the implicit keep
 * standing: no mail is lost by a rule. It is told in one log line and to the
 * owner (`signet rule faults`). When encryption fails, the setting
 * rules.encrypt-failure chooses between this and asking the sender to come
 * again; what a disk or database refused is always asked again. */
#ifndef STORAGE_RULES_H
#define STORAGE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/pool.h"
#include "core/sieve.h"
#include "storage/box.h"
#include "storage/script.h"

/* May a rule that files into a mailbox that is not there make it? (deliver_write.c) */
extern const struct conf_key conf_key_rules_create_mailboxes;

/* Whose mail it is; borrowed. */
struct rules_account {
	uint64_t id;
	uint32_t shard;
	struct slice address; /* canonical */
};

/* Does the actions. Each returns 0, or -1 and why not; ERR_TEMP: perhaps
   later. */
struct rules_doer {
	int (*store)(
	    void *arg, enum script_scope level, const struct sieve_action *action, struct err *err);
	int (*redirect)(void *arg, struct slice address, struct err *err);
	int (*reject)(void *arg, struct slice reason, struct err *err);
	int (*answer)(void *arg, const struct sieve_action *action, struct err *err);
	void *arg;
};

enum rules_end {
	RULES_KEEP, /* deliver it in the ordinary way, too */
	RULES_DONE,
	RULES_LATER, /* the sender shall come again; *err says why, ERR_TEMP */
};

/* Any thread but a loop's. Memory of the doing comes from pool. Without scripts
   this is four looks into memory. */
enum rules_end rules_run(const struct rules_account *account, const struct sieve_message *message,
    struct pool *pool, const struct rules_doer *doer, struct err *err);

/* The last fault of each level, for its account's owner; slices are valid during
   the call. 0 or -1. */
struct rules_fault {
	enum script_scope level;
	int64_t when; /* unix seconds */
	struct slice why;
};
int rules_faults(
    struct acct *acct, bool (*visit)(void *arg, const struct rules_fault *fault), void *arg);

extern const char *const rules_level_names[]; /* by enum script_scope */

#endif
