/* test_op_rows.c - what admins order, with a store but without a server: rows of settings,
 * domains, accounts, aliases, queue, backup */
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/op.h"
#include "main/wire.h"
#include "storage/store.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

static const struct op_caller root = { .name = "root", .role = OP_SERVER_ADMIN };
static const struct op_caller nearby = {
	.name = "signet", .role = OP_SERVER_ADMIN, .offline = true
};
static const struct op_caller admin = {
	.name = "adm@a.test", .role = OP_DOMAIN_ADMIN, .domain = "a.test"
};
static const struct op_caller ann = { .name = "ann@a.test", .role = OP_USER, .domain = "a.test" };

static char *dir, *data, *backup, *restored;

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	log_level_set(LOG_ERROR);
	dir = tempdir_new();
	data = tempdir_path(dir, "data");
	backup = tempdir_path(dir, "backup");
	restored = tempdir_path(dir, "restored");
	if (store_open(data, &err) == 0 && store_start(&err) == 0 && wire_logins(&err) == 0)
		return 0;
	print_error("%s\n", err.text);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	threads_stop();
	store_close();
	free(data);
	free(backup);
	free(restored);
	tempdir_remove(&dir);
	return 0;
}

struct order {
	const struct op_caller *caller;
	const char *op, *args; /* args without the braces */
	const char *want;      /* a part of the answer */
};

/* Orders in turn; each finds what those before it made. */
static void give(const struct order *orders, size_t n)
{
	struct buf request = { 0 }, answer = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_clear(&request);
		buf_clear(&answer);
		buf_printf(&request, "{\"op\":\"%s\",\"args\":{%s}}", orders[i].op, orders[i].args);
		op_run_text(orders[i].caller, buf_slice(&request), &answer);
		if (!strstr(buf_z(&answer), orders[i].want))
			fail_msg("%s {%s}: %s, want %s", orders[i].op, orders[i].args, answer.p,
			    orders[i].want);
	}
	buf_done(&request);
	buf_done(&answer);
}

#define OK "{\"ok\":true"
#define DONE "{\"ok\":true}"
#define NO(kind) "{\"ok\":false,\"error\":{\"kind\":\"" kind "\""
#define PASSWORD ",\"password\":\"secret word\""

static void settings(void **state)
{
	static const struct order orders[] = {
		{ &root, "setting list", "\"prefix\":\"log.\"",
		    OK
		    ",\"rows\":[{\"name\":\"log.level\",\"value\":\"info\",\"of\":\"default\"}]}" },
		{ &root, "setting list", "\"changed\":true", OK ",\"rows\":[]}" },
		{ &root, "setting set", "\"name\":\"log.level\",\"value\":\"loud\"", NO("input") },
		{ &root, "setting set", "\"name\":\"log.level\",\"value\":\"\"", NO("input") },
		{ &root, "setting set", "\"name\":\"log.what\",\"value\":\"1\"", NO("absent") },
		{ &root, "setting set",
		    "\"name\":\"log.level\",\"value\":\"warn\",\"domain\":\"a.test\"",
		    "log.level can be set for: server" },
		{ &root, "setting set",
		    "\"name\":\"log.level\",\"value\":\"warn\",\"domain\":\"a.test\",\"listener\":\"smtp\"",
		    NO("input") },
		{ &root, "setting set", "\"name\":\"log.level\",\"value\":\"error\"", DONE },
		{ &root, "setting list", "\"changed\":true",
		    OK
		    ",\"rows\":[{\"name\":\"log.level\",\"value\":\"error\",\"of\":\"server\"}]}" },
		{ &root, "setting get", "\"name\":\"log.level\"",
		    OK
		    ",\"name\":\"log.level\",\"value\":\"error\",\"default\":\"info\",\"possible\":\"error, warn, info, debug\"" },
		{ &root, "log level", "", OK ",\"level\":\"error\"}" },
		{ &root, "setting reset", "\"name\":\"log.level\"", DONE },
		{ &root, "log level", "\"level\":\"error\"", OK ",\"level\":\"error\"}" },
		{ &root, "setting set",
		    "\"name\":\"listener.address\",\"value\":\"off\",\"listener\":\"smtp\"", DONE },
		{ &root, "setting list", "\"prefix\":\"listener\",\"changed\":true",
		    OK
		    ",\"rows\":[{\"name\":\"listener.address\",\"value\":\"off\",\"of\":\"listener smtp\"}]}" },
		{ &root, "setting reset", "\"name\":\"listener.address\",\"listener\":\"smtp\"",
		    OK },
		{ &admin, "setting list", "", NO("denied") },
	};

	(void)state;
	give(orders, COUNT(orders));
}

