/* smtp.h - the SMTP server: its state, and the rows by which commands and extensions join
 *
 * A verb is one file cmd_*.c with one row SMTP_COMMAND. An extension is one
 * file ext_*.c with a row SMTP_EXTENSION (its EHLO word) and rows SMTP_PARAM
 * (what it adds to MAIL and RCPT). Submission is SMTP with another policy: the
 * listener's role says which. LMTP (RFC 2033) is a protocol of its own to the
 * kernel, and here SMTP with another greeting and a reply for each recipient
 * (lmtp.c). */
#ifndef PROTOCOLS_SMTP_SMTP_H
#define PROTOCOLS_SMTP_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/conf.h"
#include "core/pool.h"
#include "core/sess.h"
#include "core/spool.h"
#include "core/table.h"
#include "storage/deliver.h"

/* What frame() reads now. */
enum smtp_mode {
	SMTP_COMMANDS,
	SMTP_AUTH_LINE, /* the client's part of a SASL exchange */
	SMTP_TEXT,	/* message text behind DATA */
	SMTP_ACCEPT,	/* nothing: the text is complete, run() takes it */
	SMTP_STORING,	/* nothing: the message is being stored, run() answers */
	SMTP_CHUNK,	/* octets behind BDAT */
	SMTP_CHUNK_END, /* nothing: the chunk is complete, run() takes it */
	SMTP_DRIPPING,	/* nothing: a line came too slowly, run() ends it */
};

enum smtp_phase {
	SMTP_GREETED = 1, /* no HELO yet */
	SMTP_READY = 2,	  /* HELO or EHLO given */
	SMTP_MAIL = 4,	  /* MAIL accepted */
	SMTP_RCPT = 8,	  /* one RCPT at least accepted */
	SMTP_ANY = 15,
};

/* What is asked of a message's header, all read at once. */
struct smtp_head {
	unsigned hops;	   /* Received fields */
	bool results;	   /* Authentication-Results, of whomever */
	bool says_tls;	   /* TLS-Required */
	bool tls_optional; /* RFC 8689: it says No */
};

/* All that dies with a mail transaction; RSET is one call. */
struct smtp_mail {
	struct pool pool;
	struct slice reverse_path; /* canonical; empty: <> */
	struct deliver_rcpt *rcpts, **last_rcpt;
	unsigned n_rcpts;
	uint64_t declared; /* SIZE= */
	bool body8, smtputf8;
	bool binary;	  /* BODY=BINARYMIME: it need not be lines */
	bool require_tls; /* RFC 8689 */
	int priority;	  /* RFC 6710: as it was asked for */
	bool priority_asked;
	int64_t release; /* RFC 4865: not before, unix seconds; 0: at once */
	bool full_said;	 /* that there are too many recipients */
	struct slice envid, ret;
	uint64_t mid;	 /* see smtp_mail_id() */
	uint64_t wanted; /* bits of check.c: by which checks */
	struct spool *text;
	struct smtp_head head;
	bool replaced;		    /* a check gave it another text */
	bool discard;		    /* a check wants it taken, and dropped */
	bool asks_chain;	    /* it was checked, and its chain of seals is to be found out */
	struct buf fields;	    /* that checks put in front */
	struct buf trace;	    /* what this server puts in front */
	struct deliver deliver;	    /* what is delivered */
	struct delivery *delivery;  /* while it is stored */
	struct smtp_origin *origin; /* what SPF, DKIM and DMARC say (origin.h) */
	const char *junk;	    /* the mailbox for it where rules do not choose; or NULL */
};

/* How the message text is read. */
struct smtp_text {
	uint64_t slow_from; /* loop_now() from which on it may not be slow */
	uint64_t began;	    /* loop_now() when it was asked for */
	bool in_line;	    /* not at the beginning of a line */
	bool spill;	    /* memory is full: run() moves it to the file */
	bool bare;	    /* CR or LF alone was seen */
	bool nul;
	bool long_line;
	uint64_t line; /* length of the line so far */
	bool cr;       /* the last octet was a CR */
	uint64_t size; /* all that came, kept or not */
	/* Settings, read when it was asked for. */
	uint64_t max, max_line, min_rate;
	/* Of BDAT. */
	uint64_t chunk; /* octets still to come */
	bool last;	/* it is the last chunk */
	bool unwanted;	/* it is read, and no more */
};

struct flow;
struct flow_group;

