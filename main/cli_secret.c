/* cli_secret.c - passwords and keys: from a terminal without echo, standard input, or a file */
#include "main/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/disk.h"
#include "core/text.h"

enum { SECRET_MAX = 8 * 1024 * 1024 };

/* Text as a string, other bytes in base64. */
static json_t *json_of(struct buf *secret)
{
	struct slice s = buf_slice(secret);
	struct buf coded = { 0 };

	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	if (utf8_valid(s) && slice_chr(s, '\0') < 0)
		return json_stringn(s.p ? s.p : "", s.n);
	base64_put(&coded, buf_slice(secret)); /* no text: not a byte is cut */
	json_t *json = json_pack("{s:s#}", "base64", coded.p, (int)coded.n);
	buf_wipe(&coded);
	return json;
}

/* --- the terminal --- */

static struct termios as_before;
static volatile sig_atomic_t echo_is_off;

static void echo_on(void)
{
	if (echo_is_off)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_before);
	echo_is_off = 0;
}

static void on_signal(int sig)
{
	echo_on();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void echo_off(void)
{
	struct termios quiet;

	if (tcgetattr(STDIN_FILENO, &as_before) != 0)
		return;
	quiet = as_before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	echo_is_off = 1;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

static void ask(const char *what, struct buf *out)
{
	char c;

	fprintf(stderr, "%s: ", what);
	fflush(stderr);
	echo_off();
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n' && out->n < 4096)
		buf_addc(out, c);
	echo_on();
	fputc('\n', stderr);
}

static json_t *ask_for(const struct op_arg *arg, struct err *err)
{
	struct buf first = { 0 }, again = { 0 };
	json_t *json = NULL;

	/* With room from the start, growing leaves no copies behind. */
	buf_room(&first, 4096);
	buf_room(&again, 4096);
	ask(arg->help, &first);
	if (arg->flags & OP_NEW)
		ask("the same again", &again);
	if (arg->flags & OP_NEW && !slice_eq(buf_slice(&first), buf_slice(&again)))
		err_set(err, ERR_INPUT, "these were not the same");
	else
		json = json_of(&first);
	buf_wipe(&first);
	buf_wipe(&again);
	return json;
}

static json_t *ask_at_terminal(void)
{
	struct buf secret = { 0 };

	buf_room(&secret, 4096);
	ask("secret", &secret);
	json_t *json = json_of(&secret);
	buf_wipe(&secret);
	return json;
}

json_t *cli_secret_file(const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	if (standard && isatty(STDIN_FILENO))
		return ask_at_terminal();
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct buf secret = { 0 };
	json_t *json = NULL;

	if (fd < 0) {
		err_sys(err, "%s", path);
		return NULL;
	}
	if (disk_read(fd, path, SECRET_MAX, &secret, err) == 0)
		json = json_of(&secret);
	if (!standard)
		close(fd);
	buf_wipe(&secret);
	return json;
}

int cli_secrets(const struct op *op, json_t *args, struct err *err)
{
	bool terminal = isatty(STDIN_FILENO), used = false;

	for (const struct op_arg *arg = op->args; arg && arg->name; arg++) {
		if (arg->type != OP_SECRET || !(arg->flags & OP_REQUIRED) ||
		    json_object_get(args, arg->name))
			continue;
		if (used && !terminal)
			return err_set(err, ERR_INPUT,
			    "standard input was read already: use --%s-file FILE", arg->name);
		json_t *json = terminal ? ask_for(arg, err) : cli_secret_file("-", err);
		if (!json)
			return -1;
		json_object_set_new(args, arg->name, json);
		used = true;
	}
	return 0;
}
