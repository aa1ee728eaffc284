/* op_master.c - the master key, for admins */
#include "core/loop.h"
#include "core/op.h"
#include "core/text.h"
#include "pki/master_rotate.h"
#include "pki/seal.h"

/* --- show --- */

static int run_show(struct op_call *call)
{
	struct master_progress progress;
	struct seal_state state;

	seal_state(&state);
	master_progress(&progress);
	op_put_text(call, "kept",
	    state.external	   ? SLICE("credential")
		: state.passphrase ? SLICE("file, under a passphrase")
				   : SLICE("file"));
	op_put_bool(call, "changing", progress.running || state.n > 1);
	op_put_number(call, "sealed-anew", (int64_t)progress.done);
	op_put_number(call, "left", (int64_t)progress.left);
	if (*progress.trouble)
		op_put_text(call, "trouble", slice_str(progress.trouble));
	for (size_t i = 0; i < state.n; i++) {
		struct buf id = { 0 };
		hex_put(&id, slice_of(state.id[i], SEAL_ID));
		op_row(call);
		op_put_text(call, "id", buf_slice(&id));
		op_put_text(call, "use", i == 0 ? SLICE("seals and opens") : SLICE("opens"));
		buf_done(&id);
	}
	return 0;
}

OPERATION(master_key_show) = {
	.name = "master-key show",
	.role = OP_SERVER_ADMIN,
	.help = "show which master keys there are, by their ids, and how far a change of it is",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* --- rotate --- */

static void wait_until_done(struct op_call *call)
{
	struct master_progress progress;

	do {
		master_progress(&progress);
		op_progress(call, (int64_t)progress.done,
		    (int64_t)(progress.done + progress.left + 1), "sealing anew");
	} while (progress.running && !*progress.trouble && !threads_sleep(100));
}

static int run_rotate(struct op_call *call)
{
	struct err err = { 0 };

	if (master_rotate(&err) != 0)
		return op_fail_err(call, &err);
	if (op_bool(call, "wait"))
		wait_until_done(call);
	return run_show(call);
}

static const struct op_arg rotate_args[] = {
	{ "wait", OP_BOOL, OP_OPTION, "until everything is sealed anew", NULL },
	{ 0 },
};

OPERATION(master_key_rotate) = {
	.name = "master-key rotate",
	.role = OP_SERVER_ADMIN,
	.args = rotate_args,
	.help = "make another master key and seal all private keys anew under it",
	.more = "It is done in the background while the server works. Until it is done both keys\n"
		"are kept, so that it may be cut off at any time; it is finished after the next\n"
		"start. A backup of before needs the key of before, which it contains.",
	.example = "master-key rotate --wait",
	.run = run_rotate,
};

/* --- protect --- */

static int run_protect(struct op_call *call)
{
	struct slice passphrase = op_secret(call, "passphrase");
	struct err err = { 0 };

	if (passphrase.n < 12)
		return op_fail(call, ERR_INPUT, "a passphrase of less than 12 bytes is soon found");
	return op_done(call, seal_protect(passphrase, &err), &err);
}

static const struct op_arg protect_args[] = {
	{ "passphrase", OP_SECRET, OP_REQUIRED | OP_NEW, "it is asked for at each start", NULL },
	{ 0 },
};

OPERATION(master_key_protect) = {
	.name = "master-key protect",
	.role = OP_SERVER_ADMIN,
	.args = protect_args,
	.help = "keep the master key under a passphrase",
	.more =
	    "From then on signetd starts only when it is given the passphrase: by -k FILE (- is\n"
	    "standard input), or by systemd as the credential signet-passphrase.",
	.run = run_protect,
};

static int run_unprotect(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, seal_protect((struct slice){ 0 }, &err), &err);
}

OPERATION(master_key_unprotect) = {
	.name = "master-key unprotect",
	.role = OP_SERVER_ADMIN,
	.help = "keep the master key without a passphrase, in its file of mode 0600",
	.run = run_unprotect,
};
