/* op_queue.h - private to storage/op_queue*.c: which messages of the queue an operation means */
#ifndef STORAGE_OP_QUEUE_H
#define STORAGE_OP_QUEUE_H

#include "core/op.h"
#include "storage/queue.h"

/* Rows of arguments by which messages are chosen. */
#define OP_QUEUE_FILTER                                                                            \
	{ "domain", OP_DOMAIN, OP_OPTION | OP_FOREIGN, "only mail for this domain", NULL },        \
	    { "sender", OP_TEXT, OP_OPTION,                                                        \
		    "only mail from this address, or of @domain; <>: reports", NULL },             \
	    { "older", OP_TEXT, OP_OPTION,                                                         \
		    "only mail that came so long ago or before: 30m, 4h, 2d", NULL },              \
	{                                                                                          \
		"held", OP_BOOL, OP_OPTION, "only mail that is held", NULL                         \
	}

struct op_queue_filter {
	const char *domain, *sender; /* NULL: any */
	int64_t before;		     /* unix seconds, 0: any */
	bool held;		     /* only what is */
};

/* What the call says. 0, or -1 after op_fail. */
int op_queue_filter(struct op_call *call, struct op_queue_filter *out);
/* Does this recipient wait, and for that domain? */
bool op_queue_waits(const struct op_queue_filter *filter, const struct queue_rcpt *rcpt);

/* Visit the messages that it means behind `after`, oldest first, max at most; what is
   visited is valid during the call. 1: there are more; 0; -1 after op_fail. */
int op_queue_choose(struct op_call *call, const struct op_queue_filter *filter, uint64_t after,
    size_t max, void (*take)(void *arg, const struct queue_entry *entry), void *arg);

#endif
