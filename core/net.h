/* net.h - IP networks: "192.0.2.0/24", "2001:db8::/32", "192.0.2.1"
 *
 * IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 2.5.5.2), so there is one kind of
 * address, and a client that came by either socket is the same client. */
#ifndef CORE_NET_H
#define CORE_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/err.h"

enum { NET_IP = 16, NET_BITS_4 = 96 }; /* bytes; where the bits of IPv4 begin */

struct net {
	unsigned char ip[NET_IP]; /* the bits behind the prefix are zero */
	uint8_t bits;		  /* 0 to 128 */
};

/* The address, as a network of its own. False: it is no IP address. */
bool net_of(const struct sockaddr *address, struct net *out);

/* Only its first bits remain. */
void net_cut(struct net *net, unsigned bits);

/* How peers are counted: IPv4 by `bits4` of 32, IPv6 by `bits6` of 128. */
bool net_of_peer(const struct sockaddr *peer, unsigned bits4, unsigned bits6, struct net *out);

/* An address, or one with "/" and the length of the prefix. Bits behind the prefix
   are let be and cut. */
bool net_parse(struct slice text, struct net *out);

/* As net_parse reads it, appended; a single address without "/". */
void net_text(const struct net *net, struct buf *out);

bool net_is_4(const struct net *net);
/* A short prefix of IPv6, "::/0", has no IPv4 in it. */
bool net_has(const struct net *net, const struct net *inner);

/* Is the address in one of the networks of a list, parted by blanks or commas?
   Words that are no networks are passed over. */
bool nets_have(struct slice list, const struct sockaddr *address);

/* The first word of the list that is no network; empty when there is none. */
struct slice nets_fault(struct slice list);

/* Of a setting that is such a list. */
int nets_check(struct slice list, struct err *err);

#endif
