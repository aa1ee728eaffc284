/* expiry_private.h - what the files of expiry share; no one else includes it */
#ifndef PKI_EXPIRY_PRIVATE_H
#define PKI_EXPIRY_PRIVATE_H

#include "core/pool.h"
#include "pki/expiry.h"

enum { EXPIRY_HOUR = 3600, EXPIRY_DAY = 24 * EXPIRY_HOUR };

/* --- expiry_index.c --- */
void expiry_index_load(void); /* all records; may wait for the disk */
void expiry_index_done(void);
/* A record changed: one of store_record_watch. */
void expiry_index_told(const char *room, struct slice key, struct slice value);

/* --- expiry_warn.c --- */
/* Those whose time has come: a line in the log, and a mail to the postmaster. */
void expiry_warn(void);

/* --- expiry_mail.c --- */
/* To the postmaster of a domain, NULL: the main one. 0; 1: there is nobody to be told; -1. */
int expiry_mail(const char *domain, const char *subject, struct slice text, struct err *err);

#endif
