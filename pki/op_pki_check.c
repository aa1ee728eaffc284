/* op_pki_check.c - can others verify this server when they deliver mail? (E-015)
 *
 * Three names have to be one: that of the MX record, one in the certificate that is
 * shown at port 25, and what the server there calls itself. What the machine is called
 * does not matter (E-016). */
#include "core/dns.h"
#include "core/server_name.h"
#include "pki/op_pki.h"
#include "pki/profile.h"

struct checking {
	struct op_call *call;
	struct slice domain;
	const char *host; /* as the server calls itself */
	struct buf bytes;
	struct cert leaf;
	bool has_leaf;
	struct dns_mx mx[DNS_RECORDS_MAX];
	size_t n_mx;
	unsigned covered, named; /* by the certificate; as the host */
};

/* --- the certificate --- */

/* What is shown at port 25 to who asks for no name. */
static void find_leaf(struct checking *c)
{
	struct tls_hello hello = { .listener = "smtp" };
	struct slice owner = c->domain;
	struct domain_record record;
	struct buf given = { 0 };

	if (assign_find(&hello, &given))
		owner_named(buf_slice(&given), op_pool(c->call), &owner, NULL);
	c->has_leaf =
	    record_get(owner, &c->bytes, &record) == 1 && cert_next(&record.leaf, &c->leaf);
	op_put_text(c->call, "shown", owner);
	buf_done(&given);
}

static bool covers(const struct checking *c, struct slice host)
{
	return c->has_leaf && cert_covers(&c->leaf, host);
}

static void put_certificate(struct checking *c)
{
	struct pki_cert text = { .names = "" };

	if (c->has_leaf)
		cert_describe(&c->leaf, op_pool(c->call), &text);
	op_put_text(c->call, "certificate", slice_str(text.names));
	op_put_bool(c->call, "certificate-for-host", covers(c, slice_str(c->host)));
}

/* --- the records --- */

static bool is_host(const struct checking *c, struct slice name)
{
	return slice_ieq(name, slice_str(c->host));
}

static void add_mx(struct checking *c, const struct dns_mx *mx)
{
	c->mx[c->n_mx++] = *mx;
	c->covered += covers(c, mx->host);
	c->named += is_host(c, mx->host);
}

static void put_mx(const struct checking *c, const struct dns_mx *mx)
{
	op_row(c->call);
	op_put_text(c->call, "mx", mx->host);
	op_put_number(c->call, "preference", mx->preference);
	op_put_bool(c->call, "in-certificate", covers(c, mx->host));
	op_put_bool(c->call, "is-host", is_host(c, mx->host));
}

/* RFC 5321 5.1: without any the domain itself is meant. */
static void look_at_mx(struct checking *c)
{
	struct dns_answer answer = { 0 };
	struct err err = { 0 };
	enum dns_status status = dns_ask(c->domain, DNS_MX, op_pool(c->call), &answer, &err);

	for (size_t i = 0; status == DNS_FOUND && i < answer.n; i++) {
		struct dns_mx mx;
		if (dns_read_mx(answer.rr[i], op_pool(c->call), &mx))
			add_mx(c, &mx);
	}
	if (status == DNS_FAILED)
		op_say(c->call, "The DNS does not answer: %s", err.text);
	else if (c->n_mx == 0)
		op_say(c->call, "%s has no MX record: other servers deliver to a host of that name",
		    c->domain.p);
	if (status != DNS_FAILED && c->n_mx == 0)
		add_mx(c, &(struct dns_mx){ .host = c->domain });
}

/* --- what it means --- */

static const char *odd_one(const struct checking *c)
{
	bool own = covers(c, slice_str(c->host));

	if (c->covered > 0 && c->named > 0 && own)
		return "none";
	if (c->named > 0)
		return "certificate";
	if (own)
		return "mx";
	return c->covered > 0 ? "host" : "all";
}

static void explain(struct checking *c, const char *odd)
{
	if (strcmp(odd, "none") == 0)
		op_say(c->call, "MX record, certificate and host name agree: others can verify it");
	else if (strcmp(odd, "certificate") == 0)
		op_say(c->call, "The certificate is for another name than %s: get one for it",
		    c->host);
	else if (strcmp(odd, "mx") == 0)
		op_say(c->call,
		    "No MX record of %s names %s: change the record, or server.name and the "
		    "certificate",
		    c->domain.p, c->host);
	else if (strcmp(odd, "host") == 0)
		op_say(c->call,
		    "The server calls itself %s: set server.name to what MX record and "
		    "certificate say",
		    c->host);
	else
		op_say(c->call, "MX record, certificate and host name are three different things");
}

static int run(struct op_call *call)
{
	struct checking c = { .call = call, .host = server_name(op_pool(call)) };
	struct err err = { 0 };

	if (domain_hosted(pki_call_domain(call), op_pool(call), &c.domain, &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "domain", c.domain);
	op_put_text(call, "host", slice_str(c.host));
	find_leaf(&c);
	put_certificate(&c);
	look_at_mx(&c);
	const char *odd = odd_one(&c);
	op_put_text(call, "odd", slice_str(odd));
	explain(&c, odd);
	for (size_t i = 0; i < c.n_mx; i++)
		put_mx(&c, &c.mx[i]);
	buf_done(&c.bytes);
	return 0;
}

OPERATION(pki_check) = {
	.name = "pki check",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "compare a domain's MX records, its certificate and the server's name",
	.more =
	    "Who delivers mail to the domain and verifies the server needs one name in all three\n"
	    "places: the MX record, the certificate that is shown at port 25, and server.name,\n"
	    "which the server greets with. The odd one out is named. What the machine itself is\n"
	    "called matters only where server.name is not set.",
	.example = "pki check example.org",
	.reads = true,
	.network = true,
	.run = run,
};
