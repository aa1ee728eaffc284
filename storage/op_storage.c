/* op_storage.c - figures of the database, as admins see them */
#include "core/op.h"
#include "storage/kv.h"
#include "storage/shard.h"

static int run_status(struct op_call *call)
{
	for (uint32_t i = 0; i < shard_count(); i++) {
		struct kv_stats stats;

		kv_stats(shard_of(i)->env, &stats);
		op_row(call);
		op_put_number(call, "shard", i);
		op_put_number(call, "writes", (int64_t)stats.writes);
		op_put_number(call, "commits", (int64_t)stats.commits);
		op_put_number(call, "syncs", (int64_t)stats.syncs);
		op_put_number(call, "retries", (int64_t)stats.retries);
		op_put_number(call, "cache hits", (int64_t)stats.cache_hits);
		op_put_number(call, "cache misses", (int64_t)stats.cache_misses);
		if (stats.disk_free != UINT64_MAX)
			op_put_number(call, "disk free", (int64_t)stats.disk_free);
	}
	return 0;
}

OPERATION(storage_status) = {
	.name = "storage status",
	.role = OP_SERVER_ADMIN,
	.help = "show figures of each shard's database since the server was started",
	.more = "Writes that share a commit and commits that share a sync are what makes many\n"
		"deliveries at a time fast. What is free on the disk is in bytes.",
	.reads = true,
	.lists = true,
	.run = run_status,
};
