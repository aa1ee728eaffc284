/* deliver_private.h - private to storage/deliver*.c: what is going to be written, and where
 *
 *	deliver.c	recipients, each once; their plans; then each shard
 *	deliver_party.c	the accounts, and what lands in their mailboxes
 *	deliver_plan.c	what the rules of an account want, put into the plan
 *	deliver_form.c	the bodies: as it came, encrypted, redirected, a notice
 *	deliver_queue.c	what goes into the queue
 *	deliver_write.c	the transaction of one shard
 *	deliver_owner.c	what owners of groups are told afterwards */
#ifndef STORAGE_DELIVER_PRIVATE_H
#define STORAGE_DELIVER_PRIVATE_H

#include "storage/box_private.h"
#include "storage/deliver.h"
#include "storage/group.h"
#include "storage/queue.h"

/* A body, appended to the segments of one shard. */
struct form {
	struct shard *shard;
	struct slice made_for; /* whose certificates; empty: as it came */
	bool alone;	       /* of one use, never shared */
	struct body_place place;
	uint32_t size;
	struct buf summary;
	unsigned users; /* counted by the write */
	struct form *next;
};

/* A message into a mailbox. */
enum landing_how {
	LANDING_DETAIL, /* where the sender wished: none that only its owner should write into */
	LANDING_FILE,	/* where the owner wished: made when it is not there */
	LANDING_FOREIGN /* it was there when the rule was run */
};

struct landing {
	struct form *form;
	struct slice box; /* folded name; empty: INBOX */
	enum landing_how how;
	uint64_t flags; /* system flags */
	const struct slice *keywords;
	size_t n_keywords;
	struct landing *next;
	/* --- of the write --- */
	uint32_t box_id;
	struct landing *first; /* the one with the edit of this mailbox */
	bool twice;	       /* this form is in this mailbox already */
	struct box_edit edit;
};

/* An account that gets something, or is asked what it wants. */
struct party {
	uint64_t account;
	struct shard *shard;
	struct slice address;	   /* canonical */
	struct slice detail;	   /* folded; or empty */
	struct slice original;	   /* the recipient as it was written */
	struct deliver_rcpt *rcpt; /* the sender's wish, or NULL */
	unsigned depth;		   /* redirects on the way here */
	enum { PARTY_NEW, PARTY_ASKED, PARTY_DONE } state;
	bool entangled; /* with others: by an alias, or rules give from one to another */
	bool rejects;
	struct slice why;
	enum err_kind left_out; /* it can't have it, the others may */
	struct landing *landings, **end;
	struct box_tx tx; /* of the write */
	struct party *next;
};

/* An entry of the queue. */
enum sending_kind {
	SENDING_ON,	  /* to recipients elsewhere */
	SENDING_FORWARD,  /* to where an address here leads */
	SENDING_REDIRECT, /* by the rules of an account */
	SENDING_TOLD	  /* its sender is to be told what became of them */
};

struct sending {
	enum sending_kind kind;
	uint64_t id;
	struct form *form;
	const struct party *by;	  /* of a redirect */
	struct slice through;	  /* the address here, of a forward */
	struct slice from;	  /* reverse-path */
	struct buf rcpts;	  /* struct queue_rcpt */
	struct queue_entry entry; /* filled by the write */
	struct sending *next;
};

/* A recipient that does not get it. */
struct refusal {
	const struct deliver_rcpt *rcpt;
	const char *why;
	struct refusal *next;
};

/* A group that the sender may not send to, and its owner. */
struct turned_away {
	struct group group;
	struct turned_away *next;
};

struct answer;
struct recipient;

/* The transaction of one shard. */
struct shard_write {
	struct kv_write w;
	struct delivery *op;
	struct shard *shard;
};

struct delivery {
	const struct deliver *d;
	struct err err;		  /* why it failed */
	bool failed;		  /* before the last write began */
	void (*ended)(void *arg); /* of deliver_begin */
	void *ended_arg;
	struct shard_write write;     /* the last that began */
	const struct shard *last;     /* whose shard is not waited for; NULL: of none */
	struct recipient *recipients; /* sorted */
	size_t n_recipients;
	struct deliver_rcpt *members, **last_member; /* recipients that come of groups */
	struct refusal *refusals;
	struct answer *answers; /* to be sent when all is stored */
	struct turned_away *turned_away;
	struct buf text;
	struct slice whole; /* trace and message */
	bool was_anywhere;  /* see deliver_look_back */
	bool vouched;	    /* see struct queue_entry */
	int64_t now;
	struct pool pool;
	struct form *forms;
	struct party *parties, **last_party;
	struct sending *sendings;
	unsigned redirects; /* that come of the recipient at hand */
};

