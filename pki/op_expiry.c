/* op_expiry.c - what expires when, for admins */
#include <time.h>

#include "core/num.h"
#include "pki/expiry.h"
#include "pki/op_pki.h"
#include "pki/renew.h"

enum { LIMIT = 100, LIMIT_MAX = 10000, DAY = 24 * 60 * 60 };

struct listing {
	struct op_call *call;
	int64_t now, until; /* until: INT64_MAX: all */
	size_t skip, left, total;
};

static bool count_item(void *arg, const struct expiry_item *item)
{
	struct listing *l = arg;

	if (item->not_after > l->until)
		return false;
	l->total++;
	return true;
}

static bool put_item(void *arg, const struct expiry_item *item)
{
	struct listing *l = arg;
	struct op_call *call = l->call;

	if (item->not_after > l->until)
		return false;
	if (l->skip > 0) {
		l->skip--;
		return true;
	}
	if (l->left-- == 0)
		return false;
	op_row(call);
	op_put_time(call, "till", item->not_after);
	op_put_number(call, "days", (item->not_after - l->now) / DAY);
	op_put_text(call, "kind", slice_str(item->kind));
	op_put_text(call, "of", slice_str(item->owner));
	op_put_text(call, "subject", slice_str(item->subject));
	op_put_text(call, "sha256", slice_str(item->sha256));
	op_put_bool(call, "automatic", item->automatic);
	return true;
}

static int read_limits(struct op_call *call, struct listing *l)
{
	int64_t ms, limit = op_number(call, "limit", LIMIT), skip = op_number(call, "skip", 0);

	l->until = INT64_MAX;
	if (limit < 1 || limit > LIMIT_MAX || skip < 0)
		return op_fail(call, ERR_INPUT, "limit is 1 to %d", LIMIT_MAX);
	if (op_given(call, "within")) {
		if (!num_duration(slice_str(op_text(call, "within")), INT64_MAX, &ms))
			return op_fail(call, ERR_INPUT, "within is like 30d or 12h");
		l->until = l->now + ms / 1000;
	}
	l->left = (size_t)limit;
	l->skip = (size_t)skip;
	return 0;
}

static int run_expiry(struct op_call *call)
{
	struct listing l = { .call = call, .now = time(NULL) };
	const struct op_caller *caller = op_caller(call);
	const char *domain = op_text(call, "domain");

	if (!domain && caller->role < OP_SERVER_ADMIN)
		domain = caller->domain;
	if (read_limits(call, &l) != 0)
		return -1;
	if (!expiry_each(domain, count_item, &l))
		return op_fail(call, ERR_BUSY, "the certificates are still being read: ask again");
	op_put_number(call, "total", (int64_t)l.total);
	expiry_each(domain, put_item, &l);
	return 0;
}

static const struct op_arg expiry_args[] = {
	{ "domain", OP_DOMAIN, OP_OPTION, "what concerns that domain only", NULL },
	{ "within", OP_TEXT, OP_OPTION, "that ends within that time: 30d", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "so many at most; 100 unless said otherwise", NULL },
	{ "skip", OP_NUMBER, OP_OPTION, "not the first so many: the next page", NULL },
	{ 0 },
};

OPERATION(pki_expiry) = {
	.name = "pki expiry",
	.role = OP_DOMAIN_ADMIN,
	.args = expiry_args,
	.help = "list what expires when, the soonest first",
	.more =
	    "Certificates of domains and profiles, the chains above them, authorities, what they\n"
	    "issued (to each the one that ends last), and who is trusted beside the system's own\n"
	    "bundle. The postmaster is told in time (pki.expiry.warn). What is automatic the server\n"
	    "renews by itself.",
	.example = "pki expiry --within 30d\npki expiry --domain example.org",
	.reads = true,
	.lists = true,
	.run = run_expiry,
};

/* --- renew-now --- */

static int run_renew(struct op_call *call)
{
	struct slice domain;
	struct err err = { 0 };
	const char *by = "";

	if (domain_hosted(pki_call_domain(call), op_pool(call), &domain, &err) != 0 ||
	    renew_domain(domain.p, &by, &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "by", slice_str(by));
	return pki_call_show(call);
}

OPERATION(pki_renew_now) = {
	.name = "pki renew-now",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "have a domain's certificate renewed, as it would be before it ends",
	.more =
	    "By the program that pki.renew.hook names; or by its own key where it is self-signed\n"
	    "and pki.renew.self-signed is on. The key stays.",
	.example = "pki renew-now example.org",
	.run = run_renew,
};
