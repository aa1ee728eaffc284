/* dnsbl.h - lists of addresses in the DNS (RFC 5782) */
#ifndef PROTOCOLS_SMTP_DNSBL_H
#define PROTOCOLS_SMTP_DNSBL_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/conf.h"
#include "core/err.h"
#include "core/pool.h"

enum { DNSBL_MAX = 32, DNSBL_CODES_MAX = 16, DNSBL_WEIGHT_MAX = 1000 };

struct dnsbl_code {
	unsigned char from[4], to[4];
};

/* A list to ask, and what its answers are worth. */
struct dnsbl {
	const char *zone;
	struct dnsbl_code codes[DNSBL_CODES_MAX];
	size_t n_codes; /* 0: all of 127/8 but what says that it was not asked rightly */
	int weight;	/* below 0: a list of good ones */
	bool only_4, only_6;
};

/* "zen.example.org bl.example.org/4=127.0.0.2-11,127.0.1.*:3 good.example.org:-2". How
   many, put into out; -1 with the reason. Names live in pool. */
int dnsbl_read(struct slice text, struct pool *pool, struct dnsbl out[DNSBL_MAX], struct err *err);

struct dnsbl_result {
	const struct dnsbl *list;
	enum { DNSBL_NOT_THERE, DNSBL_LISTED, DNSBL_UNKNOWN } state; /* unknown: no answer */
	char code[16];						     /* "127.0.0.2" */
};

/* Ask all lists about an address, at the same time. What of the lists that have the
   family; how many. Waits for the network. */
size_t dnsbl_ask(const struct dnsbl *lists, size_t n, const struct sockaddr *address,
    struct pool *pool, struct dnsbl_result out[DNSBL_MAX]);

/* What a list says to people about the address, in one printable line; empty: nothing.
   Waits for the network. */
struct slice dnsbl_why(const struct dnsbl *list, const struct sockaddr *address, struct pool *pool);

extern const struct conf_key conf_key_dnsbl_lists;

#endif
