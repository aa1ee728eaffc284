/* managesieve.h - ManageSieve (RFC 5804): a session's state, and what its commands share */
#ifndef PROTOCOLS_MANAGESIEVE_MANAGESIEVE_H
#define PROTOCOLS_MANAGESIEVE_MANAGESIEVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/buf.h"
#include "core/sess.h"
#include "core/table.h"
#include "storage/script.h"

enum msieve_state { MSIEVE_STRANGER = 1, MSIEVE_KNOWN = 2 };
enum { MSIEVE_ANY = MSIEVE_STRANGER | MSIEVE_KNOWN };

struct msieve {
	struct sess *s;
	enum msieve_state state;

	/* The command being gathered: lines, and literals as they came. Wiped. */
	struct buf text;
	uint64_t want;	 /* bytes of a literal that are still to come */
	bool skipping;	 /* the rest of a line that was too long */
	bool too_large;	 /* a literal is passed over */
	bool hopeless;	 /* what comes next can't be told apart */
	unsigned errors; /* commands that were none */

	/* The next string is no command but goes here: an answer to AUTHENTICATE. */
	enum sess_next (*answer)(struct msieve *ms, struct slice string);

	struct auth *auth;
	unsigned refused; /* logins */
	struct buf account;
	struct script_owner owner; /* when known */
};

/* --- commands --- */

struct msieve_arg {
	struct slice string; /* p NULL: left out */
	uint64_t number;
};

enum { MSIEVE_ARGS_MAX = 2 };

struct msieve_command {
	const char *name;  /* upper case */
	unsigned states;   /* enum msieve_state, or-ed */
	const char *args;  /* 's' a string, 'o' one that may be left out, 'n' a number */
	bool instant;	   /* waits for nothing: runs on the loop */
	const char *usage; /* for the answer to wrong arguments */
	const char *ref;
	/* Lines of the capability answer. May be NULL. */
	void (*announce)(struct msieve *ms, struct buf *out);
	enum sess_next (*run)(struct msieve *ms, const struct msieve_arg *args);
};

#define MSIEVE_COMMAND(id) TABLE_ROW(msieve_command, id)
TABLE_DECLARE(msieve_command);

const struct msieve_command *msieve_find_command(struct slice name);

/* --- gathering (frame.c) --- */

/* As struct proto's frame(). */
enum frame msieve_gather(struct msieve *ms, struct slice in, size_t *used);

/* --- reading (parse.c): text is cut and changed in place --- */

/* The next word, in letters. */
struct slice msieve_word(struct slice *text);
/* Arguments to the end of the text; false: not as types say. */
bool msieve_args(struct slice text, const char *types, struct msieve_arg *args);

/* --- replies (reply.c) --- */

/* As a quoted string, or as a literal where it can't be one. */
void msieve_put_string(struct buf *out, struct slice string);

enum sess_next msieve_ok(struct msieve *ms, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* code: a response code (RFC 5804 1.3), or NULL. */
enum sess_next msieve_no(struct msieve *ms, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What storage said, with the code that fits. */
enum sess_next msieve_no_err(struct msieve *ms, const struct err *err);
/* The peer's mistake: a NO, and after too many of them BYE. */
enum sess_next msieve_bad(struct msieve *ms, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void msieve_bye(struct msieve *ms, const char *code, const char *why);

/* The capabilities and an OK (RFC 5804 1.7). */
void msieve_greet(struct msieve *ms, const char *text);

/* --- logging in (login.c) --- */

/* RFC 5804 2.1: no passwords in the clear. */
bool msieve_may_login(const struct msieve *ms);
/* What came out of AUTHENTICATE. code: for OK, or NULL. */
enum sess_next msieve_login(struct msieve *ms, enum auth_result result, const char *code);
/* Forget a login that has begun. */
void msieve_login_forget(struct msieve *ms);
/* At the beginning; and forget a login that was made. */
void msieve_become_stranger(struct msieve *ms);

#endif
