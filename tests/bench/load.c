/* load.c - load for a mail server: one kind of work, by threads, for some seconds
 *
 * usage: load KIND NAME=VALUE...     KIND and NAMEs: see kinds and names below
 *
 * It prepares (connections, tickets), prints 'ready' and waits for a line; then
 * it works and prints one line of JSON.  It ends when its input ends, so that
 * whoever measures can look at the server before the connections go. */
#include "load.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	HEADER = 12,   /* room for a number */
	FAILURES = 20, /* until a worker gives up */
	WORDS = 4096,
	WORD = 12,
	LINE = 74,
	POOL = 1 << 20, /* from which messages take theirs, each from another place */
};

static const struct work *const kinds[] = { &work_smtp, &work_session, &work_hold, &work_idle,
	&work_handshake, &work_command, &work_append, &work_fill, &work_retr, &work_xmpp_login,
	&work_xmpp_hold, &work_xmpp_message };

static struct options options = { .workers = 1,
	.seconds = 1,
	.count = 1L << 40,
	.per = 1,
	.size = 4096,
	.user = "u#@bench.test",
	.users = 1,
	.name = "bench.test",
	.names = 1,
	.box = "INBOX",
	.command = "",
	.messages = 1 };

static atomic_long numbers;
static double deadline;
static pthread_barrier_t prepared, go;
static const struct work *work;
static atomic_int unprepared;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

long next_number(void)
{
	long number = atomic_fetch_add(&numbers, 1);

	return number >= options.count || now() > deadline ? -1 : number;
}

static bool over(void)
{
	return atomic_load(&numbers) >= options.count || now() > deadline;
}

static void in_turn(const char *pattern, long number, char *out, size_t size)
{
	const char *sign = strchr(pattern, '#');
	int head = (int)(sign ? sign - pattern : (long)strlen(pattern));

	if (sign)
		snprintf(out, size, "%.*s%ld%s", head, pattern, number, sign + 1);
	else
		snprintf(out, size, "%s", pattern);
}

void account_name(const struct options *o, long number, char *out, size_t size)
{
	in_turn(o->user, number % o->users, out, size);
}

void server_name(const struct options *o, char *out, size_t size)
{
	static atomic_long asked;

	in_turn(o->name, atomic_fetch_add(&asked, 1) % o->names, out, size);
}

/* --- messages --- */

static const char header[] = "Subject: load ............\r\n"
			     "From: Sender <sender@load.test>\r\n"
			     "To: Reader <reader@bench.test>\r\n"
			     "Date: Mon, 01 Jan 2024 12:00:00 +0000\r\n"
			     "Message-ID: <............@load.test>\r\n"
			     "MIME-Version: 1.0\r\n"
			     "Content-Type: text/plain\r\n"
			     "\r\n";

/* Lines of words, some of them frequent, as in mail: what compresses and is searched must not be
 * all alike. */
static void write_text(char *text, size_t n)
{
	char words[WORDS][WORD];
	unsigned int seed = (unsigned int)time(NULL);
	size_t used = 0;

	for (char *p = words[0]; p < words[0] + sizeof(words); p++)
		*p = (char)('a' + rand_r(&seed) % 26);
	while (used < n) {
		unsigned int i = (unsigned int)rand_r(&seed) % WORDS, length = 2 + i % (WORD - 2);
		i = i * i / WORDS;
		if (length > n - used - 1)
			length = (unsigned int)(n - used - 1);
		memcpy(text + used, words[i], length);
		used += length;
		text[used++] = ' ';
	}
	for (size_t i = LINE - 2; i + 1 < n; i += LINE)
		memcpy(text + i, "\r\n", 2);
}

bool message_make(struct worker *w)
{
	size_t size = (size_t)w->o->size;

	w->message = malloc(size);
	w->text = malloc(POOL + size);
	if (!w->message || !w->text || size < sizeof(header) + 4)
		return false;
	memcpy(w->message, header, sizeof(header) - 1);
	write_text(w->text, POOL + size);
	return true;
}

void message_number(struct worker *w, long number)
{
	char text[HEADER + 1];
	size_t size = (size_t)w->o->size, n = sizeof(header) - 1;

	memcpy(w->message + n, w->text + (size_t)number * 37 % (POOL / LINE) * LINE, size - n);
	memcpy(w->message + size - 2, "\r\n", 2);
	snprintf(text, sizeof(text), "%05x%07lx", (unsigned int)getpid() & 0xfffff, number);
	memcpy(w->message + 14, text, HEADER);
	memcpy(strstr(w->message, "Message-ID: <") + 13, text, HEADER);
}

/* --- threads --- */

