/* listen_rows.c - where each protocol listens: its rows and the setting that moves them */
#include "core/listen.h"

#include <stdlib.h>

#include "core/client.h"
#include "core/conf.h"
#include "core/num.h"

/* "[2001:db8::1]:25", "192.0.2.1:25", "*:25", or without a port, which then stays. */
static bool split(struct slice word, struct slice *host, uint32_t *port)
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
		    (!split(word, &host, &port) ||
			(!slice_eq(host, SLICE("*")) && !client_address(host, 0, &address, &n))))
			return err_set(
			    err, ERR_INPUT, "'%.*s' is no address and no path", SLICE_ARG(word));
	return 0;
}

CONF_KEY(listener_address) = {
	.name = "listener.address",
	.type = CONF_TEXT,
	.scopes = CONF_LISTENER,
	.def = "",
	.check = check_addresses,
	.restart = true,
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
	return err_set(err, ERR_INPUT, "there is no protocol '%.*s'", SLICE_ARG(value));
}

CONF_KEY(listener_protocol) = {
	.name = "listener.protocol",
	.type = CONF_TEXT,
	.scopes = CONF_LISTENER,
	.def = "",
	.check = check_protocol,
	.restart = true,
	.help = "protocol of a listener that was added: smtp, lmtp, imap, pop3, managesieve",
};

CONF_KEY(listener_tls) = {
	.name = "listener.tls",
	.type = CONF_CHOICE,
	.scopes = CONF_LISTENER,
	.def = "usual",
	.choices = (const char *const[]){ "usual", "starttls", "implicit", NULL },
	.restart = true,
	.help = "TLS of a listener: starttls: by an upgrade; implicit: from the first byte",
};

CONF_KEY(listener_role) = {
	.name = "listener.role",
	.type = CONF_CHOICE,
	.scopes = CONF_LISTENER,
	.def = "usual",
	.choices = (const char *const[]){ "usual", "public", "private", "submission", NULL },
	.restart = true,
	.help = "whom an SMTP listener is for: public: other servers; private: own machines, who "
		"is in no sender group is refused; submission: users, who log in",
};

CONF_KEY(listener_socket) = {
	.name = "listener.socket",
	.type = CONF_CHOICE,
	.scopes = CONF_LISTENER,
	.def = "owner",
	.choices = (const char *const[]){ "owner", "group", "all", NULL },
	.restart = true,
	.help = "who may connect to a listener's UNIX sockets",
};

const struct conf_key *const listen_keys[] = { &conf_key_listener_protocol,
	&conf_key_listener_address, &conf_key_listener_tls, &conf_key_listener_role,
	&conf_key_listener_socket, NULL };

static unsigned mode_of(const struct listener_row *row)
{
	static const unsigned modes[] = { 0600, 0660, 0666 };

	return modes[conf_num_at(
	    &conf_key_listener_socket, &(struct conf_at){ .listener = row->name })];
}

static int add_at(const struct listener_row *row, struct slice host, unsigned port, struct err *err)
{
	if (slice_eq(host, SLICE("*")))
		return add_at(row, SLICE("0.0.0.0"), port, err) ||
			add_at(row, SLICE("::"), port, err)
		    ? -1
		    : 0;

	char *text = mem_str(host);
	struct listener listener = { .name = row->name,
		.host = text,
		.port = port,
		.proto = row->proto,
		.tls = row->tls,
		.role = row->role,
		.client = row->client,
		.mode = mode_of(row) };
	int rc = listen_add(&listener, err);
	free(text);
	return rc;
}

static int add_set(const struct listener_row *row, struct slice word, struct err *err)
{
	uint32_t port = row->port;
	struct slice host;

	return split(word, &host, &port)
	    ? add_at(row, host, port, err)
	    : err_set(err, ERR_INPUT, "listener %s: no port in '%.*s'", row->name, SLICE_ARG(word));
}

static int add_row(const struct listener_row *row, const char *host, int port_base, struct err *err)
{
	struct buf set = { 0 };
	int rc = 0;

	conf_text(&conf_key_listener_address, &(struct conf_at){ .listener = row->name }, &set);
	struct slice rest = buf_slice(&set);
	struct slice word = slice_word(&rest);
	if (word.n == 0)
		rc = add_at(
		    row, slice_str(host), port_base < 0 ? 0 : row->port + (unsigned)port_base, err);
	else if (!slice_ieq(word, SLICE("off")))
		for (; word.n > 0 && rc == 0; word = slice_word(&rest))
			rc = add_set(row, word, err);
	buf_done(&set);
	return rc;
}

