/* header.h - the header of a message, parted: what stays in sight, and what is encrypted */
#ifndef SMIME_HEADER_H
#define SMIME_HEADER_H

#include <stdbool.h>

#include "core/buf.h"

/* Take the header off *message, with the empty line. Fields that describe the
   content go to *inner, with an empty line behind them; the others to *outer, but
   for MIME-Version. All end in CRLF.

   hide: the subject is hidden (RFC 9788, with its policy hcp_baseline): *inner has
   the fields of the sender, too, and says what was in sight outside. */
void smime_part_header(struct slice *message, bool hide, struct buf *outer, struct buf *inner);

#endif
