/* sieve_private.h - for core/sieve*.c: the rows, a compiled script, a compilation, a run
 *
 * Compiling is generic: a row says what a command or test takes, and the parser
 * checks it. What is left for a row is check(), once, and run() or eval(), for
 * each message. */
#ifndef CORE_SIEVE_PRIVATE_H
#define CORE_SIEVE_PRIVATE_H

#include "core/sieve.h"
#include "core/table.h"
#include "core/text.h"

enum {
	SIEVE_DEPTH_MAX = 32,	    /* of blocks and tests; RFC 5228 2.8, 8.4 want 15 */
	SIEVE_NODES_MAX = 20000,    /* commands and tests of a script */
	SIEVE_ACTIONS_MAX = 32,	    /* of a run */
	SIEVE_FLAGS_MAX = 64,	    /* set at a time */
	SIEVE_NAME_MAX = 1000,	    /* bytes of a mailbox's name */
	SIEVE_HEADER_MAX = 1 << 20, /* bytes of a header that are looked at */
	SIEVE_BODY_MAX = 2 << 20,   /* bytes of bodies that are looked at */
	SIEVE_WORK_MAX = 100 << 20, /* steps of a run, of some nanoseconds each */
};

struct sieve_node;
struct sieve_compile;
struct sieve_run;
struct sieve_body;

/* --- rows --- */

/* What `require` takes. */
struct sieve_extension {
	const char *name;
	bool delivery; /* only for a message that is being delivered (RFC 6785 3.11) */
	bool quiet;    /* nothing uses it, and that is no mistake */
};

#define SIEVE_EXTENSION(id) TABLE_ROW(sieve_extension, id)
TABLE_DECLARE(sieve_extension);

/* How texts are compared (RFC 4790). */
struct sieve_comparator {
	const char *name;
	const struct sieve_extension *extension; /* NULL: always there */
	/* Append the form in which texts are equal bytewise; NULL: as they are. */
	void (*fold)(struct buf *out, struct slice text);
	int (*order)(struct slice a, struct slice b); /* of folded texts */
	bool whole;   /* knows no parts: neither :contains nor :matches */
	bool unicode; /* a character is one of UTF-8, not an octet */
};

#define SIEVE_COMPARATOR(id) TABLE_ROW(sieve_comparator, id)
TABLE_DECLARE(sieve_comparator);

/* Tags of one slot exclude each other. A command or test names the slots that
   it takes. */
enum sieve_slot {
	SIEVE_MATCH = 1,      /* :is, :contains, ... */
	SIEVE_COMPARE = 2,    /* :comparator */
	SIEVE_PART = 4,	      /* of an address: :domain, ... */
	SIEVE_LIMIT = 8,      /* :over, :under */
	SIEVE_COPY = 16,      /* :copy */
	SIEVE_FLAGS = 32,     /* :flags */
	SIEVE_TRANSFORM = 64, /* of a body: :raw, :content, :text */
	SIEVE_ZONE = 128,     /* of a date: :zone, :originalzone */
	SIEVE_INDEX = 256,    /* :index of a field */
	SIEVE_LAST = 512,     /* :last: counted from the end */
	SIEVE_PERIOD = 1024,  /* of an answer: :days, :seconds */
	SIEVE_SUBJECT = 2048, /* of an answer, and so on */
	SIEVE_FROM = 4096,
	SIEVE_ADDRESSES = 8192,
	SIEVE_HANDLE = 16384,
	SIEVE_MIME = 32768,
};

struct sieve_arg {
	const struct slice *strings;
	uint64_t number;
	size_t n; /* of strings */
};

struct sieve_matching;

struct sieve_tag {
	const char *name; /* ":is" */
	const struct sieve_extension *extension;
	enum sieve_slot slot;
	char value; /* what stands behind it, as in .args of a word; or 0 */
	/* May be NULL. 0, or -1 after sieve_wrong. */
	int (*check)(struct sieve_compile *c, uint32_t line, struct sieve_arg *value);
	/* SIEVE_MATCH: both folded. 1, 0, or -1 after sieve_fault. */
	int (*match)(struct sieve_run *run, const struct sieve_matching *m, struct slice value,
	    struct slice key);
	bool counts; /* SIEVE_MATCH: compares the number of values, not each */
	bool parts;  /* SIEVE_MATCH: looks into texts */
	/* SIEVE_PART: false when the address has none. */
	bool (*part)(struct pool *pool, const struct address *address, struct slice *out);
};

#define SIEVE_TAG(id) TABLE_ROW(sieve_tag, id)
TABLE_DECLARE(sieve_tag);

