/* signetd.c - the server: options, rights, start in order, signals, end in reverse order */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "core/conf.h"
#include "core/ldap.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/num.h"
#include "core/privilege.h"
#include "core/sess.h"
#include "core/spool.h"
#include "core/tls.h"
#include "main/server.h"
#include "main/wire.h"
#include "pki/from_files.h"
#include "pki/pki.h"
#include "pki/seal.h"
#include "pki/trust.h"
#include "protocols/relay/relay.h"
#include "protocols/smtp/flow.h"
#include "smime/smime.h"
#include "storage/apop.h"
#include "storage/forward.h"
#include "storage/source.h"
#include "storage/store.h"
#include "storage/tally.h"
#include "webadmin/web.h"

struct options {
	const char *data;
	const char *host;
	const char *user;
	const char *log;
	const char *passphrase; /* file that has it */
	int port_base;
	bool foreground;
};

static const char usage[] =
    "usage: signetd [-d DATA] [-a ADDRESS] [-p PORT_BASE] [-u USER] [-l LOGFILE] [-k FILE] [-f]\n"
    "\n"
    "  -d DATA       folder with all that the server keeps (default " SIGNET_DATA_DIR ")\n"
    "  -a ADDRESS    listen on this address only; * is all of them, which is the default\n"
    "  -p PORT_BASE  add this to each port, for a server of an ordinary user: with 10000,\n"
    "                SMTP is on 10025; 0 lets the kernel choose. Listens on 127.0.0.1\n"
    "                unless -a says otherwise\n"
    "  -u USER       serve as this user when started by root (default signet)\n"
    "  -l LOGFILE    write log lines there (default DATA/signetd.log, with -f standard error)\n"
    "  -k FILE       the passphrase of the master key is in that file; - is standard input\n"
    "  -f            stay in the foreground\n"
    "\n"
    "Once it listens it prints 'listening NAME ADDRESS:PORT' for each listener, then 'ready'.\n"
    "SIGHUP reads the settings again and reopens the log; SIGTERM lets sessions finish, then ends.\n"
    "`signet help` tells how to add domains and accounts.\n";

static _Noreturn void die(const struct err *err)
{
	fprintf(stderr, "signetd: %s\n", err->text);
	exit(1);
}

static _Noreturn void misuse(const char *why)
{
	fprintf(stderr, "signetd: %s\n\n%s", why, usage);
	exit(2);
}

static struct options read_options(int argc, char **argv)
{
	struct options o = { .data = SIGNET_DATA_DIR };
	uint32_t port;
	int c;

	while ((c = getopt(argc, argv, "d:a:p:u:l:k:fh")) != -1) {
		switch (c) {
		case 'd':
			o.data = optarg;
			break;
		case 'a':
			o.host = optarg;
			break;
		case 'u':
			o.user = optarg;
			break;
		case 'l':
			o.log = optarg;
			break;
		case 'k':
			o.passphrase = optarg;
			break;
		case 'f':
			o.foreground = true;
			break;
		case 'p':
			if (!num_u32(slice_str(optarg), &port) || port > 64000)
				misuse("PORT_BASE is a number up to 64000");
			o.port_base = port ? (int)port : -1;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			misuse("see the options");
		}
	}
	if (optind < argc)
		misuse("it takes no arguments but options");
	if (!o.host)
		o.host = o.port_base ? "127.0.0.1" : "*";
	return o;
}

/* --- rights: root binds ports, and does nothing else; the right to do that is kept --- */

static struct passwd *user_to_serve_as(const struct options *o)
{
	if (geteuid() != 0)
		return NULL;
	struct passwd *user = getpwnam(o->user ? o->user : "signet");
	if (!user) {
		fprintf(stderr,
		    "signetd: there is no user '%s' to serve as. Make one:\n"
		    "  adduser --system --group --home /var/lib/signet signet\n"
		    "or name another with -u USER\n",
		    o->user ? o->user : "signet");
		exit(1);
	}
	return user->pw_uid == 0 ? NULL : user;
}

/* Until the ports are bound root can be had back. */
static void become_for_now(const struct passwd *user)
{
	if (user &&
	    (initgroups(user->pw_name, user->pw_gid) != 0 || setegid(user->pw_gid) != 0 ||
		seteuid(user->pw_uid) != 0))
		die(&(struct err){ .text = "cannot become the user to serve as" });
}

static void become_root_again(const struct passwd *user)
{
	if (user && (seteuid(0) != 0 || setegid(0) != 0))
		die(&(struct err){ .text = "cannot become root to bind ports" });
}

static void become_for_good(const struct passwd *user)
{
	struct err err = { 0 };

	if (user && privilege_drop(user->pw_uid, user->pw_gid, &err) != 0)
		die(&err);
}

static char *make_data_folder(const char *data, const struct passwd *user)
{
	bool made = mkdir(data, 0700) == 0;
	char *path = realpath(data, NULL);

	if (!path || (made && user && chown(path, user->pw_uid, user->pw_gid) != 0)) {
		fprintf(stderr, "signetd: %s: %s\n", data, strerror(errno));
		exit(1);
	}
	return path;
}

static char *path_in(const char *data, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", data, name);
	buf_z(&path);
	return path.p;
}

