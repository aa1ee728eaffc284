/* tlsrpt.c - what is seen of TLS towards domains that want to know */
#include "protocols/relay/tlsrpt.h"

#include "core/dns.h"
#include "protocols/relay/attempt.h"

CONF_KEY(relay_tls_reports) = {
	.name = "relay.tls-reports",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "on",
	.help = "tell domains that ask for it, once a day, how TLS towards them went",
};

const char tlsrpt_room[] = "tls-report";

/* --- a tally: "good", and failures as words parted by tabs --- */

static void take_failure(struct slice line, uint64_t n, struct tlsrpt_seen *out)
{
	out->bad += n;
	if (out->n == TLSRPT_FAILURES_MAX) /* counted, not told apart */
		return;
	struct tlsrpt_failure *f = &out->failures[out->n++];
	slice_cut(&line, '\t');
	f->type = slice_cut(&line, '\t');
	f->host = slice_cut(&line, '\t');
	f->address = line;
	f->n = n;
}

void tlsrpt_read(const struct tally *tally, struct tlsrpt_seen *out)
{
	struct slice lines = tally->lines, line;
	uint64_t n;

	*out = (struct tlsrpt_seen){ .kind = tally->rest, .policy = tally->note };
	while (tally_next(&lines, &line, &n))
		if (slice_eq(line, SLICE("good")))
			out->good += n;
		else
			take_failure(line, n, out);
}

/* --- which kind of failure --- */

const char *tlsrpt_type(const char *why)
{
	static const struct {
		const char *part, *type;
	} types[] = {
		{ "STARTTLS is not offered", "starttls-not-supported" },
		{ "no ESMTP", "starttls-not-supported" },
		{ "STARTTLS was answered", "starttls-not-supported" },
		{ "it is not for", "certificate-host-mismatch" },
		{ "issuer is not known", "certificate-not-trusted" },
		{ "nobody that is trusted", "certificate-not-trusted" },
		{ "expired", "certificate-expired" },
		{ "is over", "certificate-expired" },
		{ "TLSA", "tlsa-invalid" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_ifind(slice_str(why), slice_str(types[i].part)) >= 0)
			return types[i].type;
	return "validation-failure";
}

/* --- collecting --- */

bool tlsrpt_wanted(struct slice domain, struct pool *pool, struct slice *rua)
{
	const char *name = pool_printf(pool, "_smtp._tls.%.*s", SLICE_ARG(domain));
	struct slice text;

	if (!dns_text_of(slice_str(name), SLICE("v=TLSRPTv1"), pool, &text, NULL))
		return false;
	slice_cut(&text, ';');
	while (text.n > 0) {
		struct slice value = slice_trim(slice_cut(&text, ';'));
		if (!slice_eq(slice_trim(slice_cut(&value, '=')), SLICE("rua")))
			continue;
		*rua = slice_trim(value);
		return rua->n > 0;
	}
	return false;
}

static const char *kind_of(const struct attempt *a)
{
	bool dane = a->asked == RELAY_TLS_DANE || a->asked == RELAY_TLS_DANE_ONLY;

	if (dane && a->pins.n > 0)
		return "tlsa";
	return a->has_sts && a->sts.mode != STS_NONE ? "sts" : "no-policy-found";
}

/* RFC 8460 4.3.2.1: a policy that nobody can have is as bad as none. */
static void note_fault(const struct attempt *a)
{
	static const char *const types[] = {
		[STS_NOT_FETCHED] = "sts-policy-fetch-error",
		[STS_INVALID] = "sts-policy-invalid",
		[STS_UNTRUSTED] = "sts-webpki-invalid",
	};

	tally_count(tlsrpt_room, slice_str(pool_printf(a->pool, "%.*s sts", SLICE_ARG(a->domain))),
	    slice_str(pool_printf(a->pool, "failure\t%s\t\t", types[a->sts_fault])),
	    a->has_sts ? a->sts.text : (struct slice){ 0 });
}

static void note(const struct attempt *a, struct slice line)
{
	struct slice rua;

	if (a->route->fixed || a->asked == RELAY_TLS_NONE ||
	    !conf_num_at(&conf_key_relay_tls_reports, &a->at) ||
	    !tlsrpt_wanted(a->domain, a->pool, &rua))
		return;
	if (a->sts_fault != STS_FINE)
		note_fault(a);
	tally_count(tlsrpt_room,
	    slice_str(pool_printf(a->pool, "%.*s %s", SLICE_ARG(a->domain), kind_of(a))), line,
	    a->has_sts ? a->sts.text : (struct slice){ 0 });
}

void tlsrpt_good(const struct attempt *a)
{
	note(a, SLICE("good"));
}

void tlsrpt_bad(const struct attempt *a, const char *why)
{
	note(a,
	    slice_str(pool_printf(a->pool, "failure\t%s\t%.*s\t%.*s", tlsrpt_type(why),
		SLICE_ARG(a->host->name), SLICE_ARG(a->address))));
}
