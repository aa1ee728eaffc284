/* listen_rows.c - the settings that make a listener what it is */
#include "core/client.h"
#include "core/listen_private.h"
#include "core/num.h"

/* "[2001:db8::1]:25", "192.0.2.1:25", "*:25", or without a port, which then stays. */
bool listen_split(struct slice word, struct slice *host, uint32_t *port)
{
	ptrdiff_t colon = slice_rchr(word, ':');

	*host = word;
	if (colon > 0 && (slice_chr(word, ':') == colon || word.p[colon - 1] == ']')) {
		*host = slice_head(word, (size_t)colon);
		if (!num_u32(slice_from(word, (size_t)colon + 1), port) || *port > 65535)
			return false;
	}
	if (host->n > 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = slice_of(host->p + 1, host->n - 2);
	return true;
}

static int check_addresses(struct slice value, struct err *err)
{
	struct sockaddr_storage address;
	struct slice word, host;
	uint32_t port;
	socklen_t n;

	while ((word = slice_word(&value)).n > 0)
		if (!slice_ieq(word, SLICE("off")) && word.p[0] != '/' &&
		    (!listen_split(word, &host, &port) ||
			(!slice_eq(host, SLICE("*")) && !client_address(host, 0, &address, &n))))
			return err_set(err, ERR_INPUT,
			    "'%.*s' is no address with a port, as 192.0.2.1:25, [2001:db8::1]:25 or "
			    "*:25, and no path",
			    SLICE_ARG(word));
	return 0;
}

CONF_KEY(listener_address) = {
	.name = "listener.address",
	.type = CONF_TEXT,
	.scopes = CONF_LISTENER,
	.def = "",
	.check = check_addresses,
	.attempt = listen_attempt,
	.help =
	    "addresses of a listener, as 192.0.2.1:25 [2001:db8::1]:25 *:2525 or a path, parted by "
	    "blanks; off for none; empty for the usual port on all",
};

/* A protocol of the table. */
static int check_protocol(struct slice value, struct err *err)
{
	for (size_t i = 0; i < proto_table_n; i++)
		if (!proto_table[i]->admin && slice_eq(value, slice_str(proto_table[i]->name)))
			return 0;
	return err_set(err, ERR_INPUT,
	    "there is no protocol '%.*s'; there are smtp, lmtp, imap, pop3, managesieve and others "
	    "of signet listener list",
	    SLICE_ARG(value));
}

CONF_KEY(listener_protocol) = {
	.name = "listener.protocol",
	.type = CONF_TEXT,
	.scopes = CONF_LISTENER,
	.def = "",
	.check = check_protocol,
	.attempt = listen_attempt,
	.help = "protocol of a listener that was added: smtp, lmtp, imap, pop3, managesieve",
};

CONF_KEY(listener_tls) = {
	.name = "listener.tls",
	.type = CONF_CHOICE,
	.scopes = CONF_LISTENER,
	.def = "usual",
	.choices = (const char *const[]){ "usual", "starttls", "implicit", NULL },
	.attempt = listen_attempt,
	.help = "TLS of a listener: starttls: by an upgrade; implicit: from the first byte",
};

CONF_KEY(listener_role) = {
	.name = "listener.role",
	.type = CONF_CHOICE,
	.scopes = CONF_LISTENER,
	.def = "usual",
	.choices = (const char *const[]){ "usual", "public", "private", "submission", NULL },
	.attempt = listen_attempt,
	.help = "whom an SMTP listener is for: public: other servers; private: own machines, who "
		"is in no sender group is refused; submission: users, who log in",
};

CONF_KEY(listener_socket) = {
	.name = "listener.socket",
	.type = CONF_CHOICE,
	.scopes = CONF_LISTENER,
	.def = "owner",
	.choices = (const char *const[]){ "owner", "group", "all", NULL },
	.attempt = listen_attempt,
	.help = "who may connect to a listener's UNIX sockets",
};

const struct conf_key *const listen_keys[] = { &conf_key_listener_protocol,
	&conf_key_listener_address, &conf_key_listener_tls, &conf_key_listener_role,
	&conf_key_listener_socket, NULL };
