/* test_op.c - operations: arguments by type, roles, answers, the audit log
 *
 * It has a table of its own instead of the one that the build collects. */
#include "core/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "tests/unit/unit.h"

static const char *const kinds[] = { "red", "blue", NULL };
static const struct op_arg all_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "a domain", NULL },
	{ "address", OP_ADDRESS, OP_OPTION, "an address", NULL },
	{ "far", OP_ADDRESS, OP_OPTION | OP_FOREIGN, "an address", NULL },
	{ "number", OP_NUMBER, OP_OPTION, "a number", NULL },
	{ "size", OP_SIZE, OP_OPTION, "a size", NULL },
	{ "flag", OP_BOOL, OP_OPTION, "a flag", NULL },
	{ "kind", OP_CHOICE, OP_OPTION, "a kind", kinds },
	{ "secret", OP_SECRET, 0, "a secret", NULL },
	{ "file", OP_FILE, OP_OPTION, "a file", NULL },
	{ "words", OP_TEXT, OP_MANY, "words", NULL },
	{ 0 },
};

static int run_all(struct op_call *call)
{
	op_put_text(call, "domain", slice_str(op_text(call, "domain")));
	if (op_given(call, "address"))
		op_put_text(call, "address", slice_str(op_text(call, "address")));
	op_put_number(call, "number", op_number(call, "number", -1));
	op_put_number(call, "size", op_number(call, "size", -1));
	op_put_number(call, "kind", op_number(call, "kind", -1));
	op_put_bool(call, "flag", op_bool(call, "flag"));
	op_put_number(call, "secret", (int64_t)op_secret(call, "secret").n);
	for (size_t i = 0; i < op_count(call, "words"); i++) {
		op_row(call);
		op_put_text(call, "word", slice_str(op_item(call, "words", i)));
	}
	return 0;
}

OPERATION(test_all) = { .name = "test all",
	.role = OP_DOMAIN_ADMIN,
	.args = all_args,
	.help = "take all",
	.run = run_all };

static int run_list(struct op_call *call)
{
	op_say(call, "nothing");
	op_say(call, "at %s", "all");
	for (int i = 0; i < 1000; i++)
		op_progress(call, i, 1000, "looking");
	return 0;
}

OPERATION(test_list) = {
	.name = "test list", .reads = true, .lists = true, .help = "list nothing", .run = run_list
};

static int run_fail(struct op_call *call)
{
	op_put_text(call, "half", SLICE("done"));
	return op_fail(call, ERR_EXISTS, "there is '%s' already", "\xff\n");
}

OPERATION(test_fail) = { .name = "test fail", .help = "fail", .run = run_fail };

static int run_bytes(struct op_call *call)
{
	op_put_text(call, "bytes",
	    SLICE("a\xff"
		  "b"));
	return 0;
}

OPERATION(
    test_bytes) = { .name = "test bytes", .offline = true, .help = "say bytes", .run = run_bytes };

const struct op *const op_table[] = { &op_test_all, &op_test_bytes, &op_test_fail, &op_test_list,
	NULL };
const size_t op_table_n = COUNT(op_table) - 1;

static const struct op_caller root = { .name = "root", .role = OP_SERVER_ADMIN };
static const struct op_caller nearby = { .name = "root", .role = OP_SERVER_ADMIN, .offline = true };
static const struct op_caller admin = {
	.name = "adm@a.test", .role = OP_DOMAIN_ADMIN, .domain = "a.test"
};
static const struct op_caller user = { .name = "ann@a.test", .role = OP_USER, .domain = "a.test" };

#define ALL(rest) "{\"op\":\"test all\",\"args\":{\"domain\":\"a.test\"" rest "}}"
#define NUMBERS(n, s, k, f, c)                                                                     \
	"\"number\":" n ",\"size\":" s ",\"kind\":" k ",\"flag\":" f ",\"secret\":" c
#define NO(kind, text) "{\"ok\":false,\"error\":{\"kind\":\"" kind "\",\"text\":\"" text "\"}}"

