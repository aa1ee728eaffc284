/* ask.h - how the DNS is asked here: by whoever the caller names, else by core/dns.h
 *
 * All that judges mail asks through this, so that tests give it a DNS of their own. */
#ifndef MAILAUTH_ASK_H
#define MAILAUTH_ASK_H

#include "core/dns.h"

struct asker {
	enum dns_status (*ask)(void *arg, struct slice name, enum dns_type type, struct pool *pool,
	    struct dns_answer *out, struct err *err);
	void *arg;
};

/* As dns_ask(); asker NULL: the server's resolver. A name that no DNS can have (RFC 1035
   2.3.4: labels of 1 to 63 bytes, 253 in all; printable ASCII without \) is absent. */
enum dns_status asker_ask(const struct asker *asker, struct slice name, enum dns_type type,
    struct pool *pool, struct dns_answer *out, struct err *err);

/* Is it a name that the DNS can be asked for? One dot may end it. */
bool asker_name(struct slice name);

#endif
