/* sieve_vacation.c - vacation: an answer to the sender, once in a while (RFC 5230, RFC 6131)
 *
 * Here it is only said what is to be answered; whether that is safe is seen where the
 * message is delivered (storage/answer.h). */
#include "core/conf.h"
#include "core/digest.h"
#include "core/sieve_private.h"

CONF_KEY(sieve_vacation_min) = {
	.name = "sieve.vacation-min",
	.type = CONF_DURATION,
	.def = "1h",
	.min = 1000,
	.max = INT64_C(86400000) * 30,
	.help = "shortest time between two automatic answers to one sender",
};

CONF_KEY(sieve_vacation_max) = {
	.name = "sieve.vacation-max",
	.type = CONF_DURATION,
	.def = "90d",
	.min = INT64_C(86400000) * 7, /* RFC 5230 4.1 */
	.max = INT64_C(86400000) * 3650,
	.help = "longest time for which an automatic answer is remembered",
};

enum { DAY = 86400, USUAL_DAYS = 7, TEXT_MAX = 64 * 1024, SUBJECT_MAX = 400, ADDRESSES_MAX = 100 };

SIEVE_EXTENSION(vacation) = { .name = "vacation", .delivery = true };
SIEVE_EXTENSION(vacation_seconds) = { .name = "vacation-seconds", .delivery = true };

/* --- what may be said --- */

static int check_address(struct sieve_compile *c, uint32_t line, struct slice text)
{
	struct address address;

	return address_parse(c->pool, text, &address)
	    ? 0
	    : sieve_wrong(c, line, "\"%s\" is no address", sieve_shown(c, text));
}

static int check_from(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	return check_address(c, line, value->strings[0]);
}

static int check_addresses(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	if (value->n > ADDRESSES_MAX)
		return sieve_wrong(c, line, "more than %d addresses", ADDRESSES_MAX);
	for (size_t i = 0; i < value->n; i++)
		if (check_address(c, line, value->strings[i]) != 0)
			return -1;
	return 0;
}

/* It becomes a line of a header. */
static int check_subject(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	struct slice text = value->strings[0];

	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return sieve_wrong(c, line, "a subject is one line");
	return text.n <= SUBJECT_MAX ? 0 : sieve_wrong(c, line, "the subject is too long");
}

SIEVE_TAG(days) = { .name = ":days", .slot = SIEVE_PERIOD, .value = 'n' };
SIEVE_TAG(seconds) = {
	.name = ":seconds",
	.extension = &sieve_extension_vacation_seconds,
	.slot = SIEVE_PERIOD,
	.value = 'n',
};
SIEVE_TAG(subject) = {
	.name = ":subject",
	.slot = SIEVE_SUBJECT,
	.value = 's',
	.check = check_subject,
};
SIEVE_TAG(from) = { .name = ":from", .slot = SIEVE_FROM, .value = 's', .check = check_from };
SIEVE_TAG(addresses) = {
	.name = ":addresses",
	.slot = SIEVE_ADDRESSES,
	.value = 'l',
	.check = check_addresses,
};
SIEVE_TAG(handle) = { .name = ":handle", .slot = SIEVE_HANDLE, .value = 's' };
SIEVE_TAG(mime) = { .name = ":mime", .slot = SIEVE_MIME };

/* RFC 5230 4.1: a MIME entity: its fields are those of a part, and say nothing of the
   message. */
static bool is_entity(struct slice text)
{
	struct slice line;
	bool first = true;

	for (; text.n > 0; first = false) {
		line = slice_cut(&text, '\n');
		struct slice bare = slice_trim(line);
		if (bare.n == 0)
			return true;
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (first)
				return false;
		} else if (!slice_istarts(bare, SLICE("Content-")) || slice_chr(bare, ':') < 0) {
			return false;
		}
	}
	return true;
}

static int check(struct sieve_compile *c, struct sieve_node *node)
{
	struct slice text = node->args[0].strings[0];

	if (text.n > TEXT_MAX)
		return sieve_wrong(c, node->line, "an answer has %d bytes at most", (int)TEXT_MAX);
	if (slice_chr(text, '\0') >= 0 || !utf8_valid(text))
		return sieve_wrong(c, node->line, "an answer is UTF-8");
	if (sieve_option(node, SIEVE_MIME) && !is_entity(text))
		return sieve_wrong(c, node->line,
		    "with :mime an answer begins with Content- fields and an empty line");
	return 0;
}

