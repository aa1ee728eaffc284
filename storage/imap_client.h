/* imap_client.h - private to import_imap.c: talk to an IMAP server as its client
 *
 * Straight code for a thread of its own (core/client.h). What the other side
 * sends is bounded: lines, literals, time. */
#ifndef STORAGE_IMAP_CLIENT_H
#define STORAGE_IMAP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct imap_client;

struct imap_client_spec {
	const char *host;
	unsigned port;
	bool starttls;	  /* else TLS from the beginning */
	const char *name; /* that the certificate must have; NULL: host */
};

/* Connect, TLS with a certificate that is trusted, greeting. NULL with the reason. */
struct imap_client *imap_client_open(const struct imap_client_spec *spec, struct err *err);
void imap_client_close(struct imap_client **client);

/* Send a command and read on to its tagged answer. each() sees every untagged one,
   without "* ", literals in it as they came; false: it is malformed. 0; -1: NO or BAD
   (ERR_DENIED, with the server's words), or the connection is of no more use. */
int imap_client_run(struct imap_client *client, struct slice command,
    bool (*each)(void *arg, struct slice answer), void *arg, struct err *err);

/* Append a string as it goes into a command. False: it cannot. */
bool imap_client_quote(struct buf *out, struct slice text);

/* --- parts of answers; each takes its thing off the front of *in --- */

bool imap_client_word(struct slice *in, struct slice *out); /* up to a blank or bracket */
/* Quoted, literal or atom. *scratch holds it where it had to be changed. */
bool imap_client_string(struct slice *in, struct buf *scratch, struct slice *out);

#endif
