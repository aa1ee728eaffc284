/* ldap.h - questions to an LDAP directory (RFC 4511): is there such an entry, is that its password?
 *
 * libldap speaks the protocol; the connection below it is one of core/client.h. So a
 * directory's certificate is judged as any other server's, what is shown to it is chosen
 * as elsewhere, and deadlines hold. There is no LDAP without TLS here.
 *
 * Any thread but a loop's; one thread uses a link at a time. */
#ifndef CORE_LDAP_H
#define CORE_LDAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

/* Once, before threads and before all else that is here. */
void ldapc_start(void);

struct ldapc_url {
	const char *host; /* name or IP address, without brackets */
	unsigned port;
	bool starttls; /* ldap://: upgraded before anything is said (RFC 4511 4.14) */
};

/* "ldaps://host[:port]" or "ldap://host[:port]", from pool. */
bool ldapc_url(struct slice text, struct pool *pool, struct ldapc_url *out);

struct ldapc_spec {
	struct ldapc_url url;
	const char *bind_dn;   /* who asks; "" is nobody */
	struct slice password; /* of bind_dn */
};

struct ldapc;

/* Connect, make TLS, bind; each of them, and each question later, within ms
   milliseconds. certificate: what is shown when asked for one, for tls_own(); "none":
   nothing. The spec must live as long as the link. NULL with the reason. */
struct ldapc *ldapc_open(
    const struct ldapc_spec *spec, const char *certificate, uint64_t ms, struct err *err);
void ldapc_close(struct ldapc **link);

/* Did the directory end the connection, or say something unasked? Waits for nothing. */
bool ldapc_is_stale(struct ldapc *link);

enum ldapc_result {
	LDAPC_FAILED = -1, /* err says why; the link is of no more use */
	LDAPC_NO,
	LDAPC_YES,
};

struct ldapc_question {
	const char *base;
	const char *filter;	       /* whose values are escaped */
	const char *const *attributes; /* to be read, NULL-ended; NULL: none */
};

/* Of each attribute that was asked for and is there, each value. */
struct ldapc_value {
	const char *attribute;
	struct slice value;
};

struct ldapc_entry {
	const char *dn;
	const struct ldapc_value *values;
	size_t n;
};

enum { LDAPC_VALUES_MAX = 100 };

/* The one entry that fits, from pool. More than one is LDAPC_FAILED with ERR_INPUT; the
   link is good for more then. */
enum ldapc_result ldapc_find(struct ldapc *link, const struct ldapc_question *question,
    struct pool *pool, struct ldapc_entry *out, struct err *err);

/* Is that the entry's password? By a bind as the entry. An empty one never is: it would
   be a bind as nobody (RFC 4513 5.1.2). */
enum ldapc_result ldapc_check(
    struct ldapc *link, const char *dn, struct slice password, struct err *err);

/* Append a value for a filter, so that it stands for itself (RFC 4515 3); for a DN (RFC
   4514 2.4). */
void ldapc_put_filter(struct buf *out, struct slice value);
void ldapc_put_dn(struct buf *out, struct slice value);

/* Does every parenthesis of a filter have its other, and is there one around all? */
bool ldapc_is_filter(struct slice text);

#endif
