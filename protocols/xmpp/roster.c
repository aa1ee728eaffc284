/* roster.c - contacts, in memory and as records of their account */
#include "protocols/xmpp/roster.h"

#include <stdlib.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "core/xml.h"
#include "protocols/xmpp/user.h"
#include "storage/acct_record.h"
#include "storage/rename.h"

CONF_KEY(xmpp_max_contacts) = {
	.name = "xmpp.max-contacts",
	.type = CONF_INT,
	.def = "2000",
	.min = 1,
	.max = 100000,
	.help = "contacts that an account may have, with those who asked for its presence",
};

#define ROOM "roster"
enum { RECORD_VERSION = 1 };

/* Contacts whose domain is renamed are found under their new addresses. */
RENAMED(roster) = { .room = ROOM, .of_accounts = true };

/* No JID begins with a control character. */
static const struct slice version_key = { "\001version", 8 };

/* --- in memory --- */

static struct roster_item *item_new(const struct roster_item *from)
{
	size_t n = from->jid.n + from->name.n + from->groups.n + from->request.n;
	struct roster_item *item = mem_get(sizeof(*item) + n);
	char *p = (char *)(item + 1);
	struct {
		struct slice from, *to;
	} parts[] = { { from->jid, &item->jid }, { from->name, &item->name },
		{ from->groups, &item->groups }, { from->request, &item->request } };

	item->bits = from->bits;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i].from.n)
			memcpy(p, parts[i].from.p, parts[i].from.n);
		*parts[i].to = slice_of(p, parts[i].from.n);
		p += parts[i].from.n;
	}
	return item;
}

