/* alert.h - what an admin is told at once: a line in the log, and mail to who asked for it
 *
 * Whoever is to get which alerts is said by `alert add`; while there is nobody, the postmaster
 * of the main domain gets all. Of one thing there is one mail in alert.interval, and of all
 * things alert.per-hour at most; the next one says how many were left out. */
#ifndef STORAGE_ALERT_H
#define STORAGE_ALERT_H

#include "core/buf.h"

enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL };
enum alert_type {
	ALERT_SYSTEM,	/* connections, TLS, disk */
	ALERT_SECURITY, /* attacks, bans */
	ALERT_LIMITS,	/* somebody sends more than he may */
};

struct alert {
	enum alert_severity severity;
	enum alert_type type;
	const char *what; /* "tls-required": one word, for the log */
	struct slice
	    about; /* with `what` the thing that there is one mail of: a domain, an account */
	const char *subject; /* of the mail; ASCII, one line */
	struct slice text;   /* lines that end in LF */
};

/* Any thread but a loop's; may wait for the disk. Failures are logged. */
void alert_raise(const struct alert *alert);

#endif
