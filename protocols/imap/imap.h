/* imap.h - the IMAP server: a session's state, and the rows by which commands join
 *
 * IMAP4rev1 (RFC 3501) with what RFC 9051 made clear. A command is one file
 * cmd_*.c with a row IMAP_COMMAND. What FETCH, SEARCH and STATUS know are rows,
 * too: see fetch.h, search.h and status.h. From the rows come CAPABILITY, the
 * check of states, and the answer to unknown words.
 *
 * A command is gathered (frame.c), run here or on a worker (proto.c), and
 * answered (reply.c), after the client was told what changed meanwhile in its
 * mailbox (sync.c). */
#ifndef PROTOCOLS_IMAP_IMAP_H
#define PROTOCOLS_IMAP_IMAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/buf.h"
#include "core/conf.h"
#include "core/err.h"
#include "core/sess.h"
#include "core/spool.h"
#include "core/table.h"
#include "storage/box.h"

/* RFC 3501 §3; a stranger is in the not authenticated state. */
enum imap_state {
	IMAP_STRANGER = 1,
	IMAP_AUTHENTICATED = 2,
	IMAP_SELECTED = 4,
	IMAP_KNOWN = IMAP_AUTHENTICATED | IMAP_SELECTED,
	IMAP_ANY = IMAP_STRANGER | IMAP_KNOWN,
};

/* What a command came to. Of the first three the tagged line is written for
   it; its text is "Done" and the like, or what imap_reply set. */
enum imap_done {
	IMAP_OK,
	IMAP_NO,
	IMAP_BAD,
	IMAP_WORK,     /* it can't be done here (im->here): run it again on a worker */
	IMAP_LATER,    /* the output is full: call im->resume when it has drained */
	IMAP_WAIT,     /* the client's next line goes to im->line */
	IMAP_TLS,      /* OK, then the handshake */
	IMAP_COMPRESS, /* OK, then compression */
	IMAP_BYE,      /* OK, then the end */
	IMAP_END,      /* the end, at once: output was promised that can't be had */
};

/* What frame() reads now. */
enum imap_reading {
	IMAP_LINE,
	IMAP_LITERAL, /* into the text */
	IMAP_MESSAGE, /* a literal of APPEND, into the spool */
	IMAP_SKIP,    /* the rest of a line that was too long */
};

/* What a client switched on (RFC 5161), by ENABLE or by using it. */
enum imap_enabled {
	IMAP_CONDSTORE = 1, /* RFC 7162: MODSEQ in each FETCH that tells flags */
	IMAP_QRESYNC = 2,   /* RFC 7162: VANISHED in place of EXPUNGE */
	IMAP_UTF8 = 4,	    /* RFC 6855: names in UTF-8 */
	IMAP_UIDONLY = 16,  /* RFC 9586: no message numbers */
	IMAP_REV2 = 8,	    /* RFC 9051: ESEARCH always, LIST at SELECT, nothing \Recent */
	IMAP_METADATA = 32, /* RFC 5464: be told of notes that others change */
};

/* What is told of the selected mailbox between commands (RFC 5465). */
enum imap_live {
	IMAP_LIVE_NOT,
	IMAP_LIVE_DELAYED, /* all but expunges */
	IMAP_LIVE_NOW,
};

/* Flags that a command has told the client already: of these UIDs (rising), as
   in a snapshot, and some more. */
struct imap_told {
	const uint32_t *uids;
	size_t n;
	const struct box_snap *as;
	uint64_t more;
};

struct imap_command;
struct imap_context;
struct imap_place;
struct imap_range;
struct imap_set;
struct imap_term;
struct imap_view;

struct imap {
	struct sess *sess;
	enum imap_state state;
	unsigned enabled; /* enum imap_enabled, or-ed */

	/* The command that comes in. */
	enum imap_reading reading;
	struct buf text;	/* its lines and literals as they came */
	uint64_t want;		/* bytes of the literal still to come */
	struct spool *messages; /* of APPEND, one behind the other */
	bool refused;		/* it will not be run, but answered with: */
	enum imap_done refusal;
	bool spill;    /* the spool's memory is full: run() moves it to the file */
	bool hopeless; /* more is coming than will be read: close */
	bool broken;   /* an answer was cut off in its middle: nothing may follow, close */

