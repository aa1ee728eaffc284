/* check.h - what looks at a connection or a message on its way in, and may refuse it
 *
 * A check is one file check_*.c with one row SMTP_CHECK. It has a function for
 * each stage at which it has something to say; each returns NULL, or the reply
 * by which what was asked is refused (static, or in a pool that lives as long).
 * A check is asked in the order of `order`, and only in sessions that want it.
 * LMTP is not checked: its clients are our own.
 *
 *	SMTP_CHECK(spf) = { .name = "spf", .order = 30, .needs = SMTP_NEEDS_NETWORK,
 *		.wanted = wanted, .mail = check_mail };
 *
 * What a check may leave behind: header fields, another text, a note in struct
 * smtp or struct smtp_mail that is its own. */
#ifndef PROTOCOLS_SMTP_CHECK_H
#define PROTOCOLS_SMTP_CHECK_H

#include "core/conf.h"
#include "protocols/smtp/smtp.h"

/* Orders, from first to last. */
enum smtp_check_order {
	SMTP_CHECK_POLICY = 0, /* who this is, and which policy holds */
	SMTP_CHECK_LIMIT = 1,  /* how much it may bring under that policy */
	SMTP_CHECK_BAN = 5,
	SMTP_CHECK_DNSBL = 10,
	SMTP_CHECK_GREYLIST = 20,
	SMTP_CHECK_SPF = 30,
	SMTP_CHECK_FIX = 40, /* what a submitted message lacks */
	SMTP_CHECK_DKIM = 50,
	SMTP_CHECK_DMARC = 60,
	SMTP_CHECK_MILTER = 70,
	SMTP_CHECK_OUTGOING = 75, /* what an account may send */
	SMTP_CHECK_LINES = 80,	  /* what is binary becomes lines */
	SMTP_CHECK_SIGN = 90,
};

/* On what thread it is asked: on any; where the disk may be waited for; where other
   machines may be waited for. */
enum smtp_needs { SMTP_NEEDS_NOTHING, SMTP_NEEDS_DISK, SMTP_NEEDS_NETWORK };

struct smtp_check {
	const char *name;
	int order;
	enum smtp_needs needs;
	/* Has it anything to do in this session, as things are set now? Instant. For a
	   message it is asked once, at MAIL, whose parameters are known. */
	bool (*wanted)(const struct smtp *smtp);
	/* Each may be NULL. */
	const char *(*connect)(struct smtp *smtp); /* before the greeting */
	const char *(*helo)(struct smtp *smtp);	   /* smtp->helo is set */
	const char *(*mail)(struct smtp *smtp);	   /* smtp->mail is fine else */
	const char *(*rcpt)(struct smtp *smtp, const struct deliver_rcpt *rcpt); /* fine else */
	const char *(*text)(struct smtp *smtp, struct slice message); /* all of it is here */
};

#define SMTP_CHECK(id) TABLE_ROW(smtp_check, id)
TABLE_DECLARE(smtp_check);

/* Ask the checks of a stage. NULL, the reply of the first that refuses (logged with
   its name), or smtp_later, smtp_network: ask again on a thread that may wait. */
const char *smtp_check_connect(struct smtp *smtp);
const char *smtp_check_helo(struct smtp *smtp);
const char *smtp_check_mail(struct smtp *smtp);
const char *smtp_check_rcpt(struct smtp *smtp, const struct deliver_rcpt *rcpt);
/* *message is the text that the checks left. */
const char *smtp_check_text(struct smtp *smtp, struct slice *message);

/* --- for checks --- */

/* The value that holds in this session: of its policy, its listener, or the server's. */
int64_t smtp_num(const struct smtp *smtp, const struct conf_key *key);
bool smtp_on(const struct smtp *smtp, const struct conf_key *key);
void smtp_conf_text(const struct smtp *smtp, const struct conf_key *key, struct buf *out);

/* A text that names what is to be asked: does it name anything? "none" is for a policy
   that shall not have what the server has. */
#define SMTP_NONE "none"
bool smtp_names_any(const struct smtp *smtp, const struct conf_key *key);

/* Put "Name: value" in front of the message, below the Received line of this server
   and behind fields that were put before. The value may be folded; it is copied. */
void smtp_add_field(struct smtp *smtp, const char *name, struct slice value);

/* This is the message's text from now on. Takes *text. */
void smtp_replace_text(struct smtp *smtp, struct spool **text);
/* The same with a copy of text. NULL, or the reply that it cannot be kept. */
const char *smtp_replace_by(struct smtp *smtp, struct slice text);

#endif
