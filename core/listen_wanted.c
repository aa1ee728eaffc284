/* listen_wanted.c - where a listener is to be: by its row, or as an admin has set it */
#include <string.h>

#include "core/listen_private.h"

/* How the server was started. */
static struct {
	const char *data, *host;
	int port_base;
} start;

/* --- settings of a listener, those that are about to be made before all others --- */

struct asked {
	const char *name;
	const struct conf_change *changes;
	size_t n;
};

static void text_of(const struct asked *asked, const struct conf_key *key, struct buf *out)
{
	for (size_t i = 0; i < asked->n; i++)
		if (asked->changes[i].key == key) {
			struct slice value = asked->changes[i].value;
			buf_clear(out);
			buf_adds(out, value.n > 0 ? value : slice_str(key->def));
			return;
		}
	conf_text(key, &(struct conf_at){ .listener = asked->name }, out);
}

static int64_t num_of(const struct asked *asked, const struct conf_key *key)
{
	struct buf text = { 0 };
	int64_t num = 0;

	text_of(asked, key, &text);
	conf_check(key, buf_slice(&text), &num, NULL);
	buf_done(&text);
	return num;
}

static unsigned mode_of(const struct asked *asked)
{
	static const unsigned modes[] = { 0600, 0660, 0666 };

	return modes[num_of(asked, &conf_key_listener_socket)];
}

/* --- its row --- */

static const struct listener_row *row_of(const char *name)
{
	for (size_t i = 0; i < listener_row_table_n; i++)
		if (strcmp(listener_row_table[i]->name, name) == 0)
			return listener_row_table[i];
	return NULL;
}

