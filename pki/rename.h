/* rename.h - a hosted domain gets another name */
#ifndef PKI_RENAME_H
#define PKI_RENAME_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

/* Rename a domain, with all that is kept of it (storage/rename.h). Its key and
   certificate are shown as they are to those who come to the new name, and to names that
   are in the certificate; nothing of them is made anew. With keep_alias the old name stays
   an alias. Sessions of the domain's accounts end. 0, or -1 with the reason and nothing
   changed. Any thread but a loop's. */
int domain_rename(struct slice name, struct slice to, bool keep_alias, struct err *err);

#endif
