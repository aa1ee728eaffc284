/* send_private.h - private to send*.c: the parts of one mail transaction */
#ifndef PROTOCOLS_RELAY_SEND_PRIVATE_H
#define PROTOCOLS_RELAY_SEND_PRIVATE_H

#include "protocols/relay/send.h"

/* send_form.c: may it go to that server? Sets s->seven. NULL, or why not: "5.6.3 ...", from
   s->pool or for ever. */
const char *send_form(struct sending *s);

/* Is there an address among sender and recipients that only SMTPUTF8 can tell? */
bool send_names_utf8(const struct sending *s);

/* send_say.c: the commands, whose replies are not read. 0, -1: broken. */
int send_say_mail(struct sending *s);
int send_say_rcpt(struct sending *s, size_t i);
const struct queue_rcpt *send_rcpt_of(const struct sending *s, size_t i);
struct slice send_local_part(struct slice address);

/* --- send_text.c --- */

/* Is it offered and allowed to send the text by BDAT (RFC 3030)? */
bool send_by_chunks(const struct sending *s);
/* Is the text so small that it is one chunk? */
bool send_is_small(const struct sending *s);

/* The text behind the reply to DATA, its end included. 0, or -1: the connection is broken. */
int send_dotted(struct sending *s);
/* The same as one chunk, BDAT included. */
int send_one_chunk(struct sending *s);
/* As many chunks, of which the replies are read but that of the last. 1: one of them was
   refused, and all have that outcome. */
int send_chunks(struct sending *s);

/* send.c: the last reply is the outcome of all that have none yet. */
void send_judge_all(struct sending *s);

extern const struct conf_key conf_key_relay_timeout_data;

#endif
