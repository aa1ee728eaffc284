/* milter_change.c - what a filter changes once it has seen the message
 *
 * Only what it said that it might when the connection began: anything else, and
 * anything malformed, means that it does not speak our language. */
#include "core/log.h"
#include "core/text.h"
#include "protocols/smtp/milter.h"

CONF_KEY(milter_quarantine) = {
	.name = "milter.quarantine-to",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "",
	.help = "address that gets mail which a filter quarantines, in place of its recipients; "
		"empty: such mail is refused",
};

/* --- the envelope --- */

/* "<ann@alpha.test>" or without brackets; false: it is no address. */
static bool read_address(struct pool *pool, struct slice text, struct slice *out)
{
	struct address parsed;

	if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = slice_of(text.p + 1, text.n - 2);
	*out = pool_slice(pool, text);
	return text.n == 0 || address_parse(pool, text, &parsed);
}

static bool is_among(const struct smtp_mail *mail, struct slice address)
{
	for (const struct deliver_rcpt *rcpt = mail->rcpts; rcpt; rcpt = rcpt->next)
		if (slice_ieq(rcpt->original, address))
			return true;
	return false;
}

/* One that leads nowhere is passed over, with a line: the filter cannot be told. */
static bool add_rcpt(struct milter_changing *c, struct slice text)
{
	struct smtp_mail *mail = c->smtp->mail;
	struct deliver_rcpt asked = { 0 };
	struct dir_target *target = NULL;

	if (!read_address(&mail->pool, text, &asked.original) || asked.original.n == 0)
		return false;
	if (is_among(mail, asked.original))
		return true;
	switch (dir_route(asked.original, &mail->pool, &target)) {
	case DIR_LOCAL:
		break;
	case DIR_REMOTE:
		target = pool_get(&mail->pool, sizeof(*target));
		target->address = pool_str(&mail->pool, asked.original);
		break;
	default:
		log_event(LOG_WARN, "filter-adds-nobody", log_z("filter", c->link->spec.name),
		    log_s("address", asked.original));
		return true;
	}
	smtp_add_recipients(mail, target, &asked);
	return true;
}

static bool drop_rcpt(struct milter_changing *c, struct slice text)
{
	struct smtp_mail *mail = c->smtp->mail;
	struct deliver_rcpt **at = &mail->rcpts;
	const char *last = NULL; /* an alias is several, of one RCPT and so with one text */
	struct slice address;

	if (!read_address(&mail->pool, text, &address))
		return false;
	while (*at) {
		const struct deliver_rcpt *rcpt = *at;

		if (!slice_ieq(rcpt->original, address)) {
			at = &(*at)->next;
			continue;
		}
		mail->n_rcpts -= rcpt->original.p != last;
		last = rcpt->original.p;
		*at = rcpt->next;
	}
	mail->last_rcpt = at;
	return true;
}

static bool change_from(struct milter_changing *c, struct slice text)
{
	struct slice address;

	if (!read_address(&c->smtp->mail->pool, text, &address))
		return false;
	c->smtp->mail->reverse_path = address;
	return true;
}

/* --- the message --- */

static bool spaced(const struct milter_changing *c)
{
	return c->link->options.steps & MILTER_LEADING_SPACE;
}

static bool change_header(struct milter_changing *c, enum milter_reply how, struct slice data)
{
	struct milter_header header;

	if (!milter_read_header(data, how != MILTER_ADD_HEADER, &header))
		return false;
	if (how == MILTER_CHANGE_HEADER)
		return edit_change(c->edit, &header, spaced(c));
	if (how == MILTER_INSERT_HEADER)
		return edit_insert(c->edit, header.index, header.name, header.value, spaced(c));
	return edit_add(c->edit, header.name, header.value, spaced(c));
}

static bool quarantine(struct milter_changing *c, struct slice data)
{
	struct slice reason;

	if (!milter_read_text(data, &reason))
		return false;
	c->quarantine = pool_slice(&c->smtp->mail->pool, slice_head(reason, 500));
	return true;
}