/* One that an admin added is like the first one of that protocol. */
static bool is_added(const char *name, struct slice protocol, struct listener_row *out)
{
	for (size_t i = 0; i < listener_row_table_n; i++) {
		const struct listener_row *row = listener_row_table[i];
		if (!slice_eq(protocol, slice_str(row->proto->name)))
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

static void as_set(const struct asked *asked, struct listener_row *row)
{
	static const char *const roles[] = { NULL, "mx", "private", "submission" };
	int64_t tls = num_of(asked, &conf_key_listener_tls);
	const char *role = roles[num_of(asked, &conf_key_listener_role)];

	if (tls > 0 && row->tls != LISTEN_CLEAR)
		row->tls = tls == 1 ? LISTEN_STARTTLS : LISTEN_TLS;
	if (role)
		row->role = role;
}

/* False: there is no such listener. */
static bool row_for(const struct asked *asked, struct listener_row *row)
{
	const struct listener_row *usual = row_of(asked->name);
	struct buf protocol = { 0 };

	if (usual)
		*row = *usual;
	else
		text_of(asked, &conf_key_listener_protocol, &protocol);
	bool there = usual || is_added(asked->name, buf_slice(&protocol), row);
	buf_done(&protocol);
	if (there)
		as_set(asked, row);
	return there;
}

/* --- its places --- */

/* Grows by doubling, in the pool. */
static void add(struct listen_wanted *w, const struct listener *listener)
{
	if ((w->n & (w->n - 1)) == 0) {
		struct listener *grown = pool_get(&w->pool, (w->n ? 2 * w->n : 1) * sizeof *grown);
		if (w->n > 0)
			memcpy(grown, w->list, w->n * sizeof *grown);
		w->list = grown;
	}
	w->list[w->n++] = *listener;
}

static void add_at(struct listen_wanted *w, const struct asked *asked,
    const struct listener_row *row, struct slice host, unsigned port)
{
	if (slice_eq(host, SLICE("*"))) {
		add_at(w, asked, row, SLICE("0.0.0.0"), port);
		add_at(w, asked, row, SLICE("::"), port);
		return;
	}
	add(w,
	    &(struct listener){ .name = pool_str(&w->pool, slice_str(row->name)),
		.host = pool_str(&w->pool, host),
		.port = port,
		.proto = row->proto,
		.tls = row->tls,
		.role = row->role,
		.client = row->client,
		.mode = mode_of(asked) });
}

static void add_path(
    struct listen_wanted *w, const struct asked *asked, const struct listener_row *row)
{
	add_at(w, asked, row, slice_str(pool_printf(&w->pool, "%s/%s", start.data, row->path)), 0);
}

static void add_usual(
    struct listen_wanted *w, const struct asked *asked, const struct listener_row *row)
{
	if (row->path)
		add_path(w, asked, row);
	else
		add_at(w, asked, row, slice_str(start.host),
		    start.port_base < 0 ? 0 : row->port + (unsigned)start.port_base);
}

static int add_set(struct listen_wanted *w, const struct asked *asked,
    const struct listener_row *row, struct slice words, struct err *err)
{
	for (struct slice word; (word = slice_word(&words)).n > 0;) {
		uint32_t port = row->port;
		struct slice host;
		if (slice_ieq(word, SLICE("off")))
			return 0;
		if (!listen_split(word, &host, &port))
			return err_set(err, ERR_INPUT, "listener %s: no port in '%.*s'", row->name,
			    SLICE_ARG(word));
		add_at(w, asked, row, host, port);
	}
	return 0;
}

/* A row without a port is a socket in DATA and stays there. */
static int want_one(struct listen_wanted *w, const struct asked *asked, struct err *err)
{
	struct buf places = { 0 };
	struct listener_row row;
	int rc = 0;

	if (!row_for(asked, &row))
		return 0;
	if (row.port > 0)
		text_of(asked, &conf_key_listener_address, &places);
	struct slice words = slice_trim(buf_slice(&places));
	if (words.n == 0)
		add_usual(w, asked, &row);
	else
		rc = add_set(w, asked, &row, words, err);
	buf_done(&places);
	return rc;
}

/* --- all of them --- */

static void gather(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	(void)scope;
	(void)text;
	buf_add(arg, place, strlen(place) + 1);
}

static int want_added(struct listen_wanted *w, struct err *err)
{
	struct buf names = { 0 };
	int rc = 0;

	conf_each(&conf_key_listener_protocol, gather, &names);
	for (struct slice rest = buf_slice(&names); rc == 0 && rest.n > 0;) {
		const char *name = slice_cut(&rest, '\0').p;
		if (!row_of(name))
			rc = want_one(w, &(struct asked){ .name = name }, err);
	}
	buf_done(&names);
	return rc;
}

static int want_all(struct listen_wanted *w, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < listener_row_table_n; i++)
		rc = want_one(w, &(struct asked){ .name = listener_row_table[i]->name }, err);
	return rc == 0 ? want_added(w, err) : rc;
}

int listen_want(struct listen_wanted *w, const char *name, const struct conf_change *changes,
    size_t n, struct err *err)
{
	return name ? want_one(w, &(struct asked){ name, changes, n }, err) : want_all(w, err);
}

void listen_wanted_done(struct listen_wanted *w)
{
	pool_done(&w->pool);
	*w = (struct listen_wanted){ 0 };
}

/* --- the start --- */

static bool is_in_data(const char *host)
{
	size_t n = strlen(start.data);

	return strncmp(host, start.data, n) == 0 && host[n] == '/';
}

/* 1: it listens; 0: it is missing; -1: and it must not be. */
static int begin_one(const struct listener *listener, struct missing **missing, struct err *why)
{
	if (listen_add(listener, why) == 0)
		return 1;
	if (!missing_may(listener, why))
		return -1;
	missing_add(missing, listener, why);
	return 0;
}

/* Of the paths in the data folder, or of all the rest, what can be had; -1 when that is nothing. */
static int begin(bool in_data, struct err *err)
{
	struct listen_wanted wanted = { 0 };
	struct missing *missing = NULL;
	int rc = want_all(&wanted, err), had = 0;

	for (size_t i = 0; rc >= 0 && i < wanted.n; i++)
		if (is_in_data(wanted.list[i].host) == in_data) {
			rc = begin_one(&wanted.list[i], &missing, err);
			had += rc;
		}
	listen_wanted_done(&wanted);
	if (rc < 0 || (had == 0 && missing)) {
		missing_free(&missing);
		return -1;
	}
	missing_replace(NULL, missing);
	return 0;
}

int listen_add_paths(const char *data, struct err *err)
{
	start.data = data;
	start.host = "";
	return begin(true, err);
}

int listen_add_ports(const char *host, int port_base, struct err *err)
{
	start.host = host;
	start.port_base = port_base;
	return begin(false, err);
}

bool listen_is_usual(const char *name)
{
	return row_of(name) != NULL;
}

bool listen_knows(const char *name)
{
	struct listener_row row;

	return row_for(&(struct asked){ .name = name }, &row);
}

bool listen_has_tls(const char *name)
{
	struct listener_row row;

	return row_for(&(struct asked){ .name = name }, &row) && row.tls != LISTEN_CLEAR;
}