static void domains(void **state)
{
	static const struct order orders[] = {
		{ &root, "domain list", "", OK ",\"rows\":[]}" },
		{ &root, "domain add", "\"name\":\"A.test\"", OK ",\"name\":\"a.test\"}" },
		{ &root, "domain add", "\"name\":\"a.test\"", NO("exists") },
		{ &root, "domain add", "\"name\":\"no name\"", NO("input") },
		{ &root, "domain add",
		    "\"name\":\"b\xc3\xbc"
		    "cher.test\"",
		    OK ",\"name\":\"xn--bcher-kva.test\"}" },
		{ &root, "domain list", "",
		    "\"shown\":\"b\xc3\xbc"
		    "cher.test\"" },
		{ &admin, "domain add", "\"name\":\"a.test\"", NO("denied") },
		{ &root, "domain show", "\"name\":\"c.test\"", NO("absent") },
		{ &root, "domain main",
		    "\"name\":\"b\xc3\xbc"
		    "cher.test\"",
		    DONE },
		{ &root, "domain show", "\"name\":\"a.test\"",
		    OK ",\"name\":\"a.test\",\"main\":false,\"catch-all\":\"\"" },
		{ &root, "domain main", "\"name\":\"a.test\"", DONE },
		{ &root, "domain address",
		    "\"name\":\"a.test\",\"address\":[\"127.0.0.2\",\"::1\"]", DONE },
		{ &root, "domain show", "\"name\":\"a.test\"", "\"addresses\":\"127.0.0.2 ::1\"" },
		{ &root, "domain address", "\"name\":\"a.test\",\"address\":[\"here\"]",
		    NO("input") },
		{ &root, "domain address", "\"name\":\"a.test\"", DONE },
		{ &root, "domain show", "\"name\":\"a.test\"", "\"addresses\":\"\"" },
		{ &root, "domain-alias add", "\"name\":\"other.test\",\"domain\":\"a.test\"",
		    DONE },
		{ &root, "domain-alias list", "",
		    OK ",\"rows\":[{\"name\":\"other.test\",\"domain\":\"a.test\"}]}" },
		{ &root, "domain show", "\"name\":\"a.test\"", "\"aliases\":\"other.test\"" },
		{ &root, "domain-alias remove", "\"name\":\"other.test\"", DONE },
		{ &root, "domain-alias remove", "\"name\":\"other.test\"", NO("absent") },
		{ &root, "domain remove",
		    "\"name\":\"b\xc3\xbc"
		    "cher.test\"",
		    DONE },
		{ &root, "domain add", "\"name\":\"b.test\"", OK },
	};
	struct buf answer = { 0 };

	(void)state;
	give(orders, COUNT(orders));
	op_run_text(&admin, SLICE("{\"op\":\"domain list\"}"), &answer);
	assert_non_null(strstr(buf_z(&answer), "a.test"));
	assert_null(strstr(answer.p, "b.test")); /* others' domains are not an admin's business */
	buf_done(&answer);
}

static void accounts(void **state)
{
	static const struct order orders[] = {
		{ &root, "account add", "\"address\":\"Ann@a.test\"" PASSWORD ",\"quota\":\"3k\"",
		    OK ",\"address\":\"ann@a.test\"}" },
		{ &root, "account add", "\"address\":\"ann@a.test\"" PASSWORD, NO("exists") },
		{ &root, "account add", "\"address\":\"ann@c.test\"" PASSWORD, NO("absent") },
		{ &root, "account add", "\"address\":\"bob@a.test\",\"password\":\"short\"",
		    NO("input") },
		{ &root, "account add", "\"address\":\"bob@a.test\"", "password is missing" },
		{ &root, "account add",
		    "\"address\":\"boss@a.test\"" PASSWORD ",\"role\":\"server-admin\"", OK },
		{ &root, "account show", "\"address\":\"ann@a.test\"",
		    OK
		    ",\"address\":\"ann@a.test\",\"role\":\"user\",\"suspended\":false,\"quota\":3072" },
		{ &root, "account usage", "\"address\":\"ann@a.test\"",
		    OK ",\"quota\":3072,\"bytes\":0,\"messages\":0}" },
		{ &root, "account show", "\"address\":\"nobody@a.test\"", NO("absent") },
		{ &root, "account quota", "\"address\":\"ann@a.test\",\"quota\":0", DONE },
		{ &root, "account suspend", "\"address\":\"ann@a.test\"", DONE },
		{ &root, "account list", "\"domain\":\"a.test\"",
		    "\"suspended\":true,\"quota\":0" },
		{ &root, "account resume", "\"address\":\"ann@a.test\"", DONE },
		{ &root, "account role", "\"address\":\"ann@a.test\",\"role\":\"king\"",
		    NO("input") },
		/* a domain's admin */
		{ &admin, "account add", "\"address\":\"cy@a.test\"" PASSWORD, OK },
		{ &admin, "account add", "\"address\":\"cy@b.test\"" PASSWORD, NO("denied") },
		{ &admin, "account add",
		    "\"address\":\"x@a.test\"" PASSWORD ",\"role\":\"server-admin\"",
		    NO("denied") },
		{ &admin, "account password", "\"address\":\"boss@a.test\"" PASSWORD,
		    NO("denied") },
		{ &admin, "account remove", "\"address\":\"boss@a.test\"", NO("denied") },
		{ &admin, "account role", "\"address\":\"cy@a.test\",\"role\":\"server-admin\"",
		    NO("denied") },
		{ &admin, "account list", "", "cy@a.test" },
		/* a user */
		{ &ann, "account usage", "\"address\":\"ann@a.test\"", OK },
		{ &ann, "account usage", "\"address\":\"cy@a.test\"", NO("denied") },
		{ &ann, "account password", "\"address\":\"ann@a.test\"" PASSWORD, NO("input") },
		{ &ann, "account password",
		    "\"address\":\"ann@a.test\",\"old\":\"not this one\"" PASSWORD,
		    "old: this is not" },
		{ &ann, "account password",
		    "\"address\":\"ann@a.test\",\"old\":\"secret word\"" PASSWORD, DONE },
		{ &ann, "account list", "", NO("denied") },
		{ &root, "account remove", "\"address\":\"cy@a.test\"", DONE },
		{ &root, "account remove", "\"address\":\"cy@a.test\"", NO("absent") },
		{ &root, "domain remove", "\"name\":\"a.test\"", NO("busy") },
	};

	(void)state;
	give(orders, COUNT(orders));
}