static void *work_on(void *arg)
{
	struct worker *w = arg;

	if (work->prepare && !work->prepare(w))
		atomic_fetch_add(&unprepared, 1);
	pthread_barrier_wait(&prepared);
	pthread_barrier_wait(&go);
	while (!over() && w->failed < FAILURES) {
		if (!work->once(w)) {
			w->failed++;
			fprintf(stderr, "load: %s failed; last line: %s\n", work->name, w->line);
		}
	}
	return NULL;
}

static SSL_CTX *client(const struct options *o)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls && o->version) {
		int version = o->version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
		SSL_CTX_set_min_proto_version(tls, version);
		SSL_CTX_set_max_proto_version(tls, version);
	}
	return tls;
}

static struct worker *start(pthread_t *threads)
{
	struct worker *workers = calloc((size_t)options.workers, sizeof(*workers));
	SSL_CTX *tls = client(&options);

	if (!workers || !tls)
		exit(1);
	for (int i = 0; i < options.workers; i++) {
		workers[i].o = &options;
		workers[i].tls = tls;
		workers[i].fd = -1;
		if (pthread_create(&threads[i], NULL, work_on, &workers[i]) != 0)
			exit(1);
	}
	return workers;
}

static double own_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void report(const struct worker *workers, double seconds, double cpu)
{
	long done = 0, failed = 0, resumed = 0;

	for (int i = 0; i < options.workers; i++) {
		done += workers[i].done;
		failed += workers[i].failed;
		resumed += workers[i].resumed;
	}
	printf("{\"done\":%ld,\"failed\":%ld,\"resumed\":%ld,\"seconds\":%.6f,"
	       "\"client_cpu\":%.6f}\n",
	    done, failed, resumed, seconds, cpu);
	fflush(stdout);
}

static void run(void)
{
	pthread_t *threads = calloc((size_t)options.workers, sizeof(*threads));
	struct worker *workers;

	pthread_barrier_init(&prepared, NULL, (unsigned int)options.workers + 1);
	pthread_barrier_init(&go, NULL, (unsigned int)options.workers + 1);
	workers = threads ? start(threads) : NULL;
	pthread_barrier_wait(&prepared);
	if (!workers || atomic_load(&unprepared) > 0) {
		fprintf(stderr, "load: cannot prepare; last line: %s\n",
		    workers ? workers[0].line : "");
		exit(1);
	}
	puts("ready");
	fflush(stdout);
	getchar();
	double began = now(), cpu = own_cpu();
	deadline = began + options.seconds;
	pthread_barrier_wait(&go);
	for (int i = 0; i < options.workers; i++)
		pthread_join(threads[i], NULL);
	report(workers, now() - began, own_cpu() - cpu);
	for (int c; (c = getchar()) != EOF;)
		if (c == '\n' && work->asked)
			work->asked();
	/* the connections end with the process */
	_exit(0);
}

/* --- options --- */

static const struct name {
	const char *name;
	enum { INT, LONG, SECONDS, BOOL, TEXT } type;
	void *to;
} names[] = {
	{ "port", INT, &options.port },
	{ "workers", INT, &options.workers },
	{ "version", INT, &options.version },
	{ "count", LONG, &options.count },
	{ "per", LONG, &options.per },
	{ "size", LONG, &options.size },
	{ "users", LONG, &options.users },
	{ "messages", LONG, &options.messages },
	{ "seconds", SECONDS, &options.seconds },
	{ "tls", BOOL, &options.tls },
	{ "starttls", BOOL, &options.starttls },
	{ "resume", BOOL, &options.resume },
	{ "compress", BOOL, &options.compress },
	{ "user", TEXT, &options.user },
	{ "name", TEXT, &options.name },
	{ "names", LONG, &options.names },
	{ "password", TEXT, &options.password },
	{ "box", TEXT, &options.box },
	{ "command", TEXT, &options.command },
};

static void set(const struct name *name, const char *value)
{
	switch (name->type) {
	case INT:
		*(int *)name->to = (int)strtol(value, NULL, 10);
		break;
	case LONG:
		*(long *)name->to = strtol(value, NULL, 10);
		break;
	case SECONDS:
		*(double *)name->to = strtod(value, NULL);
		break;
	case BOOL:
		*(bool *)name->to = *value == '1';
		break;
	case TEXT:
		*(const char **)name->to = value;
		break;
	}
}

static bool option(const char *word)
{
	const char *is = strchr(word, '=');

	for (size_t i = 0; is && i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i].name);
		if (n == (size_t)(is - word) && memcmp(names[i].name, word, n) == 0) {
			set(&names[i], is + 1);
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i]->name, argv[1]) == 0)
			work = kinds[i];
	for (int i = 2; i < argc; i++) {
		if (!option(argv[i])) {
			fprintf(stderr, "load: what is %s?\n", argv[i]);
			return 2;
		}
	}
	if (!work || options.port == 0 || options.workers < 1) {
		fputs("usage: load KIND port=N NAME=VALUE...\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	run();
}
