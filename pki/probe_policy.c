/* probe_policy.c - the MTA-STS policy of the domain that is tried (RFC 8461)
 *
 * It is asked for as other servers do: announced in the DNS, fetched over HTTPS from a
 * server that proves its name. A host that it does not name gets no mail from who follows it. */
#include "core/conf.h"
#include "core/dns.h"
#include "core/fetch.h"
#include "core/loop.h"
#include "pki/probe.h"

enum { HTTPS_PORT = 443, FETCH_MS = 15000 };

/* The setting is the relay's: another port is for experiments. */
static unsigned port_of(void)
{
	const struct conf_key *key = conf_find(SLICE("relay.sts-port"));

	return key ? (unsigned)conf_num(key) : HTTPS_PORT;
}

/* 1, 0: there is none; -1, the DNS does not tell. */
static int is_announced(struct probe *probe, struct slice *id)
{
	const char *name = pool_printf(&probe->pool, "_mta-sts.%.*s", SLICE_ARG(probe->target));
	bool failed = false;
	struct slice text;

	if (!dns_text_of(slice_str(name), SLICE("v=STSv1"), &probe->pool, &text, &failed))
		return failed ? -1 : 0;
	return sts_record_id(text, id);
}

static int fetch_policy(struct probe *probe, struct slice *text, struct err *err)
{
	const char *url = pool_printf(&probe->pool,
	    "https://mta-sts.%.*s:%u/.well-known/mta-sts.txt", SLICE_ARG(probe->target), port_of());
	uint64_t now = loop_now(), left = probe->until > now ? probe->until - now : 1;
	struct fetch_spec spec = { .url = slice_str(url),
		.max = STS_POLICY_MAX,
		.ms = left < FETCH_MS ? left : FETCH_MS };
	struct buf got = { 0 };

	int rc = fetch(&spec, &got, err);
	*text = pool_slice(&probe->pool, buf_slice(&got));
	buf_done(&got);
	return rc;
}

/* Also that there is one which cannot be had. */
static struct slice not_had(struct probe *probe, struct slice id, const struct err *why)
{
	struct slice words = slice_str(pool_printf(&probe->pool,
	    "the domain announces one (%.*s), which cannot be fetched: %s", SLICE_ARG(id),
	    why->text));

	probe_say(probe, "MTA-STS: %.*s", SLICE_ARG(words));
	return words;
}

static void say_policy(struct probe *probe, struct slice text)
{
	while (text.n > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));

		if (line.n > 0)
			probe_say(probe, "MTA-STS: %.*s", SLICE_ARG(line));
	}
}

static struct slice find(struct probe *probe)
{
	struct slice id, text;
	struct err err = { 0 };

	switch (is_announced(probe, &id)) {
	case -1:
		return SLICE("not known: the DNS does not tell");
	case 0:
		return SLICE("the domain announces none");
	}
	if (fetch_policy(probe, &text, &err) != 0)
		return not_had(probe, id, &err);
	say_policy(probe, text);
	probe->has_sts = sts_policy_read(text, &probe->pool, &probe->sts);
	if (!probe->has_sts)
		return SLICE("the domain announces one, and what is there is none");
	return slice_str(pool_printf(&probe->pool, "%s, for %lld days: %.*s",
	    sts_mode_names[probe->sts.mode], (long long)(probe->sts.max_age / (24 * 3600)),
	    SLICE_ARG(slice_trim(probe->sts.mx))));
}

void probe_policy(struct probe *probe)
{
	probe->policy = find(probe);
}

void probe_named(struct probe *probe, struct probe_host *host)
{
	if (!probe->has_sts || probe->sts.mode == STS_NONE)
		return;
	bool named = sts_policy_names(&probe->sts, host->name);
	host->sts = named ? SLICE("names it") : SLICE("DOES NOT name it");
	probe_say(
	    probe, "MTA-STS: the policy %.*s: %.*s", SLICE_ARG(host->sts), SLICE_ARG(host->name));
	if (!named && host->why.n == 0)
		host->why = SLICE("the domain's MTA-STS policy does not name it");
}
