/* client.h - a connection that we open: blocking, with deadlines, on a thread of its own
 *
 * Straight code for talking to other servers: connect, write, read a line. The
 * stack below is the one of sessions (core/io.h), so TLS is pushed on it alike.
 * Nothing here may run on a loop's thread. One thread uses a client at a time;
 * clients_abort() alone comes from elsewhere. */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/tls.h"

struct client;

/* An IPv4 or IPv6 address in text and a port; false when it is none. */
bool client_address(
    struct slice text, unsigned port, struct sockaddr_storage *out, socklen_t *out_n);

/* "192.0.2.1" or "2001:db8::1", without the port; out holds 64 bytes. Returns out. */
char *client_address_text(const struct sockaddr *address, char out[64]);

unsigned client_address_port(const struct sockaddr *address);

/* Connect to an address in at most ms milliseconds. source: a local IP address of
   the same family to come from, or empty. NULL with the reason. */
struct client *client_open(
    const struct sockaddr *to, socklen_t to_n, struct slice source, uint64_t ms, struct err *err);

/* All that follows must be done ms milliseconds from now, until this is said
   again. */
void client_deadline(struct client *client, uint64_t ms);

enum { CLIENT_LINE_MAX = 4096 };

/* The next line without its end (CRLF or LF), valid until the next call. 1, 0 when
   the peer ended the connection, -1 (err says why; a longer line is a
   failure). What was written is sent before. */
int client_line(struct client *client, struct slice *line, struct err *err);

/* What came behind the last line, or comes next; valid until the next call. 1, 0 when
   the peer ended the connection, -1. */
int client_bytes(struct client *client, struct slice *bytes, struct err *err);

/* Did more come than was asked for? After a command that upgrades to TLS that is
   an injection (RFC 3207). Waits for nothing. */
bool client_has_more(struct client *client);

/* The same, but wait for it ms milliseconds at most; also when the connection ended. */
bool client_wait(struct client *client, uint64_t ms);

/* Did more come together with the last line? */
bool client_is_ahead(const struct client *client);

/* Small writes are gathered; client_flush, client_line and many bytes send them. */
int client_write(struct client *client, struct slice data, struct err *err);
int client_flush(struct client *client, struct err *err);

/* TLS from here on; the deadline holds for the handshake. -1: the connection is
   of no more use. */
int client_tls(struct client *client, const struct tls_client_spec *spec, struct err *err);

/* The layers, for tls_info() and tls_peer(). */
struct io *client_io(struct client *client);

/* End TLS politely if there is TLS, close. NULL is fine. */
void client_close(struct client **client);

/* The server ends: whoever waits for a peer fails at once, and so does each
   client_open from now on. Any thread. */
void clients_abort(void);

#endif
