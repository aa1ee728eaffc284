/* op_import.c - mail that comes from another server, and mail that goes to one */
#include <unistd.h>

#include "core/op.h"
#include "storage/export.h"
#include "storage/import_imap.h"
#include "storage/op_account.h"

static void tell(void *arg, int64_t done, int64_t total, const char *what)
{
	op_progress(arg, done, total, what);
}

static int answer(struct op_call *call, struct import *import, int rc, const struct err *err)
{
	op_put_number(call, "imported", (int64_t)import->imported);
	op_put_number(call, "known", (int64_t)import->known);
	import_done(import);
	acct_close(&import->acct);
	return op_done(call, rc, err);
}

static const char again[] =
    "Each message is imported once: run it again when it was stopped, or for what has come\n"
    "since. It goes on when the command that asked for it is stopped; into an account there\n"
    "is one import at a time. The files must be readable for the user that the server\n"
    "runs as; nothing of them is changed.";

/* --- Maildir --- */

static int run_maildir(struct op_call *call)
{
	struct import import = { .acct = op_account_open(call) };
	const struct import_progress progress = { tell, call };
	struct slice below = slice_str(op_text(call, "below"));
	struct err err = { 0 };
	uint64_t failed = 0;

	if (!import.acct)
		return -1;
	int rc = import_begin(&import, false, &err);
	if (rc == 0)
		rc = import_maildir(
		    &import, op_text(call, "folder"), below, &progress, &failed, &err);
	op_put_number(call, "failed", (int64_t)failed);
	if (failed > 0)
		op_say(call, "The log has a line for each file that failed.");
	return answer(call, &import, rc, &err);
}

static const struct op_arg maildir_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account that gets the mail", NULL },
	{ "folder", OP_FILE, OP_REQUIRED, "the Maildir, with cur, new, .Sent and so on", NULL },
	{ "below", OP_TEXT, OP_OPTION, "mailbox below which all of it goes", NULL },
	{ 0 },
};

OPERATION(import_maildir) = {
	.name = "import maildir",
	.role = OP_SERVER_ADMIN,
	.args = maildir_args,
	.help = "bring in the mail of a Maildir with all its folders, flags and dates",
	.more = again,
	.example = "import maildir ann@example.org /home/ann/Maildir\n"
		   "import maildir ann@example.org /old/ann --below Old",
	.run = run_maildir,
};

/* --- mbox --- */

static int run_mbox(struct op_call *call)
{
	struct import import = { .acct = op_account_open(call) };
	const struct import_progress progress = { tell, call };
	const char *mailbox = op_given(call, "mailbox") ? op_text(call, "mailbox") : "INBOX";
	struct err err = { 0 };

	if (!import.acct)
		return -1;
	int rc = import_begin(&import, false, &err);
	if (rc == 0)
		rc = import_mbox(
		    &import, op_text(call, "file"), slice_str(mailbox), &progress, &err);
	return answer(call, &import, rc, &err);
}

static const struct op_arg mbox_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account that gets the mail", NULL },
	{ "file", OP_FILE, OP_REQUIRED, "the mbox", NULL },
	{ "mailbox", OP_TEXT, OP_OPTION, "where its messages go; else INBOX", NULL },
	{ 0 },
};

OPERATION(import_mbox) = {
	.name = "import mbox",
	.role = OP_SERVER_ADMIN,
	.args = mbox_args,
	.help = "bring in the mail of an mbox file",
	.more = again,
	.example = "import mbox ann@example.org /var/mail/ann\n"
		   "import mbox ann@example.org /home/ann/mail/work --mailbox Work",
	.run = run_mbox,
};

/* --- IMAP --- */

static int run_imap(struct op_call *call)
{
	struct import import = { .acct = op_account_open(call) };
	const struct import_progress progress = { tell, call };
	bool starttls = op_bool(call, "starttls");
	struct err err = { 0 };
	uint64_t failed = 0;
	const struct import_imap from = {
		.server = { .host = op_text(call, "host"),
		    .port = (unsigned)op_number(call, "port", starttls ? 143 : 993),
		    .starttls = starttls,
		    .name = op_text(call, "certificate-name") },
		.user = op_text(call, "user"),
		.password = op_secret(call, "password"),
		.below = op_given(call, "below") ? op_text(call, "below") : "",
		.failed = &failed,
	};

	if (!import.acct)
		return -1;
	int rc = import_begin(&import, true, &err);
	if (rc == 0)
		rc = import_imap(&import, &from, &progress, &err);
	op_put_number(call, "failed", (int64_t)failed);
	return answer(call, &import, rc, &err);
}

