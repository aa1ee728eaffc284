/* login.c - names and passwords for servers that want a login; the passwords are sealed */
#include <stdlib.h>

#include "core/op.h"
#include "core/text.h"
#include "protocols/relay/relay.h"
#include "protocols/relay/relay_private.h"
#include "protocols/relay/talk.h"
#include "storage/rename.h"
#include "storage/sealed.h"
#include "storage/store.h"

static const char room[] = "relay-login";

static const struct relay_sealer *sealer;

void relay_login_start(const struct relay_sealer *with)
{
	sealer = with;
}

/* A record is the name, NUL, the sealed password; sealed for that host alone. */
static char *purpose(struct slice host)
{
	struct buf text = { 0 };

	buf_printf(&text, "login at %.*s", SLICE_ARG(host));
	buf_z(&text);
	return text.p;
}

static bool find_sealed(
    struct slice key, struct slice value, struct buf *what, struct slice *secret)
{
	char *text = purpose(key);

	buf_addz(what, text);
	free(text);
	slice_cut(&value, '\0');
	*secret = value;
	return value.n > 0;
}

/* The names are those of others' servers. */
RENAMED(relay_login) = { .room = "relay-login", .change = rename_nothing };

SEALED(relay_login) = { .room = "relay-login", .find = find_sealed };

int relay_login(struct slice host, struct buf *name, struct buf *password, struct err *err)
{
	struct buf record = { 0 };

	int found = store_record_get(room, host, &record);
	if (found < 0)
		err_set(err, ERR_TEMP, "it cannot be read");
	if (found == 1) {
		struct slice sealed = buf_slice(&record);
		char *what = purpose(host);

		buf_adds(name, slice_cut(&sealed, '\0'));
		if (!sealer || sealer->open(what, sealed, password, err) != 0)
			found = -1;
		free(what);
	}
	buf_done(&record);
	return found;
}

/* --- relay login, relay logout, relay logins --- */

static struct slice host_of(struct op_call *call)
{
	const char *ascii = domain_ascii(op_pool(call), slice_str(op_text(call, "host")));

	return slice_str(ascii ? ascii : op_text(call, "host"));
}

static int run_login(struct op_call *call)
{
	struct slice host = host_of(call), name = slice_str(op_text(call, "user"));
	struct buf record = { 0 };
	struct err err = { 0 };

	if (!sealer)
		return op_fail(call, ERR_TEMP, "there is nothing to seal a password with");
	char *what = purpose(host);
	buf_adds(&record, name);
	buf_addc(&record, '\0');
	int rc = sealer->close(what, op_secret(call, "password"), &record, &err);
	if (rc == 0)
		rc = store_record_put(room, host, buf_slice(&record), &err);
	free(what);
	buf_wipe(&record);
	return op_done(call, rc, &err);
}

static const struct op_arg login_args[] = {
	{ "host", OP_TEXT, OP_REQUIRED, "name of the server, as in relay.route", NULL },
	{ "user", OP_TEXT, OP_REQUIRED, "name to log in with", NULL },
	{ "password", OP_SECRET, OP_REQUIRED, "its password", NULL },
	{ 0 },
};

OPERATION(relay_login) = {
	.name = "relay login",
	.role = OP_SERVER_ADMIN,
	.args = login_args,
	.help = "set name and password for a server that relay.route names; used in TLS only",
	.example = "relay login smtp.provider.example me@provider.example",
	.run = run_login,
};

static int run_logout(struct op_call *call)
{
	struct err err = { 0 };

	if (store_record_put(room, host_of(call), (struct slice){ 0 }, &err) != 0)
		return op_fail_err(call, &err);
	return 0;
}

static const struct op_arg logout_args[] = {
	{ "host", OP_TEXT, OP_REQUIRED, "name of the server", NULL },
	{ 0 },
};

OPERATION(relay_logout) = {
	.name = "relay logout",
	.role = OP_SERVER_ADMIN,
	.args = logout_args,
	.help = "forget name and password for a server",
	.run = run_logout,
};

static bool put_row(void *arg, struct slice key, struct slice value)
{
	op_row(arg);
	op_put_text(arg, "host", key);
	op_put_text(arg, "user", slice_cut(&value, '\0'));
	return true;
}

static int run_logins(struct op_call *call)
{
	if (store_record_each(room, (struct slice){ 0 }, put_row, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the logins");
	return 0;
}

OPERATION(relay_logins) = {
	.name = "relay logins",
	.role = OP_SERVER_ADMIN,
	.help = "list the servers that we log in to",
	.reads = true,
	.lists = true,
	.run = run_logins,
};
