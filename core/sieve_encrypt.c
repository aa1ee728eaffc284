/* sieve_encrypt.c - store_encrypted: file a message as one that only its owners can read
 *
 *	require "vnd.signet.store-encrypted";
 *	store_encrypted "Private";
 *
 * Like fileinto, but what is stored is encrypted for the owner of the mailbox;
 * with a mailbox of somebody else ("~ann@example.org/INBOX") for both. */
#include "core/sieve_private.h"

SIEVE_EXTENSION(store_encrypted) = { .name = "vnd.signet.store-encrypted", .delivery = true };

static enum sieve_next run(struct sieve_run *run, const struct sieve_node *node)
{
	return sieve_store(run, node, true);
}

SIEVE_COMMAND(store_encrypted) = {
	.word = { .name = "store_encrypted",
	    .extension = &sieve_extension_store_encrypted,
	    .args = "s",
	    .slots = SIEVE_COPY | SIEVE_FLAGS,
	    .check = sieve_check_mailbox },
	.run = run,
};
