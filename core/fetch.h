/* fetch.h - one thing from an HTTP server, for lists and answers that certificates name
 *
 * What is fetched is signed by itself, so that http will do; of https the server's
 * certificate has to be good. URLs come out of certificates, that is from anybody: so
 * everything about it is bounded, nothing is followed, and addresses of this machine and
 * of private networks are not asked unless fetch.private says so. */
#ifndef CORE_FETCH_H
#define CORE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct fetch_spec {
	struct slice url;
	struct slice body;	  /* of a POST; empty: GET */
	const char *content_type; /* of the body */
	size_t max;		  /* most bytes of the answer */
	uint64_t ms;		  /* within which it must be there */
	bool *untrusted;	  /* set when its certificate is not good; or NULL */
};

/* The answer's body is appended to *out. 0, or -1 with the reason. Waits: any thread but
   a loop's. */
int fetch(const struct fetch_spec *spec, struct buf *out, struct err *err);

/* Parts of a URL. False: it is none that would be fetched. */
struct fetch_url {
	struct slice host; /* a name or an IP address, without brackets */
	unsigned port;
	bool secure;	   /* https */
	struct slice path; /* with its query; empty: "/" */
};
bool fetch_url_read(struct slice url, struct fetch_url *out);

#endif
