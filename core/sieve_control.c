/* sieve_control.c - if, elsif, else, stop, and the tests of tests (RFC 5228 3, 5.2 to 5.10) */
#include "core/sieve_private.h"

/* --- if --- */

/* The whole chain is run where its if stands. */
static enum sieve_next run_if(struct sieve_run *run, const struct sieve_node *node)
{
	do {
		int result = node->tests ? sieve_eval(run, node->tests) : 1;
		if (result < 0)
			return SIEVE_FAULT;
		if (result)
			return sieve_run_block(run, node->block);
		node = node->next;
	} while (node && node->command->after);
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(if) = {
	.word = { .name = "if", .tests = SIEVE_ONE_TEST },
	.block = true,
	.run = run_if,
};

static enum sieve_next run_done(struct sieve_run *run, const struct sieve_node *node)
{
	(void)run;
	(void)node;
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(elsif) = {
	.word = { .name = "elsif", .tests = SIEVE_ONE_TEST },
	.block = true,
	.after = "if elsif",
	.run = run_done,
};

SIEVE_COMMAND(else) = {
	.word = { .name = "else" },
	.block = true,
	.after = "if elsif",
	.run = run_done,
};

/* --- stop --- */

static enum sieve_next run_stop(struct sieve_run *run, const struct sieve_node *node)
{
	(void)run;
	(void)node;
	return SIEVE_STOP;
}

SIEVE_COMMAND(stop) = { .word = { .name = "stop" }, .run = run_stop };

/* --- tests of tests --- */

/* The first test that gives `wanted` decides. */
static int eval_until(struct sieve_run *run, const struct sieve_node *tests, int wanted)
{
	for (; tests; tests = tests->next) {
		int result = sieve_eval(run, tests);
		if (result < 0 || result == wanted)
			return result;
	}
	return !wanted;
}

static int eval_allof(struct sieve_run *run, const struct sieve_node *node)
{
	return eval_until(run, node->tests, 0);
}

SIEVE_TEST(allof) = { .word = { .name = "allof", .tests = SIEVE_TESTS }, .eval = eval_allof };

static int eval_anyof(struct sieve_run *run, const struct sieve_node *node)
{
	return eval_until(run, node->tests, 1);
}

SIEVE_TEST(anyof) = { .word = { .name = "anyof", .tests = SIEVE_TESTS }, .eval = eval_anyof };

static int eval_not(struct sieve_run *run, const struct sieve_node *node)
{
	int result = sieve_eval(run, node->tests);

	return result < 0 ? result : !result;
}

SIEVE_TEST(negation) = { .word = { .name = "not", .tests = SIEVE_ONE_TEST }, .eval = eval_not };

static int eval_true(struct sieve_run *run, const struct sieve_node *node)
{
	(void)run;
	(void)node;
	return 1;
}

SIEVE_TEST(always) = { .word = { .name = "true" }, .eval = eval_true };

static int eval_false(struct sieve_run *run, const struct sieve_node *node)
{
	(void)run;
	(void)node;
	return 0;
}

SIEVE_TEST(never) = { .word = { .name = "false" }, .eval = eval_false };
