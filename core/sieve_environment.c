/* sieve_environment.c - the test environment (RFC 5183), and what is known of events (RFC 6785 4)
 */
#include "config.h"
#include "core/sieve_private.h"

SIEVE_EXTENSION(environment) = { .name = "environment" };

/* Needed by scripts that count on events; which of its items there are, a script asks. */
SIEVE_EXTENSION(imapsieve) = { .name = "imapsieve", .quiet = true };

/* RFC 5183 4.1, RFC 6785 4.1: of a message that is delivered, and of an event. */
static const struct {
	const char *name, *delivered, *event;
} fixed[] = {
	{ "location", "MDA", "MS" },
	{ "phase", "during", "post" },
	{ "name", "Signet", "Signet" },
	{ "version", SIGNET_VERSION, SIGNET_VERSION },
};

static bool find_fixed(struct slice name, bool event, struct slice *value)
{
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (slice_ieq(name, slice_str(fixed[i].name))) {
			*value = slice_str(event ? fixed[i].event : fixed[i].delivered);
			return true;
		}
	return false;
}

/* RFC 6785 4.2 to 4.5; all are empty when a message is delivered. */
static bool find_event(struct slice name, const struct sieve_event *event, struct slice *value)
{
	const struct {
		const char *name;
		struct slice value;
	} items[] = {
		{ "imap.user", event->user },
		{ "imap.email", event->user },
		{ "imap.cause", event->cause },
		{ "imap.mailbox", event->mailbox },
		{ "imap.changedflags", event->changed },
	};

	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		if (slice_ieq(name, slice_str(items[i].name))) {
			*value = items[i].value;
			return true;
		}
	return false;
}

/* RFC 5183 4: an item that is not known matches nothing. */
static int eval(struct sieve_run *run, const struct sieve_node *node)
{
	static const struct sieve_event none;
	const struct sieve_event *event = run->message->event;
	struct sieve_matcher m = sieve_matcher(run, node);
	struct slice name = node->args[0].strings[0], value = { 0 };

	if (!find_fixed(name, event, &value) && !find_event(name, event ? event : &none, &value))
		return 0;
	return sieve_match_end(&m, sieve_match(&m, value));
}

SIEVE_TEST(environment) = {
	.word = { .name = "environment",
	    .extension = &sieve_extension_environment,
	    .args = "sl",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE },
	.eval = eval,
};
