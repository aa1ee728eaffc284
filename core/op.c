/* op.c - an operation is found, its caller and arguments checked, run, and told to the audit trail
 */
#include "core/loop.h"
#include "core/op_call.h"

const char *const op_role_names[] = { [OP_USER] = "user",
	[OP_DOMAIN_ADMIN] = "domain-admin",
	[OP_SERVER_ADMIN] = "server-admin",
	NULL };

const struct op *op_find(struct slice name)
{
	for (size_t i = 0; i < op_table_n; i++)
		if (slice_eq(name, slice_str(op_table[i]->name)))
			return op_table[i];
	return NULL;
}

bool op_elsewhere(const struct op *op)
{
	return op && op->network && !network_thread();
}

static int check_caller(struct op_call *call)
{
	if (call->caller->role < call->op->role)
		return op_fail(call, ERR_DENIED, "%s is for a %s", call->op->name,
		    op_role_names[call->op->role]);
	if (!op_is_served(call->op) && !call->caller->offline)
		return op_fail(call, ERR_INPUT, "%s runs without a server, by the signet command",
		    call->op->name);
	if (!call->op->offline && call->caller->offline)
		return op_fail(call, ERR_INPUT, "%s needs a server", call->op->name);
	return 0;
}

static json_t *run(struct op_call *call, const json_t *args)
{
	call->answer = call->target = json_object();
	json_object_set_new(call->answer, "ok", json_true());
	op_audit_begin(call);
	int rc = check_caller(call);
	if (rc == 0)
		rc = op_args_take(call, args);
	if (rc == 0) {
		op_audit_run(call);
		rc = call->op->run(call);
	}
	if (rc == 0 && call->op->lists && !call->rows)
		json_object_set_new(call->answer, "rows", json_array());
	op_audit_end(call, rc);
	if (rc == 0)
		return call->answer;
	json_decref(call->answer);
	return op_refusal(&call->err);
}

void op_run(const struct op_caller *caller, struct slice name, const struct json_t *args,
    struct json_t **answer)
{
	struct op_call call = { .op = op_find(name), .caller = caller, .pool.wipe = true };

	if (call.op) {
		*answer = run(&call, args);
	} else {
		err_set(&call.err, ERR_INPUT, "there is no operation '%.*s'", SLICE_ARG(name));
		*answer = op_refusal(&call.err);
	}
	pool_done(&call.pool);
}
