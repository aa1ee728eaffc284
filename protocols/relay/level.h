/* level.h - how much TLS a destination needs, and what its server must prove */
#ifndef PROTOCOLS_RELAY_LEVEL_H
#define PROTOCOLS_RELAY_LEVEL_H

#include <stdbool.h>

#include "core/conf.h"
#include "core/pool.h"
#include "core/tls.h"

/* The setting relay.tls; docs/relay-tls.md. */
enum relay_tls {
	RELAY_TLS_NONE,
	RELAY_TLS_MAY,
	RELAY_TLS_PREFER_VERIFY,
	RELAY_TLS_ENCRYPT,
	RELAY_TLS_VERIFY,
	RELAY_TLS_SECURE,
	RELAY_TLS_FINGERPRINT,
	RELAY_TLS_DANE,
	RELAY_TLS_DANE_ONLY,
};
extern const char *const relay_tls_names[]; /* "none", "may", ..., NULL */

enum relay_tls relay_tls(const struct conf_at *at);

/* What a message itself demands (RFC 8689): nothing, REQUIRETLS, or "TLS-Required: No". */
enum level_wish { LEVEL_AS_SET, LEVEL_PROVED, LEVEL_ANY };

/* What parts destinations that take the same way by what must be proved there. From
   pool. */
const char *level_key(const struct conf_at *at, struct pool *pool);

struct attempt;

/* Find the level for the host that is tried now, and what its certificate is compared
   with. False: a->why says why nothing is sent there. May ask the DNS. */
bool level_for_host(struct attempt *a);

/* Is mail sent without TLS when the host has none? */
bool level_is_optional(enum relay_tls level);

/* STARTTLS was offered and answered by an error: on, in the clear (E-050)? */
bool level_bears_refusal(const struct attempt *a);

/* After a failed handshake: once more in the clear? */
bool level_falls_back(const struct attempt *a);

/* Fill in what the handshake is told: names, pins, whether it must be good. */
void level_spec(const struct attempt *a, struct tls_client_spec *spec);

/* Nothing could be sent, and why says that it was for TLS that is required: alert (E-069). */
void level_alert(const struct conf_at *at, struct slice why);

/* Mail leaves in the clear though the host offers STARTTLS (P-025). */
void level_note_offer(const struct attempt *a, uint64_t dcid, struct slice host);

#endif
