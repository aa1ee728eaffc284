/* status.h - items of STATUS (RFC 3501 §6.3.10), each one a row */
#ifndef PROTOCOLS_IMAP_STATUS_H
#define PROTOCOLS_IMAP_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/table.h"
#include "protocols/imap/imap.h"
#include "storage/box.h"

struct imap_status_item {
	const char *name;
	uint64_t (*value)(const struct box_status *status);
	const char *before, *behind; /* the number, or NULL */
	bool added_up;		     /* of all messages: the mailbox is read for it */
};

#define IMAP_STATUS_ITEM(id) TABLE_ROW(imap_status_item, id)
TABLE_DECLARE(imap_status_item);

/* "(MESSAGES UNSEEN)"; a bit for each item. */
bool imap_status_items(struct slice *in, uint64_t *items);

/* As box_status, of what the user sees of it. 0, -1. */
struct imap_place;
int imap_status(struct imap *im, struct imap_place *place, uint64_t items, struct box_status *out,
    struct err *err);

/* "* STATUS name (MESSAGES 3 UNSEEN 1)"; name in UTF-8. */
void imap_put_status(
    struct imap *im, struct slice name, uint64_t items, const struct box_status *status);

#endif
