/* sieve_body.c - the test body (RFC 5173)
 *
 * A message's parts are read once and decoded once, and no more of them than
 * SIEVE_BODY_MAX bytes. */
#include "core/msg.h"
#include "core/sieve_private.h"

SIEVE_EXTENSION(body) = { .name = "body" };

SIEVE_TAG(raw) = { .name = ":raw", .slot = SIEVE_TRANSFORM };

SIEVE_TAG(text) = { .name = ":text", .slot = SIEVE_TRANSFORM };

SIEVE_TAG(content) = { .name = ":content", .slot = SIEVE_TRANSFORM, .value = 'l' };

/* A leaf of the message. */
struct sieve_body {
	const struct msg_part *part;
	struct sieve_text text;	   /* as people read it; of text/ only */
	struct sieve_text content; /* decoded */
	struct sieve_body *next;
};

/* --- the message's parts --- */

static struct sieve_body **add_leaves(
    struct sieve_run *run, const struct msg_part *part, struct sieve_body **end)
{
	if (!part->children) {
		*end = pool_get(&run->memory, sizeof **end);
		(*end)->part = part;
		return &(*end)->next;
	}
	for (const struct msg_part *child = part->children; child; child = child->next)
		end = add_leaves(run, child, end);
	return end;
}

static struct sieve_body *bodies(struct sieve_run *run)
{
	if (!run->bodies) {
		struct slice text = slice_head(run->message->text, SIEVE_BODY_MAX);
		if (!sieve_work(run, SIEVE_STEPS_DECODE * text.n))
			return NULL;
		add_leaves(run, msg_parse(&run->memory, text), &run->bodies);
	}
	return run->bodies;
}

/* RFC 5173 5.3: text parts, in UTF-8. */
static bool read_text(struct sieve_run *run, struct sieve_body *body)
{
	struct buf text = { 0 };

	if (body->text.decoded)
		return true;
	if (!sieve_work(run, SIEVE_STEPS_DECODE * (body->part->end - body->part->body)))
		return false;
	msg_text(body->part, slice_head(run->message->text, SIEVE_BODY_MAX), &text);
	body->text.plain = pool_slice(&run->memory, buf_slice(&text));
	body->text.decoded = true;
	buf_done(&text);
	return true;
}

static bool is_text(const struct msg_part *part)
{
	return slice_eq(part->type, SLICE("text"));
}

/* RFC 5173 5.2: without its transfer encoding; text in UTF-8. HTML stays as it is. */
static bool read_content(struct sieve_run *run, struct sieve_body *body)
{
	struct slice raw = msg_body(body->part, slice_head(run->message->text, SIEVE_BODY_MAX));
	struct buf plain = { 0 }, utf8 = { 0 };

	if (body->content.decoded)
		return true;
	if (!sieve_work(run, SIEVE_STEPS_DECODE * raw.n))
		return false;
	msg_content(body->part, raw, &plain);
	if (is_text(body->part))
		msg_utf8(&utf8, msg_param(body->part->params, SLICE("charset")), buf_slice(&plain));
	body->content.plain =
	    pool_slice(&run->memory, buf_slice(is_text(body->part) ? &utf8 : &plain));
	body->content.decoded = true;
	buf_done(&plain);
	buf_done(&utf8);
	return true;
}

/* --- the test --- */

/* 5.2: "" is any type, "text" all of text/, "text/html" that one. */
static bool has_type(const struct msg_part *part, const struct sieve_arg *types)
{
	for (size_t i = 0; i < types->n; i++) {
		struct slice subtype = types->strings[i];
		bool whole = slice_chr(subtype, '/') < 0;
		struct slice type = slice_cut(&subtype, '/');
		if ((type.n == 0 && whole) ||
		    (slice_ieq(type, part->type) && (whole || slice_ieq(subtype, part->subtype))))
			return true;
	}
	return false;
}

static int match_text(struct sieve_matcher *m, struct sieve_body *body)
{
	if (!is_text(body->part))
		return 0;
	return read_text(m->run, body) ? sieve_match_text(m, &body->text) : -1;
}

static int match_content(
    struct sieve_matcher *m, struct sieve_body *body, const struct sieve_arg *types)
{
	if (!has_type(body->part, types))
		return 0;
	return read_content(m->run, body) ? sieve_match_text(m, &body->content) : -1;
}

/* 5.1: all behind the header, as it came. */
static int match_raw(struct sieve_matcher *m)
{
	struct sieve_text *whole = &m->run->whole;
	struct msg_field field;

	if (!whole->decoded) {
		whole->plain = slice_head(m->run->message->text, SIEVE_BODY_MAX);
		while (msg_field_next(&whole->plain, &field))
			;
		whole->decoded = true;
	}
	return sieve_match_text(m, whole);
}

static int eval(struct sieve_run *run, const struct sieve_node *node)
{
	const struct sieve_option *how = sieve_option(node, SIEVE_TRANSFORM);
	struct sieve_matcher m = sieve_matcher(run, node);
	int result = 0;

	if (how && how->tag == &sieve_tag_raw)
		return sieve_match_end(&m, match_raw(&m));
	for (struct sieve_body *body = bodies(run); body && result == 0; body = body->next)
		result = how && how->tag == &sieve_tag_content
		    ? match_content(&m, body, &how->value)
		    : match_text(&m, body);
	return sieve_match_end(&m, result);
}

SIEVE_TEST(body) = {
	.word = { .name = "body",
	    .extension = &sieve_extension_body,
	    .args = "l",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE | SIEVE_TRANSFORM },
	.eval = eval,
};
