/* test_cli.c - words of the command line, and answers for people */
#include "main/cli.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

static const char *const kinds[] = { "red", "blue", NULL };
static const struct op_arg op_args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "a name", NULL },
	{ "password", OP_SECRET, OP_REQUIRED | OP_NEW, "a password", NULL },
	{ "to", OP_ADDRESS, OP_MANY, "addresses", NULL },
	{ "size", OP_SIZE, OP_OPTION, "a size", NULL },
	{ "flag", OP_BOOL, OP_OPTION, "a flag", NULL },
	{ "file", OP_FILE, OP_OPTION, "a file", NULL },
	{ "kind", OP_CHOICE, OP_OPTION, "a kind", kinds },
	{ 0 },
};
static const struct op op = { .name = "test all", .args = op_args, .help = "take all" };

enum { WORDS = 8 };

static void words(void **state)
{
	static const struct {
		const char *name;
		const char *words[WORDS];
		const char *want; /* JSON; or what the reason says, without a brace */
	} cases[] = {
		{ "least", { "a.test" }, "{\"name\":\"a.test\"}" },
		{ "many", { "a.test", "x@b", "y@c" },
		    "{\"name\":\"a.test\",\"to\":[\"x@b\",\"y@c\"]}" },
		{ "options", { "--size", "3k", "a.test", "--flag" },
		    "{\"size\":\"3k\",\"name\":\"a.test\",\"flag\":true}" },
		{ "equals", { "--size=3k", "--flag=off", "a.test", "--kind=" },
		    "{\"size\":\"3k\",\"flag\":\"off\",\"name\":\"a.test\",\"kind\":\"\"}" },
		{ "negative", { "-5" }, "{\"name\":\"-5\"}" },
		{ "dash", { "-" }, "{\"name\":\"-\"}" },
		{ "end of options", { "--", "--size", "--" },
		    "{\"name\":\"--size\",\"to\":[\"--\"]}" },
		{ "own options", { "a.test", "--json", "-d", "/data" }, "{\"name\":\"a.test\"}" },
		{ "absolute", { "a.test", "--file", "/x" },
		    "{\"name\":\"a.test\",\"file\":\"/x\"}" },
		{ "none", { NULL }, "name is missing: a name" },
		{ "secret", { "a.test", "--password", "x" }, "never give a secret" },
		{ "secret with equals", { "a.test", "--password=x" }, "never give a secret" },
		{ "no file", { "a.test", "--password-file", "/nowhere/x" },
		    "/nowhere/x: No such file" },
		{ "unknown", { "a.test", "--colour", "x" }, "no option --colour" },
		{ "unknown letter", { "a.test", "-x" }, "no option -x" },
		{ "positional as option", { "--name", "a.test" }, "no option --name" },
		{ "no value", { "a.test", "--size" }, "--size wants a value" },
		{ "no folder", { "a.test", "-d" }, "-d wants a folder" },
		{ "not UTF-8", { "a\xff.test" }, "name is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cli cli = { 0 };
		struct err err = { 0 };
		size_t n = 0;

		while (n < WORDS && cases[i].words[n])
			n++;
		json_t *args = cli_args(&cli, &op, (char *const *)cases[i].words, n, &err);
		if (*cases[i].want != '{') {
			want_true(cases[i].name, !args);
			want_true(cases[i].name, strstr(err.text, cases[i].want));
			continue;
		}
		want_true(cases[i].name, args);
		char *text = json_dumps(args, JSON_COMPACT);
		want_text(cases[i].name, slice_str(text), cases[i].want);
		free(text);
		json_decref(args);
	}
}

static void own_options(void **state)
{
	char *const argv[] = { "signet", "-d", "/data", "--json", "domain", "add", "--help", NULL };
	char *const wrong[] = { "signet", "--what", "domain", NULL };
	struct cli cli = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(cli_options(&cli, argv, &err), 0);
	assert_string_equal(cli.data, "/data");
	assert_true(cli.json && !cli.help);
	assert_int_equal(cli.n_words, 3);
	assert_string_equal(cli.words[0], "domain");
	json_t *args = cli_args(&cli, &op, cli.words + 2, cli.n_words - 2, &err);
	assert_non_null(args); /* whoever asks for help need not be complete */
	assert_true(cli.help);
	json_decref(args);
	assert_int_equal(cli_options(&cli, wrong, &err), -1);
}

static void relative_file(void **state)
{
	struct cli cli = { 0 };
	const char *const given[] = { "a.test", "--file", "x/y" };
	char *here = getcwd(NULL, 0);
	struct err err;

	(void)state;
	json_t *args = cli_args(&cli, &op, (char *const *)given, 3, &err),
	       *want = json_sprintf("%s/x/y", here);
	assert_true(json_equal(json_object_get(args, "file"), want));
	json_decref(args);
	json_decref(want);
	free(here);
}

static void secret_files(void **state)
{
	static const struct {
		const char *name;
		struct slice bytes;
		const char *want;
	} cases[] = {
		{ "plain", { "secret word", 11 }, "\"secret word\"" },
		{ "one line end", { "secret\n\n", 8 }, "\"secret\\n\"" },
		{ "CR LF", { "secret\r\n", 8 }, "\"secret\"" },
		{ "empty", { "", 0 }, "\"\"" },
		{ "only a line end", { "\n", 1 }, "\"\"" },
		{ "no text", { "\x00\x01\n", 3 }, "{\"base64\":\"AAEK\"}" },
		{ "not UTF-8", { "\xff", 1 }, "{\"base64\":\"/w==\"}" },
	};
	char *dir = tempdir_new(), *path = tempdir_path(dir, "secret");
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		FILE *f = fopen(path, "w");
		fwrite(cases[i].bytes.p, 1, cases[i].bytes.n, f);
		fclose(f);
		json_t *json = cli_secret_file(path, &err);
		char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
		want_text(cases[i].name, slice_str(text), cases[i].want);
		free(text);
		json_decref(json);
	}
	free(path);
	tempdir_remove(&dir);
}

