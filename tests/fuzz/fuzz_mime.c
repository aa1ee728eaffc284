/* fuzz_mime.c - a hostile message through everything that reads messages
 *
 * Input: a message; and again as a header value, as text, and as the record of a
 * summary. What was promised of the results is checked. */
#include <stdint.h>
#include <stdlib.h>

#include "core/msg.h"
#include "core/text.h"
#include "storage/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void check_part(const struct msg_part *part, struct slice message, unsigned depth)
{
	struct buf text = { 0 };

	need(depth < MSG_DEPTH_MAX);
	need(part->header <= part->body && part->body <= part->end && part->end <= message.n);
	need(part->type.n > 0 && part->subtype.n > 0 && part->encoding.n > 0);
	msg_text(part, message, &text);
	need(utf8_valid(buf_slice(&text)));
	buf_done(&text);
	for (const struct msg_part *p = part->children; p; p = p->next)
		check_part(p, message, depth + 1);
}

static void check_sections(const struct summary *s, uint32_t *path, size_t n)
{
	uint64_t from, to;

	for (int section = SUMMARY_WHOLE; section <= SUMMARY_MIME; section++)
		if (summary_section(s, path, n, (enum summary_section)section, &from, &to))
			need(from <= to && to <= s->size);
	if (n == 4)
		return;
	for (path[n] = 0; path[n] < 4; path[n]++)
		check_sections(s, path, n + 1);
}

static void check_summary(struct pool *pool, struct slice record, bool good)
{
	struct summary s;
	uint32_t path[8];

	if (!summary_read(record, pool, &s)) {
		need(!good);
		return;
	}
	if (s.n_parts <= 100)
		check_sections(&s, path, 0);
}

static void read_message(struct pool *pool, struct slice message)
{
	struct buf record = { 0 }, body = { 0 };

	check_part(msg_parse(pool, message), message, 0);
	summary_make(message, 0, &record);
	check_summary(pool, buf_slice(&record), true);
	summary_body(message, &body);
	buf_clear(&body);
	msg_make_lines(message, &body);
	need(msg_is_lines(buf_slice(&body)));
	buf_clear(&body);
	msg_seven_bars(message);
	msg_make_seven(message, &body, NULL, NULL);
	need(slice_is_ascii(buf_slice(&body)));
	buf_done(&record);
	buf_done(&body);
}

static void check_addresses(const struct msg_address *a)
{
	bool group = false;

	for (; a; a = a->next) {
		need(a->kind != MSG_GROUP || !group);
		need(a->kind != MSG_GROUP_END || group);
		group = a->kind == MSG_GROUP || (group && a->kind != MSG_GROUP_END);
	}
	need(!group);
}

static void read_value(struct pool *pool, struct slice value)
{
	struct msg_param *params;
	struct buf text = { 0 };

	check_addresses(msg_addresses(pool, value));
	msg_params(pool, value, &params);
	need(utf8_valid(msg_decode_text(pool, value)));
	msg_html(&text, value);
	msg_utf8(&text, slice_head(value, 12), slice_from(value, 12));
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct pool pool = { 0 };

	read_message(&pool, in);
	read_value(&pool, in);
	check_summary(&pool, in, false);
	pool_done(&pool);
	return 0;
}
