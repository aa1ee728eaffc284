/* relay_private.h - private to relay.c and login.c */
#ifndef PROTOCOLS_RELAY_RELAY_PRIVATE_H
#define PROTOCOLS_RELAY_RELAY_PRIVATE_H

struct relay_sealer;

/* Kept. */
void relay_login_start(const struct relay_sealer *sealer);

#endif
