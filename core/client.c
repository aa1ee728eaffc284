/* client.c - a connection that we open, and the list of all, so that the end of the server can end
 * them */
#include "core/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/loop.h"

enum { WRITE_BYTES = 32 * 1024, READ_BYTES = 8 * 1024, LONGEST_WAIT_MS = 3600 * 1000 };

struct client {
	struct io *io;
	int fd; /* owned by io */
	bool tls;
	struct buf in, out;
	size_t taken; /* of in */
	struct client *next, **link;
};

static struct {
	pthread_mutex_t lock;
	struct client *first;
	bool ended;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- addresses --- */

static bool address_4(struct slice text, const char *z, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	return text.n > 0 && inet_pton(AF_INET, z, &in->sin_addr) == 1;
}

static bool address_6(struct slice text, const char *z, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;

	in->sin6_family = AF_INET6;
	in->sin6_port = htons((uint16_t)port);
	return text.n > 0 && inet_pton(AF_INET6, z, &in->sin6_addr) == 1;
}

bool client_address(
    struct slice text, unsigned port, struct sockaddr_storage *out, socklen_t *out_n)
{
	char z[INET6_ADDRSTRLEN];

	if (text.n >= sizeof(z) || slice_chr(text, '\0') >= 0)
		return false;
	memcpy(z, text.n ? text.p : "", text.n);
	z[text.n] = '\0';
	*out = (struct sockaddr_storage){ 0 };
	if (address_4(text, z, port, out)) {
		*out_n = sizeof(struct sockaddr_in);
		return true;
	}
	*out_n = sizeof(struct sockaddr_in6);
	return address_6(text, z, port, out);
}

char *client_address_text(const struct sockaddr *address, char out[64])
{
	const void *ip = address->sa_family == AF_INET6
	    ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
	    : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

	if (!inet_ntop(address->sa_family, ip, out, 64))
		memcpy(out, "?", sizeof("?"));
	return out;
}

unsigned client_address_port(const struct sockaddr *address)
{
	return ntohs(address->sa_family == AF_INET6
		? ((const struct sockaddr_in6 *)address)->sin6_port
		: ((const struct sockaddr_in *)address)->sin_port);
}

/* --- the list --- */

static bool join(struct client *client)
{
	pthread_mutex_lock(&all.lock);
	bool welcome = !all.ended;
	if (welcome) {
		client->next = all.first;
		client->link = &all.first;
		if (all.first)
			all.first->link = &client->next;
		all.first = client;
	}
	pthread_mutex_unlock(&all.lock);
	return welcome;
}

static void leave(struct client *client)
{
	pthread_mutex_lock(&all.lock);
	if (client->link) {
		*client->link = client->next;
		if (client->next)
			client->next->link = client->link;
	}
	pthread_mutex_unlock(&all.lock);
}

/* Each waits in poll(), which this ends; the descriptors are closed by those who
   use them. */
void clients_abort(void)
{
	pthread_mutex_lock(&all.lock);
	all.ended = true;
	for (struct client *client = all.first; client; client = client->next)
		shutdown(client->fd, SHUT_RDWR);
	pthread_mutex_unlock(&all.lock);
}

/* --- connecting --- */

static int bind_source(int fd, const struct sockaddr *to, struct slice source, struct err *err)
{
	struct sockaddr_storage from;
	socklen_t n;

	if (source.n == 0)
		return 0;
	if (!client_address(source, 0, &from, &n) || from.ss_family != to->sa_family)
		return 0; /* of the other family: not for this one */
	if (bind(fd, (struct sockaddr *)&from, n) != 0)
		return err_sys(err, "cannot come from %.*s", SLICE_ARG(source));
	return 0;
}

static int wait_connected(int fd, uint64_t ms)
{
	uint64_t until = loop_now() + ms;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int rc, error = 0;

	do {
		uint64_t now = loop_now();
		rc = poll(&p, 1, now < until ? (int)(until - now) : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	errno = error;
	return error == 0 ? 0 : -1;
}

static int connect_socket(struct client *client, const struct sockaddr *to, socklen_t to_n,
    struct slice source, uint64_t ms, struct err *err)
{
	int on = 1;

	if (bind_source(client->fd, to, source, err) != 0)
		return -1;
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(client->fd, to, to_n) == 0)
		return 0;
	if (errno == EINPROGRESS && wait_connected(client->fd, ms) == 0)
		return 0;
	return err_set(err, ERR_TEMP, "%s", strerror(errno));
}

struct client *client_open(
    const struct sockaddr *to, socklen_t to_n, struct slice source, uint64_t ms, struct err *err)
{
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		err_sys(err, "no socket");
		return NULL;
	}
	struct client *client = mem_get(sizeof(*client));
	client->fd = fd;
	client->io = io_sock_new(fd, LONGEST_WAIT_MS);
	if (!join(client)) {
		err_set(err, ERR_BUSY, "the server ends");
		client_close(&client);
	} else if (connect_socket(client, to, to_n, source, ms, err) != 0)
		client_close(&client);
	return client;
}

void client_deadline(struct client *client, uint64_t ms)
{
	io_deadline(client->io, loop_now() + ms);
}

struct io *client_io(struct client *client)
{
	return client->io;
}

void client_close(struct client **clientp)
{
	struct client *client = *clientp;

	if (!client)
		return;
	*clientp = NULL;
	if (client->tls)
		tls_bye(client->io);
	leave(client);
	io_close(&client->io);
	buf_done(&client->in);
	buf_wipe(&client->out);
	free(client);
}

/* --- reading --- */

static int failed(struct err *err)
{
	return err_set(err, ERR_TEMP, "%s",
	    errno == ETIMEDOUT ? "no answer in time"
		: errno == 0   ? "the connection broke"
			       : strerror(errno));
}

/* More bytes into client->in: 1, 0 at the end, -1. */
static int fill(struct client *client, struct err *err)
{
	buf_drop(&client->in, client->taken);
	client->taken = 0;
	errno = 0;
	ssize_t got = io_read(client->io, buf_room(&client->in, READ_BYTES), READ_BYTES);
	if (got < 0)
		return failed(err);
	client->in.n += (size_t)got;
	return got > 0;
}

int client_line(struct client *client, struct slice *line, struct err *err)
{
	if (client_flush(client, err) != 0)
		return -1;
	for (;;) {
		struct slice rest = slice_from(buf_slice(&client->in), client->taken);
		ptrdiff_t lf = slice_chr(rest, '\n');

		if (lf > CLIENT_LINE_MAX || (lf < 0 && rest.n > CLIENT_LINE_MAX))
			return err_set(err, ERR_INPUT, "a line that is too long");
		if (lf >= 0) {
			client->taken += (size_t)lf + 1;
			*line = slice_head(rest, (size_t)lf);
			if (line->n > 0 && line->p[line->n - 1] == '\r')
				line->n--;
			return 1;
		}
		int more = fill(client, err);
		if (more <= 0)
			return more;
	}
}

int client_bytes(struct client *client, struct slice *bytes, struct err *err)
{
	if (client->in.n == client->taken) {
		int more = fill(client, err);
		if (more <= 0)
			return more;
	}
	*bytes = slice_from(buf_slice(&client->in), client->taken);
	client->taken = client->in.n;
	return 1;
}

bool client_is_ahead(const struct client *client)
{
	return client->in.n > client->taken;
}

bool client_has_more(struct client *client)
{
	return client_wait(client, 0);
}

bool client_wait(struct client *client, uint64_t ms)
{
	struct pollfd p = { .fd = client->fd, .events = POLLIN };

	return client_is_ahead(client) || poll(&p, 1, (int)ms) > 0;
}

/* --- writing --- */

int client_flush(struct client *client, struct err *err)
{
	errno = 0;
	if (client->out.n > 0 && io_write(client->io, buf_slice(&client->out)) != 0)
		return failed(err);
	buf_clear(&client->out);
	return io_flush(client->io) == 0 ? 0 : failed(err);
}

int client_write(struct client *client, struct slice data, struct err *err)
{
	buf_adds(&client->out, data);
	return client->out.n < WRITE_BYTES ? 0 : client_flush(client, err);
}

/* --- TLS --- */

int client_tls(struct client *client, const struct tls_client_spec *spec, struct err *err)
{
	struct io *layer = tls_connect_new(spec, err);

	if (!layer)
		return -1;
	buf_clear(&client->in); /* RFC 3207 5: what came in the clear is not to be trusted */
	client->taken = 0;
	io_sock_drop_input(client->io);
	io_push(&client->io, layer);
	if (tls_handshake(client->io, true) != TLS_DONE)
		return err_set(err, ERR_TEMP, "%s", tls_reason(client->io));
	client->tls = true;
	return 0;
}
