/* alert_private.h - private to alert*.c: who gets which alerts */
#ifndef STORAGE_ALERT_PRIVATE_H
#define STORAGE_ALERT_PRIVATE_H

#include <stdbool.h>

#include "storage/alert.h"

extern const char *const alert_severities[]; /* "info", ..., NULL; as the enum */
extern const char *const alert_types[];

struct alert_recipient {
	struct slice address;
	unsigned severities, types; /* 1 << enum, or-ed */
};

/* Visit all; a recipient is valid during the call. 0 or -1. */
int alert_each_recipient(
    bool (*visit)(void *arg, const struct alert_recipient *recipient), void *arg);

#endif