static void answers(void **state)
{
	static const struct {
		const struct op_caller *caller;
		const char *request, *want;
	} cases[] = {
		{ &root, ALL(""),
		    "{\"ok\":true,\"domain\":\"a.test\"," NUMBERS(
			"-1", "-1", "-1", "false", "0") "}" },
		{ &root,
		    ALL(",\"number\":\"7\",\"size\":\"3k\",\"kind\":\"BLUE\",\"flag\":\"on\",\"secret\":\"pass\""),
		    "{\"ok\":true,\"domain\":\"a.test\"," NUMBERS(
			"7", "3072", "1", "true", "4") "}" },
		{ &root,
		    ALL(",\"number\":-7,\"size\":3,\"flag\":true,\"secret\":{\"base64\":\"AAEC\"},\"words\":[\"x\",\"y\"]"),
		    "{\"ok\":true,\"domain\":\"a.test\"," NUMBERS("-7", "3", "-1", "true",
			"3") ",\"rows\":[{\"word\":\"x\"},{\"word\":\"y\"}]}" },
		{ &root,
		    "{\"op\":\"test all\",\"args\":{\"domain\":\"B\xc3\xbc"
		    "cher.TEST\",\"address\":\"Ann@B\xc3\xbc"
		    "cher.test\"}}",
		    "{\"ok\":true,\"domain\":\"xn--bcher-kva.test\",\"address\":\"ann@xn--bcher-kva.test\"," NUMBERS(
			"-1", "-1", "-1", "false", "0") "}" },
		{ &root, "{\"op\":\"test all\"}", NO("input", "domain is missing: a domain") },
		{ &root, "{\"op\":\"test all\",\"args\":{\"domain\":\"\"}}",
		    NO("input", "domain is empty") },
		{ &root, "{\"op\":\"test all\",\"args\":{\"domain\":\"no name\"}}",
		    NO("input", "domain: 'no name' is no domain name") },
		{ &root, "{\"op\":\"test all\",\"args\":{\"domain\":[]}}",
		    NO("input", "domain is no text") },
		{ &root, "{\"op\":\"test all\",\"args\":{\"domain\":\"a\\u0000b\"}}",
		    NO("input", "a request is {\\\"op\\\":\\\"noun verb\\\",\\\"args\\\":{...}}") },
		{ &root, ALL(",\"more\":1"), NO("input", "test all knows no argument 'more'") },
		{ &root, ALL(",\"address\":\"ann\""),
		    NO("input", "address: 'ann' is no address like ann@example.org") },
		{ &root, ALL(",\"address\":\"\\\"a b\\\"@a.test\""),
		    NO("input",
			"address: '\\\"a b\\\"@a.test' is no address like ann@example.org") },
		{ &root, ALL(",\"number\":\"x\""), NO("input", "number: 'x' is no number") },
		{ &root, ALL(",\"size\":\"-1\""),
		    NO("input", "size: '-1' is no size like 64k, 25M or 2G") },
		{ &root, ALL(",\"flag\":\"maybe\""), NO("input", "flag is on or off") },
		{ &root, ALL(",\"kind\":\"green\""),
		    NO("input", "kind: 'green' is none of: red, blue") },
		{ &root, ALL(",\"file\":\"tmp/x\""),
		    NO("input", "file: 'tmp/x' is no absolute path") },
		{ &root, ALL(",\"secret\":7"),
		    NO("input", "secret is text, or an object with base64") },
		{ &root, ALL(",\"secret\":{\"base64\":\"?\"}"),
		    NO("input", "secret is text, or an object with base64") },
		{ &root, ALL(",\"words\":\"x\""), NO("input", "words is a list") },
		{ &root, "{\"op\":\"test list\"}",
		    "{\"ok\":true,\"message\":\"nothing\\nat all\",\"rows\":[]}" },
		{ &root, "{\"op\":\"test fail\",\"args\":null}",
		    NO("input", "a request is {\\\"op\\\":\\\"noun verb\\\",\\\"args\\\":{...}}") },
		{ &root, "{\"op\":\"test fail\"}",
		    NO("exists",
			"there is '?"
			"?' already") },
		{ &root, "{\"op\":\"test none\"}",
		    NO("input", "there is no operation 'test none'") },
		{ &root, "nonsense",
		    NO("input", "a request is {\\\"op\\\":\\\"noun verb\\\",\\\"args\\\":{...}}") },
		{ &root, "{\"op\":\"test list\",\"op\":\"test fail\"}",
		    NO("input", "a request is {\\\"op\\\":\\\"noun verb\\\",\\\"args\\\":{...}}") },
		{ &root, "{\"op\":\"test bytes\"}",
		    NO("input", "test bytes runs without a server, by the signet command") },
		{ &nearby, "{\"op\":\"test bytes\"}", "{\"ok\":true,\"bytes\":\"a?b\"}" },
		{ &nearby, "{\"op\":\"test fail\"}", NO("input", "test fail needs a server") },
		{ &user, ALL(""), NO("denied", "test all is for a domain-admin") },
		{ &admin, "{\"op\":\"test all\",\"args\":{\"domain\":\"b.test\"}}",
		    NO("denied", "this domain is not yours") },
		{ &admin, ALL(",\"address\":\"ann@b.test\""),
		    NO("denied", "ann@b.test is not yours") },
		{ &admin, ALL(",\"address\":\"ann@a.test\",\"far\":\"x@b.test\""),
		    "{\"ok\":true,\"domain\":\"a.test\",\"address\":\"ann@a.test\"," NUMBERS(
			"-1", "-1", "-1", "false", "0") "}" },
	};
	struct buf answer = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&answer);
		op_run_text(cases[i].caller, slice_str(cases[i].request), &answer);
		want_text(cases[i].request, buf_slice(&answer), cases[i].want);
	}
	buf_done(&answer);
}

