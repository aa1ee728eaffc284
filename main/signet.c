/* signet.c - the admin's command: NOUN VERB, from the table of operations */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "core/op.h"
#include "main/cli.h"

static int complain(const struct err *err, int status)
{
	fprintf(stderr, "signet: %s\n", err->text);
	return status;
}

/* --- help --- */

static int no_such(const char *noun, const char *verb)
{
	fprintf(stderr,
	    "signet: there is no '%s%s%s'; signet help tells what there is, and signet "
	    "setting list %s which settings\n",
	    noun, verb ? " " : "", verb ? verb : "", noun);
	return CLI_USAGE;
}

static const struct op *find(const char *noun, const char *verb)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s %s", noun, verb);
	const struct op *op = op_find(buf_slice(&name));
	buf_done(&name);
	return op;
}

static int help(const struct cli *cli)
{
	const char *noun = cli->n_words > 1 ? cli->words[1] : NULL;
	const char *verb = cli->n_words > 2 ? cli->words[2] : NULL;
	const struct op *op = noun && verb ? find(noun, verb) : NULL;

	if (!noun)
		cli_help_all(stdout);
	else if (strcmp(noun, "--all") == 0)
		cli_help_manual(stdout);
	else if (op)
		cli_help_op(op, stdout);
	else if (verb || !cli_help_noun(slice_str(noun), stdout))
		return no_such(noun, verb);
	return CLI_OK;
}

/* A noun alone, or one with a verb that it has not. */
static int incomplete(const struct cli *cli)
{
	if (cli->n_words > 1)
		no_such(cli->words[0], cli->words[1]);
	else if (!cli_help_noun(slice_str(cli->words[0]), cli->help ? stdout : stderr))
		return no_such(cli->words[0], NULL);
	return cli->help ? CLI_OK : CLI_USAGE;
}

/* --- orders --- */

static int show(const struct cli *cli, const json_t *answer)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));

	if (cli->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		fputc('\n', stdout);
	} else if (ok) {
		cli_show(answer, stdout);
	} else {
		fprintf(stderr, "signet: %s\n",
		    json_string_value(json_object_get(json_object_get(answer, "error"), "text")));
	}
	/* An answer may be a no: one that was asked whether something is valid. */
	ok = ok && !json_is_false(json_object_get(answer, "valid"));
	return fflush(stdout) == 0 && ok ? CLI_OK : CLI_FAILED;
}

/* Its arguments are those of each line. */
static int answer_lines(const struct op *op, const json_t *args)
{
	struct err err = { 0 };

	if (!op->line)
		err_set(&err, ERR_INPUT, "%s does not take --json-lines", op->name);
	else if (json_object_size(args) > 0)
		err_set(&err, ERR_INPUT, "--json-lines takes nothing beside it");
	return err.kind == ERR_NONE ? cli_lines(op, STDIN_FILENO, STDOUT_FILENO)
				    : complain(&err, CLI_USAGE);
}

/* Behind the first n words. */
static int order(struct cli *cli, const struct op *op, size_t n)
{
	struct err err = { 0 };
	json_t *args = cli_args(cli, op, cli->words + n, cli->n_words - n, &err);

	if (!args) {
		complain(&err, CLI_USAGE);
		fputs("usage: ", stderr);
		cli_usage(op, stderr);
		return CLI_USAGE;
	}
	if (cli->help) {
		json_decref(args);
		cli_help_op(op, stdout);
		return CLI_OK;
	}
	if (cli->lines) {
		int status = answer_lines(op, args);
		json_decref(args);
		return status;
	}
	json_t *answer = NULL;
	if (cli_secrets(op, args, &err) == 0)
		answer = op->offline ? cli_run_here(op, args) : cli_call(cli, op, args, &err);
	json_decref(args);
	int status = answer ? show(cli, answer) : complain(&err, CLI_FAILED);
	json_decref(answer);
	return status;
}

/* "tls check" in one word or in two: *n of them are taken. */
static const struct op *find_order(const struct cli *cli, size_t *n)
{
	struct slice verb = slice_str(cli->words[0]), noun = slice_cut(&verb, '-');
	const struct op *op = NULL;

	*n = 2;
	if (cli->n_words > 1)
		op = find(cli->words[0], cli->words[1]);
	if (!op && verb.n > 0) {
		struct buf name = { 0 };
		buf_printf(&name, "%.*s %.*s", SLICE_ARG(noun), SLICE_ARG(verb));
		op = op_find(buf_slice(&name));
		buf_done(&name);
		*n = 1;
	}
	return op;
}

int main(int argc, char **argv)
{
	const char *data = getenv("SIGNET_DATA");
	struct cli cli = { .data = data && *data ? data : SIGNET_DATA_DIR };
	struct err err = { 0 };
	size_t n;

	(void)argc;
	op_start();
	if (cli_options(&cli, argv, &err) != 0)
		return complain(&err, CLI_USAGE);
	cli_alias(&cli);
	if (cli.version)
		return puts("signet " SIGNET_VERSION) < 0 ? CLI_FAILED : CLI_OK;
	if (cli.n_words == 0) {
		cli_help_all(cli.help ? stdout : stderr);
		return cli.help ? CLI_OK : CLI_USAGE;
	}
	if (strcmp(cli.words[0], "help") == 0)
		return help(&cli);
	const struct op *op = find_order(&cli, &n);
	return op ? order(&cli, op, n) : incomplete(&cli);
}
