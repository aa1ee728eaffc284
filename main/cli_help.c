/* cli_help.c - the help of signet, written from the tables of operations and settings */
#include "main/cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/conf.h"

/* --- operations, by name --- */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct op *const *)a)->name, (*(const struct op *const *)b)->name);
}

/* To be freed. */
static const struct op **sorted(void)
{
	const struct op **ops = mem_get((op_table_n + 1) * sizeof *ops);

	memcpy(ops, op_table, op_table_n * sizeof *ops);
	qsort(ops, op_table_n, sizeof *ops, by_name);
	return ops;
}

static struct slice noun_of(const struct op *op)
{
	struct slice name = slice_str(op->name);

	return slice_cut(&name, ' ');
}

/* --- one operation --- */

static void put_capitals(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc(toupper((unsigned char)*text), out);
}

static const char *value_word(enum op_type type)
{
	static const char *const words[] = {
		[OP_TEXT] = "TEXT",
		[OP_NUMBER] = "NUMBER",
		[OP_SIZE] = "SIZE",
		[OP_BOOL] = "on|off",
		[OP_CHOICE] = "WORD",
		[OP_DOMAIN] = "DOMAIN",
		[OP_DESTINATION] = "DOMAIN",
		[OP_ADDRESS] = "ADDRESS",
		[OP_SECRET] = "FILE",
		[OP_FILE] = "FILE",
	};

	return words[type];
}

/* "ADDRESS", "--quota SIZE", "--password-file FILE"; choices are named. */
static void put_arg(FILE *out, const struct op_arg *arg)
{
	if (arg->type == OP_SECRET) {
		fprintf(out, "--%s-file FILE", arg->name);
		return;
	}
	if (arg->flags & OP_OPTION)
		fprintf(out, "--%s%s", arg->name, arg->type == OP_BOOL ? "" : " ");
	if (arg->type == OP_CHOICE) {
		for (size_t i = 0; arg->choices[i]; i++)
			fprintf(out, "%s%s", i ? "|" : "", arg->choices[i]);
	} else if (!(arg->flags & OP_OPTION)) {
		put_capitals(out, arg->name);
	} else if (arg->type != OP_BOOL) {
		fputs(value_word(arg->type), out);
	}
	if (arg->flags & OP_MANY)
		fputs("...", out);
}

void cli_usage(const struct op *op, FILE *out)
{
	fprintf(out, "signet %s", op->name);
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++) {
		bool needed = arg->flags & OP_REQUIRED && arg->type != OP_SECRET;

		fputs(needed ? " " : " [", out);
		put_arg(out, arg);
		if (!needed)
			fputc(']', out);
	}
	fputc('\n', out);
}

static void put_args(const struct op *op, FILE *out)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++) {
		fputs("  ", out);
		put_arg(out, arg);
		fprintf(out, "\n        %s\n", arg->help);
		if (arg->type == OP_SECRET && arg->flags & OP_REQUIRED)
			fputs(
			    "        (without it: asked for at a terminal, else read from standard input)\n",
			    out);
	}
}

static void put_examples(const struct op *op, FILE *out)
{
	struct slice rest = slice_str(op->example);

	while (rest.n > 0) {
		struct slice line = slice_cut(&rest, '\n');
		fprintf(out, "  signet %.*s\n", SLICE_ARG(line));
	}
}

void cli_help_op(const struct op *op, FILE *out)
{
	fprintf(out, "signet %s - %s\n\n  ", op->name, op->help);
	cli_usage(op, out);
	if (op->args) {
		fputc('\n', out);
		put_args(op, out);
	}
	if (op->more)
		fprintf(out, "\n%s\n", op->more);
	if (op->example) {
		fputs("\nFor example:\n", out);
		put_examples(op, out);
	}
	if (op->role != OP_SERVER_ADMIN)
		fprintf(out, "\nAllowed to: %s and above\n", op_role_names[op->role]);
}

/* --- many --- */

bool cli_help_noun(struct slice noun, FILE *out)
{
	const struct op **ops = sorted();
	bool found = false;

	for (size_t i = 0; i < op_table_n; i++) {
		if (!slice_eq(noun_of(ops[i]), noun))
			continue;
		found = true;
		fprintf(out, "  %-24s %s\n", ops[i]->name, ops[i]->help);
	}
	for (size_t i = 0; found && i < op_table_n; i++)
		if (slice_eq(noun_of(ops[i]), noun) && ops[i]->example) {
			fputs("\nFor example:\n", out);
			put_examples(ops[i], out);
			break;
		}
	if (found)
		fprintf(out, "\nMore on one of them: signet help %.*s VERB\n", SLICE_ARG(noun));
	free(ops);
	return found;
}

static void put_verbs(const struct op **ops, size_t *at, FILE *out)
{
	struct slice noun = noun_of(ops[*at]);

	fprintf(out, "  %-14.*s", SLICE_ARG(noun));
	for (bool first = true; *at < op_table_n && slice_eq(noun_of(ops[*at]), noun);
	     ++*at, first = false)
		fprintf(out, "%s%s", first ? "" : ", ", ops[*at]->name + noun.n + 1);
	fputc('\n', out);
}

void cli_help_all(FILE *out)
{
	const struct op **ops = sorted();

	fputs(
	    "usage: signet [-d DATA] NOUN VERB [ARGUMENTS] [--json]\n\n"
	    "Gives orders to the server that runs on DATA, and prints what it answers;\n"
	    "with --json as an object for programs. Without -d, DATA is $SIGNET_DATA or\n" SIGNET_DATA_DIR
	    ".\n\n",
	    out);
	for (size_t i = 0; i < op_table_n;)
		put_verbs(ops, &i, out);
	fputs("\nMore:  signet help NOUN, signet help NOUN VERB\n"
	      "       signet help --all prints it all, with every setting\n\n"
	      "A first domain with an account:\n"
	      "  signet domain add example.org\n"
	      "  signet account add ann@example.org\n",
	    out);
	free(ops);
}

static void put_setting(const struct conf_key *key, FILE *out)
{
	struct buf range = { 0 };

	conf_range(key, &range);
	fprintf(out, "  %s\n        %s\n        usually %s", key->name, key->help,
	    key->def && *key->def ? key->def : "empty");
	if (range.n > 0)
		fprintf(out, "; %s", buf_z(&range));
	for (size_t i = 0; key->choices && key->choices[i]; i++)
		fprintf(out, "%s%s", i ? ", " : "; one of: ", key->choices[i]);
	fprintf(out, "%s\n", key->restart ? "; from the next start on" : "");
	buf_done(&range);
}

void cli_help_manual(FILE *out)
{
	const struct op **ops = sorted();

	for (size_t i = 0; i < op_table_n; i++) {
		cli_help_op(ops[i], out);
		fputs("\n\n", out);
	}
	fputs("Settings\n\n", out);
	for (size_t i = 0; i < conf_key_table_n; i++)
		put_setting(conf_key_table[i], out);
	free(ops);
}
