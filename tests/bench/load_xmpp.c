/* load_xmpp.c - XMPP: logins, messages from one client to another, sessions that are held
 *
 * A client here reads until it has seen a piece of text; it knows no XML. */
#include "load.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool open_stream(struct worker *w, const char *domain)
{
	return conn_say(w,
		   "<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' "
		   "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
		   domain) &&
	    conn_until(w, "</stream:features>");
}

static bool start_tls(struct worker *w, const char *domain)
{
	return open_stream(w, domain) &&
	    conn_say(w, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") &&
	    conn_until(w, "<proceed") && conn_start_tls(w) && open_stream(w, domain);
}

static bool plain(struct worker *w, const char *user, size_t local)
{
	char text[256], code[400];
	int n = snprintf(text, sizeof(text), "%c%.*s%c%s", 0, (int)local, user, 0, w->o->password);

	if (n < 0 || (size_t)n >= sizeof(text))
		return false;
	EVP_EncodeBlock((unsigned char *)code, (const unsigned char *)text, n);
	return conn_say(w,
		   "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>",
		   code) &&
	    conn_until(w, "<success");
}

static bool bind_resource(struct worker *w, const char *resource)
{
	return conn_say(w,
		   "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
		   "<resource>%s</resource></bind></iq>",
		   resource) &&
	    conn_until(w, "</iq>");
}

/* What clients do when they come: roster, then presence, which comes back. */
static bool come_online(struct worker *w)
{
	return conn_say(w, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>") &&
	    conn_until(w, "</iq>") &&
	    conn_say(w, "<presence/><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>") &&
	    conn_until(w, "'p'");
}

static bool log_in(struct worker *w, long number)
{
	char user[128], resource[32];

	account_name(w->o, number, user, sizeof(user));
	snprintf(resource, sizeof(resource), "r%ld", number);
	const char *at = strchr(user, '@');
	return at && conn_open(w) && start_tls(w, at + 1) && plain(w, user, (size_t)(at - user)) &&
	    open_stream(w, at + 1) && bind_resource(w, resource) && come_online(w);
}

static bool login_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	bool good = log_in(w, number) && conn_say(w, "</stream:stream>") &&
	    conn_until(w, "</stream:stream>");
	conn_close(w);
	w->done += good;
	return good;
}

/* The connection stays: whoever measures looks at the server. */
static bool hold_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	w->ssl = NULL;
	if (!log_in(w, number))
		return false;
	w->done++;
	return true;
}

/* --- messages: two clients in each worker --- */

static struct worker *other_of(struct worker *w)
{
	return (struct worker *)(void *)w->message;
}

static bool pair_prepare(struct worker *w)
{
	static _Atomic long pairs;
	long pair = pairs++;
	struct worker *other = calloc(1, sizeof(*other));

	if (!other)
		return false;
	other->o = w->o;
	other->tls = w->tls;
	other->fd = -1;
	w->message = (char *)other;
	w->number = 2 * pair;
	return log_in(w, 2 * pair) && log_in(other, 2 * pair + 1);
}

/* One message; it has arrived when the other client has read its end. */
static bool pair_once(struct worker *w)
{
	char to[128];

	if (next_number() < 0)
		return true;
	account_name(w->o, w->number + 1, to, sizeof(to));
	if (!conn_say(w,
		"<message to='%s/r%ld' type='chat' id='m'><body>Shall we meet at the usual "
		"place, at eight or half past?</body></message>",
		to, w->number + 1) ||
	    !conn_until(other_of(w), "</message>"))
		return false;
	w->done++;
	return true;
}

const struct work work_xmpp_login = { .name = "xmpp-login", .once = login_once };
const struct work work_xmpp_hold = { .name = "xmpp-hold", .once = hold_once };
const struct work work_xmpp_message = {
	.name = "xmpp-message", .prepare = pair_prepare, .once = pair_once
};
