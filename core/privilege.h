/* privilege.h - what is kept of root's rights: to bind ports below 1024, and nothing else
 *
 * Whoever changes a listener while the server runs may want port 25. The right to bind it
 * (CAP_NET_BIND_SERVICE) stays with the process, but is in force only in the thread that
 * binds, while it does. Programs that the server runs do not get it. */
#ifndef CORE_PRIVILEGE_H
#define CORE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

/* Turn from root into that user, for good. Before there are other threads. */
int privilege_drop(uid_t uid, gid_t gid, struct err *err);

/* Around bind(): take what may be had, and give it back; errno stays as it is. */
struct privilege_held {
	bool raised;
};

struct privilege_held privilege_raise(void);
void privilege_lower(struct privilege_held held);

#endif