static int add_path(const struct listener_row *row, const char *data, struct err *err)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", data, row->path);
	struct listener listener = { .name = row->name,
		.host = buf_z(&path),
		.proto = row->proto,
		.tls = row->tls,
		.role = row->role,
		.client = row->client,
		.mode = mode_of(row) };
	int rc = listen_add(&listener, err);
	buf_done(&path);
	return rc;
}

/* One that may be moved, and is. */
static bool is_moved(const struct listener_row *row)
{
	struct buf set = { 0 };

	if (row->port == 0)
		return false;
	conf_text(&conf_key_listener_address, &(struct conf_at){ .listener = row->name }, &set);
	bool moved = set.n > 0;
	buf_done(&set);
	return moved;
}

/* --- what admins changed, and what they added --- */

/* The row as it is set. */
static struct listener_row as_set(const struct listener_row *row)
{
	static const char *const roles[] = { NULL, "mx", "private", "submission" };
	struct conf_at at = { .listener = row->name };
	int64_t tls = conf_num_at(&conf_key_listener_tls, &at);
	const char *role = roles[conf_num_at(&conf_key_listener_role, &at)];
	struct listener_row set = *row;

	if (tls > 0 && row->tls != LISTEN_CLEAR)
		set.tls = tls == 1 ? LISTEN_STARTTLS : LISTEN_TLS;
	if (role)
		set.role = role;
	return set;
}

static const struct listener_row *row_of(const char *name)
{
	for (size_t i = 0; i < listener_row_table_n; i++)
		if (strcmp(listener_row_table[i]->name, name) == 0)
			return listener_row_table[i];
	return NULL;
}

/* Like the first one of that protocol. */
static bool is_added(const char *name, const char *protocol, struct listener_row *out)
{
	for (size_t i = 0; i < listener_row_table_n; i++) {
		const struct listener_row *row = listener_row_table[i];
		if (strcmp(row->proto->name, protocol) != 0)
			continue;
		*out = (struct listener_row){ .name = name,
			.port = row->port,
			.proto = row->proto,
			.tls = row->tls,
			.role = row->role };
		return true;
	}
	return false;
}

struct added {
	struct buf names; /* each ends with a NUL, then its protocol with one */
};

static void gather(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	struct added *added = arg;

	(void)scope;
	buf_add(&added->names, place, strlen(place) + 1);
	buf_add(&added->names, text, strlen(text) + 1);
}

static int add_added(const char *host, int port_base, struct err *err)
{
	struct added added = { 0 };
	struct listener_row row;
	int rc = 0;

	conf_each(&conf_key_listener_protocol, gather, &added);
	for (struct slice rest = buf_slice(&added.names); rc == 0 && rest.n > 0;) {
		const char *name = slice_cut(&rest, '\0').p, *protocol = slice_cut(&rest, '\0').p;
		if (row_of(name) || !is_added(name, protocol, &row))
			continue;
		row = as_set(&row);
		rc = add_row(&row, host, port_base, err);
	}
	buf_done(&added.names);
	return rc;
}

int listen_add_paths(const char *data, struct err *err)
{
	for (size_t i = 0; i < listener_row_table_n; i++) {
		const struct listener_row *row = listener_row_table[i];
		if (row->path && !is_moved(row) && add_path(row, data, err) != 0)
			return -1;
	}
	return 0;
}

int listen_add_ports(const char *host, int port_base, struct err *err)
{
	for (size_t i = 0; i < listener_row_table_n; i++) {
		struct listener_row row = as_set(listener_row_table[i]);
		if ((!row.path || is_moved(&row)) && add_row(&row, host, port_base, err) != 0)
			return -1;
	}
	return add_added(host, port_base, err);
}

bool listen_is_usual(const char *name)
{
	return row_of(name) != NULL;
}

bool listen_knows(const char *name)
{
	struct buf protocol = { 0 };

	conf_raw(&conf_key_listener_protocol, CONF_LISTENER, slice_str(name), &protocol);
	bool added = protocol.n > 0;
	buf_done(&protocol);
	return added || listen_is_usual(name);
}
