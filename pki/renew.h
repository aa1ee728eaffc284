/* renew.h - certificates renewed in time, by whoever can
 *
 * A row for each way. What an authority gives back is installed as an admin would, by
 * renew_install. A protocol such as ACME is one more row. */
#ifndef PKI_RENEW_H
#define PKI_RENEW_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"
#include "pki/cert.h"

struct renewer {
	const char *name;
	/* Is that how the domain's certificate is to be renewed? Waits for nothing but
	   settings. */
	bool (*wants)(const char *domain, const struct cert *leaf);
	/* Do it; it may take minutes. 0, or -1 with the reason: it is tried again later. */
	int (*renew)(const char *domain, struct err *err);
};
#define RENEWER(id) TABLE_ROW(renewer, id)
TABLE_DECLARE(renewer);

/* Put a certificate and those above it, PEM, in place of the domain's: of the same key. */
int renew_install(const char *domain, struct slice pem, struct err *err);

/* All whose time has come; by the thread that watches. */
void renew_due(void);
/* One domain, now. ERR_ABSENT: nobody wants to. */
int renew_domain(const char *domain, const char **by, struct err *err);
void renew_stop(void);

#endif
