/* op_backup.c - backups made, proved, and put back */
#include <stdatomic.h>

#include "core/op.h"
#include "storage/store.h"

static void tell(void *arg, int64_t done, int64_t total, const char *what)
{
	op_progress(arg, done, total, what);
}

static int run_create(struct op_call *call)
{
	static atomic_flag running = ATOMIC_FLAG_INIT;
	struct err err = { 0 };

	if (atomic_flag_test_and_set(&running))
		return op_fail(call, ERR_BUSY, "another backup is being made");
	int rc = store_backup(op_text(call, "target"), tell, call, &err);
	atomic_flag_clear(&running);
	return op_done(call, rc, &err);
}

static const struct op_arg create_args[] = {
	{ "target", OP_FILE, OP_REQUIRED, "folder that is empty or not there yet", NULL },
	{ 0 },
};

OPERATION(backup_create) = {
	.name = "backup create",
	.role = OP_SERVER_ADMIN,
	.args = create_args,
	.help = "copy all that the server keeps into a folder, while it goes on serving",
	.more = "The folder must be writable for the user that the server runs as. The copy holds\n"
		"the master key, which opens the private keys of all domains: keep it as safe as\n"
		"the server itself.",
	.example = "backup create /var/backups/signet-monday",
	.run = run_create,
};

static int run_verify(struct op_call *call)
{
	struct store_check check = { 0 };
	struct err err = { 0 };

	if (store_check(tell, call, &check, &err) != 0)
		return op_fail_err(call, &err);
	op_put_number(call, "accounts", (int64_t)check.accounts);
	op_put_number(call, "mailboxes", (int64_t)check.mailboxes);
	op_put_number(call, "messages", (int64_t)check.messages);
	op_put_number(call, "bytes", (int64_t)check.bytes);
	op_put_number(call, "faults", (int64_t)check.faults);
	if (check.faults > 0)
		op_say(call, "The log has a line for each fault.");
	return 0;
}

OPERATION(backup_verify) = {
	.name = "backup verify",
	.role = OP_SERVER_ADMIN,
	.help = "read every message that the server keeps and compare it with its records",
	.example = "backup verify",
	.reads = true,
	.run = run_verify,
};

static int run_restore(struct op_call *call)
{
	const char *data = op_text(call, "data");
	struct err err = { 0 };

	if (store_restore(op_text(call, "from"), data, tell, call, &err) != 0)
		return op_fail_err(call, &err);
	op_say(call, "Every message was read back. Start the server with signetd -d %s", data);
	return 0;
}

static const struct op_arg restore_args[] = {
	{ "from", OP_FILE, OP_REQUIRED, "folder with the backup", NULL },
	{ "data", OP_FILE, OP_REQUIRED, "folder for the server, empty or not there yet", NULL },
	{ 0 },
};

OPERATION(backup_restore) = {
	.name = "backup restore",
	.role = OP_SERVER_ADMIN,
	.args = restore_args,
	.help = "make a data folder from a backup, and read every message back",
	.more = "Runs without a server. The new folder belongs to whoever calls this: give it to\n"
		"the server's user before you start the server as that user.",
	.example = "backup restore /var/backups/signet-monday /var/lib/signet",
	.offline = true,
	.run = run_restore,
};
