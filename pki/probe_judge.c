/* probe_judge.c - what a server shows: its certificates one by one, the names, what DANE says */
#include <stdio.h>
#include <time.h>

#include "core/dns.h"
#include "pki/dane.h"
#include "pki/pki_private.h"
#include "pki/probe.h"
#include "pki/verify.h"

enum { CHAIN_MAX = 20, CHAIN_BYTES_MAX = 100 * 1024 };

struct exhibit {
	struct probe *probe;
	struct probe_host *host;
	struct slice chain;
	struct cert cert[CHAIN_MAX];
	size_t n;
};

static char *date_text(int64_t t, char out[40])
{
	time_t when = (time_t)t;
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, 40, "%b %e %H:%M:%S %Y GMT", &tm);
	return out;
}

/* --- names --- */

static bool add_name(void *arg, struct slice name)
{
	struct buf *names = arg;

	buf_printf(names, " | DNS:%.*s", SLICE_ARG(slice_head(name, 255)));
	return names->n < 4000;
}

static void note_names(const struct exhibit *s)
{
	struct buf common = { 0 }, names = { 0 };

	cert_name_part(s->cert[0].subject, "CN", &common);
	cert_names(&s->cert[0], add_name, &names);
	s->host->common = pool_slice(&s->probe->pool, buf_slice(&common));
	s->host->names = pool_slice(&s->probe->pool, buf_slice(&names));
	buf_done(&common);
	buf_done(&names);
}

/* Where the common name is all that there is, it is said once. */
static struct slice other_names(const struct probe_host *host, struct pool *pool)
{
	const char *same = pool_printf(pool, " | DNS:%.*s", SLICE_ARG(host->common));

	return slice_ieq(host->names, slice_str(same)) ? (struct slice){ 0 } : host->names;
}

static bool covers(const struct cert *cert, struct slice name)
{
	struct sockaddr_storage address;
	socklen_t n;

	if (client_address(name, 0, &address, &n))
		return verify_is_for_address(cert, name);
	return name.n > 0 && verify_is_for_host(cert, name);
}

/* E-068: the names that ought to be one: the certificate's, the one by which the server
   goes, and that of the MX record. */
static const char *which_differs(const struct exhibit *s)
{
	struct slice says = s->host->says, host = s->host->name;
	bool for_host = covers(&s->cert[0], host), for_says = covers(&s->cert[0], says);

	if (says.n == 0)
		return for_host ? "none" : "the certificate's name";
	if (for_host && (for_says || slice_ieq(says, host)))
		return "none";
	if (for_host)
		return "the name that the server says";
	if (for_says)
		return "the name by which it was found (MX)";
	return slice_ieq(says, host) ? "the certificate's name" : "each of the three";
}

static void tell_names(const struct exhibit *s)
{
	struct probe_host *host = s->host;
	struct pool *pool = &s->probe->pool;
	bool good = covers(&s->cert[0], host->name);
	struct slice others = good ? host->names : other_names(host, pool);

	host->odd = slice_str(which_differs(s));
	const char *said = pool_printf(pool, "Cert Hostname %s (%.*s %s %.*s%.*s)",
	    good ? "VERIFIED" : "DOES NOT VERIFY", SLICE_ARG(host->name),
	    good ? "=" : "!=", SLICE_ARG(host->common), SLICE_ARG(others));
	probe_say(s->probe, "%s", said);
	probe_say(s->probe,
	    "Names: certificate %.*s%.*s; server says %.*s; found as %.*s; differs: %.*s",
	    SLICE_ARG(host->common), SLICE_ARG(others), SLICE_ARG(host->says),
	    SLICE_ARG(host->name), SLICE_ARG(host->odd));
}

/* --- each certificate --- */

static bool is_self_signed(const struct cert *cert)
{
	return slice_eq(cert->subject, cert->issuer);
}

/* The one at i, with the others to help. */
static int judge(const struct exhibit *s, size_t i, struct err *err)
{
	struct verify_spec spec = { .trust = &s->probe->trust,
		.purpose = i == 0 ? VERIFY_SERVER : VERIFY_ANY,
		.now = time(NULL) };
	struct buf chain = { 0 };

	buf_adds(&chain, s->cert[i].der);
	for (size_t k = 0; k < s->n; k++)
		if (k != i)
			buf_adds(&chain, s->cert[k].der);
	int rc = verify_chain(&spec, buf_slice(&chain), err);
	buf_done(&chain);
	return rc;
}

