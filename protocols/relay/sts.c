/* sts.c - a domain's MTA-STS policy: announced in the DNS, fetched over HTTPS, kept in the store
 *
 * A record is a version byte, the time it was fetched, the id that announced it, and the
 * policy's text, parted by line ends; its key is the domain. What is kept holds until its
 * max_age is over, whatever becomes of DNS and HTTPS meanwhile (RFC 8461 5.1, 10.2). */
#include "protocols/relay/sts.h"

#include <pthread.h>
#include <time.h>

#include "core/conf.h"
#include "core/fetch.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/num.h"
#include "core/op.h"
#include "storage/store.h"

CONF_KEY(relay_sts_port) = {
	.name = "relay.sts-port",
	.type = CONF_INT,
	.def = "443",
	.min = 1,
	.max = 65535,
	.help = "port that MTA-STS policies are fetched from; another one than 443 is for "
		"experiments",
};

enum { VERSION = 1, FETCH_MS = 60000, RETRY_S = 300, REFRESH_S = 24 * 3600, FAILURES = 512 };

static const char room[] = "mta-sts";

/* --- what is kept --- */

struct kept {
	struct buf record;
	struct slice id;
	int64_t fetched;
	struct sts_policy policy;
	bool valid; /* there is one, and its time is not over */
};

static bool read_record(struct slice record, struct pool *pool, struct kept *out)
{
	struct slice rest = slice_from(record, 1);
	uint64_t fetched;

	if (record.n < 2 || record.p[0] != VERSION ||
	    !num_u64(slice_cut(&rest, '\n'), INT64_MAX, &fetched))
		return false;
	out->fetched = (int64_t)fetched;
	out->id = slice_cut(&rest, '\n');
	return sts_policy_read(rest, pool, &out->policy);
}

static void look_up(struct slice domain, struct pool *pool, struct kept *out)
{
	struct buf record = { 0 };

	*out = (struct kept){ 0 };
	if (store_record_get(room, domain, &record) == 1 &&
	    read_record(pool_slice(pool, buf_slice(&record)), pool, out))
		out->valid = time(NULL) < out->fetched + out->policy.max_age;
	buf_done(&record);
}

static void keep(struct slice domain, struct slice id, struct slice text)
{
	struct buf record = { 0 };
	struct err err = { 0 };

	buf_addc(&record, VERSION);
	buf_printf(&record, "%lld\n%.*s\n", (long long)time(NULL), SLICE_ARG(id));
	buf_adds(&record, text);
	if (store_record_put(room, domain, buf_slice(&record), &err) != 0)
		log_event(
		    LOG_ERROR, "sts-not-kept", log_s("domain", domain), log_z("reason", err.text));
	buf_done(&record);
}

/* --- what failed is not asked for again at once (RFC 8461 3.3) --- */

static struct {
	pthread_mutex_t lock;
	struct {
		uint64_t domain;
		int64_t at;
		enum sts_fault fault;
	} last[FAILURES];
} failures = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* STS_FINE: it did not, or long ago. */
static enum sts_fault failed_just_now(struct slice domain)
{
	uint64_t hash = hash_bytes(domain);
	enum sts_fault fault = STS_FINE;

	pthread_mutex_lock(&failures.lock);
	if (failures.last[hash % FAILURES].domain == hash &&
	    time(NULL) - failures.last[hash % FAILURES].at < RETRY_S)
		fault = failures.last[hash % FAILURES].fault;
	pthread_mutex_unlock(&failures.lock);
	return fault;
}

static void note_failure(struct slice domain, enum sts_fault fault)
{
	uint64_t hash = hash_bytes(domain);

	pthread_mutex_lock(&failures.lock);
	failures.last[hash % FAILURES].domain = hash;
	failures.last[hash % FAILURES].at = time(NULL);
	failures.last[hash % FAILURES].fault = fault;
	pthread_mutex_unlock(&failures.lock);
}

/* --- DNS, HTTPS --- */

/* RFC 8461 3.1: one record that begins so, or none. */
static bool announced(struct slice domain, struct pool *pool, struct slice *id)
{
	const char *name = pool_printf(pool, "_mta-sts.%.*s", SLICE_ARG(domain));
	struct slice text;

	return dns_text_of(slice_str(name), SLICE("v=STSv1"), pool, &text, NULL) &&
	    sts_record_id(text, id);
}

static enum sts_fault get(
    struct slice domain, struct slice id, struct pool *pool, struct sts_policy *out)
{
	const char *url = pool_printf(pool, "https://mta-sts.%.*s:%u/.well-known/mta-sts.txt",
	    SLICE_ARG(domain), (unsigned)conf_num(&conf_key_relay_sts_port));
	bool untrusted = false;
	struct fetch_spec spec = { .url = slice_str(url),
		.max = STS_POLICY_MAX,
		.ms = FETCH_MS,
		.untrusted = &untrusted };
	enum sts_fault fault = STS_FINE;
	struct buf text = { 0 };
	struct err err = { 0 };

	if (fetch(&spec, &text, &err) != 0)
		fault = untrusted ? STS_UNTRUSTED : STS_NOT_FETCHED;
	else if (!sts_policy_read(pool_slice(pool, buf_slice(&text)), pool, out))
		fault = STS_INVALID;
	if (fault == STS_FINE) {
		keep(domain, id, buf_slice(&text));
		log_event(LOG_INFO, "sts-policy", log_s("domain", domain), log_s("id", id),
		    log_z("mode", sts_mode_names[out->mode]), log_n("max-age", out->max_age));
	} else {
		note_failure(domain, fault);
		log_event(LOG_WARN, "sts-not-fetched", log_s("domain", domain),
		    log_z("reason", fault == STS_INVALID ? "that is no policy" : err.text));
	}
	buf_done(&text);
	return fault;
}

bool sts_find(struct slice domain, struct pool *pool, struct sts_policy *out, enum sts_fault *fault)
{
	struct kept kept;
	struct slice id;

	look_up(domain, pool, &kept);
	*out = kept.policy;
	*fault = STS_FINE;
	if (!announced(domain, pool, &id))
		return kept.valid;
	bool fresh = kept.valid && slice_eq(id, kept.id) && time(NULL) - kept.fetched < REFRESH_S;
	if (fresh)
		return true;
	struct sts_policy got;
	*fault = failed_just_now(domain);
	if (*fault == STS_FINE) {
		*fault = get(domain, id, pool, &got);
		if (*fault == STS_FINE) {
			*out = got;
			return true;
		}
	}
	return kept.valid;
}

/* --- for admins --- */

static bool put_row(void *arg, struct slice key, struct slice value)
{
	struct op_call *call = arg;
	struct kept kept;

	if (!read_record(value, op_pool(call), &kept))
		return true;
	op_row(call);
	op_put_text(call, "domain", key);
	op_put_text(call, "mode", slice_str(sts_mode_names[kept.policy.mode]));
	op_put_text(call, "mx", slice_trim(kept.policy.mx));
	op_put_time(call, "fetched", kept.fetched);
	op_put_time(call, "until", kept.fetched + kept.policy.max_age);
	return true;
}

static int run_list(struct op_call *call)
{
	if (store_record_each(room, (struct slice){ 0 }, put_row, call) < 0)
		return op_fail(call, ERR_TEMP, "cannot read the policies");
	return 0;
}

OPERATION(destination_policies) = {
	.name = "destination policies",
	.role = OP_SERVER_ADMIN,
	.help = "list the MTA-STS policies of other domains that are kept",
	.reads = true,
	.lists = true,
	.run = run_list,
};