/* --- deliver.c --- */

/* The fields by which the domain of that address seals what it passes on; appended. False:
   nobody has looked at the message's chain yet. */
bool deliver_seal(const struct delivery *op, struct slice by, struct buf *fields);

/* --- deliver_party.c --- */

/* The party of an account, made when there is none yet; NULL: its shard is not
   open here, *err says so. */
struct party *deliver_party(struct delivery *op, const struct dir_target *target, struct err *err);
/* The same for one that is known to have none yet. */
struct party *deliver_new_party(
    struct delivery *op, const struct dir_target *target, struct err *err);
void parties_done(struct party *parties);
/* Once for each form and mailbox. */
void deliver_land(struct delivery *op, struct party *party, const struct landing *landing);
/* The ordinary way: INBOX, the mailbox of the detail, or that for junk; form and flags as given. */
void deliver_keep(struct delivery *op, struct party *party, const struct landing *landing);

/* May it be left out, and the others have it? */
static inline bool deliver_may_leave_out(const struct delivery *op, const struct party *party)
{
	return op->d->each_answers && party->rcpt && !party->entangled;
}

/* A recipient that does not get it, for that reason (UTF-8): a party without an account. */
struct party *deliver_refuse(struct delivery *op, struct deliver_rcpt *rcpt, const char *why);

/* --- deliver_group.c --- */

/* Members of groups become recipients. 0, or -1: the whole must wait. */
int deliver_groups(struct delivery *op, struct err *err);
/* Why that recipient does not get it; NULL: it does. */
const char *deliver_refusal(const struct delivery *op, const struct deliver_rcpt *rcpt);

/* --- deliver_owner.c: when all is stored --- */

/* Owners of groups are told whom they turned away. */
void deliver_tell_owners(const struct delivery *op);

/* --- deliver_plan.c: ask the rules. 0, or -1: the whole must wait. --- */
int deliver_plan(struct delivery *op, struct party *party, struct err *err);

/* --- deliver_form.c; NULL: *err says why --- */
struct form *form_clear(struct delivery *op, struct shard *shard, struct err *err);
/* ERR_ABSENT: one of them has no certificate. What is encrypted already is taken
   as it came. */
struct form *form_encrypted(struct delivery *op, struct shard *shard, const char *const accounts[],
    size_t n, struct err *err);
/* Passed on by that address: something before the message, sealed. */
struct form *form_passed_on(struct delivery *op, struct shard *shard, struct slice by,
    struct slice before, struct err *err);
/* Another text. */
struct form *form_text(
    struct delivery *op, struct shard *shard, struct slice text, struct err *err);
void form_done(struct form *forms);

/* --- deliver_loop.c --- */

#define DELIVERED_TO "Delivered-To"
/* At first: was the message anywhere before, and does that matter? */
void deliver_look_back(struct delivery *op);
/* Was it at that address? */
bool deliver_was_at(const struct delivery *op, struct slice address);
/* Why a recipient does not get it again, or NULL. */
const char *deliver_circle(struct delivery *op, const struct deliver_rcpt *rcpt);
/* A rule of `by` hands it on to an address elsewhere. -1: it would go round, and why. */
int deliver_redirect_circle(struct delivery *op, struct slice by, struct slice to, struct err *err);

/* --- deliver_queue.c; 0 or -1 --- */
int sending_on(struct delivery *op, const struct deliver_rcpt *rcpt, struct err *err);
/* ERR_EXISTS: this account has redirected the message before. */
int sending_redirect(
    struct delivery *op, const struct party *by, struct slice address, struct err *err);
int sending_rejected(struct delivery *op, const struct party *party, struct err *err);
int sending_delivered(struct delivery *op, const struct party *party, struct err *err);
/* Does all of it wait for a time? */
bool deliver_waits(const struct delivery *op);
/* Inside the write. */
int sending_put(struct delivery *op, struct sending *sending, struct kv_txn *txn);
void sending_done(struct sending *sendings);

/* --- deliver_write.c --- */
/* Is there anything to write? */
bool deliver_writes(const struct delivery *op, const struct shard *shard);
/* 0, or -1 and op->err. */
int deliver_write(struct delivery *op, struct shard *shard);
/* The same; op->ended() is called when it is over. */
void deliver_write_begin(struct delivery *op, struct shard *shard);

/* --- deliver_log.c --- */

/* When it is on disk: a line for each account, and each recipient elsewhere. */
void deliver_log(const struct delivery *op);

#endif