static bool tell(const struct exhibit *s, size_t i, struct err *err)
{
	struct probe *probe = s->probe;
	const struct cert *cert = &s->cert[i];
	bool good = judge(s, i, err) == 0;
	char date[40];

	if (!good && i == 0 && is_self_signed(cert) && s->n == 1)
		err_set(err, ERR_INPUT,
		    "it is self-signed: this is the expected result, nobody vouches for it");
	probe_say(probe, "Certificate %zu of %zu in chain: Cert %s: %s", i + 1, s->n,
	    good ? "VALIDATED" : "NOT VALIDATED", good ? "ok" : err->text);
	if (i == 0)
		tell_names(s);
	probe_say(probe, "Not Valid Before: %s", date_text(cert->not_before, date));
	probe_say(probe, "Not Valid After: %s", date_text(cert->not_after, date));
	probe_say(probe, "subject= %s", cert_name_string(&probe->pool, cert->subject));
	probe_say(probe, "issuer= %s", cert_name_string(&probe->pool, cert->issuer));
	return good;
}

/* --- DANE (RFC 7672) --- */

static void add_pin(struct buf *pins, struct slice rr)
{
	if (rr.n < 4 || rr.n > 8192 || rr.p[0] < 2 || rr.p[0] > 3)
		return;
	buf_addc(pins, (char)(rr.n >> 8));
	buf_addc(pins, (char)rr.n);
	buf_adds(pins, rr);
}

static const char *compare(const struct exhibit *s, const struct dns_answer *answer)
{
	struct tls_claim claim = {
		.server = true, .host = pool_str(&s->probe->pool, s->host->name), .chain = s->chain
	};
	struct buf pins = { 0 };
	struct err err = { 0 };
	const char *said;

	for (size_t i = 0; i < answer->n; i++)
		add_pin(&pins, answer->rr[i]);
	claim.pins = buf_slice(&pins);
	if (pins.n == 0)
		said = "no TLSA record is one that can be used for mail";
	else if (dane_verify(&claim, &err) == 0)
		said = "VERIFIED";
	else
		said = pool_printf(&s->probe->pool, "DOES NOT VERIFY: %s", err.text);
	buf_done(&pins);
	return said;
}

static const char *ask_dane(const struct exhibit *s)
{
	struct pool *pool = &s->probe->pool;
	struct dns_answer answer;
	struct err err = { 0 };
	const char *name =
	    pool_printf(pool, "_%u._tcp.%.*s", s->host->port, SLICE_ARG(s->host->name));

	switch (dns_ask(slice_str(name), DNS_TLSA, pool, &answer, &err)) {
	case DNS_FOUND:
		if (!answer.secure || !s->host->secure)
			return "TLSA records that DNSSEC does not prove";
		return compare(s, &answer);
	case DNS_FAILED:
		return pool_printf(pool, "the DNS does not tell: %s", err.text);
	default:
		return "no TLSA record";
	}
}

/* --- all of it --- */

static void read_chain(struct exhibit *s)
{
	struct slice rest = s->chain;

	while (s->n < CHAIN_MAX && cert_next(&rest, &s->cert[s->n]))
		s->n++;
}

static const char *names_differ(const struct exhibit *s)
{
	return pool_printf(&s->probe->pool, "Cert Hostname DOES NOT VERIFY (%.*s != %.*s%.*s)",
	    SLICE_ARG(s->host->name), SLICE_ARG(s->host->common),
	    SLICE_ARG(other_names(s->host, &s->probe->pool)));
}

static void warn(void *arg, const char *sentence)
{
	probe_say(arg, "Warning: %s", sentence);
}

/* Duplicates, a wrong order, a root that need not be there (E-061): some refuse these. */
static void warn_of_chain(const struct exhibit *s)
{
	struct slice leaf = s->cert[0].der;

	chain_advice_of(
	    leaf, slice_from(s->chain, leaf.n), &s->probe->trust, time(NULL), warn, s->probe);
}

bool probe_judge(struct probe *probe, struct probe_host *host, struct slice chain, const char **why)
{
	struct exhibit *s = pool_get(&probe->pool, sizeof(*s));
	struct err err = { 0 }, other = { 0 };

	*s = (struct exhibit){
		.probe = probe, .host = host, .chain = slice_head(chain, CHAIN_BYTES_MAX)
	};
	read_chain(s);
	if (s->n == 0) {
		*why = "it shows no certificate that can be read";
		return false;
	}
	note_names(s);
	bool good = tell(s, 0, &err), named = covers(&s->cert[0], host->name);
	for (size_t i = 1; i < s->n; i++)
		tell(s, i, &other);
	warn_of_chain(s);
	host->dane = slice_str(ask_dane(s));
	probe_say(probe, "DANE: %.*s", SLICE_ARG(host->dane));
	*why = !good ? pool_str(&probe->pool, slice_str(err.text)) : names_differ(s);
	return good && named;
}
