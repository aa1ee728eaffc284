/* attempt.h - private to open.c and greet.c: an address that is tried */
#ifndef PROTOCOLS_RELAY_ATTEMPT_H
#define PROTOCOLS_RELAY_ATTEMPT_H

#include "protocols/relay/sts.h"
#include "protocols/relay/talk.h"

/* What is tried now, and with what result so far. */
struct attempt {
	struct slice domain;
	struct pool *pool;
	struct conf_at at;
	enum level_wish wish;
	struct route *route;
	struct route_host *host;
	struct slice address;
	enum relay_tls asked;	   /* by the setting */
	enum relay_tls host_level; /* what that means for this host */
	enum relay_tls level;	   /* of this connection */
	bool has_sts, asked_sts;   /* the domain has a policy; it was looked for */
	struct sts_policy sts;
	enum sts_fault sts_fault; /* the newest policy could not be had */
	bool sts_rules;		  /* it says what holds for this host */
	struct slice pins;	  /* see tls_client_spec */
	struct slice why;	  /* the last failure */
	bool broke_after_220;	  /* which was a handshake */
};

/* Keeps why; returns false. */
bool attempt_fail(struct attempt *a, struct slice why);

/* From the greeting to a connection that takes messages: EHLO, TLS, login. False:
   a->why, which begins with ATTEMPT_TLS when it was for that. */
bool attempt_greet(struct talk *talk, struct attempt *a);

#define ATTEMPT_TLS "4.7.5 "

#endif
