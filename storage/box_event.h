/* box_event.h - a script runs for what somebody did with a message in a mailbox (RFC 6785)
 *
 * The scripts are those of the account whose mailbox it is (storage/script.h);
 * which one it is, whoever calls has found out. What it says is done when the
 * change itself is durable, and nothing of it is an event again:
 *
 *	keep		the message gets the flags that the script left
 *	fileinto	a copy in another mailbox of the account; without keep or
 *			:copy the message is marked \Deleted, and so it is by
 *	redirect	to an address, with the account as its sender, and by
 *	discard
 *
 * What cannot be done leaves the message as it is, and is told as other faults
 * of rules are. Any thread but a loop's. */
#ifndef STORAGE_BOX_EVENT_H
#define STORAGE_BOX_EVENT_H

#include "core/sieve.h"
#include "storage/box.h"

/* One change, of perhaps many messages; borrowed. */
struct box_event {
	struct acct *acct;   /* whose mailbox */
	struct slice owner;  /* his canonical address */
	struct slice user;   /* who did it */
	struct slice cause;  /* RFC 6785 4.3 */
	const char *mailbox; /* within the account */
	const struct sieve_script *script;
};

/* Run the script for one message of `box`, a handle that the event has for itself.
   changed: the flags that did. It is passed over when it is not there any more. */
void box_event_run(const struct box_event *event, struct box *box, uint32_t uid, uint64_t changed);

#endif
