/* probe.c - which hosts are tried, and what it comes to */
#include "pki/probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/dns.h"
#include "core/loop.h"

enum { HOSTS_MAX = 20, ADDRESSES_MAX = 50, SAID_MAX = 256 * 1024 };

const char *const probe_step_names[PROBE_STEPS] = { "answer", "connect", "helo", "tls", "cert",
	"secure", "from" };

/* What each step is worth; a certificate that is not good leaves an encrypted connection. */
static const unsigned worth[PROBE_STEPS] = { 10, 10, 10, 20, 10, 30, 10 };

/* --- the transcript --- */

__attribute__((format(printf, 2, 0))) static void say(
    struct probe *probe, const char *fmt, va_list ap)
{
	if (probe->said.n > SAID_MAX)
		return;
	size_t at = probe->said.n;
	buf_vprintf(&probe->said, fmt, ap);
	for (; at < probe->said.n; at++)
		if ((unsigned char)probe->said.p[at] < ' ' || probe->said.p[at] == 0x7f)
			probe->said.p[at] = '?';
	buf_addc(&probe->said, '\n');
}

void probe_say(struct probe *probe, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(probe, fmt, ap);
	va_end(ap);
}

void probe_say_at(struct probe *probe, const char *fmt, ...)
{
	uint64_t ms = loop_now() - probe->begun;
	va_list ap;

	if (probe->said.n <= SAID_MAX)
		buf_printf(
		    &probe->said, "[%03u.%03u] ", (unsigned)(ms / 1000), (unsigned)(ms % 1000));
	va_start(ap, fmt);
	say(probe, fmt, ap);
	va_end(ap);
}

bool probe_mark(struct probe *probe, struct probe_host *host, enum probe_step step, uint64_t since,
    bool good, const char *why)
{
	host->step[step].mark = good ? PROBE_GOOD : PROBE_BAD;
	host->step[step].ms = loop_now() - since;
	if (!good && host->why.n == 0)
		host->why = slice_str(pool_str(&probe->pool, slice_str(why)));
	if (!good)
		probe_say_at(probe, "%s FAILED: %s", probe_step_names[step], why);
	return good;
}

/* --- hosts --- */

static struct probe_host **last_of(struct probe_host **list)
{
	while (*list)
		list = &(*list)->next;
	return list;
}

static bool add_host(
    struct probe *probe, struct slice name, unsigned preference, unsigned port, bool secure)
{
	struct probe_host *host;
	size_t n = 0;

	for (host = probe->hosts; host; host = host->next)
		n++;
	if (n == HOSTS_MAX)
		return false;
	host = pool_get(&probe->pool, sizeof(*host));
	*host = (struct probe_host){
		.name = name, .preference = preference, .port = port, .secure = secure
	};
	struct probe_host **at = &probe->hosts; /* the best first */
	while (*at && (*at)->preference <= preference)
		at = &(*at)->next;
	host->next = *at;
	*at = host;
	return true;
}

static int not_told(const char *what, struct slice name, const struct err *why, struct err *err)
{
	return err_set(err, ERR_TEMP, "the DNS does not tell %s of %.*s: %s", what, SLICE_ARG(name),
	    why->text);
}

/* RFC 5321 5.1, RFC 7505. 1: hosts were added; 0: there is no such record. */
static int by_mx(struct probe *probe, unsigned port, struct err *err)
{
	struct dns_answer answer;
	struct err why = { 0 };
	struct dns_mx mx;

	enum dns_status found = dns_ask(probe->target, DNS_MX, &probe->pool, &answer, &why);
	if (found == DNS_FAILED)
		return not_told("the mail servers", probe->target, &why, err);
	for (size_t i = 0; found == DNS_FOUND && i < answer.n; i++) {
		if (!dns_read_mx(answer.rr[i], &probe->pool, &mx))
			continue;
		if (slice_eq(mx.host, SLICE(".")))
			return err_set(err, ERR_INPUT, "%.*s takes no mail, its MX record says",
			    SLICE_ARG(probe->target));
		add_host(probe, mx.host, mx.preference, port, answer.secure);
	}
	return probe->hosts != NULL;
}

/* RFC 6120 3.2.1 */
static int by_srv(
    struct probe *probe, const struct probe_place *place, const char *service, struct err *err)
{
	const char *name = pool_printf(&probe->pool, "%s.%.*s", service, SLICE_ARG(probe->target));
	struct dns_answer answer;
	struct err why = { 0 };
	struct dns_srv srv;