static void says_text(void **state)
{
	struct buf out = { 0 };

	(void)state;
	op_progress_text(1, 20, "reading", &out);
	want_text("progress", buf_slice(&out),
	    "{\"progress\":{\"done\":1,\"total\":20,\"what\":\"reading\"}}");
	buf_clear(&out);
	op_refusal_text(ERR_BUSY, "no", &out);
	want_text("refusal", buf_slice(&out), NO("busy", "no"));
	buf_done(&out);
}

static void count_progress(void *arg, int64_t done, int64_t total, const char *what)
{
	assert_true(done < total);
	assert_string_equal(what, "looking");
	++*(int *)arg;
}

static void tells_progress(void **state)
{
	int n = 0;
	struct op_caller caller = root;
	struct buf answer = { 0 };

	(void)state;
	caller.progress = count_progress;
	caller.arg = &n;
	op_run_text(&caller, SLICE("{\"op\":\"test list\"}"), &answer);
	assert_in_range(n, 1, 20);
	buf_done(&answer);
}

static void is_audited(void **state)
{
	static const struct {
		const struct op_caller *caller;
		const char *request, *want; /* NULL: no line */
	} cases[] = {
		{ &root, ALL(",\"secret\":\"very secret\",\"words\":[\"x\",\"y\"]"),
		    "info audit by=root op=\"test all\" domain=a.test words=\"x y\" result=ok\n" },
		{ &root, "{\"op\":\"test fail\"}",
		    "info audit by=root op=\"test fail\" result=exists reason=\"there is '\\xff?' already\"\n" },
		{ &root, "{\"op\":\"test list\"}", NULL },
		{ &user, ALL(""),
		    "info audit by=ann@a.test op=\"test all\" result=denied reason=\"test all is for a domain-admin\"\n" },
	};
	char path[] = "/tmp/test_op.XXXXXX", line[1000];
	struct buf answer = { 0 };
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "r");

	(void)state;
	assert_int_equal(log_open(path), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		op_run_text(cases[i].caller, slice_str(cases[i].request), &answer);
		clearerr(f);
		const char *got = fgets(line, sizeof line, f);
		want_num(cases[i].request, got != NULL, cases[i].want != NULL);
		if (got)
			assert_string_equal(got + 25, cases[i].want);
	}
	fclose(f);
	unlink(path);
	buf_done(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(says_text),
		cmocka_unit_test(tells_progress),
		cmocka_unit_test(is_audited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
