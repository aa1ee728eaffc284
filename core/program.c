/* program.c - another program, run without a shell, bounded in time and in what it says */
#include "core/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/loop.h"

enum { ARGS_MAX = 16, PIECE = 4096, COMPLAINT_MAX = 4096 };

struct child {
	pid_t pid;
	int in, out, complaint; /* our ends; -1: closed */
	struct slice input;	/* not given yet */
};

/* --- beginning --- */

/* One that others may change would run with our rights. */
static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (path[0] != '/')
		return err_set(err, ERR_INPUT, "%s is no absolute path", path);
	if (stat(path, &st) != 0)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
		return err_set(err, ERR_INPUT, "%s is no program", path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_DENIED, "%s may be changed by others: chmod go-w it", path);
	return 0;
}

/* Between fork and exec: nothing but system calls, for other threads may hold locks. */
static _Noreturn void become(const struct program *program, char *const argv[], const int fd[3])
{
	sigset_t none;

	setpgid(0, 0);
	for (int i = 0; i < 3; i++)
		if (dup2(fd[i], i) != i)
			_exit(126);
	close_range(3, ~0u, 0);
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || chdir("/") != 0)
		_exit(126);
	execve(program->path, argv, (char *const *)(uintptr_t)program->words);
	_exit(127);
}

static void close_pair(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static int start(const struct program *program, struct child *child, struct err *err)
{
	const char *argv[ARGS_MAX + 2] = { program->path };
	int in[2], out[2], complaint[2];

	for (size_t i = 0; program->args && program->args[i] && i < ARGS_MAX; i++)
		argv[i + 1] = program->args[i];
	if (pipe2(in, O_CLOEXEC) != 0)
		return err_sys(err, "no pipe");
	if (pipe2(out, O_CLOEXEC) != 0) {
		close_pair(in);
		return err_sys(err, "no pipe");
	}
	if (pipe2(complaint, O_CLOEXEC) != 0) {
		close_pair(in);
		close_pair(out);
		return err_sys(err, "no pipe");
	}
	child->pid = fork();
	if (child->pid == 0)
		become(program, (char *const *)(uintptr_t)argv,
		    (const int[]){ in[0], out[1], complaint[1] });
	close(in[0]);
	close(out[1]);
	close(complaint[1]);
	child->in = in[1];
	child->out = out[0];
	child->complaint = complaint[0];
	fcntl(child->in, F_SETFL, O_NONBLOCK);
	return child->pid > 0 ? 0 : err_sys(err, "cannot fork");
}

/* --- talking --- */

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void give(struct child *child)
{
	ssize_t n = write(child->in, child->input.p, child->input.n);

	if (n >= 0)
		child->input = slice_from(child->input, (size_t)n);
	if (child->input.n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		shut(&child->in);
}

/* Take what is there; false: it said too much. */
static bool take(int *fd, struct buf *to, size_t max)
{
	ssize_t n = read(*fd, buf_room(to, PIECE), PIECE);

	if (n > 0)
		to->n += (size_t)n;
	else if (n == 0 || errno != EINTR)
		shut(fd);
	return to->n <= max;
}

static int talk(const struct program *program, struct child *child, struct buf *out,
    struct buf *complaint, struct err *err)
{
	uint64_t until = loop_now() + program->ms, now;

	while (child->out >= 0 || child->complaint >= 0) {
		struct pollfd p[] = { { child->out, POLLIN, 0 }, { child->complaint, POLLIN, 0 },
			{ child->in, POLLOUT, 0 } };
		now = loop_now();
		if (threads_ending())
			return err_set(err, ERR_BUSY, "the server ends");
		if (now >= until)
			return err_set(err, ERR_TEMP, "%s was not done in time", program->path);
		poll(p, 3, until - now < 500 ? (int)(until - now) : 500);
		if (p[2].revents)
			give(child);
		if (p[0].revents && !take(&child->out, out, program->max))
			return err_set(err, ERR_LIMIT, "%s says too much", program->path);
		if (p[1].revents && !take(&child->complaint, complaint, COMPLAINT_MAX))
			buf_clear(complaint); /* what counts is its end */
	}
	return 0;
}

/* --- ending --- */

static struct slice last_line(struct buf *text)
{
	struct slice rest = slice_trim(buf_slice(text));
	ptrdiff_t lf = slice_rchr(rest, '\n');

	return slice_head(lf < 0 ? rest : slice_from(rest, (size_t)lf + 1), 160);
}

/* It has closed its outputs: give it a moment to end by itself. */
static int wait_for(struct child *child, bool kill_it, int *status)
{
	for (int i = 0; !kill_it && i < 100; i++) {
		if (waitpid(child->pid, status, WNOHANG) == child->pid) {
			kill(-child->pid, SIGKILL); /* whom it left behind */
			return 0;
		}
		poll(NULL, 0, 20);
	}
	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL); /* before it is in its group */
	while (waitpid(child->pid, status, 0) < 0 && errno == EINTR)
		;
	return kill_it ? 0 : -1;
}

static int judge(const struct program *program, int status, struct buf *complaint, struct err *err)
{
	struct slice said = last_line(complaint);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (said.n > 0)
		return err_set(err, ERR_TEMP, "%s: %.*s", program->path, SLICE_ARG(said));
	if (WIFEXITED(status))
		return err_set(
		    err, ERR_TEMP, "%s ended with %d", program->path, WEXITSTATUS(status));
	return err_set(err, ERR_TEMP, "%s was ended by signal %d", program->path, WTERMSIG(status));
}

int program_run(const struct program *program, struct buf *out, struct err *err)
{
	struct child child = { .input = program->input };
	struct buf complaint = { 0 };
	int status = 0;

	if (check_file(program->path, err) != 0 || start(program, &child, err) != 0)
		return -1;
	int rc = talk(program, &child, out, &complaint, err);
	if (wait_for(&child, rc != 0, &status) != 0 && rc == 0)
		rc = err_set(err, ERR_TEMP, "%s did not end", program->path);
	if (rc == 0)
		rc = judge(program, status, &complaint, err);
	shut(&child.in);
	shut(&child.out);
	shut(&child.complaint);
	buf_done(&complaint);
	return rc;
}