/* --- background: the first process waits until the second is ready --- */

static int go_to_background(void)
{
	int p[2];
	char c;

	if (pipe2(p, O_CLOEXEC) != 0)
		die(&(struct err){ .text = "cannot make a pipe" });
	pid_t pid = fork();
	if (pid < 0)
		die(&(struct err){ .text = "cannot fork" });
	if (pid > 0) {
		close(p[1]);
		_exit(read(p[0], &c, 1) == 1 ? 0 : 1);
	}
	setsid();
	close(p[0]);
	return p[1];
}

static void say_ready(int background)
{
	puts("ready");
	fflush(stdout);
	if (background < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close(null);
	if (write(background, "", 1) != 1)
		log_event(LOG_WARN, "nobody-waited");
	close(background);
}

static void write_pid(const char *data)
{
	char *path = path_in(data, "signetd.pid");
	FILE *f = fopen(path, "we");

	if (f) {
		fprintf(f, "%ld\n", (long)getpid());
		fclose(f);
	}
	free(path);
}

/* --- start and end --- */

static void read_passphrase(const char *path)
{
	char text[4096];
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0) {
		fprintf(stderr, "signetd: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	seal_passphrase(slice_trim(slice_of(text, (size_t)n)));
	bytes_wipe(text, sizeof(text));
	if (fd > 2)
		close(fd);
}

static sigset_t block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* threads inherit it; main waits for them */
	signal(SIGPIPE, SIG_IGN);
	return set;
}

/* As many descriptors as the system lets us have: each session takes one. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_rooms(const char *data, struct err *err)
{
	static const struct source_sealer sealer = { seal_close, seal_open };

	spool_dir_set(data);
	ldapc_start();
	if (tls_start(err) || store_open(data, err) || wire_settings(err) || store_start(err) ||
	    source_start(&sealer, err) || wire_logins(err) || flow_start(err))
		return -1;
	apop_start(&sealer);
	smime_start();
	if (pki_start(data, err) != 0 || forward_start(&sealer, err) != 0)
		return -1;
	return web_start(err);
}

static int start_threads(struct err *err)
{
	static const struct relay_sealer sealer = { seal_close, seal_open };

	if (workers_start((unsigned)conf_num(&conf_key_server_workers),
		(unsigned)conf_num(&conf_key_server_network_threads), err) ||
	    tally_start(err) || relay_start(&sealer, err))
		return -1;
	return loops_start((unsigned)conf_num(&conf_key_server_loops), err);
}

static void reload(const char *log)
{
	struct err err = { 0 };

	if (log && log_open(log) != 0)
		log_event(LOG_ERROR, "cannot-reopen-log", log_z("path", log));
	trust_reload();
	from_files_look();
	if (wire_settings(&err) != 0)
		log_event(LOG_ERROR, "cannot-reload", log_z("reason", err.text));
	else
		log_event(LOG_INFO, "reloaded");
	listen_again();
}

static void serve_until_told(const sigset_t *signals, const char *log)
{
	for (;;) {
		int sig = 0;

		if (sigwait(signals, &sig) == 0 && sig != SIGHUP) {
			log_event(LOG_INFO, "ending", log_z("signal", strsignal(sig)));
			return;
		}
		reload(log);
	}
}

/* Loops first: then nothing new begins, and workers end what they have. */
static void end(void)
{
	listen_stop();
	sess_drain((uint64_t)conf_num(&conf_key_server_drain_time));
	relay_drain((uint64_t)conf_num(&conf_key_server_drain_time));
	loops_stop();
	workers_stop();
	listen_free();
	threads_stop();
	tally_stop();
	web_stop();
	flow_stop();
	relay_free();
	forward_stop();
	source_stop();
	pki_stop();
	store_close();
	log_event(LOG_INFO, "ended");
}

int main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);
	struct err err = { 0 };

	mallopt(M_ARENA_MAX, 2); /* many threads, little memory */
	umask(077);
	raise_descriptors();
	sigset_t signals = block_signals();
	struct passwd *user = user_to_serve_as(&o);
	char *data = make_data_folder(o.data, user);
	const char *log = o.log ? o.log : o.foreground ? NULL : path_in(data, "signetd.log");
	int background = o.foreground ? -1 : go_to_background();

	if (o.passphrase)
		read_passphrase(o.passphrase);
	become_for_now(user);
	if (log && log_open(log) != 0)
		die(&(struct err){ .text = "cannot open the log file" });
	if (open_rooms(data, &err) != 0)
		die(&err);
	listen_spread(loops_wanted((unsigned)conf_num(&conf_key_server_loops)));
	if (listen_add_paths(data, &err) != 0)
		die(&err);
	become_root_again(user);
	if (listen_add_ports(o.host, o.port_base, &err) != 0)
		die(&err);
	become_for_good(user);
	if (start_threads(&err) != 0)
		die(&err);
	write_pid(data);
	listen_go();
	say_ready(background);
	log_event(LOG_INFO, "ready", log_z("data", data));

	serve_until_told(&signals, log);
	end();
	char *pid = path_in(data, "signetd.pid");
	unlink(pid);
	free(pid);
	free(data);
	return 0;
}
