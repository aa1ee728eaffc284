/* find_make.c - messages gathered in memory, to become a segment of the index */
#include "storage/find_make.h"

#include <stdlib.h>

#include "core/msg.h"
#include "storage/find_table.h"
#include "storage/find_text.h"

struct find_make {
	size_t text_max;
	uint32_t n;
	struct buf messages; /* struct find_message */
	struct buf folded;
	struct pool pool;
	struct find_table tables[FIND_KINDS];
};

struct find_make *find_make_new(size_t text_max)
{
	struct find_make *make = mem_get(sizeof(*make));

	make->text_max = text_max;
	for (size_t i = 0; i < FIND_KINDS; i++)
		make->tables[i].hash = find_hash_new();
	return make;
}

static void clear(struct find_make *make)
{
	for (size_t i = 0; i < FIND_KINDS; i++)
		find_table_clear(&make->tables[i]);
	buf_clear(&make->messages);
	make->n = 0;
}

void find_make_free(struct find_make **make)
{
	if (!*make)
		return;
	clear(*make);
	buf_done(&(*make)->messages);
	buf_done(&(*make)->folded);
	pool_done(&(*make)->pool);
	free(*make);
	*make = NULL;
}

size_t find_make_memory(const struct find_make *make)
{
	size_t n = 0;

	for (size_t i = 0; i < FIND_KINDS; i++)
		n += find_table_memory(&make->tables[i]);
	return n;
}

uint32_t find_make_count(const struct find_make *make)
{
	return make->n;
}

/* --- messages --- */

enum find_kind find_kind_of(struct slice name)
{
	static const char *const names[] = {
		[FIND_FROM] = "From",
		[FIND_TO] = "To",
		[FIND_CC] = "Cc",
		[FIND_BCC] = "Bcc",
		[FIND_SUBJECT] = "Subject",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_ieq(name, slice_str(names[i])))
			return (enum find_kind)i;
	return FIND_OTHER;
}

/* False: not all of it. */
static bool add_text(struct find_make *make, enum find_kind kind, struct slice text)
{
	bool whole = text.n <= make->text_max;

	return find_table_text(&make->tables[kind], slice_head(text, make->text_max)) && whole;
}

void find_field_name(struct slice name, struct buf *out)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
}

/* Which words of the other fields are in the field: from `begin` on those that came last. */
static bool add_field(struct find_make *make, struct slice name, uint32_t begin)
{
	struct find_table *fields = &make->tables[FIND_FIELDS];
	uint32_t end = find_table_here(&make->tables[FIND_OTHER]);

	buf_clear(&make->folded);
	find_field_name(name, &make->folded);
	struct slice text = buf_slice(&make->folded);
	bool good = find_table_mark(fields, text, begin, FIND_BEGIN);
	/* The last place of a text is nothing. */
	return good && (end < begin + 2 || find_table_mark(fields, text, end - 1, FIND_END));
}

static bool add_header(struct find_make *make, struct slice whole)
{
	struct msg_field field;
	size_t bytes = 0;
	bool all = true;

	while (msg_field_next(&whole, &field) && bytes <= make->text_max) {
		bytes += field.raw.n;
		buf_clear(&make->folded);
		find_text_name(field.name, &make->folded);
		all &= add_text(make, FIND_NAMES, buf_slice(&make->folded));
		uint32_t begin = find_table_here(&make->tables[FIND_OTHER]);
		buf_clear(&make->folded);
		find_text_value(&make->pool, field.value, &make->folded);
		enum find_kind kind = find_kind_of(field.name);
		all &= add_text(make, kind, buf_slice(&make->folded));
		if (kind != FIND_OTHER) /* so that each field has a place there */
			find_table_text(&make->tables[FIND_OTHER], (struct slice){ 0 });
		all &= field.name.n == 0 || add_field(make, field.name, begin);
	}
	return all && bytes <= make->text_max;
}

/* Of its texts the longest, in words. */
static uint32_t length_of(struct find_make *make)
{
	uint32_t most = 0;

	for (size_t i = 0; i < FIND_KINDS; i++) {
		uint32_t n = find_table_message(&make->tables[i]);
		most = n > most ? n : most;
	}
	return most;
}

void find_make_message(struct find_make *make, uint64_t id, struct slice whole)
{
	bool all = add_header(make, whole);

	buf_clear(&make->folded);
	find_text_parts(&make->pool, whole, &make->folded);
	all &= add_text(make, FIND_PARTS, buf_slice(&make->folded));
	buf_clear(&make->folded);
	find_text_body(&make->pool, whole, &make->folded);
	all &= add_text(make, FIND_BODY, buf_slice(&make->folded));
	struct find_message message = { id, length_of(make), all ? 0 : FIND_PARTIAL };
	buf_add(&make->messages, &message, sizeof(message));
	make->n++;
	pool_reset(&make->pool);
	if (make->folded.cap > make->text_max)
		buf_done(&make->folded);
}

void find_make_finish(struct find_make *make, struct find_write *out)
{
	const struct find_message *messages =
	    (const struct find_message *)(const void *)make->messages.p;

	*out = (struct find_write){ 0 };
	for (uint32_t i = 0; i < make->n; i++)
		find_write_message(out, messages[i]);
	for (size_t i = 0; i < FIND_KINDS; i++)
		find_table_finish(&make->tables[i], &out->kinds[i]);
	clear(make);
}
