/* wire.h - rooms below get what they need from rooms above or beside them */
#ifndef MAIN_WIRE_H
#define MAIN_WIRE_H

#include "core/err.h"

/* Settings kept in the directory; logins answered from it. After store_open. */
int wire_settings(struct err *err);
int wire_logins(struct err *err);

#endif
