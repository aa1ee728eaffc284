/* ban.h - addresses that are not let in for a while
 *
 * Who fails to log in, guesses names or talks nonsense too often is refused when he
 * connects, in every protocol: his connection is closed before anything is spent on
 * it. IPv4 addresses are banned one by one, IPv6 by /64; an admin may ban any network.
 * A ban that follows another is twice as long. Networks in ban.trusted are never
 * banned. Bans outlast a restart. */
#ifndef CORE_BAN_H
#define CORE_BAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/net.h"

enum ban_offence {
	BAN_LOGIN,     /* a wrong password */
	BAN_RECIPIENT, /* mail for somebody who is not there */
	BAN_NONSENSE,  /* a connection ended for too many malformed commands */
	BAN_OFFENCES,
	BAN_BY_ADMIN = BAN_OFFENCES,
};

extern const char *const ban_words[]; /* "logins", "recipients", "nonsense", "admin" */

/* Is this peer banned? Cheap, takes no lock while nobody is. Any thread. */
bool ban_has(const struct sockaddr *peer);

/* The same for a connection that was just taken: counted when it is refused. */
bool ban_refuses(const struct sockaddr *peer);

/* This peer did something of which nobody should do much. Waits for nothing. */
void ban_offence(const struct sockaddr *peer, enum ban_offence what);

bool ban_is_trusted(const struct sockaddr *peer);

struct ban {
	struct net net;
	int64_t since, until; /* milliseconds since 1970 */
	enum ban_offence why;
};

/* Begin a ban of so many milliseconds, or remove one: false, there is none of exactly
   that network. Any thread. */
void ban_add(const struct net *net, uint64_t ms, enum ban_offence why);
bool ban_remove(const struct net *net);

/* Visit all. visit() must not ask for bans. */
void ban_each(void (*visit)(void *arg, const struct ban *ban), void *arg);

#endif
