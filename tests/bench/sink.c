/* sink.c - a mail server that takes all, by STARTTLS, and keeps nothing: for what leaves in TLS
 *
 * usage: sink CERTIFICATE KEY
 *
 * Says `port N` once it listens on 127.0.0.1. A thread for each connection, buffers of its own
 * and no care: it is not measured. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <openssl/ssl.h>

static SSL_CTX *context;

struct peer {
	int fd;
	SSL *ssl;
	char in[64 * 1024];
	size_t at, n;
};

static bool put(struct peer *p, const char *text)
{
	size_t n = strlen(text), wrote;

	if (p->ssl)
		return SSL_write_ex(p->ssl, text, n, &wrote) == 1;
	return send(p->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool more(struct peer *p)
{
	size_t got;

	memmove(p->in, p->in + p->at, p->n - p->at);
	p->n -= p->at;
	p->at = 0;
	if (p->n == sizeof(p->in))
		return false;
	if (p->ssl) {
		if (SSL_read_ex(p->ssl, p->in + p->n, sizeof(p->in) - p->n, &got) != 1)
			return false;
	} else {
		ssize_t r = recv(p->fd, p->in + p->n, sizeof(p->in) - p->n, 0);
		if (r <= 0)
			return false;
		got = (size_t)r;
	}
	p->n += got;
	return true;
}

/* A line without its end, ended by NUL; NULL: the other side is gone. */
static char *line(struct peer *p)
{
	char *end;

	while (!(end = memchr(p->in + p->at, '\n', p->n - p->at)))
		if (!more(p))
			return NULL;
	char *start = p->in + p->at;
	p->at = (size_t)(end - p->in) + 1;
	*end = '\0';
	if (end > start && end[-1] == '\r')
		end[-1] = '\0';
	return start;
}

static bool text(struct peer *p)
{
	char *s;

	if (!put(p, "354 Go\r\n"))
		return false;
	while ((s = line(p)) && strcmp(s, ".") != 0)
		;
	return s && put(p, "250 2.0.0 Ok\r\n");
}

static bool secure(struct peer *p)
{
	if (!put(p, "220 2.0.0 Go\r\n"))
		return false;
	p->ssl = SSL_new(context);
	SSL_set_fd(p->ssl, p->fd);
	return SSL_accept(p->ssl) == 1;
}

static bool answer(struct peer *p, const char *command)
{
	if (strncasecmp(command, "EHLO", 4) == 0)
		return put(p,
		    p->ssl ? "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
			   : "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS\r\n");
	if (strncasecmp(command, "STARTTLS", 8) == 0)
		return secure(p);
	if (strncasecmp(command, "DATA", 4) == 0)
		return text(p);
	if (strncasecmp(command, "QUIT", 4) == 0) {
		put(p, "221 2.0.0 Bye\r\n");
		return false;
	}
	return put(p, "250 2.0.0 Ok\r\n");
}

static void *serve(void *arg)
{
	struct peer *p = arg;
	char *command;

	if (put(p, "220 sink ESMTP\r\n"))
		while ((command = line(p)) && answer(p, command))
			;
	SSL_free(p->ssl);
	close(p->fd);
	free(p);
	return NULL;
}

static int listen_somewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 1000) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return -1;
	printf("port %d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	int fd, on = 1;

	context = SSL_CTX_new(TLS_server_method());
	if (argc != 3 || SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1 ||
	    (fd = listen_somewhere()) < 0)
		return 1;
	for (;;) {
		struct peer *p = calloc(1, sizeof(*p));
		pthread_t thread;

		if (!p || (p->fd = accept(fd, NULL, NULL)) < 0)
			return 1;
		setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, serve, p) != 0)
			return 1;
		pthread_detach(thread);
	}
}
