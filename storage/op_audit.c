/* op_audit.c - the audit trail, as admins see it */
#include <time.h>

#include "core/num.h"
#include "core/op.h"
#include "storage/audit.h"
#include "storage/dir.h"

enum { LIMIT = 100, LIMIT_MAX = 10000 };

static void put_text(struct op_call *call, const char *key, const char *text)
{
	if (text && *text)
		op_put_text(call, key, slice_str(text));
}

static void put_entry(void *arg, const struct audit_entry *entry)
{
	const struct op_event *event = &entry->event;
	struct op_call *call = arg;

	op_row(call);
	op_put_time(call, "time", entry->when);
	op_put_number(call, "id", (int64_t)entry->id);
	put_text(call, "who", event->who);
	op_put_text(call, "role", slice_str(op_role_names[event->role]));
	put_text(call, "from", event->from);
	put_text(call, "operation", event->op);
	put_text(call, "domain", event->domain);
	put_text(call, "account", event->account);
	put_text(call, "arguments", event->args);
	put_text(call, "changed", event->changes);
	put_text(call, "result", event->result);
	put_text(call, "reason", event->reason);
}

/* "7d" ago, or a day, or a second of it in UTC: "2026-11-21", "2026-11-21T16:00:00Z". */
static bool read_since(const char *text, int64_t *out)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ" };
	int64_t ms;

	if (num_duration(slice_str(text), INT64_MAX, &ms)) {
		*out = time(NULL) - ms / 1000;
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		*out = (int64_t)timegm(&tm);
		if (end && !*end)
			return true;
	}
	return false;
}

/* A domain admin is told of one domain: of an alias, its own name. */
static int find_domain(struct op_call *call, struct audit_query *query)
{
	struct dir_domain domain;

	query->domain = op_text(call, "domain");
	if (!query->domain && op_caller(call)->role < OP_SERVER_ADMIN)
		query->domain = op_caller(call)->domain;
	if (!query->domain && op_caller(call)->role < OP_SERVER_ADMIN)
		return op_fail(call, ERR_DENIED, "which domain?");
	if (query->domain && dir_domain(slice_str(query->domain), op_pool(call), &domain) == 1)
		query->domain = domain.name;
	return 0;
}

static int run_list(struct op_call *call)
{
	struct audit_query query = {
		.who = op_text(call, "who"),
		.before = (uint64_t)op_number(call, "before", 0),
		.limit = (size_t)op_number(call, "limit", LIMIT),
	};

	if (query.limit < 1 || query.limit > LIMIT_MAX)
		return op_fail(call, ERR_INPUT, "limit is 1 to %d", LIMIT_MAX);
	if (op_given(call, "since") && !read_since(op_text(call, "since"), &query.since))
		return op_fail(call, ERR_INPUT, "since is like 7d, 12h, or 2026-11-21");
	if (find_domain(call, &query) != 0)
		return -1;
	if (audit_each(&query, put_entry, call) != 0)
		return op_fail(call, ERR_TEMP, "the audit trail cannot be read");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "since", OP_TEXT, OP_OPTION, "not older than: 7d, 12h, or a day like 2026-11-21", NULL },
	{ "who", OP_TEXT, OP_OPTION, "of that caller only: an address, root", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "about that domain only", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "so many at most; 100 unless said otherwise", NULL },
	{ "before", OP_NUMBER, OP_OPTION, "older than the one with that id: the next page", NULL },
	{ 0 },
};

OPERATION(audit_list) = {
	.name = "audit list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "show who changed what, from where and when, the newest first",
	.more =
	    "Each call that changed something is there, by whichever way it came, and each that was\n"
	    "not allowed, with its arguments but those that are secret. Keys and certificates are\n"
	    "named by their SHA-256 fingerprints, before and after. How much is kept is set by\n"
	    "audit.keep-time and audit.keep-count. A domain's admins see what is about it.",
	.example = "audit list --since 7d\naudit list --domain example.org --limit 20",
	.reads = true,
	.lists = true,
	.run = run_list,
};