/* What commands and tests have in common. */
enum sieve_tests { SIEVE_NO_TEST, SIEVE_ONE_TEST, SIEVE_TESTS };

struct sieve_word {
	const char *name;
	const struct sieve_extension *extension; /* NULL: always there */
	/* Positional arguments: 's' a string, 'l' a list of strings, 'n' a number.
	   Of what takes SIEVE_MATCH the last one is the list of keys. */
	const char *args;
	unsigned slots; /* enum sieve_slot, or-ed */
	unsigned needs; /* slots that must not be empty */
	enum sieve_tests tests;
	/* Of what is known when it is compiled. May be NULL. 0, or -1 after
	   sieve_wrong. */
	int (*check)(struct sieve_compile *c, struct sieve_node *node);
};

enum sieve_next { SIEVE_GO_ON, SIEVE_STOP, SIEVE_FAULT };

struct sieve_command {
	struct sieve_word word;
	bool block;
	bool first;	   /* only before all that is not */
	const char *after; /* only behind one of these */
	enum sieve_next (*run)(struct sieve_run *run, const struct sieve_node *node);
};

#define SIEVE_COMMAND(id) TABLE_ROW(sieve_command, id)
TABLE_DECLARE(sieve_command);

struct sieve_test {
	struct sieve_word word;
	int (*eval)(struct sieve_run *run, const struct sieve_node *node); /* 1, 0, -1: fault */
};

#define SIEVE_TEST(id) TABLE_ROW(sieve_test, id)
TABLE_DECLARE(sieve_test);

/* --- a compiled script --- */

struct sieve_option {
	const struct sieve_tag *tag;
	struct sieve_arg value;
	struct sieve_option *next;
};

/* How a test matches: keys are folded already. */
struct sieve_matching {
	const struct sieve_tag *type;
	struct slice relation; /* what stands behind the type */
	const struct sieve_comparator *comparator;
	const struct slice *keys;
	size_t n_keys;
};

struct sieve_node {
	const struct sieve_word *word;
	const struct sieve_command *command; /* one of the two */
	const struct sieve_test *test;
	uint32_t line;
	struct sieve_arg *args;
	struct sieve_option *options;
	struct sieve_matching *matching;
	struct sieve_node *tests; /* its tests */
	struct sieve_node *block; /* its commands */
	struct sieve_node *next;
};

struct sieve_script {
	struct pool pool; /* of all below */
	struct sieve_node *commands;
	const char *delivery; /* an extension that is for deliveries only, or NULL */
};

/* Of a slot, or NULL. */
const struct sieve_option *sieve_option(const struct sieve_node *node, enum sieve_slot slot);

/* --- compiling --- */

enum sieve_token_kind {
	SIEVE_END,
	SIEVE_WORD,
	SIEVE_TAG_NAME, /* with its colon */
	SIEVE_NUMBER,
	SIEVE_STRING,
	SIEVE_SIGN, /* one of {}()[],; */
};

struct sieve_token {
	enum sieve_token_kind kind;
	struct slice text; /* of a string: what it means, of the script's pool */
	uint64_t number;
	char sign;
	uint32_t line;
};

struct sieve_compile {
	struct pool *pool; /* the script's */
	struct slice rest;
	uint32_t line;
	struct sieve_token token; /* the next one */
	unsigned depth, nodes;
	bool begun;		 /* there was a command that is not for the beginning */
	uint64_t required, used; /* by index in the table of extensions */
	uint32_t required_at;
	struct buf *warnings; /* or NULL */
	struct err *err;
};

