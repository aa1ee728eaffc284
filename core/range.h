/* range.h - ranges of addresses, and tables in which one of many is found
 *
 * What core/net.h knows, and what has another first and last address than a network
 * has. IPv4 and IPv6 are apart: ::/0 holds no IPv4 address. */
#ifndef CORE_RANGE_H
#define CORE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net.h"

/* Addresses in the order in which they are compared. */
struct range_address {
	unsigned char b[1 + NET_IP]; /* the family, then the address */
};

/* All from first to last. */
struct range {
	struct range_address first, last;
};

/* False: it is of neither family. */
bool range_of(const struct sockaddr *from, struct range_address *out);

/* "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9", "192.0.2.1-9", "192.0.2." (all that
   begin so), "2001:db8::/32", "2001:db8::1-2001:db8::ff". False: it is none of these. */
bool range_parse(struct slice text, struct range *out);

/* --- a table of ranges, each with a rank: the lowest that holds an address is found --- */

struct range_entry {
	struct range range;
	uint32_t rank;
};

struct range_table;

/* Entries may overlap; they are copied. Memory grows with n, time to find with log n. */
struct range_table *range_table_new(const struct range_entry *entries, size_t n);
void range_table_free(struct range_table **table);

enum { RANGE_NOWHERE = 0xffffffff };

/* The lowest rank, or RANGE_NOWHERE. Any thread. */
uint32_t range_table_find(const struct range_table *table, const struct range_address *address);

#endif