#define TEN "ABCDEFGHIJ"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG HUNDRED HUNDRED HUNDRED

static void shows(void **state)
{
	static const struct {
		const char *answer, *want;
	} cases[] = {
		{ "{\"ok\":true}", "" },
		{ "{\"ok\":true,\"message\":\"All is well.\"}", "All is well.\n" },
		{ "{\"ok\":true,\"name\":\"a.test\",\"main\":true,\"size\":12,\"empty\":\"\"}",
		    "name:  a.test\nmain:  yes\nsize:  12\nempty:\n" },
		{ "{\"ok\":true,\"chain\":\"one\\ntwo\\n\",\"n\":1}",
		    "chain:\none\ntwo\nn:     1\n" },
		{ "{\"ok\":true,\"chain\":\"one\\ntwo\\n\"}", "one\ntwo\n" },
		{ "{\"ok\":true,\"name\":\"a.test\"}", "name: a.test\n" },
		{ "{\"ok\":true,\"file\":\"" LONG "\"}", LONG "\n" },
		{ "{\"ok\":true,\"file\":\"" LONG "\",\"n\":1}", "file: " LONG "\nn:    1\n" },
		{ "{\"ok\":true,\"rows\":[]}", "" },
		{ "{\"ok\":true,\"rows\":[{\"name\":\"a\",\"n\":5},{\"name\":\"b\xc3\xbc"
		  "b\",\"n\":123,\"x\":false}]}",
		    "name    n  x\na       5  \nb\xc3\xbc"
		    "b   123  no\n" },
		{ "{\"ok\":true,\"peer\":\"\\u001b[2J\\u009b\\u007f\\r\"}", "peer: ?[2J???\n" },
		{ "{\"ok\":true,\"rows\":[{\"a\":\"x\\ny\",\"b\":1}]}", "a    b\nx?y  1\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *answer = json_loads(cases[i].answer, 0, NULL);
		char *text = NULL;
		size_t n = 0;
		FILE *out = open_memstream(&text, &n);

		want_true(cases[i].answer, answer);
		cli_show(answer, out);
		fclose(out);
		want_text(cases[i].answer, slice_of(text, n), cases[i].want);
		free(text);
		json_decref(answer);
	}
}

static void helps(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	cli_usage(&op, out);
	fclose(out);
	want_text("usage", slice_of(text, n),
	    "signet test all NAME [--password-file FILE] [TO...] [--size SIZE] [--flag] [--file FILE] "
	    "[--kind red|blue]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(own_options),
		cmocka_unit_test(relative_file),
		cmocka_unit_test(secret_files),
		cmocka_unit_test(shows),
		cmocka_unit_test(helps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
