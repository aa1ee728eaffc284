/* cli_args.c - words of the command line become arguments of an operation */
#include "main/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"

/* --- options of signet itself --- */

/* 1 and *at moved when it was one, 0 when not, -1 when it is wrong. */
static int own_option(struct cli *cli, char *const *words, size_t n, size_t *at, struct err *err)
{
	const char *word = words[*at];

	if (strcmp(word, "-d") == 0) {
		if (*at + 1 >= n)
			return err_set(err, ERR_INPUT, "-d wants a folder");
		cli->data = words[++*at];
	} else if (strcmp(word, "--json") == 0) {
		cli->json = true;
	} else if (strcmp(word, "--json-lines") == 0) {
		cli->lines = true;
	} else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		cli->help = true;
	} else if (strcmp(word, "--version") == 0) {
		cli->version = true;
	} else {
		return 0;
	}
	++*at;
	return 1;
}

int cli_options(struct cli *cli, char *const *argv, struct err *err)
{
	size_t n = 0, at = 1;
	int rc = 1;

	while (argv[n])
		n++;
	while (rc == 1 && at < n && *argv[at] == '-')
		rc = own_option(cli, argv, n, &at, err);
	if (rc < 0)
		return -1;
	if (at < n && *argv[at] == '-')
		return err_set(err, ERR_INPUT, "there is no option %s", argv[at]);
	cli->words = argv + (at < n ? at : n);
	cli->n_words = n > at ? n - at : 0;
	return 0;
}

/* --- arguments of the operation --- */

/* Nobody else may see a secret in the list of processes. */
static int refuse_secret(const struct op_arg *arg, struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "never give a secret on the command line, where others can read it: "
	    "use --%s-file FILE, or standard input",
	    arg->name);
}

/* The server's folder is another than ours. */
static json_t *absolute_path(const char *path, struct err *err)
{
	char *here = NULL;
	json_t *json = NULL;

	if (*path == '/')
		return json_string(path);
	here = getcwd(NULL, 0);
	if (here)
		json = json_sprintf("%s/%s", here, path);
	else
		err_sys(err, "cannot tell the current folder");
	free(here);
	return json;
}

static json_t *value_of(const struct op_arg *arg, const char *word, struct err *err)
{
	if (!utf8_valid(slice_str(word))) {
		err_set(err, ERR_INPUT, "%s is not UTF-8", arg->name);
		return NULL;
	}
	return arg->type == OP_FILE && *word ? absolute_path(word, err) : json_string(word);
}

static int put(json_t *args, const struct op_arg *arg, json_t *value)
{
	json_t *list = json_object_get(args, arg->name);

	if (!value)
		return -1;
	if (!(arg->flags & OP_MANY))
		return json_object_set_new(args, arg->name, value);
	if (!list) {
		list = json_array();
		json_object_set_new(args, arg->name, list);
	}
	return json_array_append_new(list, value);
}

/* The n-th positional argument; the last takes all the rest if it may. */
static const struct op_arg *positional(const struct op *op, size_t n)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++) {
		if (arg->flags & OP_OPTION || arg->type == OP_SECRET)
			continue;
		if (n == 0 || arg->flags & OP_MANY)
			return arg;
		n--;
	}
	return NULL;
}

/* The argument of that option; *file: it names a file that holds the secret. */
static const struct op_arg *option(const struct op *op, struct slice name, bool *file)
{
	static const struct slice suffix = { "-file", 5 };

	for (const struct op_arg *arg = op->args; arg && arg->name; arg++) {
		struct slice own = slice_str(arg->name);

		*file = arg->type == OP_SECRET && name.n == own.n + suffix.n &&
		    slice_iends(name, suffix) && slice_starts(name, own);
		if (*file ||
		    ((arg->flags & OP_OPTION || arg->type == OP_SECRET) && slice_eq(name, own)))
			return arg;
	}
	return NULL;
}

/* --name VALUE, --name=VALUE, --flag. Moves *at behind it. */
static int take_option(
    const struct op *op, json_t *args, char *const *words, size_t n, size_t *at, struct err *err)
{
	const char *word = words[*at] + 2, *equals = strchr(word, '=');
	struct slice name = slice_of(word, equals ? (size_t)(equals - word) : strlen(word));
	bool file;
	const struct op_arg *arg = option(op, name, &file);

	++*at;
	if (!arg)
		return err_set(
		    err, ERR_INPUT, "%s has no option --%.*s", op->name, SLICE_ARG(name));
	if (arg->type == OP_SECRET && !file)
		return refuse_secret(arg, err);
	if (arg->type == OP_BOOL && !equals)
		return json_object_set_new(args, arg->name, json_true());
	if (!equals && *at >= n)
		return err_set(err, ERR_INPUT, "--%.*s wants a value", SLICE_ARG(name));
	const char *value = equals ? equals + 1 : words[(*at)++];
	return put(args, arg, file ? cli_secret_file(value, err) : value_of(arg, value, err));
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9');
}

static int take_word(
    const struct op *op, json_t *args, const char *word, size_t nth, struct err *err)
{
	const struct op_arg *arg = positional(op, nth);

	if (!arg)
		return err_set(err, ERR_INPUT, "%s: what is '%s' for?", op->name, word);
	return put(args, arg, value_of(arg, word, err));
}

static int check_required(const struct op *op, json_t *args, struct err *err)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++)
		if (arg->flags & OP_REQUIRED && arg->type != OP_SECRET &&
		    !json_object_get(args, arg->name))
			return err_set(err, ERR_INPUT, "%s is missing: %s", arg->name, arg->help);
	return 0;
}

json_t *cli_args(
    struct cli *cli, const struct op *op, char *const *words, size_t n, struct err *err)
{
	json_t *args = json_object();
	bool options = true;
	size_t nth = 0;
	int rc = 0;

	for (size_t at = 0; at < n && rc >= 0;) {
		if (options && strcmp(words[at], "--") == 0) {
			options = false;
			at++;
		} else if (!options || !is_option(words[at])) {
			rc = take_word(op, args, words[at++], nth++, err);
		} else if ((rc = own_option(cli, words, n, &at, err)) == 0) {
			if (words[at][1] != '-')
				rc = err_set(err, ERR_INPUT, "there is no option %s", words[at]);
			else
				rc = take_option(op, args, words, n, &at, err);
		}
	}
	if (rc >= 0 && !cli->help && !cli->lines)
		rc = check_required(op, args, err);
	if (rc < 0) {
		json_decref(args);
		return NULL;
	}
	return args;
}
