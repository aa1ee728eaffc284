/* tlsrpt.c - what is seen of TLS towards domains that want to know */
#include "protocols/relay/tlsrpt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/dns.h"
#include "core/log.h"
#include "core/num.h"
#include "protocols/relay/attempt.h"
#include "storage/store.h"

CONF_KEY(relay_tls_reports) = {
	.name = "relay.tls-reports",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "on",
	.help = "tell domains that ask for it, once a day, how TLS towards them went",
};

const char tlsrpt_room[] = "tls-report";

static const char version[] = "1";

/* --- a record: lines of words parted by tabs --- */

static bool read_line(struct slice line, struct tlsrpt_seen *out)
{
	struct slice word = slice_cut(&line, '\t');

	if (slice_eq(word, SLICE("kind")))
		out->kind = line;
	else if (slice_eq(word, SLICE("good")))
		return num_u64(line, UINT64_MAX, &out->good);
	else if (slice_eq(word, SLICE("bad")))
		return num_u64(line, UINT64_MAX, &out->bad);
	else if (slice_eq(word, SLICE("failure")) && out->n < TLSRPT_FAILURES_MAX) {
		struct tlsrpt_failure *f = &out->failures[out->n++];
		f->type = slice_cut(&line, '\t');
		f->host = slice_cut(&line, '\t');
		f->address = slice_cut(&line, '\t');
		return num_u64(line, UINT64_MAX, &f->n);
	}
	return true;
}

bool tlsrpt_read(struct slice record, struct tlsrpt_seen *out)
{
	struct slice rest = record;

	*out = (struct tlsrpt_seen){ 0 };
	if (!slice_eq(slice_cut(&rest, '\n'), slice_str(version)))
		return false;
	while (rest.n > 0) {
		struct slice line = slice_cut(&rest, '\n');
		if (line.n == 0) { /* behind it stands the policy */
			out->policy = rest;
			break;
		}
		if (!read_line(line, out))
			return false;
	}
	return out->kind.n > 0;
}

void tlsrpt_write(const struct tlsrpt_seen *seen, struct buf *out)
{
	buf_printf(out, "%s\nkind\t%.*s\ngood\t%llu\nbad\t%llu\n", version, SLICE_ARG(seen->kind),
	    (unsigned long long)seen->good, (unsigned long long)seen->bad);
	for (size_t i = 0; i < seen->n; i++)
		buf_printf(out, "failure\t%.*s\t%.*s\t%.*s\t%llu\n",
		    SLICE_ARG(seen->failures[i].type), SLICE_ARG(seen->failures[i].host),
		    SLICE_ARG(seen->failures[i].address), (unsigned long long)seen->failures[i].n);
	buf_addc(out, '\n');
	buf_adds(out, seen->policy);
}

void tlsrpt_count(struct tlsrpt_seen *seen, const struct tlsrpt_failure *failure)
{
	if (!failure) {
		seen->good++;
		return;
	}
	seen->bad++;
	for (size_t i = 0; i < seen->n; i++) {
		struct tlsrpt_failure *f = &seen->failures[i];
		bool same = slice_eq(f->type, failure->type) && slice_eq(f->host, failure->host) &&
		    slice_eq(f->address, failure->address);
		if (same) {
			f->n++;
			return;
		}
	}
	if (seen->n == TLSRPT_FAILURES_MAX) /* counted above, not told apart */
		return;
	seen->failures[seen->n] = *failure;
	seen->failures[seen->n++].n = 1;
}

bool tlsrpt_read_key(struct slice key, int64_t *day, struct slice *domain)
{
	struct slice rest = key, date = slice_cut(&rest, ' ');
	uint32_t n;

	if (date.n != 8 || !num_u32(date, &n))
		return false;
	struct tm tm = { .tm_year = (int)(n / 10000) - 1900,
		.tm_mon = (int)(n / 100 % 100) - 1,
		.tm_mday = (int)(n % 100) };
	*day = (int64_t)timegm(&tm);
	*domain = slice_cut(&rest, ' ');
	return domain->n > 0;
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

static void store(const struct attempt *a, const char *key, const struct tlsrpt_failure *failure)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));
	struct buf old = { 0 }, new = { 0 };
	struct err err = { 0 };

	pthread_mutex_lock(&one);
	int found = store_record_get(tlsrpt_room, slice_str(key), &old);
	if (found != 1 || !tlsrpt_read(buf_slice(&old), seen))
		*seen = (struct tlsrpt_seen){ .kind = slice_str(kind_of(a)) };
	if (a->has_sts)
		seen->policy = a->sts.text;
	tlsrpt_count(seen, failure);
	tlsrpt_write(seen, &new);
	if (found < 0 || store_record_put(tlsrpt_room, slice_str(key), buf_slice(&new), &err) != 0)
		log_event(LOG_WARN, "tls-report-not-kept", log_s("domain", a->domain));
	pthread_mutex_unlock(&one);
	buf_done(&old);
	buf_done(&new);
	free(seen);
}

static void note(const struct attempt *a, const struct tlsrpt_failure *failure)
{
	time_t now = time(NULL);
	struct slice rua;
	struct tm tm;
	char day[16];

	if (a->route->fixed || a->asked == RELAY_TLS_NONE ||
	    !conf_num_at(&conf_key_relay_tls_reports, &a->at) ||
	    !tlsrpt_wanted(a->domain, a->pool, &rua))
		return;
	gmtime_r(&now, &tm);
	strftime(day, sizeof(day), "%Y%m%d", &tm);
	store(
	    a, pool_printf(a->pool, "%s %.*s %s", day, SLICE_ARG(a->domain), kind_of(a)), failure);
}

void tlsrpt_good(const struct attempt *a)
{
	note(a, NULL);
}

void tlsrpt_bad(const struct attempt *a, const char *why)
{
	note(a,
	    &(struct tlsrpt_failure){ .type = slice_str(tlsrpt_type(why)),
		.host = a->host->name,
		.address = a->address });
}
