/* event.h - scripts that run for what clients do with messages (RFC 6785)
 *
 * Which script belongs to a mailbox says its note /shared/imapsieve/script, else
 * that of the account; it is one of the scripts that ManageSieve keeps for the
 * account. A command makes its change first; then the script runs for one message
 * after the other, by turns, and the answer comes when all is done. */
#ifndef PROTOCOLS_IMAP_EVENT_H
#define PROTOCOLS_IMAP_EVENT_H

#include "protocols/imap/imap.h"

#define IMAP_EVENT_APPEND "APPEND"
#define IMAP_EVENT_COPY "COPY"
#define IMAP_EVENT_FLAG "FLAG"

/* Messages that came into a mailbox: run its script. UIDs are from the command's
   pool. done: what the command came to; to be returned. Waits. */
enum imap_done imap_event_new(struct imap *im, enum imap_done done, const struct imap_place *place,
    const char *cause, const struct box_added *added);

/* Before flags of the selected mailbox are changed: how they are, when a script wants
   to know; else NULL. Waits. */
struct box_snap *imap_event_before(struct imap *im);
/* And behind it, of these UIDs; frees *before. done as above. */
enum imap_done imap_event_flags(
    struct imap *im, enum imap_done done, struct box_snap **before, const uint32_t *uids, size_t n);

/* --- metadata_script.c --- */

/* Is a script named for any mailbox of the account? */
bool imap_metadata_scripts(struct acct *acct);
/* Its name for this mailbox: 1, 0 there is none, -1. */
int imap_metadata_script(struct acct *acct, uint32_t box, struct buf *name);
/* Notes have changed. */
void imap_events_changed(void);

#endif
