/* milter.h - private to milter*.c: filters that are asked about mail on its way in
 *
 * The way: check_milter.c asks each filter of the setting milter.use, in order, at
 * each stage of a transaction; milter_link.c holds the connection to one; what it
 * says is read by milter_wire.c; milter_edit.c is the message while filters change
 * it. A connection to a filter is made for a session's first MAIL and lives as long
 * as the session. All but milters_free() waits for the network. */
#ifndef PROTOCOLS_SMTP_MILTER_H
#define PROTOCOLS_SMTP_MILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/client.h"
#include "core/pool.h"
#include "core/spool.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/milter_wire.h"

/* --- the setting: milter_spec.c --- */

/* What becomes of mail when a filter is away. */
enum milter_away { MILTER_AWAY_TEMPFAIL, MILTER_AWAY_ACCEPT, MILTER_AWAY_REJECT };

struct milter_spec {
	const char *name; /* as the setting has it, without options */
	struct sockaddr_storage address;
	socklen_t address_n;
	enum milter_away away;
	uint64_t timeout_ms; /* for an answer; 0: milter.timeout */
};

enum { MILTERS_MAX = 16 };

/* "unix:/run/a.sock inet:127.0.0.1:8891,away=accept,timeout=20s". How many, put into
   out; -1 with the reason. Names live in pool. */
int milter_specs(
    struct slice text, struct pool *pool, struct milter_spec out[MILTERS_MAX], struct err *err);

extern const struct conf_key conf_key_milter_use;

/* --- one connection to one filter: milter_link.c --- */

enum milter_state {
	MILTER_CLOSED,
	MILTER_OPEN,
	MILTER_DONE, /* it wants no more of this session */
	MILTER_LOST, /* it is away, or spoke nonsense */
};

struct milter_link {
	struct milter_spec spec;
	enum milter_state state;
	struct client *client;
	struct milter_options options;
	struct pool pool; /* as long as the link */
	struct buf in, out;
	const char *refusal;  /* of the whole session, or NULL */
	char *helo;	      /* that was said last, or NULL */
	bool in_message;      /* MAIL was said, and no end */
	bool message_is_fine; /* it wants no more of this message */
};

/* What a filter says to a command. */
enum milter_verdict {
	MILTER_SAYS_GO_ON,
	MILTER_SAYS_FINE, /* accept, and ask no more: this message, or this session */
	MILTER_SAYS_SKIP, /* of a body: enough seen */
	MILTER_SAYS_DISCARD,
	MILTER_SAYS_NO,	     /* with a reply */
	MILTER_SAYS_CLOSE,   /* a reply, and for the whole session */
	MILTER_SAYS_NOTHING, /* it is lost */
};

/* Takes each change that a filter asks for; false: malformed, or not allowed. */
typedef bool milter_change(void *arg, const struct milter_packet *packet);

/* Connect and agree on options; false: it is lost. */
bool milter_open(struct milter_link *link);

/* Send what is in link->out, and, unless nothing is answered to it, wait for what the
   filter says. *reply of a NO or a CLOSE: in pool or static. change may be NULL:
   nothing may be changed now. */
enum milter_verdict milter_ask(struct milter_link *link, uint64_t ms, milter_change *change,
    void *arg, struct pool *pool, const char **reply);
/* Only put it on the way. False: the filter is lost. */
bool milter_say(struct milter_link *link);

uint64_t milter_timeout(const struct milter_link *link);
uint64_t milter_end_timeout(void);

void milter_close(struct milter_link *link); /* waits for nothing */

/* --- one command: milter_tell.c --- */

enum milter_tell {
	TELL_CONNECT,
	TELL_HELO,
	TELL_MAIL,
	TELL_RCPT,
	TELL_DATA,
	TELL_FIELD,
	TELL_FIELDS_END,
	TELL_BODY,
};

/* Tell a filter, unless it wants none of it, and do as it says. NULL: go on; or the reply
   that refuses. *skip: that it wants no more of these; may be NULL. */
const char *milter_tell(struct smtp *smtp, struct milter_link *link, enum milter_tell what,
    struct slice data, const struct deliver_rcpt *rcpt, bool *skip);

/* Is it to be told anything about this message? */
bool milter_is_asked(const struct smtp *smtp, const struct milter_link *link);
/* What becomes of mail without this filter: NULL, or the reply that refuses. */
const char *milter_without(const struct milter_link *link);
const char *milter_obey(struct smtp *smtp, struct milter_link *link, enum milter_stage stage,
    enum milter_verdict verdict, const char *reply);
/* "<address>" as a text of a command. */
void milter_put_path(struct slice address, struct buf *out);

/* --- the message: milter_text.c; NULL, or the reply that refuses --- */
const char *milters_ask_text(struct smtp *smtp, struct slice message);

/* --- macros: milter_macro.c --- */

/* The packet of macros that goes before a command, for a stage. rcpt: of a
   recipient, else NULL. */
void milter_put_macros(struct smtp *smtp, struct milter_link *link, enum milter_stage stage,
    char command, const struct deliver_rcpt *rcpt);

/* --- the message while it is changed: milter_edit.c --- */

struct edit_field {
	struct slice name;
	struct slice value; /* behind the colon, without the last line end, as it came */
	struct slice raw;   /* all of it */
	struct edit_field *next;
};

struct milter_edit {
	struct pool pool;
	struct edit_field *first;
	struct slice body;	/* behind the empty line */
	struct buf new_body;	/* in its place once a filter began to replace it */
	bool changed, replaced; /* anything; the body by the filter at hand */
	size_t changes, bytes;	/* so far, to bound them */
};

enum { EDIT_CHANGES_MAX = 1000, EDIT_BYTES_MAX = 1024 * 1024 };

void edit_begin(struct milter_edit *edit, struct slice message);
void edit_done(struct milter_edit *edit);

/* spaced: the value begins with the blank behind the colon, or shall not. False: too
   much was changed. */
bool edit_insert(
    struct milter_edit *edit, uint32_t index, struct slice name, struct slice value, bool spaced);
bool edit_add(struct milter_edit *edit, struct slice name, struct slice value, bool spaced);
/* The index-th field of that name from 1 on; an empty value removes it; one that is not
   there is added. */
bool edit_change(struct milter_edit *edit, const struct milter_header *header, bool spaced);
/* One piece more of a new body; max: of all of it. */
bool edit_body(struct milter_edit *edit, struct slice piece, size_t max);
/* The next filter begins: a new body is the body now. */
void edit_settle(struct milter_edit *edit);
/* All of it, in a new spool. */
int edit_write(const struct milter_edit *edit, struct spool **out, struct err *err);

/* --- what a filter changes at the end: milter_change.c --- */

struct milter_changing {
	struct smtp *smtp;
	struct milter_link *link;
	struct milter_edit *edit;
	struct slice quarantine; /* why; p NULL: it need not be */
	unsigned n;
};

milter_change milter_do_change; /* arg: a milter_changing */

/* When the filter is done: what becomes of quarantined mail. NULL: it goes on. */
const char *milter_quarantine(struct milter_changing *c);

/* --- all filters of a session: check_milter.c --- */

struct milters {
	struct pool pool;
	const char *refusal;		      /* of the recipient that is told of; or NULL */
	const struct milter_link *refused_by; /* who said no to the recipient at hand; or NULL */
	size_t n;
	struct milter_link link[MILTERS_MAX];
};

/* milter_tell.c: tell those who want to know that this recipient is refused, for that
   reason; "" or no address at all is nobody. NULL, or smtp_network: again on a thread that
   may wait. */
const char *milters_refused(struct smtp *smtp, struct slice path, const char *why);

#endif
