/* op.h - the operations of admins: one table behind `signet`, the API and the pages
 *
 *	static const struct op_arg args[] = {
 *		{"name", OP_DOMAIN, OP_REQUIRED, "name of the new domain"}, {0}};
 *	static int run(struct op_call *call) { ... }
 *	OPERATION(domain_add) = {
 *		.name = "domain add", .role = OP_SERVER_ADMIN, .args = args,
 *		.help = "host a new domain", .run = run,
 *	};
 *
 * Every call is checked against its row (types, role), run on a worker, or on a
 * network thread when its row says .network, and written to the log and the audit
 * trail when it changes something. */
#ifndef CORE_OP_H
#define CORE_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "core/table.h"

enum op_role { OP_USER, OP_DOMAIN_ADMIN, OP_SERVER_ADMIN };
extern const char *const op_role_names[]; /* "user", "domain-admin", "server-admin", NULL */

enum op_type {
	OP_TEXT,
	OP_NUMBER,
	OP_SIZE, /* bytes: 64k, 25M; a number in run() */
	OP_BOOL,
	OP_CHOICE,	/* one of .choices; op_number gives its index */
	OP_DOMAIN,	/* a domain name in either form; arrives as A-labels, lower case */
	OP_DESTINATION, /* a domain name, or one behind a dot: all below it; the same way */
	OP_ADDRESS,	/* local-part@domain; the domain as above */
	OP_SECRET,	/* password or key: from standard input or a file, never logged */
	OP_FILE,	/* name of a file on the server's machine, absolute */
};

enum op_flag {
	OP_REQUIRED = 1,
	OP_OPTION = 2,	 /* --name VALUE; without it the argument is positional */
	OP_MANY = 4,	 /* last positional: takes all that follow, as a JSON array */
	OP_NEW = 8,	 /* a secret that is made up now: a terminal is asked twice */
	OP_FOREIGN = 16, /* an address or domain that need not be the caller's own */
};

struct op_arg {
	const char *name; /* NULL ends the list */
	enum op_type type;
	unsigned flags;
	const char *help;
	const char *const *choices; /* of an OP_CHOICE, NULL-ended */
};

struct op_call;

struct op {
	const char *name; /* "noun verb" */
	enum op_role role;
	const struct op_arg *args;	  /* NULL: none */
	const char *help;		  /* one line, no final dot */
	const char *more;		  /* paragraphs for `signet help NOUN VERB`, or NULL */
	const char *example;		  /* what follows `signet`, line by line, or NULL */
	bool reads;			  /* changes nothing: may be a GET */
	bool lists;			  /* the answer has "rows", if only none */
	bool offline;			  /* runs in the `signet` process, without a server */
	bool served;			  /* an offline one that a server runs, too */
	bool network;			  /* waits for other machines: see op_elsewhere */
	int (*run)(struct op_call *call); /* 0, or -1 after op_fail */
	/* Of an offline one, --json-lines: a line of standard input, and what is said to it,
	   in one line. Always answers. NULL: it takes no lines. */
	void (*line)(struct slice question, struct buf *answer);
};

#define OPERATION(id) TABLE_ROW(op, id)
TABLE_DECLARE(op);

struct json_t;

/* Inside run(). Values are checked already; a missing optional one is NULL, 0
   or false. Texts live as long as the call. */
bool op_given(struct op_call *call, const char *arg);
bool op_takes(struct op_call *call, const char *arg); /* its row has such an argument */
const char *op_text(struct op_call *call, const char *arg);
int64_t op_number(struct op_call *call, const char *arg, int64_t otherwise);
bool op_bool(struct op_call *call, const char *arg);
struct slice op_secret(struct op_call *call, const char *arg);
size_t op_count(struct op_call *call, const char *arg); /* of an OP_MANY */
const char *op_item(struct op_call *call, const char *arg, size_t i);

/* Memory that lives as long as the call; wiped. */
struct pool *op_pool(struct op_call *call);

