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
 * Every call is checked against its row (types, role), run on a worker, and
 * written to the audit log. */
#ifndef CORE_OP_H
#define CORE_OP_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"

enum op_role { OP_USER, OP_DOMAIN_ADMIN, OP_SERVER_ADMIN };

enum op_type {
	OP_TEXT,
	OP_NUMBER,
	OP_BOOL,
	OP_DOMAIN,  /* a domain name in either form; arrives as A-labels, lower case */
	OP_ADDRESS, /* local-part@domain; the domain as above */
	OP_SECRET,  /* password or key: from standard input or a file, never logged */
	OP_FILE,    /* name of a file on the server's machine, absolute */
};

enum op_flag {
	OP_REQUIRED = 1,
	OP_OPTION = 2, /* --name VALUE; without it the argument is positional */
	OP_MANY = 4,   /* last positional: takes all that follow, as a JSON array */
};

struct op_arg {
	const char *name; /* NULL ends the list */
	enum op_type type;
	unsigned flags;
	const char *help;
};

struct op_call;

struct op {
	const char *name; /* "noun verb" */
	enum op_role role;
	const struct op_arg *args;	  /* NULL: none */
	const char *help;		  /* one line, no final dot */
	const char *more;		  /* paragraphs for `signet help NOUN VERB`, or NULL */
	bool reads;			  /* changes nothing: may be a GET */
	int (*run)(struct op_call *call); /* 0, or -1 after op_fail */
};

#define OPERATION(id) TABLE_ROW(op, id)
TABLE_DECLARE(op);

struct json_t;

/* Inside run(). Values are checked already; a missing optional one is NULL, 0
   or false. Texts live as long as the call. */
const char *op_text(struct op_call *call, const char *arg);
int64_t op_number(struct op_call *call, const char *arg, int64_t otherwise);
bool op_bool(struct op_call *call, const char *arg);
struct slice op_secret(struct op_call *call, const char *arg);
size_t op_count(struct op_call *call, const char *arg); /* of an OP_MANY */
const char *op_item(struct op_call *call, const char *arg, size_t i);

/* What a failure says; returns -1. */
int op_fail(struct op_call *call, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int op_fail_err(struct op_call *call, const struct err *err);

/* The answer is a JSON object; add to it, or set "rows" to an array of objects
   for a listing. The call owns what it is given. */
void op_put_text(struct op_call *call, const char *key, struct slice value);
void op_put_number(struct op_call *call, const char *key, int64_t value);
void op_put_bool(struct op_call *call, const char *key, bool value);

/* A sentence for a human, beside the data. */
void op_say(struct op_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Begin a row of the listing; later op_put_* go into it. */
void op_row(struct op_call *call);

/* Long work: called now and then; the caller sees a progress bar. */
void op_progress(struct op_call *call, int64_t done, int64_t total, const char *what);

/* Who calls: "root" over the socket, later a login of API or pages. */
struct op_caller {
	const char *name;
	enum op_role role;
	const char *domain; /* of a domain admin or user, else NULL */
	void (*progress)(void *arg, int64_t done, int64_t total, const char *what);
	void *arg;
};

/* Run the row called name with the JSON object args; *answer is a new
   reference (jansson): {"ok":true,...} or {"ok":false,"error":{"kind":..,"text":..}}. */
void op_run(const struct op_caller *caller, struct slice name, const struct json_t *args,
    struct json_t **answer);

const struct op *op_find(struct slice name);

#endif
