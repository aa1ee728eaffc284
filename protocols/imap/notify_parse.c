/* notify_parse.c - the arguments of NOTIFY (RFC 5465 §8) */
#include "protocols/imap/fetch.h"
#include "protocols/imap/notify.h"

enum { GROUPS_MAX = 20 };

/* --- events --- */

static const struct {
	const char *name;
	unsigned event; /* 0: it is not told here */
} events[] = {
	{ "MessageNew", IMAP_EVENT_NEW },
	{ "MessageExpunge", IMAP_EVENT_EXPUNGE },
	{ "FlagChange", IMAP_EVENT_FLAGS },
	{ "AnnotationChange", 0 },
	{ "MailboxName", IMAP_EVENT_NAME },
	{ "SubscriptionChange", IMAP_EVENT_SUBSCRIPTION },
	{ "MailboxMetadataChange", IMAP_EVENT_METADATA },
	{ "ServerMetadataChange", IMAP_EVENT_SERVER_METADATA },
};

/* What stands in the brackets behind MessageNew; it must be readable. */
static bool read_fetch(struct pool *pool, struct slice *in, struct slice *out)
{
	struct slice begin = *in;

	if (!imap_fetch_parse(pool, in))
		return false;
	*out = pool_slice(pool, slice_head(begin, begin.n - in->n));
	return true;
}

static bool read_event(
    struct pool *pool, struct slice *in, struct imap_wishes *out, struct imap_event_group *group)
{
	struct slice word;

	if (!imap_word(in, &word))
		return false;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		if (!slice_ieq(word, slice_str(events[i].name)))
			continue;
		group->events |= events[i].event;
		out->unknown |= events[i].event == 0;
		if (i == 0 && in->n > 1 && in->p[0] == ' ' && in->p[1] == '(')
			return imap_take(in, ' ') && read_fetch(pool, in, &group->fetch);
		return true;
	}
	return false;
}

/* §5: new ones and expunges are told together, changes of flags with both. §6.1: of the
   selected mailbox only these. */
static bool is_sound(const struct imap_event_group *group)
{
	unsigned what = group->events;
	bool new = what &IMAP_EVENT_NEW, expunge = what &IMAP_EVENT_EXPUNGE;

	if (group->filter.kind <= IMAP_FILTER_DELAYED && (what & ~IMAP_EVENT_MESSAGES))
		return false;
	return new == expunge && (!(what & IMAP_EVENT_FLAGS) || new);
}

static bool read_events(
    struct pool *pool, struct slice *in, struct imap_wishes *out, struct imap_event_group *group)
{
	if (imap_is_word(in, "NONE"))
		return true;
	if (!imap_take(in, '('))
		return false;
	do {
		if (!read_event(pool, in, out, group))
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') && is_sound(group);
}

bool imap_wishes_parse(struct pool *pool, bool utf8, struct slice in, struct imap_wishes *out)
{
	struct imap_event_group **end = &out->groups;
	unsigned n = 0;

	*out = (struct imap_wishes){ 0 };
	out->none = imap_is_word(&in, "NONE");
	if (out->none)
		return imap_end(in);
	if (!imap_is_word(&in, "SET") || !imap_take(&in, ' '))
		return false;
	out->status = imap_is_word(&in, "STATUS");
	if (out->status && !imap_take(&in, ' '))
		return false;
	do {
		*end = pool_get(pool, sizeof **end);
		if (++n > GROUPS_MAX || !imap_take(&in, '(') ||
		    !imap_filter_parse(pool, utf8, &in, &(*end)->filter) ||
		    (*end)->filter.kind == IMAP_FILTER_SUBTREE_ONE || !imap_take(&in, ' ') ||
		    !read_events(pool, &in, out, *end) || !imap_take(&in, ')'))
			return false;
		end = &(*end)->next;
	} while (imap_take(&in, ' '));
	return imap_end(in);
}