static void aliases(void **state)
{
	static const struct order orders[] = {
		{ &root, "alias list", "", OK ",\"rows\":[]}" },
		{ &root, "alias add", "\"name\":\"sales@a.test\"", NO("input") },
		{ &admin, "alias add",
		    "\"name\":\"sales@a.test\",\"target\":[\"ann@a.test\",\"far@elsewhere.test\"]",
		    DONE },
		{ &admin, "alias add", "\"name\":\"sales@b.test\",\"target\":[\"ann@a.test\"]",
		    NO("denied") },
		{ &root, "alias list", "\"domain\":\"a.test\"",
		    OK
		    ",\"rows\":[{\"name\":\"sales@a.test\",\"target\":\"ann@a.test far@elsewhere.test\"}]}" },
		{ &root, "domain catch-all", "\"name\":\"a.test\",\"address\":\"ann@a.test\"",
		    OK ",\"message\":\"Mail for unknown names goes to ann@a.test.\"}" },
		{ &root, "domain show", "\"name\":\"a.test\"", "\"catch-all\":\"ann@a.test\"" },
		{ &root, "domain catch-all", "\"name\":\"a.test\"",
		    OK ",\"message\":\"Mail for unknown names is refused.\"}" },
		{ &root, "alias remove", "\"name\":\"sales@a.test\"", DONE },
		{ &root, "alias remove", "\"name\":\"sales@a.test\"", NO("absent") },
	};

	(void)state;
	give(orders, COUNT(orders));
}

static void the_rest(void **state)
{
	static const struct order orders[] = {
		{ &root, "queue list", "", OK ",\"rows\":[]}" },
		{ &root, "queue show", "\"id\":5", NO("absent") },
		{ &root, "queue delete", "\"id\":\"5\"", NO("absent") },
		{ &root, "storage status", "", OK ",\"rows\":[{\"shard\":0," },
		{ &root, "server status", "", OK ",\"version\":" },
		{ &root, "server version", "", OK ",\"version\":" },
		{ &root, "session list", "", OK ",\"rows\":[]}" },
		{ &root, "session end", "\"icid\":5", NO("absent") },
		{ &root, "session end", "\"icid\":-1", NO("absent") },
		{ &root, "backup create", "\"target\":\"relative\"", NO("input") },
		{ &root, "backup verify", "", "\"faults\":0}" },
		{ &root, "backup restore", "\"from\":\"/x\",\"data\":\"/y\"", NO("input") },
	};

	(void)state;
	give(orders, COUNT(orders));
}

static void backups(void **state)
{
	struct buf to = { 0 }, from = { 0 };

	(void)state;
	buf_printf(&to, "\"target\":\"%s\"", backup);
	buf_printf(&from, "\"from\":\"%s\",\"data\":\"%s\"", backup, restored);
	give(&(struct order){ &root, "backup create", buf_z(&to), OK }, 1);
	give(&(struct order){ &root, "backup create", buf_z(&to), NO("exists") }, 1);
	threads_stop();
	store_close();
	give(&(struct order){ &nearby, "backup restore", buf_z(&from),
		 OK ",\"message\":\"Every message was read back" },
	    1);
	assert_int_equal(store_open(restored, NULL), 0);
	assert_int_equal(store_start(NULL), 0);
	give(&(struct order){ &root, "account show", "\"address\":\"ann@a.test\"", OK }, 1);
	buf_done(&to);
	buf_done(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings),
		cmocka_unit_test(domains),
		cmocka_unit_test(accounts),
		cmocka_unit_test(aliases),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(backups),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
