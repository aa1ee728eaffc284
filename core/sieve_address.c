/* sieve_address.c - the tests address and envelope, and parts of addresses (RFC 5228 5.1, 5.4) */
#include "core/msg.h"
#include "core/sieve_private.h"

/* --- parts --- */

static bool part_all(struct pool *pool, const struct address *address, struct slice *out)
{
	if (address->domain.n == 0) {
		*out = address->local;
		return true;
	}
	*out = slice_str(
	    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(address->local), SLICE_ARG(address->domain)));
	return true;
}

SIEVE_TAG(all) = { .name = ":all", .slot = SIEVE_PART, .part = part_all };

static bool part_localpart(struct pool *pool, const struct address *address, struct slice *out)
{
	(void)pool;
	*out = address->local;
	return true;
}

SIEVE_TAG(localpart) = { .name = ":localpart", .slot = SIEVE_PART, .part = part_localpart };

static bool part_domain(struct pool *pool, const struct address *address, struct slice *out)
{
	(void)pool;
	*out = address->domain;
	return true;
}

SIEVE_TAG(domain) = { .name = ":domain", .slot = SIEVE_PART, .part = part_domain };

/* The address that the part of a test is asked of (sieve_address.c). */
static int sieve_match_address(
    struct sieve_matcher *m, const struct sieve_node *node, const struct address *address)
{
	const struct sieve_option *part = sieve_option(node, SIEVE_PART);
	const struct sieve_tag *tag = part ? part->tag : &sieve_tag_all;
	struct slice value;

	return tag->part(&m->run->scratch, address, &value) ? sieve_match(m, value) : 0;
}

/* --- address --- */

/* 5.1: it must be kept to fields that hold addresses. */
static const char *const fields[] = { "from", "to", "cc", "bcc", "sender", "reply-to",
	"resent-from", "resent-to", "resent-cc", "resent-bcc", "resent-sender", "resent-reply-to",
	"return-path", "delivered-to", "errors-to", "mail-followup-to", "mail-reply-to",
	"disposition-notification-to", "envelope-to", "x-original-to", "x-envelope-to",
	"x-envelope-from", "apparently-to", "for-approval", "for-comment", "for-handling", NULL };

static bool among(const char *const list[], struct slice name)
{
	while (*list && !slice_ieq(name, slice_str(*list)))
		list++;
	return *list != NULL;
}

static int check_address(struct sieve_compile *c, struct sieve_node *node)
{
	for (size_t i = 0; i < node->args[0].n; i++)
		if (!among(fields, node->args[0].strings[i]))
			return sieve_wrong(c, node->line,
			    "\"%s\" is not known for addresses; the test header takes any field",
			    sieve_shown(c, node->args[0].strings[i]));
	return 0;
}

static int match_list(
    struct sieve_matcher *m, const struct sieve_node *node, const struct msg_address *list)
{
	int result = 0;

	for (; list && result == 0; list = list->next)
		if (list->kind == MSG_MAILBOX && list->mailbox.n > 0)
			result = sieve_match_address(
			    m, node, &(struct address){ list->mailbox, list->host });
	return result;
}

static int match_fields(struct sieve_matcher *m, const struct sieve_node *node, struct slice name)
{
	struct sieve_text *field;
	size_t at = 0;
	int result = 0;

	while (result == 0 && (field = sieve_field_next(m->run, node, name, &at))) {
		if (!sieve_work(m->run, SIEVE_STEPS_VALUE + SIEVE_STEPS_DECODE * field->raw.n))
			return -1;
		result = match_list(m, node, msg_addresses(&m->run->scratch, field->raw));
	}
	return result;
}

static int eval_address(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_matcher m = sieve_matcher(run, node);
	int result = 0;

	for (size_t i = 0; i < node->args[0].n && result == 0 && !sieve_tired(run); i++)
		result = match_fields(&m, node, node->args[0].strings[i]);
	return sieve_match_end(&m, result);
}

SIEVE_TEST(address) = {
	.word = { .name = "address",
	    .args = "ll",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE | SIEVE_PART | SIEVE_INDEX | SIEVE_LAST,
	    .check = check_address },
	.eval = eval_address,
};

/* --- envelope --- */

SIEVE_EXTENSION(envelope) = { .name = "envelope" };

static const char *const envelope_parts[] = { "from", "to", NULL };

/* 5.4: what is not known is an error. */
static int check_envelope(struct sieve_compile *c, struct sieve_node *node)
{
	for (size_t i = 0; i < node->args[0].n; i++)
		if (!among(envelope_parts, node->args[0].strings[i]))
			return sieve_wrong(c, node->line,
			    "an envelope has \"from\" and \"to\", not \"%s\"",
			    sieve_shown(c, node->args[0].strings[i]));
	return 0;
}

/* 5.4: the null reverse-path is the empty text, whatever part is asked for. */
static int match_path(struct sieve_matcher *m, const struct sieve_node *node, struct slice path)
{
	const struct msg_address *list = msg_addresses(&m->run->scratch, path);

	return list ? match_list(m, node, list) : sieve_match(m, SLICE(""));
}

static int eval_envelope(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_matcher m = sieve_matcher(run, node);
	int result = 0;

	if (run->message->event) /* RFC 6785 4.6 */
		return sieve_fault(run, "there is no envelope: the message is not coming in");
	for (size_t i = 0; i < node->args[0].n && result == 0; i++) {
		bool from = slice_ieq(node->args[0].strings[i], SLICE("from"));
		result = match_path(&m, node, from ? run->message->from : run->message->to);
	}
	return sieve_match_end(&m, result);
}

SIEVE_TEST(envelope) = {
	.word = { .name = "envelope",
	    .extension = &sieve_extension_envelope,
	    .args = "ll",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE | SIEVE_PART,
	    .check = check_envelope },
	.eval = eval_envelope,
};