	/* The command that runs; slices point into text. */
	const struct imap_command *command;
	struct slice tag, args;
	bool uid;	   /* UID stands before its name */
	bool here;	   /* on the loop: nothing may wait */
	const char *reply; /* text of the tagged line, or NULL */
	enum imap_done (*resume)(struct imap *im);
	enum imap_done (*line)(struct imap *im, struct slice line);
	void (*release)(struct imap *im); /* of what `work` holds beyond the command's pool */
	void *work;
	const struct imap_told *told;
	uint32_t limited;  /* the lowest UID that it came to, of too many (RFC 9738); 0: to all */
	uint64_t progress; /* when the client heard last that it goes on; 0: it has just begun */

	/* Who, and where. */
	struct auth *auth;
	const char *who; /* canonical address */
	struct acct *acct;
	struct box *box;
	struct imap_place *place;  /* of the selected mailbox, when it is another account's */
	unsigned rights;	   /* in the selected mailbox: enum right, or-ed */
	struct imap_place *places; /* that the command found in other accounts */
	struct box_snap *shown;	   /* what the client knows of the mailbox */
	bool read_only;
	struct imap_context *contexts; /* RFC 5267 */
	struct buf saved;	       /* '$' (RFC 5182): struct imap_range, of UIDs */
	unsigned keywords;	       /* how many of the mailbox's keywords the client knows */
	struct box_watch watch;
	struct sess_handle *handle;
	_Atomic bool changed; /* the mailbox has, since `shown` */
	_Atomic bool idling;
	_Atomic int live;	    /* enum imap_live */
	struct imap_notify *notify; /* RFC 5465, or NULL */
	uint64_t events_known;	    /* of which state of all the notes `events` tells (event.h) */
	bool events;		    /* scripts are set for mailboxes of the user's own */

	/* Counted for limits and for the log. */
	unsigned faults, logins_failed;
	uint64_t commands, fetched, appended;
};

/* --- commands --- */

struct imap_command {
	const char *name;	/* upper case */
	unsigned states;	/* enum imap_state, or-ed */
	const char *capability; /* words for CAPABILITY, or NULL */
	const char *ref;
	bool instant;	/* waits for nothing, or says IMAP_WORK */
	bool uid;	/* UID may stand before it */
	bool by_number; /* without UID it names or tells message numbers (RFC 9586) */
	bool numbered;	/* EXPUNGE would confuse its numbers (RFC 9051 §7.5.1) */
	/* Literals behind so many arguments are messages (append.h); 0: none. */
	unsigned messages;
	/* args: what stands behind the blank behind the name. */
	enum imap_done (*run)(struct imap *im, struct slice args);
};

#define IMAP_COMMAND(id) TABLE_ROW(imap_command, id)
TABLE_DECLARE(imap_command);

/* Words of CAPABILITY that depend on the session, or that belong to no
   command: each is appended with a blank before it. */
struct imap_extension {
	void (*words)(const struct imap *im, struct buf *out);
	bool early; /* told before STARTTLS, too */
};

#define IMAP_EXTENSION(id) TABLE_ROW(imap_extension, id)
TABLE_DECLARE(imap_extension);

/* A word that ENABLE knows, and CAPABILITY tells. */
struct imap_enabling {
	const char *name;
	unsigned sets; /* enum imap_enabled, or-ed */
	bool early;    /* told before STARTTLS, too */
};

#define IMAP_ENABLING(id) TABLE_ROW(imap_enabling, id)
TABLE_DECLARE(imap_enabling);

/* Switch on, and tell what the client must know from now on (cmd_enable.c). */
void imap_enable(struct imap *im, unsigned what);

/* "CAPABILITY IMAP4rev1 ..." (capability.c). */
void imap_put_capabilities(const struct imap *im, struct buf *out);

/* --- gathering (frame.c) --- */

extern const struct conf_key conf_key_imap_max_line, conf_key_imap_max_append,
    conf_key_imap_login_time;

enum frame imap_frame(struct sess *s, struct slice in, size_t *used);
enum sess_next imap_overlong(struct sess *s, struct slice in, size_t *used);
/* Move messages to the spool's file. */
enum sess_next imap_spill(struct imap *im);

/* --- answering (reply.c) --- */

/* Set the text of the tagged line, which may begin with a response code:
   "[TRYCREATE] No such mailbox". A constant, or from the command's pool.
   Returns done. */
enum imap_done imap_reply(struct imap *im, enum imap_done done, const char *text);