	enum dns_status found = dns_ask(slice_str(name), DNS_SRV, &probe->pool, &answer, &why);
	if (found == DNS_FAILED)
		return not_told("the servers", probe->target, &why, err);
	for (size_t i = 0; found == DNS_FOUND && i < answer.n; i++)
		if (dns_read_srv(answer.rr[i], &probe->pool, &srv) &&
		    !slice_eq(srv.host, SLICE(".")))
			add_host(probe, srv.host, srv.priority,
			    probe->port ? place->port : srv.port, answer.secure);
	return probe->hosts != NULL;
}

static bool is_address(struct slice text)
{
	struct sockaddr_storage out;
	socklen_t n;

	return client_address(text, 0, &out, &n);
}

static int find_hosts(struct probe *probe, struct err *err)
{
	struct probe_place place = probe_place(probe);
	int found = 0;

	if (!is_address(probe->target) && place.mail)
		found = by_mx(probe, place.port, err);
	else if (!is_address(probe->target) && place.service)
		found = by_srv(probe, &place, place.service, err);
	if (found == 0)
		add_host(probe, probe->target, 0, place.port, true);
	return found < 0 ? -1 : 0;
}

/* --- addresses: a host with several becomes as many --- */

static void take_addresses(
    struct probe *probe, const struct probe_host *host, enum dns_type type, struct probe_host **out)
{
	struct dns_answer answer;
	struct err err = { 0 };
	struct slice address;

	enum dns_status found = dns_ask(host->name, type, &probe->pool, &answer, &err);
	if (found == DNS_FAILED)
		probe_say(probe, "The DNS does not tell the addresses of %.*s: %s",
		    SLICE_ARG(host->name), err.text);
	for (size_t i = 0; found == DNS_FOUND && i < answer.n; i++) {
		if (!dns_read_address(answer.rr[i], type, &probe->pool, &address))
			continue;
		struct probe_host *copy = pool_get(&probe->pool, sizeof(*copy));
		*copy = *host;
		copy->next = NULL;
		copy->address = address;
		copy->secure = host->secure && answer.secure;
		*last_of(out) = copy;
	}
}

static struct probe_host *with_addresses(struct probe *probe, struct probe_host *host)
{
	struct probe_host *out = NULL;

	if (is_address(host->name)) {
		host->address = host->name;
	} else {
		take_addresses(probe, host, DNS_A, &out);
		take_addresses(probe, host, DNS_AAAA, &out);
	}
	if (out)
		return out;
	host->next = NULL;
	return host; /* without one: it fails, and is told so */
}

static void find_addresses(struct probe *probe)
{
	struct probe_host *hosts = probe->hosts, **end = &probe->hosts;
	size_t n = 0;

	probe->hosts = NULL;
	for (struct probe_host *next; hosts && n < ADDRESSES_MAX; hosts = next) {
		next = hosts->next;
		for (*end = with_addresses(probe, hosts); *end; end = &(*end)->next)
			n++;
	}
	*end = NULL;
}

/* --- the sum --- */

static unsigned score_of(const struct probe_host *host)
{
	unsigned sum = 0;

	for (size_t i = 0; i < PROBE_STEPS; i++)
		sum += host->step[i].mark == PROBE_GOOD ? worth[i] : 0;
	return sum;
}

static void sum_up(struct probe *probe)
{
	unsigned sum = 0, n = 0;
	bool wrong = false;

	for (const struct probe_host *host = probe->hosts; host; host = host->next, n++) {
		sum += score_of(host);
		wrong = wrong || host->why.n > 0;
	}
	probe->score = n ? sum / n : 0;
	probe->good = n > 0 && sum == n * 100 && !wrong;
}

int probe_run(struct probe *probe, struct err *err)
{
	probe->begun = loop_now();
	probe->until = probe->begun + probe->ms;
	if (find_hosts(probe, err) != 0)
		return -1;
	find_addresses(probe);
	if (probe_place(probe).mail && !is_address(probe->target))
		probe_policy(probe);
	for (struct probe_host *host = probe->hosts; host; host = host->next) {
		probe_talk(probe, host);
		probe_named(probe, host);
	}
	sum_up(probe);
	return 0;
}

void probe_done(struct probe *probe)
{
	buf_done(&probe->said);
	pool_done(&probe->pool);
}
