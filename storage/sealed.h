/* sealed.h - which records hold a secret that is sealed under the master key
 *
 * A row for each room of store_record_* that has such records, so that a new master key
 * can take the old one's place: what it sealed is sealed anew, at the same length. A
 * room without a row keeps the old key from being given up, and that is logged. */
#ifndef STORAGE_SEALED_H
#define STORAGE_SEALED_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/table.h"

struct sealed {
	const char *room;
	/* Where the sealed secret is in a record's value, and what it was sealed as,
	   appended to *what. False: the record has none. */
	bool (*find)(struct slice key, struct slice value, struct buf *what, struct slice *secret);
};

#define SEALED(id) TABLE_ROW(sealed, id)
TABLE_DECLARE(sealed);

#endif