static const struct op_arg imap_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account that gets the mail", NULL },
	{ "host", OP_TEXT, OP_REQUIRED, "name of the other server", NULL },
	{ "user", OP_TEXT, OP_REQUIRED, "login name there", NULL },
	{ "password", OP_SECRET, OP_REQUIRED, "password there", NULL },
	{ "port", OP_NUMBER, OP_OPTION, "where it listens; else 993, or 143 with --starttls",
	    NULL },
	{ "starttls", OP_BOOL, OP_OPTION, "begin in the clear, then TLS", NULL },
	{ "certificate-name", OP_TEXT, OP_OPTION, "what its certificate is for, if not the host",
	    NULL },
	{ "below", OP_TEXT, OP_OPTION, "mailbox below which all of it goes", NULL },
	{ 0 },
};

OPERATION(import_imap) = {
	.name = "import imap",
	.role = OP_SERVER_ADMIN,
	.args = imap_args,
	.help = "bring in all mail of an account on another IMAP server",
	.more =
	    "Each message is imported once: run it again when it was stopped, or for what has come\n"
	    "since. It goes on when the command that asked for it is stopped; there is one import\n"
	    "into an account at a time, and four over the network. Nothing is changed there. The\n"
	    "server must show a certificate that is trusted here (signet trust add); the password\n"
	    "is never sent without TLS.",
	.example = "import imap ann@example.org mail.old.example ann\n"
		   "import imap ann@example.org mail.old.example ann --below Old --starttls",
	.network = true,
	.run = run_imap,
};

/* --- forget --- */

static int run_forget(struct op_call *call)
{
	struct acct *acct = op_account_open(call);
	struct err err = { 0 };
	uint64_t n;

	if (!acct)
		return -1;
	int rc = import_forget(acct, &n, &err);
	acct_close(&acct);
	op_put_number(call, "forgotten", (int64_t)n);
	return op_done(call, rc, &err);
}

static const struct op_arg forget_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

OPERATION(import_forget) = {
	.name = "import forget",
	.role = OP_SERVER_ADMIN,
	.args = forget_args,
	.help = "forget where an account's mail was imported from, when that is over",
	.more = "The mail stays. Another import of the same files would bring it once more.",
	.example = "import forget ann@example.org",
	.run = run_forget,
};

/* --- export --- */

/* It has its name when it is whole: what was broken off is never taken for all of it. */
static int export(struct op_call *call,
    int (*to)(struct acct *acct, const char *path, const struct import_progress *progress,
	uint64_t *messages, struct err *err))
{
	const char *folder = op_text(call, "folder");
	const char *partial = pool_printf(op_pool(call), "%s.partial", folder);
	const struct import_progress progress = { tell, call };
	struct err err = { 0 };
	uint64_t messages = 0;

	if (access(folder, F_OK) == 0)
		return op_fail(call, ERR_EXISTS, "%s is there already", folder);
	struct acct *acct = op_account_open(call);
	if (!acct)
		return -1;
	int held = export_begin(partial, &err);
	int rc = held < 0 ? -1 : to(acct, partial, &progress, &messages, &err);
	acct_close(&acct);
	if (rc == 0)
		rc = export_end(partial, folder, held, &err);
	else if (held >= 0)
		close(held);
	op_put_number(call, "exported", (int64_t)messages);
	return op_done(call, rc, &err);
}

static int run_export(struct op_call *call)
{
	return export(call, export_maildir);
}

static int run_export_mbox(struct op_call *call)
{
	return export(call, export_mbox);
}

static const struct op_arg export_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "folder", OP_FILE, OP_REQUIRED, "folder that is not there yet", NULL },
	{ 0 },
};

OPERATION(export_maildir) = {
	.name = "export maildir",
	.role = OP_SERVER_ADMIN,
	.args = export_args,
	.help = "write all mail of an account as a Maildir, with flags and dates",
	.more =
	    "The folder is made by the user that the server runs as, who alone may read it. Until\n"
	    "all is written its name ends in .partial; when an export was broken off, run it again:\n"
	    "it removes what is left of it, and begins anew.",
	.example = "export maildir ann@example.org /var/tmp/ann",
	.run = run_export,
};

OPERATION(export_mbox) = {
	.name = "export mbox",
	.role = OP_SERVER_ADMIN,
	.args = export_args,
	.help = "write all mail of an account as mbox files, one for each mailbox",
	.more =
	    "The folder is made by the user that the server runs as, who alone may read it. Until\n"
	    "all is written its name ends in .partial; when an export was broken off, run it again:\n"
	    "it removes what is left of it, and begins anew.",
	.example = "export mbox ann@example.org /var/tmp/ann",
	.run = run_export_mbox,
};
