/* sieve_field.c - the header's fields as tests see them: read once, decoded once; and which one */
#include "core/msg.h"
#include "core/sieve_private.h"

static void read_fields(struct sieve_run *run)
{
	struct slice rest = slice_head(run->message->text, SIEVE_HEADER_MAX);
	struct msg_field field;
	struct buf fields = { 0 };

	while (msg_field_next(&rest, &field)) {
		struct sieve_text text = { .name = field.name, .raw = field.value };
		if (field.name.n > 0)
			buf_add(&fields, &text, sizeof text);
	}
	run->n_fields = fields.n / sizeof *run->fields;
	run->fields = (struct sieve_text *)(void *)pool_slice(&run->memory, buf_slice(&fields)).p;
	buf_done(&fields);
}

static struct sieve_text *scan(struct sieve_run *run, struct slice name, size_t *at)
{
	if (!run->fields)
		read_fields(run);
	size_t from = *at;
	struct sieve_text *found = NULL;
	while (!found && *at < run->n_fields) {
		struct sieve_text *field = &run->fields[(*at)++];
		if (slice_ieq(field->name, name))
			found = field;
	}
	return sieve_work(run, SIEVE_STEPS_FIELD * (*at - from)) ? found : NULL;
}

/* The n-th of that name, counted from the end with `last`; *at is behind all. */
static struct sieve_text *pick(
    struct sieve_run *run, struct slice name, uint64_t n, bool last, size_t *at)
{
	struct sieve_text *field = NULL;
	uint64_t count = 0;

	for (size_t all = 0; last && scan(run, name, &all);)
		count++;
	if (last)
		n = n <= count ? count - n + 1 : 0;
	for (; n > 0; n--) {
		field = scan(run, name, at);
		if (!field)
			break;
	}
	*at = run->n_fields;
	return field;
}

struct sieve_text *sieve_field_next(
    struct sieve_run *run, const struct sieve_node *test, struct slice name, size_t *at)
{
	const struct sieve_option *index = sieve_option(test, SIEVE_INDEX);

	if (!index)
		return scan(run, name, at);
	if (*at > 0)
		return NULL;
	return pick(run, name, index->value.number, sieve_option(test, SIEVE_LAST) != NULL, at);
}

struct slice sieve_field_text(struct sieve_run *run, struct sieve_text *field)
{
	if (!field->decoded) {
		run->work += SIEVE_STEPS_DECODE * field->raw.n; /* counts when it is matched */
		field->plain = slice_trim(msg_decode_text(&run->memory, field->raw));
		field->decoded = true;
	}
	return field->plain;
}

/* --- index (RFC 5260 6) --- */

static int check_number(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	return value->number > 0 ? 0 : sieve_wrong(c, line, "fields are counted from 1");
}

SIEVE_EXTENSION(index) = { .name = "index" };

SIEVE_TAG(index) = {
	.name = ":index",
	.extension = &sieve_extension_index,
	.slot = SIEVE_INDEX,
	.value = 'n',
	.check = check_number,
};

SIEVE_TAG(last) = {
	.name = ":last",
	.extension = &sieve_extension_index,
	.slot = SIEVE_LAST,
};

int sieve_check_index(struct sieve_compile *c, const struct sieve_node *node)
{
	if (!sieve_option(node, SIEVE_LAST) || sieve_option(node, SIEVE_INDEX))
		return 0;
	return sieve_wrong(c, node->line, ":last goes with :index only");
}
