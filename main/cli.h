/* cli.h - the parts of the signet command */
#ifndef MAIN_CLI_H
#define MAIN_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "core/err.h"
#include "core/op.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
	const char *data; /* DATA */
	bool json;
	bool lines; /* --json-lines */
	bool help;  /* -h or --help was among the words */
	bool version;
	char *const *words; /* argv behind the options that stand first */
	size_t n_words;
};

/* cli_args.c: options before the noun. 0, or -1: a word is wrong. */
int cli_options(struct cli *cli, char *const *argv, struct err *err);

/* cli_alias.c: where the first word, or the one behind help, is what another product calls a
   command, ours take its place. */
void cli_alias(struct cli *cli);

/* What stands behind noun and verb, as JSON arguments of the operation (a new
   reference), or NULL. Secrets whose file is named are read; options that are
   for signet itself go into *cli. */
json_t *cli_args(
    struct cli *cli, const struct op *op, char *const *words, size_t n, struct err *err);

/* cli_secret.c: add to args the secrets that are needed and missing: from the
   terminal without echo, or from standard input. */
int cli_secrets(const struct op *op, json_t *args, struct err *err);

/* The bytes of a file as JSON ("-": standard input), one trailing line end cut;
   NULL with the reason. */
json_t *cli_secret_file(const char *path, struct err *err);

/* cli_call.c: have the server do it. The answer, or NULL when there is none. */
json_t *cli_call(const struct cli *cli, const struct op *op, json_t *args, struct err *err);

/* The same within this process, for offline operations. */
json_t *cli_run_here(const struct op *op, json_t *args);

/* cli_lines.c: a line of standard input after the other, each answered at once.
   CLI_OK at its end. */
int cli_lines(const struct op *op, int in, int out);

/* cli_show.c: print an answer for people. */
void cli_show(const json_t *answer, FILE *out);
void cli_progress(void *arg, int64_t done, int64_t total, const char *what);
void cli_progress_end(void);

/* cli_help.c */
void cli_help_all(FILE *out);			  /* the nouns, and how to go on */
void cli_help_manual(FILE *out);		  /* every operation, every setting */
bool cli_help_noun(struct slice noun, FILE *out); /* false: no such noun */
void cli_help_op(const struct op *op, FILE *out);
void cli_usage(const struct op *op, FILE *out); /* one line */

#endif
