/* op_ticket.c - the keys of session tickets, by an admin: seen, turned, shared */
#include "core/log.h"
#include "core/op.h"
#include "core/text.h"
#include "pki/ticket.h"

/* --- seen --- */

static void put_row(struct op_call *call, const struct tls_ticket_key *key, const char *use,
    int64_t since, int64_t until)
{
	struct buf name = { 0 };

	hex_put(&name, slice_of(key->name, 8));
	op_row(call);
	op_put_text(call, "key", buf_slice(&name));
	op_put_text(call, "use", slice_str(use));
	if (since > 0)
		op_put_time(call, "since", since);
	if (until > 0)
		op_put_time(call, "until", until);
	buf_done(&name);
}

static int run_show(struct op_call *call)
{
	struct ticket_keys keys;
	struct tls_ticket_key key;
	struct err err = { 0 };

	if (ticket_read(&keys, &err) != 0)
		return op_fail_err(call, &err);
	int64_t next = keys.since + keys.period;
	ticket_key(&keys, &key);
	put_row(call, &key, "seals", keys.since, next);
	ticket_next_key(&keys, &key);
	put_row(call, &key, "opens, seals next", next, next + keys.period);
	for (size_t i = 0; i < keys.n_old; i++)
		put_row(call, &keys.old[i], "opens", 0, 0);
	bytes_wipe(&keys, sizeof(keys));
	bytes_wipe(&key, sizeof(key));
	return 0;
}

OPERATION(tls_ticket_keys) = {
	.name = "tls ticket-keys",
	.role = OP_SERVER_ADMIN,
	.help = "show by their names the keys under which TLS session tickets are sealed",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* --- turned --- */

static int run_rotate(struct op_call *call)
{
	struct err err = { 0 };
	bool forget = op_bool(call, "forget");

	if (ticket_rotate(forget, &err) != 0)
		return op_fail_err(call, &err);
	log_event(LOG_INFO, "ticket-keys-rotated", log_n("forgotten", forget));
	op_say(call, "Servers that shared the keys need the new ones: tls ticket-keys-export.");
	return 0;
}

static const struct op_arg rotate_args[] = {
	{ "forget", OP_BOOL, OP_OPTION, "open no ticket any more that was made until now", NULL },
	{ 0 },
};

OPERATION(tls_ticket_keys_rotate) = {
	.name = "tls ticket-keys-rotate",
	.role = OP_SERVER_ADMIN,
	.args = rotate_args,
	.help = "seal TLS session tickets under a new secret from now on",
	.more =
	    "Keys turn by themselves, each made of the one before. This begins with a new secret,\n"
	    "as is due when the old one may be known to others: then with --forget.",
	.run = run_rotate,
};

/* --- shared --- */

static int run_export(struct op_call *call)
{
	struct ticket_keys keys;
	struct buf text = { 0 };
	struct err err = { 0 };
	int rc = ticket_read(&keys, &err);

	if (rc == 0)
		rc = ticket_lock(&keys, op_secret(call, "password"), &text, &err);
	if (rc == 0)
		op_put_text(call, "keys", buf_slice(&text));
	bytes_wipe(&keys, sizeof(keys));
	buf_done(&text);
	return op_done(call, rc, &err);
}

static const struct op_arg export_args[] = {
	{ "password", OP_SECRET, OP_REQUIRED | OP_NEW, "a password for the exported keys", NULL },
	{ 0 },
};

OPERATION(tls_ticket_keys_export) = {
	.name = "tls ticket-keys-export",
	.role = OP_SERVER_ADMIN,
	.args = export_args,
	.help = "give the ticket keys, sealed under a password, for a second server",
	.more =
	    "A server that imports them opens this one's tickets, and this one opens its, also\n"
	    "after the keys have turned: both turn them alike. It needs the same certificates\n"
	    "and settings, since sessions are bound to them.",
	.run = run_export,
};

static int run_import(struct op_call *call)
{
	struct ticket_keys keys;
	struct err err = { 0 };
	int rc = ticket_unlock(op_secret(call, "keys"), op_secret(call, "password"), &keys, &err);

	if (rc == 0)
		rc = ticket_adopt(&keys, &err);
	bytes_wipe(&keys, sizeof(keys));
	if (rc != 0)
		return op_fail_err(call, &err);
	log_event(LOG_INFO, "ticket-keys-imported");
	return 0;
}

static const struct op_arg import_args[] = {
	{ "keys", OP_SECRET, OP_REQUIRED, "what tls ticket-keys-export gave", NULL },
	{ "password", OP_SECRET, OP_REQUIRED, "the password of the exported keys", NULL },
	{ 0 },
};

OPERATION(tls_ticket_keys_import) = {
	.name = "tls ticket-keys-import",
	.role = OP_SERVER_ADMIN,
	.args = import_args,
	.help = "go on with the ticket keys of another server",
	.example = "tls ticket-keys-import --keys-file keys.txt < password",
	.run = run_import,
};