/* Where it is, or would be. */
static size_t place_of(const struct roster *roster, struct slice jid, bool *found)
{
	size_t low = 0, high = roster->n;

	*found = false;
	while (low < high && !*found) {
		size_t mid = low + (high - low) / 2;
		int cmp = slice_cmp(roster->items[mid]->jid, jid);
		*found = cmp == 0;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return high;
}

const struct roster_item *roster_find(const struct roster *roster, struct slice jid)
{
	bool found;
	size_t at = place_of(roster, jid, &found);

	return found ? roster->items[at] : NULL;
}

/* `from` may be of the item that it replaces. */
static void put(struct roster *roster, const struct roster_item *from)
{
	struct roster_item *item = item_new(from);
	bool found;
	size_t at = place_of(roster, item->jid, &found);

	if (found) {
		free(roster->items[at]);
		roster->items[at] = item;
		return;
	}
	if ((roster->n & (roster->n - 1)) == 0) /* room for twice as many */
		roster->items = mem_resize(
		    roster->items, (roster->n ? 2 * roster->n : 1) * sizeof(*roster->items));
	memmove(
	    &roster->items[at + 1], &roster->items[at], (roster->n - at) * sizeof(*roster->items));
	roster->items[at] = item;
	roster->n++;
}

static void remove_item(struct roster *roster, struct slice jid)
{
	bool found;
	size_t at = place_of(roster, jid, &found);

	if (!found)
		return;
	free(roster->items[at]);
	roster->n--;
	memmove(
	    &roster->items[at], &roster->items[at + 1], (roster->n - at) * sizeof(*roster->items));
}

void roster_free(struct roster **roster)
{
	struct roster *r = *roster;

	*roster = NULL;
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		free(r->items[i]);
	free(r->items);
	free(r);
}

/* --- on disk: version, bits, then name, groups and request with their lengths --- */

static void add_part(struct buf *out, struct slice part)
{
	unsigned char n[4];

	num_put32(n, (uint32_t)part.n);
	buf_add(out, n, sizeof(n));
	buf_adds(out, part);
}

static bool take_part(struct slice *rest, struct slice *part)
{
	if (rest->n < 4)
		return false;
	uint32_t n = num_get32((const unsigned char *)rest->p);
	*rest = slice_from(*rest, 4);
	if (n > rest->n)
		return false;
	*part = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

static void write_record(struct buf *out, const struct roster_item *item)
{
	buf_addc(out, RECORD_VERSION);
	buf_addc(out, (char)item->bits);
	add_part(out, item->name);
	add_part(out, item->groups);
	add_part(out, item->request);
}

static bool read_record(struct slice value, struct roster_item *item)
{
	if (value.n < 2 || value.p[0] != RECORD_VERSION)
		return false;
	item->bits = (uint8_t)value.p[1];
	value = slice_from(value, 2);
	return take_part(&value, &item->name) && take_part(&value, &item->groups) &&
	    take_part(&value, &item->request) && value.n == 0;
}

static bool see_record(void *arg, struct slice key, struct slice value)
{
	struct roster *roster = arg;
	struct roster_item item = { .jid = key };

	if (slice_eq(key, version_key)) {
		if (value.n == 9)
			roster->version = num_get64((const unsigned char *)value.p + 1);
	} else if (read_record(value, &item)) {
		put(roster, &item);
	} else {
		log_event(LOG_ERROR, "roster-damaged", log_s("contact", key));
	}
	return true;
}

struct roster *roster_read(uint64_t account, uint32_t shard)
{
	struct roster *roster = mem_get(sizeof(*roster));
	struct acct *acct = acct_open(account, shard);

	if (!acct || acct_record_each(acct, ROOM, (struct slice){ 0 }, see_record, roster) < 0)
		roster_free(&roster);
	if (acct)
		acct_close(&acct);
	return roster;
}

/* The item and the roster's version are one change. */
static int store(
    struct xmpp_user *user, const struct roster_item *item, uint64_t version, struct err *err)
{
	unsigned char number[9] = { RECORD_VERSION };
	struct buf value = { 0 };
	struct acct *acct = acct_open(user->id, user->shard);

	if (!acct)
		return err_set(err, ERR_TEMP, "the account's store is not open");
	num_put64(number + 1, version);
	if (item->bits)
		write_record(&value, item);
	struct acct_record records[] = {
		{ item->jid, buf_slice(&value) },
		{ version_key, slice_of(number, sizeof(number)) },
	};
	int rc = acct_record_put(acct, ROOM, records, 2, err);
	buf_done(&value);
	acct_close(&acct);
	return rc;
}

/* --- changes --- */

/* "none", "to", "from", "both". */
static const char *roster_subscription(unsigned bits)
{
	static const char *const names[] = { "none", "to", "from", "both" };

	return names[bits & (ROSTER_TO | ROSTER_FROM)];
}

void roster_write_item(struct buf *out, const struct roster_item *item)
{
	buf_addz(out, "<item");
	xml_put_attr(out, "jid", item->jid);
	if (item->name.n)
		xml_put_attr(out, "name", item->name);
	buf_printf(out, " subscription='%s'",
	    item->bits & ROSTER_LISTED ? roster_subscription(item->bits) : "remove");
	if (item->bits & ROSTER_OUT)
		buf_addz(out, " ask='subscribe'");
	if (item->bits & ROSTER_APPROVED)
		buf_addz(out, " approved='true'");
	if (!item->groups.n) {
		buf_addz(out, "/>");
		return;
	}
	buf_addc(out, '>');
	for (struct slice rest = item->groups; rest.n > 0;) {
		buf_addz(out, "<group>");
		xml_escape(out, slice_cut(&rest, '\0'));
		buf_addz(out, "</group>");
	}
	buf_addz(out, "</item>");
}

/* RFC 6121 2.1.6, with the user's lock: to each resource that asked for the roster. */
static void push(struct xmpp_user *user, const struct roster_item *item)
{
	struct buf text = { 0 };
	unsigned long long version = user->roster->version;

	buf_printf(&text,
	    "<iq type='set' id='push-%llu'><query xmlns='jabber:iq:roster' ver='%llu'>", version,
	    version);
	roster_write_item(&text, item);
	buf_addz(&text, "</query></iq>");
	struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_PRESENCE, buf_slice(&text));
	xmpp_user_interested(user, stanza);
	xmpp_stanza_unref(&stanza);
	buf_done(&text);
}

/* What clients are not shown is not pushed: somebody who asked, and is no contact. */
static bool is_shown(const struct roster_item *before, const struct roster_item *after)
{
	const uint8_t shown =
	    ROSTER_TO | ROSTER_FROM | ROSTER_OUT | ROSTER_APPROVED | ROSTER_LISTED;

	return (before->bits & shown) != (after->bits & shown) ||
	    !slice_eq(before->name, after->name) || !slice_eq(before->groups, after->groups);
}

static void show(struct xmpp_user *user, const struct roster_item *before,
    const struct roster_item *after, uint64_t version)
{
	bool tell = is_shown(before, after);

	pthread_mutex_lock(&user->lock);
	user->roster->version = version;
	if (tell)
		push(user, after);
	if (after->bits)
		put(user->roster, after);
	else
		remove_item(user->roster, after->jid);
	pthread_mutex_unlock(&user->lock);
}

/* Nobody but this thread changes the roster, so it can be read without the lock. */
int roster_change(
    struct xmpp_user *user, struct slice jid, const struct roster_edit *edit, struct err *err)
{
	const struct roster_item *old = roster_find(user->roster, jid);
	struct roster_item before = { .jid = jid }, after;
	uint64_t version = user->roster->version + 1;

	if (old)
		before = *old;
	after = before;
	if (!edit->change(edit->arg, &after))
		return 0;
	if (!old && user->roster->n >= (size_t)conf_num(&conf_key_xmpp_max_contacts))
		return err_set(err, ERR_LIMIT, "too many contacts");
	if (store(user, &after, version, err) < 0)
		return -1;
	show(user, &before, &after, version);
	return 1;
}
