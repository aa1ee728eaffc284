/* signed_parts.h - which bytes of a message are signed, and by what (RFC 8551 3.5, RFC 1847) */
#ifndef SMIME_SIGNED_PARTS_H
#define SMIME_SIGNED_PARTS_H

#include "smime/cms_signed.h"

/* Zero-initialised. */
struct signed_parts {
	struct cms_signed cms;
	struct buf content; /* as it was signed: lines end in CR LF */
};

/* Of a message that is signed as a whole, detached or not. ERR_ABSENT: it is not signed;
   ERR_INPUT: it says that it is, and is malformed. Free it in any case. Any thread. */
int signed_parts(struct slice message, struct signed_parts *out, struct err *err);
void signed_parts_done(struct signed_parts *parts);

#endif
