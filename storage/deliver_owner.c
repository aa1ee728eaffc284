/* deliver_owner.c - a group's owner is told whom his group has turned away
 *
 * The sender knows it by his refusal; the owner may wish to let him in, or to write to him.
 * No bounce and no letter of the server's own leads to one, and of each group there are so
 * many an hour: junk must not become junk for the owner. */
#include "core/conf.h"
#include "core/log.h"
#include "core/msg.h"
#include "core/rate.h"
#include "storage/deliver_private.h"
#include "storage/notice.h"

enum { SHOWN_MAX = 300, HOUR_MS = 3600 * 1000 };

CONF_KEY(group_tell_owner) = {
	.name = "group.tell-owner",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "20",
	.max = 100000,
	.help = "most letters an hour that tell a group's owner whom the group has turned away",
};

static const char *domain_of(const struct group *group)
{
	return strrchr(group->name, '@') + 1;
}

/* False: not now. *last: it is the last one for a while. */
static bool may_tell(const struct group *group, bool *last)
{
	struct conf_at at = { .domain = domain_of(group) };
	struct rate rate = { (unsigned)conf_num_at(&conf_key_group_tell_owner, &at), HOUR_MS };
	struct buf key = { 0 };

	buf_add(&key, "group-owner", sizeof("group-owner"));
	buf_addz(&key, group->name);
	bool may = rate.max > 0 && rate_take(&facts_rate, buf_slice(&key), 1, &rate) == 0;
	*last = may && rate_look(&facts_rate, buf_slice(&key), 1, &rate) > 0;
	buf_done(&key);
	return may;
}

/* In one line that cannot be mistaken for one of ours. */
static void put_value(struct buf *out, struct slice value)
{
	size_t n = value.n < SHOWN_MAX ? value.n : SHOWN_MAX;

	while (n < value.n && n > 0 && ((unsigned char)value.p[n] & 0xc0) == 0x80)
		n--; /* no character of UTF-8 is cut */
	for (size_t i = 0; i < n; i++)
		buf_addc(
		    out, (unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f ? ' ' : value.p[i]);
	buf_addc(out, '\n');
}

static void put_fields(struct buf *out, struct slice message)
{
	static const char *const shown[] = { "From", "Subject", "Date", "Message-ID", NULL };
	struct pool pool = { 0 };
	struct msg_field field;

	while (msg_field_next(&message, &field))
		for (size_t i = 0; shown[i]; i++)
			if (slice_ieq(field.name, slice_str(shown[i]))) {
				buf_printf(out, "    %s: ", shown[i]);
				put_value(out, msg_decode_text(&pool, field.value));
			}
	pool_done(&pool);
}

static void write_letter(
    const struct delivery *op, const struct group *group, bool last, struct buf *out)
{
	buf_printf(out,
	    "A message to your group %s was refused, since its sender may not send to it.\n\n"
	    "    Sender: ",
	    group->name);
	put_value(out, op->d->reverse_path);
	put_fields(out, op->whole);
	buf_printf(out, "\n%s may send to it. ",
	    group->from == GROUP_MEMBERS
		? "Its members, after a login where they have an account here,"
		: "Who has logged in as somebody of its domain");
	buf_printf(out,
	    "To let somebody in, make him a member, or let\nanyone send; an administrator does it "
	    "by\n\n    signet group join %s ADDRESS\n    signet group set %s --from anyone\n",
	    group->name, group->name);
	if (last)
		buf_addz(out, "\nThis is the last letter of this kind for an hour.\n");
}

static void tell(const struct delivery *op, const struct group *group)
{
	struct buf text = { 0 };
	struct err err = { 0 };
	bool last;

	log_event(LOG_INFO, "group-refuses", log_z("group", group->name),
	    log_s("from", op->d->reverse_path));
	if (!group->owner || op->d->reverse_path.n == 0 || op->d->ours || !may_tell(group, &last))
		return;
	write_letter(op, group, last, &text);
	if (notice_text(domain_of(group), slice_str(group->owner),
		"A message to your group was refused", buf_slice(&text), &err) < 0)
		log_event(LOG_WARN, "owner-not-told", log_z("group", group->name),
		    log_z("reason", err.text));
	buf_done(&text);
}

void deliver_tell_owners(const struct delivery *op)
{
	for (const struct turned_away *t = op->turned_away; t; t = t->next)
		tell(op, &t->group);
}
