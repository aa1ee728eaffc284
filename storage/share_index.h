/* share_index.h - private to share*.c: who has shown something to whom */
#ifndef STORAGE_SHARE_INDEX_H
#define STORAGE_SHARE_INDEX_H

#include "core/err.h"
#include "core/pool.h"

/* Note that the owner has an entry for the identifier, both canonical. Durable
   on return. A note may outlive its entry: it only says where to look. */
int share_index_put(struct slice identifier, struct slice owner, struct err *err);

#endif
