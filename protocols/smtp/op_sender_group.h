/* op_sender_group.h - what the operations on sender groups share */
#ifndef PROTOCOLS_SMTP_OP_SENDER_GROUP_H
#define PROTOCOLS_SMTP_OP_SENDER_GROUP_H

#include "core/op.h"

/* Without an option, the port for other servers. */
static inline const char *sender_group_listener(struct op_call *call)
{
	const char *listener = op_text(call, "listener");

	return listener ? listener : "smtp";
}

#define LISTENER_ARG                                                                               \
	{                                                                                          \
		"listener", OP_TEXT, OP_OPTION, "of this listener; else of smtp", NULL             \
	}
#define NAME_ARG                                                                                   \
	{                                                                                          \
		"name", OP_TEXT, OP_REQUIRED, "name of the sender group", NULL                     \
	}

#endif