/* What a failure says; returns -1. */
int op_fail(struct op_call *call, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int op_fail_err(struct op_call *call, const struct err *err);

/* What run() returns after a function that filled *err unless its rc is 0. */
int op_done(struct op_call *call, int rc, const struct err *err);

/* The answer is a JSON object; add to it, or set "rows" to an array of objects
   for a listing. The call owns what it is given. Bytes that are no UTF-8 become
   question marks. */
void op_put_text(struct op_call *call, const char *key, struct slice value);
void op_put_number(struct op_call *call, const char *key, int64_t value);
void op_put_bool(struct op_call *call, const char *key, bool value);
void op_put_time(
    struct op_call *call, const char *key, int64_t unix_seconds); /* RFC 3339, in UTC */

/* A sentence for a human, beside the data. */
void op_say(struct op_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Begin a row of the listing; later op_put_* go into it. */
void op_row(struct op_call *call);
/* Say that there is more than the rows of this answer. */
void op_more(struct op_call *call);

/* Long work: called now and then; the caller sees a progress bar. */
void op_progress(struct op_call *call, int64_t done, int64_t total, const char *what);

/* Who calls: "root" over the socket, later a login of API or pages. */
struct op_caller {
	const char *name; /* of a user or domain admin: the address */
	enum op_role role;
	const char *domain; /* of a domain admin or user, else NULL */
	const char *from;   /* where he is, for the audit trail; or NULL */
	bool offline;	    /* no server: only offline operations can be run */
	void (*progress)(void *arg, int64_t done, int64_t total, const char *what);
	void *arg;
};

const struct op_caller *op_caller(struct op_call *call);

/* --- the audit trail: who changed what (core/op_audit.c) --- */

/* Say what a change did to something whose arguments do not show it, above all to
   keys and certificates, by their fingerprints; empty: it was, or is, not there. Called
   by who changes it, once it is done, as deep below as that may be: it belongs to the
   operation that this thread runs, else to the server itself. `of` is what it belongs
   to, a domain or an address, or NULL. Never a secret. */
void op_changed(const char *what, const char *of, struct slice before, struct slice after);

/* Of the whole trail, an event. Texts may be NULL. */
struct op_event {
	const char *who; /* name of the caller */
	enum op_role role;
	const char *from; /* where he is: "control uid 0", "page 192.0.2.1" */
	const char *op;
	const char *domain, *account; /* that it is about */
	const char *args;	      /* name=value of all that is no secret */
	const char *changes; /* what op_changed was told: "certificate a.test - 3b5c...;" */
	const char *result;  /* "ok", or the kind of its error */
	const char *reason;  /* of an error */
	uint64_t begun;	     /* the number that its beginning was kept under; 0: none */
};

/* A line in the log and an event in the trail: for what is no operation, as a login
   that failed. Not on a loop. */
void op_event(const struct op_event *event);

/* Where events are kept; handed in at start. begin() is told of what is about to change
   something, so that no end of the server hides it: durable when it returns the number for
   `begun`. Any thread but a loop's. */
void op_recorder_set(
    uint64_t (*begin)(const struct op_event *event), void (*record)(const struct op_event *event));

/* Run the row called name with the JSON object args; *answer is a new
   reference (jansson): {"ok":true,...} or {"ok":false,"error":{"kind":..,"text":..}}. */
void op_run(const struct op_caller *caller, struct slice name, const struct json_t *args,
    struct json_t **answer);

/* The same in text: {"op":"domain add","args":{"name":"alpha.test"}}; the
   answer, in one line without an end, is appended to *answer. False, and nothing was
   done: the operation belongs elsewhere. */
bool op_run_text(const struct op_caller *caller, struct slice request, struct buf *answer);

/* Does it wait for other machines, and is this thread none of those that may
   (core/loop.h)? Then whoever was asked for it moves to one before he runs it. */
bool op_elsewhere(const struct op *op);

/* {"progress":{"done":1,"total":2,"what":"..."}}, appended likewise. */
void op_progress_text(int64_t done, int64_t total, const char *what, struct buf *out);

/* An answer that says no, for whoever cannot even run one. */
void op_refusal_text(enum err_kind kind, const char *why, struct buf *answer);

/* Memory of JSON is zeroed before it is freed: it may have held a secret. Once
   before the first JSON; any thread. */
void op_start(void);

const struct op *op_find(struct slice name);

/* Does a server run it? */
static inline bool op_is_served(const struct op *op)
{
	return !op->offline || op->served;
}

#endif
