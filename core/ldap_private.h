/* ldap_private.h - what core/ldap*.c share; they alone know libldap */
#ifndef CORE_LDAP_PRIVATE_H
#define CORE_LDAP_PRIVATE_H

#include <ldap.h>

#include "core/ldap.h"

struct client;

struct ldapc {
	const struct ldapc_spec *spec;
	uint64_t ms;
	struct client *client;
	LDAP *ld;
	int error;  /* errno, once the connection failed */
	bool known; /* it answered once */
	bool bound; /* as who asks; else as somebody whose password was checked */
};

/* A question begins: it has link->ms. */
void ldapc_begin(struct ldapc *link);

/* What libldap says of a simple bind. */
int ldapc_bind(LDAP *ld, const char *dn, struct slice password);

/* Be bound as who asks. 0, or -1 with the reason. */
int ldapc_bind_asker(struct ldapc *link, struct err *err);

/* Always -1, which is LDAPC_FAILED. What the directory says in words of its own stays
   out of our log. */
int ldapc_fail(const struct ldapc *link, int rc, const char *what, struct err *err);

#endif
