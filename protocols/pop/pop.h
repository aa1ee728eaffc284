/* pop.h - POP3 (RFC 1939): a session's state, and what its commands share */
#ifndef PROTOCOLS_POP_POP_H
#define PROTOCOLS_POP_POP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/buf.h"
#include "core/sess.h"
#include "core/table.h"
#include "protocols/pop/ahead.h"
#include "protocols/pop/drop.h"
#include "protocols/pop/send.h"

/* RFC 1939 §3. UPDATE is the end of QUIT. */
enum pop_state { POP_AUTHORIZATION = 1, POP_TRANSACTION = 2 };

struct pop {
	struct sess *s;
	enum pop_state state;

	struct buf line; /* the command that is run, without its line end; wiped */
	bool skipping;	 /* the rest of a line that was too long */
	unsigned errors; /* commands that were none */

	/* The next line is no command but goes here: an answer to AUTH. */
	enum sess_next (*answer)(struct pop *pop, struct slice line);
	/* A long reply goes on here when the output has drained. */
	enum sess_next (*more)(struct pop *pop);

	struct auth *auth;
	struct buf user;  /* named by USER */
	struct buf stamp; /* said in the greeting where APOP is wanted; else empty */
	unsigned refused; /* logins */

	struct pop_drop drop;
	struct pop_send send;
	struct pop_ahead ahead;
	uint32_t listed; /* last message that LIST or UIDL told */

	uint64_t retrieved, deleted, bytes; /* for the log */
};

/* --- commands --- */

enum { POP_ANY_ARGS = 255 };

struct pop_command {
	const char *name; /* upper case */
	unsigned states;  /* enum pop_state, or-ed */
	unsigned char args_min, args_max;
	bool instant; /* waits for nothing: runs on the loop */
	/* Or waits for nothing with these arguments; NULL: it may always wait. */
	bool (*here)(const struct pop *pop, struct slice args);
	const char *usage; /* for the answer to wrong arguments */
	const char *ref;
	const char *capability; /* lines of CAPA's answer, or NULL */
	/* Or lines that depend on the session. */
	void (*announce)(struct pop *pop, struct buf *out);
	/* args: what stands behind the first blank. */
	enum sess_next (*run)(struct pop *pop, struct slice args);
};

#define POP_COMMAND(id) TABLE_ROW(pop_command, id)
TABLE_DECLARE(pop_command);

/* --- replies --- */

void pop_ok(struct pop *pop, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* code: a response code (RFC 2449 §8, RFC 3206), or NULL. */
void pop_err(struct pop *pop, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The peer's mistake: pop_err, and after too many of them SESS_CLOSE. */
enum sess_next pop_bad(struct pop *pop, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The message that a command names; 0 after an error was answered. */
uint32_t pop_message(struct pop *pop, struct slice number);

/* --- logging in (login.c) --- */

/* RFC 2595 §2.1: no passwords in the clear. */
bool pop_may_login(const struct pop *pop);

/* What came out of USER and PASS, or of AUTH; answers. who: for AUTH_OK. */
enum sess_next pop_login(struct pop *pop, enum auth_result result, struct slice login,
    const struct auth_account *who, const char *mech);

/* Was a client of that account here too short a time ago? If not, it is now (delay.c). */
bool pop_too_soon(const struct auth_account *who);
/* "LOGIN-DELAY 60" for CAPA, where there is one. */
void pop_put_delay(struct pop *pop, struct buf *out);

/* "<1896.697170952@dbc.mtview.ca.us>" for the greeting, where somebody may use it; into
   pop->stamp (cmd_apop.c). */
void pop_make_stamp(struct pop *pop);

/* Forget a login that has begun. */
void pop_login_forget(struct pop *pop);

#endif
