/* op_server.c - the server itself and its sessions, as admins see them */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "core/listen.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/sess.h"
#include "core/tls.h"

/* --- server status, server version --- */

/* Field n of a file of numbers in /proc, or 0. */
static uint64_t number_of_proc(const char *path, int nth)
{
	FILE *f = fopen(path, "re");
	unsigned long long n = 0;

	if (!f)
		return 0;
	while (nth-- >= 0 && fscanf(f, "%llu", &n) == 1)
		;
	fclose(f);
	return n;
}

struct tally {
	int64_t sessions, logged_in;
};

static void tally(void *arg, const struct sess_row *row)
{
	struct tally *t = arg;

	t->sessions++;
	t->logged_in += row->account && *row->account;
}

static time_t started;

/* Constructors run before main: that is when the server was started. */
__attribute__((constructor)) static void note_start(void)
{
	started = time(NULL);
}

static int run_status(struct op_call *call)
{
	struct tally t = { 0 };

	sess_each(tally, &t);
	op_put_text(call, "version", SLICE(SIGNET_VERSION));
	op_put_text(call, "tls library", slice_str(tls_library())); /* P-036 */
	op_put_number(call, "pid", getpid());
	op_put_time(call, "started", started);
	op_put_number(call, "uptime", time(NULL) - started);
	op_put_number(call, "sessions", t.sessions);
	op_put_number(call, "logged in", t.logged_in);
	op_put_number(call, "loops", loops_count());
	op_put_number(call, "addresses missing", listen_missing(NULL, NULL));
	op_put_number(
	    call, "memory", (int64_t)number_of_proc("/proc/self/statm", 1) * sysconf(_SC_PAGESIZE));
	return 0;
}

OPERATION(server_status) = {
	.name = "server status",
	.role = OP_SERVER_ADMIN,
	.help = "show what the server is doing; uptime in seconds, memory in bytes",
	.more = "Which addresses it should listen at and cannot is told by signet listener list.",
	.example = "server status",
	.reads = true,
	.run = run_status,
};

static int run_version(struct op_call *call)
{
	op_put_text(call, "version", SLICE(SIGNET_VERSION));
	op_put_text(call, "tls library", slice_str(tls_library())); /* P-036 */
	return 0;
}

OPERATION(server_version) = {
	.name = "server version",
	.role = OP_USER,
	.help = "show the version of the running server",
	.reads = true,
	.run = run_version,
};

/* --- sessions --- */

static void put_session(void *arg, const struct sess_row *row)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_number(call, "icid", (int64_t)row->icid);
	op_put_text(call, "protocol", slice_str(row->proto));
	op_put_text(call, "listener", slice_str(row->listener));
	op_put_text(call, "peer", slice_str(row->peer));
	op_put_text(call, "account", slice_str(row->account));
	op_put_text(call, "tls", slice_str(row->tls));
	op_put_number(call, "age", (int64_t)(row->age_ms / 1000));
	op_put_number(call, "idle", (int64_t)(row->idle_ms / 1000));
}

static int run_sessions(struct op_call *call)
{
	sess_each(put_session, call);
	return 0;
}

OPERATION(session_list) = {
	.name = "session list",
	.role = OP_SERVER_ADMIN,
	.help = "list connections; age and idle time in seconds",
	.reads = true,
	.lists = true,
	.run = run_sessions,
};

static int run_end(struct op_call *call)
{
	int64_t icid = op_number(call, "icid", 0);

	if (icid <= 0 || !sess_end((uint64_t)icid))
		return op_fail(call, ERR_ABSENT, "there is no session %lld", (long long)icid);
	return 0;
}

static const struct op_arg end_args[] = {
	{ "icid", OP_NUMBER, OP_REQUIRED, "its number in signet session list and in the log",
	    NULL },
	{ 0 },
};

OPERATION(session_end) = {
	.name = "session end",
	.role = OP_SERVER_ADMIN,
	.args = end_args,
	.help = "end a connection when its command is done",
	.example = "session end 1795233600000000",
	.run = run_end,
};
