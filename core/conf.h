/* conf.h - settings: typed rows beside the code that uses them
 *
 * A module declares a row:
 *
 *	CONF_KEY(smtp_max_message) = {
 *		.name = "smtp.max-message-size", .type = CONF_SIZE,
 *		.scopes = CONF_SERVER | CONF_DOMAIN, .def = "50M", .max = 1 << 30,
 *		.help = "largest message taken, in bytes",
 *	};
 *
 * and reads it with conf_num(&conf_key_smtp_max_message). From the rows come
 * `signet setting`, validation, the manual page and the web form. A value is
 * looked for in the account, the mail flow policy, the listener, the destination, the
 * domain, the server, the default, in this order. A change applies to the running
 * server at once. */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"

enum conf_type {
	CONF_BOOL,     /* on, off */
	CONF_INT,      /* decimal */
	CONF_SIZE,     /* bytes: 64k, 25M */
	CONF_DURATION, /* 30s, 5m; kept in milliseconds */
	CONF_TEXT,
	CONF_CHOICE, /* one of .choices; conf_num gives its index */
};

enum conf_scope {
	CONF_SERVER = 1,
	CONF_DOMAIN = 2,
	CONF_ACCOUNT = 4,
	CONF_LISTENER = 8,
	CONF_POLICY = 16,
	/* A domain that mail is sent to, or ".example.org": all below that one. What is said
	   for the domain itself goes before that, and the longer of those before the shorter. */
	CONF_DESTINATION = 32,
};

/* A value for a place; an empty one: back to what holds without it. */
struct conf_change {
	const struct conf_key *key;
	enum conf_scope scope;
	struct slice place, value;
};

struct conf_key {
	const char *name;
	enum conf_type type;
	unsigned scopes; /* enum conf_scope, or-ed; 0 means CONF_SERVER */
	const char *def;
	int64_t min, max;	    /* of numbers, in the stored unit; max 0: no bound */
	const char *const *choices; /* NULL-terminated */
	const char *help;	    /* one line, no final dot */
	bool restart;		    /* takes effect at the next start only */
	const char *refers;	    /* what a text names, "certificate": it is not removed while
				       a value names it; or NULL */
	/* Of a choice or a switch: why this build cannot have that value, or NULL: it can.
	   Such a value is shown, explained and refused. May be NULL. */
	const char *(*lacks)(int64_t num);
	/* Of a text: is it one? 0, or -1 with the reason. May be NULL. */
	int (*check)(struct slice value, struct err *err);
	/* Called after the server-wide number was loaded or set, by the thread
	   that did it, for modules that do not ask each time. It changes no
	   settings. May be NULL. */
	void (*changed)(int64_t num);
	/* For what has to be tried before it is kept: asked by conf_order in place of
	   conf_set, and stores by conf_set_all. Like conf_set; may wait. May be NULL. */
	int (*attempt)(const struct conf_change *change, struct err *err);
};

#define CONF_KEY(id) TABLE_ROW(conf_key, id)
TABLE_DECLARE(conf_key);

/* Where a value is asked for: a name is NULL where it does not apply. */
struct conf_at {
	const char *domain, *account, *listener, *policy, *destination;
};

/* The server-wide value; lock-free, for any thread. */
int64_t conf_num(const struct conf_key *key);
bool conf_on(const struct conf_key *key);

/* The value merged for a place; lock-free when no place overrides this key. */
int64_t conf_num_at(const struct conf_key *key, const struct conf_at *at);

/* Copy of a text value into *out (cleared first). */
void conf_text(const struct conf_key *key, const struct conf_at *at, struct buf *out);

/* The row of that name, or NULL. */
const struct conf_key *conf_find(struct slice name);

/* Where it may be set: enum conf_scope, or-ed. */
unsigned conf_scopes(const struct conf_key *key);
void conf_scope_names(unsigned scopes, struct buf *out); /* "server, domain" appended */

/* "1s to 1h", "10 or more"; nothing for other types than numbers. Appends. */
void conf_range(const struct conf_key *key, struct buf *out);

/* Values that this build cannot have, each with the reason: "ssl3: ..."; nothing when
   it can have all. Appends. */
void conf_lacking(const struct conf_key *key, struct buf *out);

/* Check a value: 0 and its number, or -1 with the reason. *num may be NULL. */
int conf_check(const struct conf_key *key, struct slice value, int64_t *num, struct err *err);

/* Where values are kept; handed in at start by main. `scope` is one bit of
   enum conf_scope, `place` its domain, account or listener name ("" for the
   server). */
struct conf_store {
	int (*put)(void *arg, enum conf_scope scope, struct slice place, struct slice name,
	    struct slice value, struct err *err); /* empty value: remove */
	int (*each)(void *arg,
	    void (*row)(void *row_arg, enum conf_scope scope, struct slice place, struct slice name,
		struct slice value),
	    void *row_arg, struct err *err);
	/* Around several that are put by one thread: end() writes all of them, or none; with
	   keep == false, or when it returns -1, none. */
	void (*begin)(void *arg);
	int (*end)(void *arg, bool keep, struct err *err);
	void *arg;
};

/* Read all values from the store. Until then, and without a store, the
   defaults hold. */
int conf_load(const struct conf_store *store, struct err *err);

/* The same once more, after records were changed below it. 0; -1 leaves all as it was. */
int conf_reload(struct err *err);

/* Check, store, then apply. An empty value goes back to the default. */
int conf_set(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err);

/* The same for several that belong together: stored in one transaction, all or none. */
int conf_set_all(const struct conf_change *changes, size_t n, struct err *err);

/* What an admin asks for: tried first where the row has a way to, else conf_set. */
int conf_order(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err);

/* The text as stored at exactly that place, or an empty buf. */
void conf_raw(
    const struct conf_key *key, enum conf_scope scope, struct slice place, struct buf *out);

/* Is there what a value of a row that refers to something names? Asked before it is set;
   handed in at start, at most one, NULL: nobody is asked. 0, or -1 with the reason. */
void conf_refers_set(int (*check)(const struct conf_key *key, struct slice value, struct err *err));

/* Check and store alone; conf_reload takes it over: for several that belong together. */
int conf_put(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err);

/* All values that are stored for the row, in no order. visit() must not ask for
   settings. */
void conf_each(const struct conf_key *key,
    void (*visit)(void *arg, enum conf_scope scope, const char *place, const char *text),
    void *arg);

#endif
