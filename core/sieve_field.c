/* sieve_field.c - the header's fields as tests see them: read once, decoded once */
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

struct sieve_text *sieve_field_next(struct sieve_run *run, struct slice name, size_t *at)
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

struct slice sieve_field_text(struct sieve_run *run, struct sieve_text *field)
{
	if (!field->decoded) {
		run->work += SIEVE_STEPS_DECODE * field->raw.n; /* counts when it is matched */
		field->plain = slice_trim(msg_decode_text(&run->memory, field->raw));
		field->decoded = true;
	}
	return field->plain;
}