/* Say what is wrong; returns -1. */
int sieve_wrong(struct sieve_compile *c, uint32_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sieve_warn(struct sieve_compile *c, uint32_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* For texts of a script in what is said: not too long, and one line. */
const char *sieve_shown(struct sieve_compile *c, struct slice text);

/* Put the next token into c->token (sieve_lex.c). 0 or -1. */
int sieve_lex(struct sieve_compile *c);

/* Characters that the token's string encodes (sieve_encoded.c). 0 or -1. */
int sieve_decode(struct sieve_compile *c);

/* Tags and values of a command or test, checked against its row; the token is
   the first of them (sieve_args.c). 0 or -1. */
int sieve_parse_args(struct sieve_compile *c, struct sieve_node *node);

/* All of the text (sieve_parse.c). 0 or -1. */
int sieve_parse(struct sieve_compile *c, struct sieve_node **commands);

/* What a script may use (sieve_require.c). */
bool sieve_may(struct sieve_compile *c, const struct sieve_extension *extension);

/* :last goes with :index only (sieve_field.c). 0 or -1. */
int sieve_check_index(struct sieve_compile *c, const struct sieve_node *node);

/* Fill node->matching (sieve_match.c). 0 or -1. */
int sieve_prepare(struct sieve_compile *c, struct sieve_node *node);

/* --- running --- */

/* A text of the message; what is made of it is made once. */
struct sieve_text {
	struct slice name;  /* of a header field */
	struct slice raw;   /* as it came */
	struct slice plain; /* decoded, UTF-8 */
	const struct sieve_comparator *folded_by;
	struct slice folded;
	bool decoded;
};

struct sieve_run {
	const struct sieve_message *message;
	struct pool *pool;	   /* of the actions */
	struct pool memory;	   /* of the run */
	struct pool scratch;	   /* of a test */
	struct sieve_text *fields; /* NULL: not read yet */
	size_t n_fields;
	struct sieve_body *bodies; /* of sieve_body.c; NULL: not read yet */
	struct sieve_text whole;   /* all behind the header */
	struct slice *flags;	   /* that are set now (RFC 5232) */
	size_t n_flags;
	struct sieve_action *actions, **end;
	unsigned n_actions, n_redirects;
	bool keep; /* the implicit one */
	uint64_t work;
	uint32_t line;
	struct err *err;
};

/* A fault at run time; returns -1. */
int sieve_fault(struct sieve_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Count steps: false after a fault, when there were too many. */
bool sieve_work(struct sieve_run *run, uint64_t steps);

/* There were too many. */
static inline bool sieve_tired(const struct sieve_run *run)
{
	return run->work > SIEVE_WORK_MAX;
}

/* What things cost, in steps (tests/bench/sieve_bench.c). */
enum {
	SIEVE_STEPS_NODE = 16,	 /* a command or test */
	SIEVE_STEPS_FIELD = 8,	 /* a field whose name is looked at */
	SIEVE_STEPS_VALUE = 64,	 /* a value or an address, however short */
	SIEVE_STEPS_FOLD = 2,	 /* a byte of it */
	SIEVE_STEPS_DECODE = 8,	 /* a byte that is decoded, or read as an address */
	SIEVE_STEPS_PATTERN = 4, /* a step of :matches */
};

enum sieve_next sieve_run_block(struct sieve_run *run, const struct sieve_node *commands);
int sieve_eval(struct sieve_run *run, const struct sieve_node *test);

/* The header's fields of that name that the test is about, one after another: *at
   is 0 at first. NULL: no more, or a fault (sieve_tired) (sieve_field.c). */
struct sieve_text *sieve_field_next(
    struct sieve_run *run, const struct sieve_node *test, struct slice name, size_t *at);
/* Decoded as people read it. */
struct slice sieve_field_text(struct sieve_run *run, struct sieve_text *field);

/* One test's matching: offer values until one gives 1 or -1, then end. */
struct sieve_matcher {
	struct sieve_run *run;
	const struct sieve_matching *how;
	uint64_t count;
};
struct sieve_matcher sieve_matcher(struct sieve_run *run, const struct sieve_node *node);
int sieve_match(struct sieve_matcher *m, struct slice value);
/* The same for a text that is kept: it is folded once only. */
int sieve_match_text(struct sieve_matcher *m, struct sieve_text *text);
int sieve_match_end(struct sieve_matcher *m, int result);

/* Add what is to be done, unless it is there already. NULL after a fault. */
struct sieve_action *sieve_act(
    struct sieve_run *run, enum sieve_kind kind, struct slice name, bool encrypt);

/* The flags that the message has (RFC 6785 3.8). */
void sieve_begin_flags(struct sieve_run *run, const struct sieve_event *event);

/* What keep does: INBOX has it, or where it lies already. */
static inline enum sieve_kind sieve_keep_kind(const struct sieve_message *message)
{
	return message->event ? SIEVE_KEEP : SIEVE_STORE;
}

/* Flags of a SIEVE_STORE: those of :flags, else those set now (sieve_flags.c). */
void sieve_flag(
    struct sieve_run *run, struct sieve_action *action, const struct sieve_option *option);

/* For fileinto and its kin: is that a mailbox's name? 0 or -1; INBOX becomes
   the empty name (sieve_action.c). */
int sieve_check_mailbox(struct sieve_compile *c, struct sieve_node *node);
enum sieve_next sieve_store(struct sieve_run *run, const struct sieve_node *node, bool encrypt);

extern const struct sieve_extension sieve_extension_envelope;
extern const struct sieve_tag sieve_tag_is, sieve_tag_all;
extern const struct sieve_comparator sieve_comparator_ascii_casemap;

#endif
