/* server_name.h - the name that this server goes by where no domain is named */
#ifndef CORE_SERVER_NAME_H
#define CORE_SERVER_NAME_H

#include "core/conf.h"
#include "core/pool.h"

extern const struct conf_key conf_key_server_name; /* empty: nobody gave it a name */

/* The setting, else the machine's name, else "localhost": in pool, or appended. Any thread;
   waits for nothing. */
const char *server_name(struct pool *pool);
void server_name_add(struct buf *out);

#endif
