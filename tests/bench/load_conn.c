/* load_conn.c - one blocking connection, in the clear or in TLS */
#include "load.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE = 30 }; /* seconds without a byte */

bool conn_open(struct worker *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval patience = { .tv_sec = PATIENCE };
	int on = 1;

	to.sin_port = htons((in_port_t)w->o->port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->in_at = w->in_n = 0;
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return false;
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(w->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return false;
	return !w->o->tls || conn_start_tls(w);
}

bool conn_start_tls(struct worker *w)
{
	char name[256];

	server_name(w->o, name, sizeof(name));
	w->ssl = SSL_new(w->tls);
	if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1 ||
	    SSL_set_tlsext_host_name(w->ssl, name) != 1)
		return false;
	if (w->o->resume && w->ticket)
		SSL_set_session(w->ssl, w->ticket);
	w->in_at = w->in_n = 0;
	if (SSL_connect(w->ssl) != 1)
		return false;
	w->resumed += SSL_session_reused(w->ssl);
	return true;
}

/* The newest ticket is kept: TLS 1.3 sends them after the handshake. */
static void keep_ticket(struct worker *w)
{
	SSL_SESSION *ticket = SSL_get1_session(w->ssl);

	if (ticket && SSL_SESSION_is_resumable(ticket)) {
		SSL_SESSION_free(w->ticket);
		w->ticket = ticket;
	} else {
		SSL_SESSION_free(ticket);
	}
}

void conn_close(struct worker *w)
{
	if (w->ssl) {
		if (w->o->resume)
			keep_ticket(w);
		SSL_shutdown(w->ssl);
		SSL_free(w->ssl);
		w->ssl = NULL;
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	zip_end(w);
}

bool conn_put(struct worker *w, const char *bytes, size_t n)
{
	size_t wrote;

	if (w->ssl)
		return SSL_write_ex(w->ssl, bytes, n, &wrote) == 1;
	while (n > 0) {
		ssize_t got = send(w->fd, bytes, n, MSG_NOSIGNAL);
		if (got <= 0)
			return false;
		bytes += got;
		n -= (size_t)got;
	}
	return true;
}

bool conn_write(struct worker *w, const char *bytes, size_t n)
{
	return w->zip ? zip_put(w, bytes, n) : conn_put(w, bytes, n);
}

bool conn_say(struct worker *w, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	int n = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return n > 0 && (size_t)n < sizeof(text) && conn_write(w, text, (size_t)n);
}

ssize_t conn_get(struct worker *w, char *to, size_t n)
{
	size_t got;

	if (w->ssl)
		return SSL_read_ex(w->ssl, to, n, &got) == 1 ? (ssize_t)got : -1;
	return recv(w->fd, to, n, 0);
}

static bool fill(struct worker *w)
{
	ssize_t got = w->zip ? zip_get(w, w->in, sizeof(w->in)) : conn_get(w, w->in, sizeof(w->in));

	w->in_at = 0;
	w->in_n = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Read a line without its CRLF into w->line; what does not fit is dropped. */
bool conn_line(struct worker *w)
{
	size_t n = 0;

	for (;;) {
		if (w->in_at == w->in_n && !fill(w))
			return false;
		const char *from = w->in + w->in_at;
		const char *end = memchr(from, '\n', w->in_n - w->in_at);
		size_t take = end ? (size_t)(end - from) : w->in_n - w->in_at;
		size_t room = sizeof(w->line) - 1 - n;
		size_t kept = take < room ? take : room;

		memcpy(w->line + n, from, kept);
		n += kept;
		w->in_at += take + (end != NULL);
		if (end)
			break;
	}
	if (n > 0 && w->line[n - 1] == '\r')
		n--;
	w->line[n] = '\0';
	return true;
}

bool conn_skip(struct worker *w, size_t n)
{
	while (n > 0) {
		if (w->in_at == w->in_n && !fill(w))
			return false;
		size_t take = w->in_n - w->in_at < n ? w->in_n - w->in_at : n;
		w->in_at += take;
		n -= take;
	}
	return true;
}

/* The text must begin with a byte that it has only there, as XML's does. */
bool conn_until(struct worker *w, const char *text)
{
	size_t matched = 0;

	while (text[matched]) {
		if (w->in_at == w->in_n && !fill(w))
			return false;
		char c = w->in[w->in_at++];
		matched = c == text[matched] ? matched + 1 : c == text[0];
	}
	return true;
}