/* --- run --- */

static struct slice string_of(
    struct sieve_run *run, const struct sieve_node *node, enum sieve_slot slot)
{
	const struct sieve_option *option = sieve_option(node, slot);

	return option ? pool_slice(run->pool, option->value.strings[0]) : (struct slice){ 0 };
}

static uint64_t period_of(const struct sieve_node *node)
{
	const struct sieve_option *option = sieve_option(node, SIEVE_PERIOD);
	uint64_t min = (uint64_t)conf_num(&conf_key_sieve_vacation_min) / 1000,
		 max = (uint64_t)conf_num(&conf_key_sieve_vacation_max) / 1000,
		 unit = option && option->tag == &sieve_tag_seconds ? 1 : DAY,
		 number = option ? option->value.number : USUAL_DAYS;
	uint64_t seconds = number > max / unit ? max : number * unit;

	if (unit == DAY && seconds < DAY)
		seconds = DAY;
	return seconds < min ? min : seconds;
}

/* RFC 5230 4.2: the same words, to whom and by whatever script, are the same answer. */
static struct slice handle_of(struct sieve_run *run, const struct sieve_node *node)
{
	struct slice given = string_of(run, node, SIEVE_HANDLE),
		     subject = string_of(run, node, SIEVE_SUBJECT),
		     from = string_of(run, node, SIEVE_FROM), reason = node->args[0].strings[0];
	struct buf all = { 0 };
	unsigned char digest[DIGEST_SIZE];

	if (sieve_option(node, SIEVE_HANDLE))
		buf_printf(&all, "h%.*s", SLICE_ARG(given));
	else
		buf_printf(&all, "t%.*s\n%.*s\n%d\n%.*s", SLICE_ARG(subject), SLICE_ARG(from),
		    sieve_option(node, SIEVE_MIME) != NULL, SLICE_ARG(reason));
	digest_sha256(buf_slice(&all), digest);
	buf_done(&all);
	return pool_slice(run->pool, slice_of(digest, sizeof digest));
}

static void copy_addresses(
    struct sieve_run *run, const struct sieve_node *node, struct sieve_vacation *out)
{
	const struct sieve_option *option = sieve_option(node, SIEVE_ADDRESSES);
	size_t n = option ? option->value.n : 0;
	struct slice *list = pool_get(run->pool, (n + 1) * sizeof *list);

	for (size_t i = 0; i < n; i++)
		list[i] = pool_slice(run->pool, option->value.strings[i]);
	out->addresses = list;
	out->n_addresses = n;
}

static bool has_answer(const struct sieve_run *run)
{
	for (const struct sieve_action *action = run->actions; action; action = action->next)
		if (action->kind == SIEVE_VACATION)
			return true;
	return false;
}

/* 4.7: once in a run; it leaves the implicit keep alone. */
static enum sieve_next run_vacation(struct sieve_run *run, const struct sieve_node *node)
{
	if (has_answer(run)) {
		sieve_fault(run, "vacation is done once only");
		return SIEVE_FAULT;
	}
	struct sieve_action *action =
	    sieve_act(run, SIEVE_VACATION, node->args[0].strings[0], false);
	if (!action)
		return SIEVE_FAULT;
	struct sieve_vacation *vacation = pool_get(run->pool, sizeof *vacation);
	vacation->subject = string_of(run, node, SIEVE_SUBJECT);
	vacation->from = string_of(run, node, SIEVE_FROM);
	vacation->handle = handle_of(run, node);
	vacation->seconds = period_of(node);
	vacation->mime = sieve_option(node, SIEVE_MIME) != NULL;
	copy_addresses(run, node, vacation);
	action->vacation = vacation;
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(vacation) = {
	.word = { .name = "vacation",
	    .extension = &sieve_extension_vacation,
	    .args = "s",
	    .slots = SIEVE_PERIOD | SIEVE_SUBJECT | SIEVE_FROM | SIEVE_ADDRESSES | SIEVE_HANDLE |
		SIEVE_MIME,
	    .check = check },
	.run = run_vacation,
};