/* --- which is allowed, and done --- */

static const struct {
	enum milter_reply reply;
	enum milter_action may;
} rights[] = {
	{ MILTER_ADD_RCPT, MILTER_MAY_ADD_RCPT },
	{ MILTER_ADD_RCPT_ARGS, MILTER_MAY_ADD_RCPT_ARGS },
	{ MILTER_DEL_RCPT, MILTER_MAY_DEL_RCPT },
	{ MILTER_REPLACE_BODY, MILTER_MAY_CHANGE_BODY },
	{ MILTER_CHANGE_FROM, MILTER_MAY_CHANGE_FROM },
	{ MILTER_ADD_HEADER, MILTER_MAY_ADD_HEADERS },
	{ MILTER_INSERT_HEADER, MILTER_MAY_ADD_HEADERS },
	{ MILTER_CHANGE_HEADER, MILTER_MAY_CHANGE_HEADERS },
	{ MILTER_QUARANTINE, MILTER_MAY_QUARANTINE },
};

static bool is_allowed(const struct milter_link *link, char command)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++)
		if ((char)rights[i].reply == command)
			return link->options.actions & rights[i].may;
	return false;
}

bool milter_do_change(void *arg, const struct milter_packet *packet)
{
	struct milter_changing *c = arg;
	struct slice data = packet->data, text;

	if (!is_allowed(c->link, packet->command) || ++c->n > EDIT_CHANGES_MAX)
		return false;
	switch ((enum milter_reply)packet->command) {
	case MILTER_ADD_RCPT:
		return milter_read_text(data, &text) && add_rcpt(c, text);
	case MILTER_ADD_RCPT_ARGS: /* arguments of RCPT are not ours to judge: left out */
		return milter_take_text(&data, &text) && add_rcpt(c, text);
	case MILTER_DEL_RCPT:
		return milter_read_text(data, &text) && drop_rcpt(c, text);
	case MILTER_CHANGE_FROM:
		return milter_take_text(&data, &text) && change_from(c, text);
	case MILTER_REPLACE_BODY:
		return edit_body(c->edit, data, (size_t)conf_num(&conf_key_smtp_max_size));
	case MILTER_QUARANTINE:
		return quarantine(c, data);
	default:
		return change_header(c, (enum milter_reply)packet->command, data);
	}
}

/* --- quarantine --- */

/* Its recipients, as a field; then they are another. */
static const char *redirect(struct milter_changing *c, struct slice to)
{
	struct smtp_mail *mail = c->smtp->mail;
	struct deliver_rcpt *before = mail->rcpts;
	struct buf list = { 0 };

	mail->rcpts = NULL;
	mail->last_rcpt = &mail->rcpts;
	mail->n_rcpts = 0;
	if (!add_rcpt(c, to) || mail->n_rcpts == 0)
		return "451 4.3.5 Quarantined, and there is no place for it";
	edit_insert(c->edit, 0, SLICE("X-Quarantine"), c->quarantine, false);
	for (; before; before = before->next)
		buf_printf(&list, "%s<%.*s>", list.n ? ",\n\t" : "", SLICE_ARG(before->original));
	edit_insert(c->edit, 0, SLICE("X-Quarantine-For"), buf_slice(&list), false);
	buf_done(&list);
	return NULL;
}

const char *milter_quarantine(struct milter_changing *c)
{
	const char *why = "550 5.7.1 Refused by a filter";
	struct buf to = { 0 };

	if (!c->quarantine.p)
		return NULL;
	smtp_conf_text(c->smtp, &conf_key_milter_quarantine, &to);
	if (to.n > 0)
		why = redirect(c, buf_slice(&to));
	log_event(LOG_INFO, "quarantined", log_z("filter", c->link->spec.name),
	    log_s("reason", c->quarantine), log_s("to", buf_slice(&to)));
	buf_done(&to);
	return why;
}
