/* sm.h - stanzas out: from the inbox to the client, kept until it has them (XEP-0198) */
#ifndef PROTOCOLS_XMPP_SM_H
#define PROTOCOLS_XMPP_SM_H

#include "protocols/xmpp/xmpp.h"

/* Write what the inbox holds, as much as may be out at a time. */
enum sess_next xmpp_sm_send(struct xmpp *x);

/* A stanza was written to the output: keep it until it is acknowledged. */
void xmpp_sm_sent(struct xmpp *x, struct slice text);

/* A stanza of the client's is being handled. */
void xmpp_sm_heard(struct xmpp *x);

#endif
