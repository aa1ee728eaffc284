/* op_call.h - a call of an operation while it runs; for the core/op*.c files */
#ifndef CORE_OP_CALL_H
#define CORE_OP_CALL_H

#include <jansson.h>

#include "core/op.h"

/* An argument as run() sees it. */
struct op_value {
	bool given;
	const char *text;
	int64_t num;
	struct slice secret;
	const char **items;
	size_t n_items;
};

struct op_call {
	const struct op *op;
	const struct op_caller *caller;
	struct pool pool;	 /* wiped */
	struct op_value *values; /* one for each argument of the row */
	struct err err;
	json_t *answer;
	json_t *rows;	       /* borrowed of the answer, or NULL */
	json_t *target;	       /* where op_put_* put: the answer or its newest row */
	uint64_t told;	       /* when progress was told last */
	struct op_call *outer; /* that this thread was running when it began this one */
	struct buf changes;    /* for the audit trail */
	uint64_t begun;	       /* there */
	const char *args_text; /* for it too, once it was written */
};

/* op_answer.c: new references. */
json_t *op_refusal(const struct err *err);

/* op_args.c: check args against the row and fill call->values. */
int op_args_take(struct op_call *call, const json_t *args);

/* The argument's value, for log lines; NULL when there is none to show. */
const char *op_args_shown(struct op_call *call, size_t i);

/* op_audit.c: around a call, on its thread. */
void op_audit_begin(struct op_call *call);
void op_audit_run(struct op_call *call); /* allowed, with good arguments: it runs now */
void op_audit_end(struct op_call *call, int rc);

#endif
