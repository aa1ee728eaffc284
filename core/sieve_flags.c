/* sieve_flags.c - flags that a message is stored with (RFC 5232, without variables)
 *
 * The flags that are set now belong to the run; an action takes them, or those
 * of its own :flags. */
#include "core/sieve_private.h"

SIEVE_EXTENSION(imap4flags) = { .name = "imap4flags" };

SIEVE_TAG(flags) = {
	.name = ":flags",
	.extension = &sieve_extension_imap4flags,
	.slot = SIEVE_FLAGS,
	.value = 'l',
};

/* --- lists of flags --- */

struct flags {
	struct slice *flags;
	size_t n;
};

static uint64_t system_flag(struct slice flag)
{
	static const struct {
		const char *name;
		uint64_t bit;
	} names[] = {
		{ "\\Seen", SIEVE_SEEN },
		{ "\\Answered", SIEVE_ANSWERED },
		{ "\\Flagged", SIEVE_FLAGGED },
		{ "\\Deleted", SIEVE_DELETED },
		{ "\\Draft", SIEVE_DRAFT },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_ieq(flag, slice_str(names[i].name)))
			return names[i].bit;
	return 0;
}

/* RFC 9051 9: a keyword is an atom. */
static bool is_keyword(struct slice flag)
{
	for (size_t i = 0; i < flag.n; i++) {
		unsigned char c = (unsigned char)flag.p[i];
		if (c <= ' ' || c >= 127 || strchr("(){%*\"\\]", c))
			return false;
	}
	return flag.n > 0;
}

static size_t find(const struct flags *list, struct slice flag)
{
	size_t i = 0;

	while (i < list->n && !slice_ieq(list->flags[i], flag))
		i++;
	return i;
}

/* 2: flags that can't be are passed over, and so is one too many. */
static void add(struct flags *list, struct slice flag)
{
	if ((system_flag(flag) || is_keyword(flag)) && list->n < SIEVE_FLAGS_MAX &&
	    find(list, flag) == list->n)
		list->flags[list->n++] = flag;
}

static void take(struct flags *list, struct slice flag)
{
	size_t i = find(list, flag);

	if (i < list->n)
		list->flags[i] = list->flags[--list->n];
}

/* A string may name several, parted by blanks. */
static void each(struct flags *list, const struct sieve_arg *arg,
    void (*change)(struct flags *list, struct slice flag))
{
	for (size_t i = 0; i < arg->n; i++) {
		struct slice rest = arg->strings[i], flag;
		while ((flag = slice_word(&rest)).n > 0)
			change(list, flag);
	}
}

static struct flags new_flags(struct pool *pool)
{
	return (struct flags){ pool_get(pool, SIEVE_FLAGS_MAX * sizeof(struct slice)), 0 };
}

/* --- of a run --- */

void sieve_begin_flags(struct sieve_run *run, const struct sieve_event *event)
{
	struct flags list = new_flags(&run->memory);

	for (size_t i = 0; i < event->n_flags; i++)
		add(&list, event->flags[i]);
	run->flags = list.flags;
	run->n_flags = list.n;
}

static enum sieve_next change(struct sieve_run *run, const struct sieve_node *node, bool clear,
    void (*how)(struct flags *list, struct slice flag))
{
	struct flags list =
	    run->flags ? (struct flags){ run->flags, run->n_flags } : new_flags(&run->memory);

	if (clear)
		list.n = 0;
	each(&list, &node->args[0], how);
	run->flags = list.flags;
	run->n_flags = list.n;
	return SIEVE_GO_ON;
}

static enum sieve_next run_setflag(struct sieve_run *run, const struct sieve_node *node)
{
	return change(run, node, true, add);
}

SIEVE_COMMAND(setflag) = {
	.word = { .name = "setflag", .extension = &sieve_extension_imap4flags, .args = "l" },
	.run = run_setflag,
};

static enum sieve_next run_addflag(struct sieve_run *run, const struct sieve_node *node)
{
	return change(run, node, false, add);
}

SIEVE_COMMAND(addflag) = {
	.word = { .name = "addflag", .extension = &sieve_extension_imap4flags, .args = "l" },
	.run = run_addflag,
};

static enum sieve_next run_removeflag(struct sieve_run *run, const struct sieve_node *node)
{
	return change(run, node, false, take);
}

SIEVE_COMMAND(removeflag) = {
	.word = { .name = "removeflag", .extension = &sieve_extension_imap4flags, .args = "l" },
	.run = run_removeflag,
};

static int eval_hasflag(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_matcher m = sieve_matcher(run, node);
	int result = 0;

	for (size_t i = 0; i < run->n_flags && result == 0; i++)
		result = sieve_match(&m, run->flags[i]);
	return sieve_match_end(&m, result);
}

SIEVE_TEST(hasflag) = {
	.word = { .name = "hasflag",
	    .extension = &sieve_extension_imap4flags,
	    .args = "l",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE },
	.eval = eval_hasflag,
};

/* --- of an action --- */

void sieve_flag(
    struct sieve_run *run, struct sieve_action *action, const struct sieve_option *option)
{
	struct flags list = { run->flags, run->n_flags };

	if (option) {
		list = new_flags(&run->memory);
		each(&list, &option->value, add);
	}
	struct slice *keywords = pool_get(run->pool, (list.n + 1) * sizeof *keywords);
	action->flags = 0;
	action->n_keywords = 0;
	for (size_t i = 0; i < list.n; i++) {
		uint64_t bit = system_flag(list.flags[i]);
		action->flags |= bit;
		if (!bit)
			keywords[action->n_keywords++] = pool_slice(run->pool, list.flags[i]);
	}
	action->keywords = keywords;
}
