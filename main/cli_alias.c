/* cli_alias.c - what admins of another mail gateway type, in our words (E-082) */
#include <stdlib.h>
#include <string.h>

#include "main/cli.h"

enum { WORDS_MAX = 3 };

static const struct {
	const char *alias;
	const char *words[WORDS_MAX + 1];
} aliases[] = {
	{ "certconfig", { "profile" } },
	{ "commit", { "pki", "commit" } },
	{ "deliveryconfig", { "setting", "set", "relay.source-address" } },
	{ "destconfig", { "destination" } },
	{ "sethostname", { "setting", "set", "server.name" } },
	{ "websecurityconfig", { "profile", "assign" } },
};

static const char *const *find(const char *word)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (strcmp(word, aliases[i].alias) == 0)
			return aliases[i].words;
	return NULL;
}

/* Help is of noun and verb. */
static bool is_left_out(const struct cli *cli, size_t at, size_t nth)
{
	return nth > 1 && (at > 0 || cli->help);
}

void cli_alias(struct cli *cli)
{
	size_t at = cli->n_words > 1 && strcmp(cli->words[0], "help") == 0, n = 0;
	const char *const *words = cli->n_words > at ? find(cli->words[at]) : NULL;

	if (!words)
		return;
	const char **all = calloc(cli->n_words + WORDS_MAX + 1, sizeof(*all));
	if (!all)
		abort();
	for (size_t i = 0; i < at; i++)
		all[n++] = cli->words[i];
	for (size_t i = 0; words[i] && !is_left_out(cli, at, i); i++)
		all[n++] = words[i];
	for (size_t i = at + 1; i < cli->n_words; i++)
		all[n++] = cli->words[i];
	cli->words = (char *const *)all; /* as long as the process */
	cli->n_words = n;
}
