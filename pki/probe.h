/* probe.h - a server's TLS, tried from outside as another server or a client would
 *
 * For mail the hosts that the DNS names for the domain are tried, each at each of its
 * addresses: connect, greeting, EHLO, STARTTLS, handshake, a sender, QUIT. What the server
 * shows is judged as the server would judge it (pki/verify.h), and said in words. Nothing
 * is sent that would deliver mail. All of it is bounded in time, size and number. */
#ifndef PKI_PROBE_H
#define PKI_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/client.h"
#include "core/err.h"
#include "core/pool.h"
#include "core/sts.h"
#include "pki/trust.h"

/* In the order in which they come; what follows one that failed may not be tried. */
enum probe_step {
	PROBE_ANSWER,  /* something listens there */
	PROBE_CONNECT, /* it greets */
	PROBE_HELO,    /* it says what it can */
	PROBE_TLS,     /* it offers TLS and goes on to it */
	PROBE_CERT,    /* its certificate is good, and for its name */
	PROBE_SECURE,  /* the connection is encrypted */
	PROBE_FROM,    /* and is used: a sender is taken, or what the protocol has instead */
	PROBE_STEPS
};
extern const char *const probe_step_names[PROBE_STEPS]; /* "answer", ... */

enum probe_mark { PROBE_UNTRIED, PROBE_GOOD, PROBE_BAD };

/* One address of one host. Texts are of the probe's pool. */
struct probe_host {
	struct slice name, address;
	unsigned port, preference;
	bool secure; /* that it is the one was proved by DNSSEC, and its addresses were */
	struct {
		enum probe_mark mark;
		uint64_t ms;
	} step[PROBE_STEPS];
	struct slice says;	      /* the name that it goes by, of its answer to EHLO */
	struct slice version, cipher; /* of the connection */
	struct slice common, names;   /* CN and other names of the certificate */
	struct slice odd;	      /* which of the three names differs, in words */
	struct slice dane;	      /* in words */
	struct slice sts;	      /* does the MTA-STS policy name it? empty: there is none */
	struct slice why;	      /* what was wrong first; empty: nothing */
	struct probe_host *next;
};

struct probe_protocol;
extern const char *const probe_protocol_names[]; /* "smtp", ..., NULL */

struct probe {
	/* Filled in before: */
	const struct probe_protocol *protocol;
	struct slice target; /* host, domain or address, in A-labels */
	unsigned port;	     /* 0: the protocol's */
	bool wrapped;	     /* TLS from the first byte on */
	uint64_t ms;	     /* for all of it */
	struct slice own_name, sender;
	struct trust trust; /* given back by who took it */
	/* The answer: */
	struct probe_host *hosts;
	struct slice policy; /* MTA-STS of the domain, in words; empty: not asked */
	unsigned score;	     /* 0 to 100 */
	bool good;	     /* nothing is wrong anywhere */
	struct buf said;     /* the transcript */
	struct pool pool;
	/* --- of the probe --- */
	uint64_t begun, until;
	bool has_sts;
	struct sts_policy sts;
};

/* NULL: there is none of that name. */
const struct probe_protocol *probe_protocol(struct slice name);

/* 0, or -1: there is nothing that could be tried, *err says why. Waits: any thread but a
   loop's. */
int probe_run(struct probe *probe, struct err *err);
void probe_done(struct probe *probe);

/* --- between the files of probe*.c --- */

/* A line of the transcript; what a peer said is made harmless. */
void probe_say(struct probe *probe, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with the time before it. */
void probe_say_at(struct probe *probe, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A step has ended. why: of one that failed. Returns good. */
bool probe_mark(struct probe *probe, struct probe_host *host, enum probe_step step, uint64_t since,
    bool good, const char *why);

struct probe_place {
	unsigned port;
	bool wrapped;
	const char *service; /* of SRV records, or NULL */
	bool mail;	     /* hosts are found by MX */
};
struct probe_place probe_place(const struct probe *probe);

/* probe_talk.c: all steps of one host. */
void probe_talk(struct probe *probe, struct probe_host *host);

/* probe_policy.c: the MTA-STS policy of the domain is asked for, and told in words. */
void probe_policy(struct probe *probe);
/* Does it name the host? */
void probe_named(struct probe *probe, struct probe_host *host);

/* probe_judge.c: the certificates that were shown (DER, leaf first). False: why is in
 *why. */
bool probe_judge(
    struct probe *probe, struct probe_host *host, struct slice chain, const char **why);

#endif
