/* listen_rows.c - where each protocol listens: its rows and the setting that moves them */
#include "core/listen.h"

#include <stdlib.h>

#include "core/conf.h"
#include "core/num.h"

CONF_KEY(listener_address) = {
	.name = "listener.address",
	.type = CONF_TEXT,
	.scopes = CONF_LISTENER,
	.def = "",
	.restart = true,
	.help =
	    "addresses of a listener, as 192.0.2.1:25 [2001:db8::1]:25 *:2525 or a path, parted by "
	    "blanks; off for none; empty for the usual port on all",
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

/* "[2001:db8::1]:25", "192.0.2.1:25", "*:25", or without a port. */
static int add_set(const struct listener_row *row, struct slice word, struct err *err)
{
	uint32_t port = row->port;
	struct slice host = word;
	ptrdiff_t colon = slice_rchr(word, ':');

	if (colon > 0 && (slice_chr(word, ':') == colon || word.p[colon - 1] == ']')) {
		host = slice_head(word, (size_t)colon);
		if (!num_u32(slice_from(word, (size_t)colon + 1), &port) || port > 65535)
			return err_set(err, ERR_INPUT, "listener %s: no port in '%.*s'", row->name,
			    SLICE_ARG(word));
	}
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	return add_at(row, host, port, err);
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
		const struct listener_row *row = listener_row_table[i];
		if ((!row->path || is_moved(row)) && add_row(row, host, port_base, err) != 0)
			return -1;
	}
	return 0;
}

bool listen_knows(const char *name)
{
	for (size_t i = 0; i < listener_row_table_n; i++)
		if (strcmp(listener_row_table[i]->name, name) == 0)
			return true;
	return false;
}