struct smtp {
	struct sess *sess;
	enum smtp_mode mode;
	enum smtp_phase phase;
	const struct smtp_command *command; /* framed, to be run */
	struct slice args;		    /* of it; in the command's pool */
	const char *policy;		    /* its name; NULL: none was chosen */
	struct smtp_dnsbl *dnsbl;	    /* what DNS lists say of the peer; NULL: not asked */
	struct milters *milters;	    /* connections to filters, or NULL */
	struct flow *flow;		    /* in which the policy and the group lie */
	const struct flow_group *group;	    /* of which the client is; NULL: of none */
	struct slice
	    client_lists; /* entries for DNS lists that hold for it; in the session's pool */
	bool client_lists_known;
	char *client_name; /* of its address, confirmed by the DNS; empty: none; NULL: not asked */
	bool judged_secured;  /* its group was chosen with its certificate, if any, in view */
	const char *taken_in; /* the policy under which it is counted by address; NULL: it is not */
	bool speaks_for_others; /* it was trusted with XCLIENT */
	bool xclient_taken;	/* of one that waits for its checks */
	char *helo;
	bool esmtp;
	uint64_t account; /* logged in: its id, else 0 */
	char *login;	  /* its name */
	char *login_way;  /* the mechanism, "SCRAM-SHA-256"; NULL: a proxy told of the login */
	struct auth *auth;
	unsigned faults;     /* commands that were refused as malformed */
	unsigned refusals;   /* of what was well-formed */
	bool skipping;	     /* the rest of a line that was too long */
	uint64_t line_began; /* loop_now() when a line began that is not complete; else 0 */
	unsigned logins_failed;
	unsigned messages, recipients; /* of the connection, that were taken */
	struct smtp_mail *mail;
	struct smtp_text text;
};

/* --- commands --- */
enum smtp_kind { SMTP_BOTH, SMTP_ALONE, SMTP_LMTP };

struct smtp_command {
	const char *name;
	unsigned phases; /* enum smtp_phase, or-ed */
	bool instant;	 /* waits for nothing */
	bool no_args;
	enum smtp_kind kind;
	const char *help; /* for HELP */
	enum sess_next (*run)(struct smtp *smtp, struct slice args);
};

extern const struct proto proto_lmtp;

#define SMTP_COMMAND(id) TABLE_ROW(smtp_command, id)
TABLE_DECLARE(smtp_command);

/* --- extensions --- */
struct smtp_extension {
	/* Append the EHLO word and its parameters, or nothing when it is not
	   offered now. */
	void (*word)(struct smtp *smtp, struct buf *out);
};

#define SMTP_EXTENSION(id) TABLE_ROW(smtp_extension, id)
TABLE_DECLARE(smtp_extension);

struct smtp_param {
	const char *name;
	unsigned phase; /* SMTP_MAIL: of MAIL, SMTP_RCPT: of RCPT */
	/* Is it known in this session? NULL: always. */
	bool (*offered)(const struct smtp *smtp);
	/* NULL, or the reply with which the command is refused. */
	const char *(*set)(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value);
};

#define SMTP_PARAM(id) TABLE_ROW(smtp_param, id)
TABLE_DECLARE(smtp_param);

/* --- settings that several files read --- */
extern const struct conf_key conf_key_smtp_max_size, conf_key_smtp_max_recipients,
    conf_key_smtp_timeout;

/* --- replies (reply.c) --- */

