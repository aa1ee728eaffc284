/* sieve_action.c - keep, discard, redirect, fileinto, and :copy (RFC 5228 4, RFC 3894) */
#include "core/sieve_private.h"

static bool copies(const struct sieve_node *node)
{
	return sieve_option(node, SIEVE_COPY) != NULL;
}

/* --- keep, discard --- */

static enum sieve_next run_keep(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_action *action =
	    sieve_act(run, sieve_keep_kind(run->message), SLICE(""), false);

	if (!action)
		return SIEVE_FAULT;
	run->keep = false;
	sieve_flag(run, action, sieve_option(node, SIEVE_FLAGS));
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(keep) = {
	.word = { .name = "keep", .slots = SIEVE_FLAGS },
	.run = run_keep,
};

static enum sieve_next run_discard(struct sieve_run *run, const struct sieve_node *node)
{
	(void)node;
	run->keep = false;
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(discard) = { .word = { .name = "discard" }, .run = run_discard };

/* --- redirect --- */

/* 4.2: one address; it is kept in its canonical form. */
static int check_redirect(struct sieve_compile *c, struct sieve_node *node)
{
	struct slice *canonical = pool_get(c->pool, sizeof *canonical);
	struct address address;

	if (!address_parse(c->pool, node->args[0].strings[0], &address))
		return sieve_wrong(c, node->line, "\"%s\" is no address",
		    sieve_shown(c, node->args[0].strings[0]));
	*canonical = slice_str(
	    pool_printf(c->pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain)));
	/* One that has to be quoted is more than what it is good for. */
	if (!address_parse(c->pool, *canonical, &address))
		return sieve_wrong(c, node->line, "\"%s\" is no address to redirect to",
		    sieve_shown(c, node->args[0].strings[0]));
	node->args[0].strings = canonical;
	return 0;
}

static enum sieve_next run_redirect(struct sieve_run *run, const struct sieve_node *node)
{
	if (!sieve_act(run, SIEVE_REDIRECT, node->args[0].strings[0], false))
		return SIEVE_FAULT;
	run->keep = run->keep && copies(node);
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(redirect) = {
	.word = { .name = "redirect", .args = "s", .slots = SIEVE_COPY, .check = check_redirect },
	.run = run_redirect,
};

/* --- fileinto --- */

static bool names_box(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 127)
			return false;
	return name.n > 0 && name.n <= SIEVE_NAME_MAX;
}

/* "~ann/INBOX", "~ann@example.org/INBOX": a mailbox of somebody else. */
static bool names_foreign_box(struct slice name)
{
	ptrdiff_t slash = slice_chr(name, '/');

	return slash > 1 && (size_t)slash + 1 < name.n;
}

int sieve_check_mailbox(struct sieve_compile *c, struct sieve_node *node)
{
	static const struct slice inbox = { "", 0 };
	struct slice name = node->args[0].strings[0];

	if (!names_box(name) || (name.p[0] == '~' && !names_foreign_box(name)))
		return sieve_wrong(c, node->line, "\"%s\" is no mailbox", sieve_shown(c, name));
	if (slice_ieq(name, SLICE("INBOX")))
		node->args[0].strings = &inbox;
	return 0;
}

enum sieve_next sieve_store(struct sieve_run *run, const struct sieve_node *node, bool encrypt)
{
	struct sieve_action *action =
	    sieve_act(run, SIEVE_STORE, node->args[0].strings[0], encrypt);

	if (!action)
		return SIEVE_FAULT;
	run->keep = run->keep && copies(node);
	sieve_flag(run, action, sieve_option(node, SIEVE_FLAGS));
	return SIEVE_GO_ON;
}

static enum sieve_next run_fileinto(struct sieve_run *run, const struct sieve_node *node)
{
	return sieve_store(run, node, false);
}

SIEVE_EXTENSION(fileinto) = { .name = "fileinto" };

SIEVE_COMMAND(fileinto) = {
	.word = { .name = "fileinto",
	    .extension = &sieve_extension_fileinto,
	    .args = "s",
	    .slots = SIEVE_COPY | SIEVE_FLAGS,
	    .check = sieve_check_mailbox },
	.run = run_fileinto,
};

/* --- copy: what is done leaves the implicit keep alone --- */

SIEVE_EXTENSION(copy) = { .name = "copy" };

SIEVE_TAG(copy) = {
	.name = ":copy",
	.extension = &sieve_extension_copy,
	.slot = SIEVE_COPY,
};
