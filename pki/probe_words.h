/* probe_words.h - private to probe_*.c: a connection that is tried, and its protocol's words */
#ifndef PKI_PROBE_WORDS_H
#define PKI_PROBE_WORDS_H

#include "pki/probe.h"

struct words;

struct probe_protocol {
	const char *name;
	unsigned port, wrapped_port;
	const char *service; /* of SRV records */
	bool mail;
	/* Of the dialogue; "%s" in hello is our name, in after the sender. */
	bool greets;
	const char *hello, *offer, *upgrade, *after, *bye;
	/* Read an answer. 1 yes, 0 no, -1 the connection is of no more use. */
	int (*read)(struct words *w);
	bool always; /* there is no other port than that with TLS */
};

/* A connection. */
struct words {
	struct probe *probe;
	struct probe_host *host;
	const struct probe_protocol *protocol;
	struct client *client;
	struct buf answer; /* its lines, each with LF */
	struct err err;
	bool wrapped;
};

enum { PROBE_SMTP, PROBE_IMAP, PROBE_POP3, PROBE_XMPP, PROBE_HTTPS };
extern const struct probe_protocol probe_protocols[];

/* Is it that one? */
static inline bool words_speak(const struct words *w, int which)
{
	return w->protocol == &probe_protocols[which];
}

enum { PROBE_SHOWN_MAX = 300 };

/* --- probe_read.c: an answer, as probe_protocol.read has it; POP3 has two kinds --- */
int probe_read_smtp(struct words *w);
int probe_read_imap(struct words *w);
int probe_read_pop(struct words *w);
int probe_read_pop_list(struct words *w);
int probe_read_xmpp(struct words *w);
int probe_read_http(struct words *w);

#endif
