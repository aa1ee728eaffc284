/* sieve_reject.c - reject and ereject: the message is not taken, its sender is told (RFC 5429) */
#include "core/sieve_private.h"

static enum sieve_next run(struct sieve_run *run, const struct sieve_node *node)
{
	if (!sieve_act(run, SIEVE_REJECT, node->args[0].strings[0], false))
		return SIEVE_FAULT;
	run->keep = false;
	return SIEVE_GO_ON;
}

SIEVE_EXTENSION(reject) = { .name = "reject", .delivery = true };

SIEVE_COMMAND(reject) = {
	.word = { .name = "reject", .extension = &sieve_extension_reject, .args = "s" },
	.run = run,
};

SIEVE_EXTENSION(ereject) = { .name = "ereject", .delivery = true };

SIEVE_COMMAND(ereject) = {
	.word = { .name = "ereject", .extension = &sieve_extension_ereject, .args = "s" },
	.run = run,
};
