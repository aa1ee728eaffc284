/* tls_cache.h - TLS sessions that are kept here, not in tickets: bounded, in memory
 *
 * Two tables, as P-019 wants them: sessions of clients that take no tickets
 * (TLS 1.2 and before), by their session id; and sessions with other servers, by
 * host and policy. No thread ever waits for the disk here: pki/session.c fills the
 * tables at the start and writes changes behind. Any thread. */
#ifndef CORE_TLS_CACHE_H
#define CORE_TLS_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

enum tls_cache_side { TLS_CACHE_SERVER, TLS_CACHE_CLIENT, TLS_CACHE_SIDES };

enum { TLS_CACHE_KEY = 32 };

/* used: when it was, in milliseconds since 1970. */
void tls_cache_put(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY],
    struct slice value, int64_t used);
void tls_cache_drop(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY]);

/* The value is appended; wipe it. False: none. */
bool tls_cache_get(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY],
    struct buf *value, int64_t *used);

/* It was used until now. */
void tls_cache_use(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY], int64_t used);

size_t tls_cache_count(enum tls_cache_side side);
void tls_cache_clear(void);

/* Drop those whose time is over, as far as they are the longest unused. */
void tls_session_sweep(int64_t ttl_s);

/* --- for whoever keeps them on disk --- */

/* As tls_cache_put, but it lies on disk already. */
void tls_cache_load(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY],
    struct slice value, int64_t used);

/* What changed since the last call; an empty value: it was dropped. visit() is called
   with the table locked: it copies what it needs, and waits for nothing. */
void tls_cache_changes(enum tls_cache_side side,
    void (*visit)(
	void *arg, const unsigned char key[TLS_CACHE_KEY], struct slice value, int64_t used),
    void *arg);

#endif
