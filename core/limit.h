/* limit.h - how many, and how often: counters by key
 *
 * One table of counters serves connections per address, sessions per account
 * and failed logins. Memory is bounded: the table forgets what is oldest. */
#ifndef CORE_LIMIT_H
#define CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"

enum limit_kind { LIMIT_ADDRESS, LIMIT_ACCOUNT, LIMIT_POLICY };

/* Count one more user of key, up to max; false when there are max already. */
bool limit_enter(enum limit_kind kind, struct slice key, unsigned max);
void limit_leave(enum limit_kind kind, struct slice key);

/* The network of an address as it is counted: IPv4 whole, IPv6 by /64.
   Returns the bytes used of out. */
size_t limit_address_key(const struct sockaddr *addr, unsigned char out[8]);

/* Failed logins. limit_fail counts one for that address (NULL: for the login
   alone) and login and returns how long, in milliseconds, the answer should be
   held back: it grows with each failure and fades with time. */
unsigned limit_fail(const struct sockaddr *peer, struct slice login);
/* For who cannot hold an answer back: how long, in milliseconds, that login is
   to wait still since it failed last; 0: it may try. */
unsigned limit_wait(struct slice login);
void limit_succeed(const struct sockaddr *peer, struct slice login);

#endif
