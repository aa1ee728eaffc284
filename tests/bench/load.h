/* load.h - the load generator: one connection, the options, and the kinds of work */
#ifndef SIGNET_TESTS_BENCH_LOAD_H
#define SIGNET_TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <openssl/ssl.h>

struct options {
	const char *work; /* name of a struct work */
	int port;
	int workers;
	double seconds; /* end after this time ... */
	long count;	/* ... or after so many operations */
	long per;	/* messages for each connection, or command */
	long size;	/* of a message */
	bool tls;	/* from the first byte */
	bool starttls;
	int version; /* 12 or 13, or 0: what both can */
	bool resume;
	const char *user; /* # in it: one of `users` accounts in turn */
	long users;
	const char *name; /* of the server, for TLS; # in it: one of `names` in turn */
	long names;
	const char *password; /* NULL: SMTP without AUTH */
	bool compress;	      /* RFC 4978 */
	const char *box;      /* empty: none is selected */
	const char *command;  /* of IMAP; # is 1..messages in turn, ~ is + or - */
	long messages;
};

/* What one thread works with. */
struct worker {
	const struct options *o;
	SSL_CTX *tls;
	SSL_SESSION *ticket;
	int fd;
	SSL *ssl;
	struct zip *zip; /* COMPRESS is on */
	char in[64 * 1024];
	size_t in_at, in_n;
	char line[8192]; /* what conn_line read, cut to this size */
	char *message, *text;
	long number; /* of this worker, where its work wants one */
	long done, failed, resumed;
};

/* A kind of work. Each function says whether the server did what it was asked. */
struct work {
	const char *name;
	bool (*prepare)(struct worker *w); /* before the clock starts; may be NULL */
	bool (*once)(struct worker *w);	   /* adds to done */
	void (*asked)(void); /* for each line of input behind the first; may be NULL */
};

extern const struct work work_smtp, work_session, work_hold, work_idle, work_handshake,
    work_command, work_append, work_fill, work_retr, work_xmpp_login, work_xmpp_hold,
    work_xmpp_message;

/* Claim one operation more; its number from 0, or -1 when time or count is over. */
long next_number(void);

/* Seconds of CLOCK_MONOTONIC. */
double now(void);

/* One account's name, in turn; into out. */
void account_name(const struct options *o, long number, char *out, size_t size);

/* One server's name, in turn; into out. */
void server_name(const struct options *o, char *out, size_t size);

/* --- one connection --- */

bool conn_open(struct worker *w);
bool conn_start_tls(struct worker *w);
void conn_close(struct worker *w);
bool conn_write(struct worker *w, const char *bytes, size_t n);
bool conn_say(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool conn_line(struct worker *w);
bool conn_skip(struct worker *w, size_t n);
bool conn_until(struct worker *w, const char *text); /* read until that came */

/* What comes and goes without the layer above it: TLS or TCP. At most n bytes; 0 or less at an end.
 */
ssize_t conn_get(struct worker *w, char *to, size_t n);
bool conn_put(struct worker *w, const char *bytes, size_t n);

/* Compress from here on. */
void zip_start(struct worker *w);
ssize_t zip_get(struct worker *w, char *to, size_t n);
bool zip_put(struct worker *w, const char *bytes, size_t n);
void zip_end(struct worker *w);

/* Log in and select the box. */
bool imap_login(struct worker *w, long number);

/* --- messages --- */

/* w->message: `size` bytes, complete with the first number. */
bool message_make(struct worker *w);

/* Another text, and a number in the header, so that no two are the same. */
void message_number(struct worker *w, long number);

#endif
