/* cli_call.c - an operation is sent to the server over DATA/control, and its answer read */
#include "main/cli.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *data, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int n = snprintf(addr.sun_path, sizeof addr.sun_path, "%s/control", data);
	int fd;

	if (n < 0 || (size_t)n >= sizeof addr.sun_path)
		return err_set(err, ERR_INPUT, "the path %s is too long", data);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	if (why == EACCES || why == EPERM)
		return err_sys(err, "%s is for root and the server's own user", addr.sun_path);
	return err_set(err, ERR_TEMP, "no server answers on %s; start it with signetd -d %s",
	    addr.sun_path, data);
}

static int send_all(int fd, struct slice data, struct err *err)
{
	while (data.n > 0) {
		ssize_t n = send(fd, data.p, data.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EPIPE)
			return 0; /* it has refused us: the reason can be read */
		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot send to the server");
		if (n > 0)
			data = slice_from(data, (size_t)n);
	}
	return 0;
}

static int add_piece(const char *piece, size_t n, void *arg)
{
	buf_add(arg, piece, n);
	return 0;
}

static int send_request(int fd, const struct op *op, json_t *args, struct err *err)
{
	json_t *request = json_pack("{s:s, s:O}", "op", op->name, "args", args);
	struct buf line = { 0 };

	json_dump_callback(request, add_piece, &line, JSON_COMPACT);
	buf_addc(&line, '\n');
	int rc = send_all(fd, buf_slice(&line), err);
	json_decref(request);
	buf_wipe(&line);
	return rc;
}

/* The next line of *in, without its end; false when the server is gone. */
static bool read_line(int fd, struct buf *in, struct slice *line)
{
	size_t looked = 0;

	for (;;) {
		ptrdiff_t end = slice_chr(slice_from(buf_slice(in), looked), '\n');
		if (end >= 0) {
			*line = slice_head(buf_slice(in), looked + (size_t)end);
			return true;
		}
		looked = in->n;
		ssize_t n = read(fd, buf_room(in, 64 * 1024), 64 * 1024);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0)
			in->n += (size_t)n;
	}
}

static void show_progress(const json_t *progress)
{
	cli_progress(NULL, json_integer_value(json_object_get(progress, "done")),
	    json_integer_value(json_object_get(progress, "total")),
	    json_string_value(json_object_get(progress, "what")));
}

static json_t *read_answer(int fd, struct err *err)
{
	struct buf in = { 0 };
	struct slice line;
	json_t *answer = NULL;

	while (!answer && read_line(fd, &in, &line)) {
		answer = json_loadb(line.p, line.n, 0, NULL);
		const json_t *progress = json_object_get(answer, "progress");
		if (progress) {
			show_progress(progress);
			json_decref(answer);
			answer = NULL;
		}
		buf_drop(&in, line.n + 1);
	}
	cli_progress_end();
	if (!answer)
		err_set(err, ERR_TEMP, "the server went away before it answered");
	buf_done(&in);
	return answer;
}

json_t *cli_call(const struct cli *cli, const struct op *op, json_t *args, struct err *err)
{
	int fd = connect_to(cli->data, err);
	json_t *answer = NULL;

	if (fd < 0)
		return NULL;
	if (send_request(fd, op, args, err) == 0)
		answer = read_answer(fd, err);
	close(fd);
	return answer;
}

json_t *cli_run_here(const struct op *op, json_t *args)
{
	const struct op_caller caller = {
		.name = "signet", .role = OP_SERVER_ADMIN, .offline = true, .progress = cli_progress
	};
	json_t *answer;

	op_run(&caller, slice_str(op->name), args, &answer);
	cli_progress_end();
	return answer;
}