/* "250 2.1.0 Fine": code, enhanced code (RFC 3463) or "", text. */
enum sess_next smtp_reply(struct smtp *smtp, const char *reply);
enum sess_next smtp_replyf(struct smtp *smtp, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A malformed or misplaced command: reply, and end after too many. */
enum sess_next smtp_fault(struct smtp *smtp, const char *reply);

/* Not an answer but a wish: this instant command must wait after all. */
extern const char smtp_later[];
/* The like: it must wait for another machine, so on a network thread. */
extern const char smtp_network[];
/* Of a check before the greeting: close the connection without a word. */
extern const char smtp_silence[];
/* What a command returns that refuses with this reply, or has one of these wishes.
   After a 421 the connection is closed (RFC 5321 3.8). */
enum sess_next smtp_refuse_or_wait(struct smtp *smtp, const char *why, struct slice what);

/* Refused by policy: reply and one log line. Slow after many. */
enum sess_next smtp_refuse(struct smtp *smtp, const char *reply, struct slice what);
/* All of it but the reply. */
void smtp_refused(struct smtp *smtp, const char *reply, struct slice what);

/* A last word to who sends a byte now and then, so that he is never silent for long. */
enum sess_next smtp_too_slow(struct smtp *smtp);

/* --- shared by commands --- */

/* The name that this server goes by on this connection: of the domain whose
   certificate was shown, else the server's. Appended. */
void smtp_host_name(struct smtp *smtp, struct buf *out);

bool smtp_is_submission(const struct smtp *smtp);
bool smtp_is_lmtp(const struct smtp *smtp);
/* Is this a command of the protocol that is spoken here? */
bool smtp_knows(const struct smtp *smtp, const struct smtp_command *command);
bool smtp_may_auth(const struct smtp *smtp);

/* policy.c: what the client's policy says of TLS, of logins, and of mail for others */
enum smtp_tls { SMTP_TLS_OFF, SMTP_TLS_PREFERRED, SMTP_TLS_REQUIRED, SMTP_TLS_VERIFIED };
enum smtp_tls smtp_tls(const struct smtp *smtp);
bool smtp_asks_certificate(struct sess *s); /* proto.asks */
bool smtp_offers_auth(const struct smtp *smtp);
bool smtp_needs_auth(const struct smtp *smtp);
bool smtp_relays(const struct smtp *smtp); /* for everybody, without a login */
/* "220 HOST ESMTP ..." */
void smtp_greet(struct smtp *smtp, struct buf *out);

/* check_policy.c, check_limit.c: forget what was chosen and counted: the session ends,
   or another client speaks from now on */
void smtp_policy_end(struct smtp *smtp);
void smtp_limit_end(struct smtp *smtp); /* before the other */

/* Of a setting that is a reply, "554 5.7.1 words": 0, or -1 with the reason. */
int smtp_check_refusal(struct slice value, struct err *err);
int smtp_check_words(struct slice value, struct err *err); /* what stands in a reply */

/* path.c: "<ann@alpha.test> SIZE=100": what stands between the brackets, and
   the parameters behind. NULL, or the reply. */
const char *smtp_path(struct slice args, struct slice *path, struct slice *params);
/* Set each parameter by its row, in smtp->mail or in rcpt. NULL, or the reply. */
const char *smtp_params(
    struct smtp *smtp, struct deliver_rcpt *rcpt, struct slice params, unsigned phase);

/* cmd_mail.c: the refusal of an address in UTF-8 that was not announced. */
extern const char smtp_needs_utf8[];

/* own.c: may who logged in send as that address: does it lead to his account, or was it
   granted to him? NULL, smtp_not_yours, or another reply. */
const char *smtp_check_own(struct smtp *smtp, struct slice address);
extern const char smtp_not_yours[];

/* mail.c */
void smtp_mail_begin(struct smtp *smtp);
/* The id that the message of this transaction will have; made when first asked for. */
uint64_t smtp_mail_id(struct smtp *smtp);
/* One recipient more: an entry for each target, as an alias may have several. */
void smtp_add_recipients(
    struct smtp_mail *mail, const struct dir_target *target, const struct deliver_rcpt *asked);
void smtp_mail_end(struct smtp *smtp); /* also when there is none */

/* check_dnsbl.c: do DNS lists say enough against the peer to greylist him? */
bool smtp_is_listed(const struct smtp *smtp);

/* check_milter.c: the session ends; NULL is fine. Waits for nothing. */
void milters_free(struct milters **milters);

/* text.c: text comes next, which is kept, or only read */
void smtp_text_expect(struct smtp *smtp, bool unwanted);
void smtp_text_begin(struct smtp *smtp);
enum frame smtp_text_frame(struct smtp *smtp, struct slice in, size_t *used);
enum sess_next smtp_text_run(struct smtp *smtp);
/* Does the text come so slowly that it will come to no end? */
bool smtp_text_drips(const struct smtp *smtp);
/* Does a CR or LF stand alone in what comes next? */
void smtp_text_look_for_bare(struct smtp_text *text, struct slice s);
/* Keep text, as long as the message will be taken at all. */
void smtp_text_keep(struct smtp *smtp, struct slice data);

/* ext_priority.c: what is granted of the one that was asked for (RFC 6710). */
int smtp_priority(const struct smtp *smtp);

/* cmd_bdat.c */
enum frame smtp_chunk_frame(struct smtp *smtp, struct slice in, size_t *used);
enum sess_next smtp_chunk_end(struct smtp *smtp);

/* accept.c: read smtp->mail->head: of the text when it has come, and of one that takes its
   place. */
void smtp_read_head(struct smtp *smtp, struct slice message);
/* The whole message is here: deliver, then reply. */
enum sess_next smtp_accept(struct smtp *smtp);
/* It is stored, or could not be: answer. */
enum sess_next smtp_stored(struct smtp *smtp);
/* Deliver to these recipients; the message's id in *mid. 0 or -1. */
int smtp_deliver(struct smtp *smtp, struct slice message, struct deliver_rcpt *rcpts, uint64_t *mid,
    struct err *err);
/* Why it failed; logged. */
const char *smtp_delivery_failed(const struct err *err);

/* reject.c: the 550 with the reasons of a recipient's rules. RFC 5429 §2.1.1: a
   reason of several lines is a reply of several lines. */
enum sess_next smtp_rejected(struct smtp *smtp, struct slice why);
void smtp_put_rejection(struct slice why, bool utf8, struct buf *out);

/* frame.c: proto.frame */
enum frame smtp_frame(struct sess *s, struct slice in, size_t *used);

/* proto.c: who has just come is checked, and greeted or refused. */
enum sess_next smtp_open(struct smtp *smtp);

/* cmd_ehlo.c: EHLO, or its like with another name. */
enum sess_next smtp_ehlo(struct smtp *smtp, struct slice args);

/* lmtp.c: deliver, and one reply for each RCPT that was taken. */
enum sess_next lmtp_deliver(struct smtp *smtp, struct slice message);

/* ext_auth.c */
enum sess_next smtp_auth_line(struct smtp *smtp, struct slice line);

#endif
