/* op_domain_dns.c - domain dns: the records that a domain should publish, and whether it does */
#include <string.h>

#include "core/loop.h"
#include "core/op.h"
#include "core/server_name.h"
#include "pki/domain_dns.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

/* Who asks waits: servers that do not answer are not asked for ever. */
enum { CHECK_MS = 40000 };

static void put_zone(struct op_call *call, struct slice domain, const struct record *records)
{
	struct buf zone = { 0 };

	domain_records_write(domain, records, &zone);
	op_put_text(call, "zone", buf_slice(&zone));
	buf_done(&zone);
}

static void put_checked(struct op_call *call, const struct record *record, uint64_t until)
{
	enum record_state state = RECORD_UNKNOWN;
	struct slice found = SLICE("there was no time left to ask");

	if (loop_now() < until)
		state = record_check(record, op_pool(call), &found);
	op_row(call);
	op_put_text(call, "state", slice_str(record_state_names[state]));
	op_put_text(call, "type", slice_str(record_type(record)));
	op_put_text(call, "name", slice_str(record->name));
	op_put_text(call, "about", slice_str(record->about));
	if (state != RECORD_RIGHT) { /* then nobody needs to compare them */
		op_put_text(call, "found", found);
		op_put_text(call, "wanted", slice_str(record->value));
	}
}

/* What stands in MX must be a name that others can look up. */
static void warn_of_name(struct op_call *call, const char *domain)
{
	const char *host = server_name(op_pool(call));

	if (!strchr(host, '.'))
		op_say(call,
		    "%sThis server's name, '%s', is not one that others find. Say which it is: "
		    "signet setting set server.name mx.%s",
		    op_bool(call, "check") ? "" : "; ", host, domain);
}

static int run(struct op_call *call)
{
	uint64_t until = loop_now() + CHECK_MS;
	struct dir_domain domain;
	struct record *records;
	struct err err = { 0 };

	int found = dir_domain(slice_str(op_text(call, "name")), op_pool(call), &domain);
	if (found <= 0)
		return op_fail(call, found ? ERR_TEMP : ERR_ABSENT,
		    found ? "the directory cannot be read" : "that domain is not hosted here");
	if (domain_records(slice_str(domain.name), op_pool(call), &records, &err) != 0)
		return op_fail_err(call, &err);
	warn_of_name(call, domain.name);
	if (!op_bool(call, "check")) {
		put_zone(call, slice_str(domain.name), records);
		return 0;
	}
	for (; records; records = records->next)
		put_checked(call, records, until);
	return 0;
}

static const struct op_arg args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "a hosted domain", NULL },
	{ "check", OP_BOOL, OP_OPTION, "ask the DNS and say what is right, missing or differs",
	    NULL },
	{ 0 },
};

OPERATION(domain_dns) = {
	.name = "domain dns",
	.role = OP_DOMAIN_ADMIN,
	.args = args,
	.help = "print the DNS records that a domain should publish, or check them",
	.more = "Printed as a zone file: mail servers, SPF, DKIM keys, DMARC, reports of TLS,\n"
		"MTA-STS, DANE, and where clients find their services.",
	.example = "domain dns example.org\ndomain dns example.org --check",
	.reads = true,
	.network = true,
	.run = run,
};