/* NO, with the reason and the response code that belongs to it. _target: it is
   about the mailbox into which messages should go. */
enum imap_done imap_failed(struct imap *im, const struct err *err);
enum imap_done imap_failed_target(struct imap *im, const struct err *err);

/* Is a turn of a long command over, which began then (loop_now)? So much is done, of all, 0:
   who knows; now and then the client is told (progress.c). Return IMAP_LATER. */
bool imap_turn_over(struct imap *im, uint64_t began, uint64_t done, uint64_t all);

/* --- how many messages one command may come to (messagelimit.c) --- */

/* May it store so many, or fetch so many? False: the reply is set, to go with IMAP_NO.
   uids: which they are, or NULL. */
bool imap_save_allowed(struct imap *im, size_t n, const uint32_t *uids);
bool imap_fetch_allowed(struct imap *im, uint64_t n);
/* Leave the last ones of too many, and remember where it stopped. A set is resolved. */
void imap_limit_set(struct imap *im, struct imap_set *set);
void imap_limit_uids(struct imap *im, const uint32_t **uids, size_t *n);
/* From which sequence number on a search may look: 1 for all of them. The terms are
   prepared. */
uint32_t imap_limit_search(
    struct imap *im, const struct imap_term *first, const struct box_snap *snap);
/* NO, for what can't be done in part. */
enum imap_done imap_limit_refused(struct imap *im);
/* Tell in the reply, or before it, where it stopped. */
void imap_limit_tell(struct imap *im);

/* Write the tagged line and count what must be counted. */
enum sess_next imap_answer(struct imap *im, enum imap_done done);

/* Forget the command. */
void imap_command_end(struct imap *im);

/* A string as quoted, or as a literal when it can't be. */
void imap_put_string(struct buf *out, struct slice s);
/* The same, but an atom as it is. */
void imap_put_astring(struct buf *out, struct slice s);
/* A UTF-8 mailbox name, quoted, in the form that the client understands, into
   the output; and one taken off a command. */
void imap_put_name(struct imap *im, struct slice name);
bool imap_take_name(struct imap *im, struct slice *in, struct slice *name);
/* "* 3 FETCH (", or "* 7 UIDFETCH (" (RFC 9586 §3.3). */
void imap_put_fetch(struct imap *im, uint32_t seq, uint32_t uid);
/* "* 3 FETCH (UID 7 FLAGS (\Seen) MODSEQ (12))": flags changed; UID and MODSEQ
   as the client wants them. _silent: without the flags. */
void imap_put_change(
    struct imap *im, uint32_t seq, const struct box_entry *entry, const char *const *keywords);
void imap_put_change_silent(struct imap *im, uint32_t seq, const struct box_entry *entry);
/* "3:7" or "3" */
void imap_put_range(struct buf *out, const struct imap_range *range);
/* UIDs of rising order as a set: "1:3,7". */
void imap_put_uids(struct buf *out, const uint32_t *uids, size_t n);

/* --- logging in (login.c) --- */

/* Answer what came of LOGIN or AUTHENTICATE. who: for AUTH_OK. */
enum imap_done imap_login(
    struct imap *im, enum auth_result result, struct slice tried, const struct auth_account *who);

/* --- the mailbox (box.c, sync.c) --- */

/* Take the mailbox, which becomes the session's, into use. */
void imap_enter(struct imap *im, struct box *box, const struct imap_place *place, bool read_only);
/* What numbers in a command mean; from its pool. */
const struct imap_view *imap_view(struct imap *im);
/* Leave it, if there is one; nothing is expunged. */
void imap_leave(struct imap *im);
/* After a command that may have ended the selected mailbox: whoever did that knows
   it and goes on; other sessions are told BYE. */
void imap_leave_gone(struct imap *im);

/* Tell the client what changed in its mailbox, without expunges when they may
   not be told now. False: the mailbox is no more. Waits. */
bool imap_sync(struct imap *im, bool expunges);

/* After a command that removed messages: tell of them, and answer with the
   MODSEQ that the mailbox has now (RFC 7162 §3.2.5). */
enum imap_done imap_removed(struct imap *im);

/* "* FLAGS" and "* OK [PERMANENTFLAGS": the flags that there are; to be told
   before any message is shown with a new one. */
bool imap_has_new_keywords(const struct imap *im, const struct box_snap *snap);
void imap_tell_flags(struct imap *im, const struct box_snap *snap);

#endif
