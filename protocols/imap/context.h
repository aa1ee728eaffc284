/* context.h - searches whose results are kept up to date (RFC 5267)
 *
 * A context remembers the UIDs that its client knows as the result, in their order,
 * and its query, which is asked of each message that is new or got other flags when
 * the client is told of that (sync.c). It ends with the mailbox. */
#ifndef PROTOCOLS_IMAP_CONTEXT_H
#define PROTOCOLS_IMAP_CONTEXT_H

#include "protocols/imap/search.h"

struct imap_context;

/* Is there one that this tag began? */
bool imap_context_has(const struct imap *im, struct slice tag);

/* When a search asked for UPDATE and has found what it has found in the selected
   mailbox: begin one, or tell that there is none (§4.3.1). Waits. */
void imap_context_start(struct imap *im, const struct imap_search *search);

/* End the one of that tag, if there is one; end all. */
void imap_context_cancel(struct imap *im, struct slice tag);
void imap_contexts_free(struct imap *im);

/* Tell of results that are not in `now` any more, before the expunges are told, as
   long as numbers mean im->shown (§4.3.4). */
void imap_contexts_shrink(struct imap *im, const struct box_snap *now);

/* Tell what came of other flags (uint32_t: sequence numbers, rising) and of what is
   new, from that number on; im->shown is the new one. Waits. */
void imap_contexts_change(struct imap *im, const struct buf *changed, uint32_t from);

#endif
