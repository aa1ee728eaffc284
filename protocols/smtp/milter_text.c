/* milter_text.c - a filter is told the whole message, and changes it */
#include "core/msg.h"
#include "protocols/smtp/milter.h"

static void put_field(
    const struct milter_link *link, const struct edit_field *field, struct buf *out)
{
	struct slice value = field->value;

	if (!(link->options.steps & MILTER_LEADING_SPACE) && value.n > 0 && value.p[0] == ' ')
		value = slice_from(value, 1);
	milter_put_text(out, field->name);
	for (struct slice rest = value; rest.n > 0;) {
		struct slice line = slice_cut(&rest, '\n');
		bool more = rest.p != NULL;

		if (more && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_adds(out, line);
		if (more)
			buf_addc(out, '\n');
	}
	buf_addc(out, '\0');
}

static const char *say_fields(
    struct smtp *smtp, struct milter_link *link, const struct milter_edit *edit)
{
	const char *why = NULL;
	struct buf data = { 0 };

	for (const struct edit_field *f = edit->first; !why && f; f = f->next) {
		buf_clear(&data);
		put_field(link, f, &data);
		if (f->name.n > 0 && data.n <= MILTER_CHUNK)
			why = milter_tell(smtp, link, TELL_FIELD, buf_slice(&data), NULL, NULL);
	}
	buf_done(&data);
	return why;
}

static const char *say_body(
    struct smtp *smtp, struct milter_link *link, const struct milter_edit *edit)
{
	const char *why = NULL;
	bool skip = false;

	for (struct slice rest = edit->body; !why && !skip && rest.n > 0;
	     rest = slice_from(rest, MILTER_CHUNK))
		why =
		    milter_tell(smtp, link, TELL_BODY, slice_head(rest, MILTER_CHUNK), NULL, &skip);
	return why;
}

/* All of it was seen: what is its verdict, and what is to be changed? */
static const char *say_end(struct smtp *smtp, struct milter_link *link, struct milter_edit *edit)
{
	struct milter_changing changing = { .smtp = smtp, .link = link, .edit = edit };
	const char *reply = NULL;

	if (!milter_is_asked(smtp, link))
		return NULL;
	milter_put_macros(smtp, link, MILTER_AT_END, MILTER_END, NULL);
	milter_put(&link->out, MILTER_END, (struct slice){ 0 });
	enum milter_verdict verdict = milter_ask(
	    link, milter_end_timeout(), milter_do_change, &changing, &smtp->mail->pool, &reply);
	link->in_message = false;
	const char *why = milter_obey(smtp, link, MILTER_AT_END, verdict, reply);
	if (why || verdict == MILTER_SAYS_NOTHING || smtp->mail->discard)
		return why;
	edit_settle(edit);
	return milter_quarantine(&changing);
}

static const char *ask_text(struct smtp *smtp, struct milter_link *link, struct milter_edit *edit)
{
	const char *why;

	if (link->state == MILTER_LOST)
		return milter_without(link);
	why = milter_tell(smtp, link, TELL_DATA, (struct slice){ 0 }, NULL, NULL);
	if (!why)
		why = say_fields(smtp, link, edit);
	if (!why)
		why = milter_tell(smtp, link, TELL_FIELDS_END, (struct slice){ 0 }, NULL, NULL);
	if (!why)
		why = say_body(smtp, link, edit);
	return why ? why : say_end(smtp, link, edit);
}

static const char *finish(struct smtp *smtp, const struct milter_edit *edit)
{
	struct spool *text = NULL;
	struct err err = { 0 };

	if (smtp->mail->n_rcpts == 0)
		smtp->mail->discard = true; /* the filters left nobody */
	if (!edit->changed || smtp->mail->discard)
		return NULL;
	if (edit_write(edit, &text, &err) != 0)
		return smtp_delivery_failed(&err);
	smtp_replace_text(smtp, &text);
	return NULL;
}

const char *milters_ask_text(struct smtp *smtp, struct slice message)
{
	struct milters *m = smtp->milters;
	struct milter_edit edit;
	const char *why = NULL;

	edit_begin(&edit, message);
	for (size_t i = 0; !why && i < m->n; i++)
		why = ask_text(smtp, &m->link[i], &edit);
	if (!why)
		why = finish(smtp, &edit);
	edit_done(&edit);
	return why;
}
