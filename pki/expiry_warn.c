/* expiry_warn.c - the admin is told in time, and once
 *
 *	SHA-256 " " KIND " " OWNER -> the time before its end at which it was told last */
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "pki/expiry_private.h"
#include "storage/store.h"

#define TOLD_ROOM "expiry"

enum { TIMES_MAX = 16, FORGOTTEN = 30 * EXPIRY_DAY, AT_ONCE_MAX = 1000 };

CONF_KEY(pki_expiry_warn) = {
	.name = "pki.expiry.warn",
	.type = CONF_TEXT,
	.def = "30d 14d 7d 1d",
	.help = "how long before a certificate ends its domain's postmaster is told",
};

struct due {
	struct expiry_item item;
	int64_t stage; /* the time before its end that it has reached, in seconds; 0: it is over */
};

struct gathering {
	struct pool pool;
	int64_t times[TIMES_MAX], now, longest;
	size_t n_times;
	struct due due[AT_ONCE_MAX];
	size_t n;
};

static void read_times(struct gathering *g)
{
	struct buf text = { 0 };
	int64_t ms;

	conf_text(&conf_key_pki_expiry_warn, NULL, &text);
	for (struct slice rest = buf_slice(&text), word;
	     g->n_times < TIMES_MAX - 1 && (word = slice_word(&rest)).n > 0;)
		if (num_duration(word, INT64_MAX, &ms)) {
			g->times[g->n_times++] = ms / 1000;
			g->longest = ms / 1000 > g->longest ? ms / 1000 : g->longest;
		}
	g->times[g->n_times++] = 0;
	buf_done(&text);
}

/* The smallest of the times that it has reached. What the server renews by itself is told of
   only when that did not work. */
static int64_t stage_of(const struct gathering *g, const struct expiry_item *item)
{
	int64_t left = item->not_after - g->now, stage = -1;

	for (size_t i = 0; i < g->n_times; i++)
		if (left <= g->times[i] && (stage < 0 || g->times[i] < stage) &&
		    (!item->automatic || g->times[i] == 0))
			stage = g->times[i];
	return stage;
}

static bool gather(void *arg, const struct expiry_item *item)
{
	struct gathering *g = arg;
	int64_t stage = stage_of(g, item);

	if (item->not_after > g->now + g->longest || g->n == AT_ONCE_MAX)
		return false;
	if (stage < 0 || item->not_after < g->now - FORGOTTEN)
		return true;
	struct due *due = &g->due[g->n++];
	*due = (struct due){ *item, stage };
	due->item.owner = pool_str(&g->pool, slice_str(item->owner));
	due->item.domain = item->domain ? pool_str(&g->pool, slice_str(item->domain)) : NULL;
	due->item.subject = pool_str(&g->pool, slice_str(item->subject));
	due->item.sha256 = pool_str(&g->pool, slice_str(item->sha256));
	return true;
}

/* --- told before? --- */

static struct slice told_key(const struct due *due, struct buf *key)
{
	buf_clear(key);
	buf_printf(key, "%s %s %s %lld", due->item.sha256, due->item.kind, due->item.owner,
	    (long long)due->item.not_after);
	return buf_slice(key);
}

static bool was_told(const struct due *due)
{
	struct buf key = { 0 }, value = { 0 };
	bool told = store_record_get(TOLD_ROOM, told_key(due, &key), &value) == 1 && value.n == 8 &&
	    (int64_t)num_get64((const unsigned char *)value.p) <= due->stage;

	buf_done(&key);
	buf_done(&value);
	return told;
}

static void set_told(const struct due *due)
{
	unsigned char value[8];
	struct buf key = { 0 };

	num_put64(value, (uint64_t)due->stage);
	store_record_put(TOLD_ROOM, told_key(due, &key), slice_of(value, sizeof(value)), NULL);
	buf_done(&key);
}

/* --- telling --- */

static void when_text(const struct due *due, int64_t now, struct buf *out)
{
	int64_t left = due->item.not_after - now;
	char date[40];

	date_rfc5322((time_t)due->item.not_after, date);
	if (left <= 0)
		buf_printf(out, "has ended on %s", date);
	else if (left < 2 * EXPIRY_DAY)
		buf_printf(out, "ends in %lld hours, on %s", (long long)(left / EXPIRY_HOUR), date);
	else
		buf_printf(out, "ends in %lld days, on %s", (long long)(left / EXPIRY_DAY), date);
}

static void put_line(const struct due *due, int64_t now, struct buf *text)
{
	struct buf when = { 0 };

	when_text(due, now, &when);
	buf_printf(text, "%s of %s: %s\n  %s\n", due->item.kind, due->item.owner, due->item.subject,
	    buf_z(&when));
	if (*due->item.sha256)
		buf_printf(text, "  SHA-256 %s\n", due->item.sha256);
	buf_addc(text, '\n');
	buf_done(&when);
}

static void log_due(const struct due *due, int64_t now)
{
	log_event(LOG_WARN, due->stage ? "certificate-ends" : "certificate-over",
	    log_z("kind", due->item.kind), log_z("of", due->item.owner),
	    log_z("subject", due->item.subject),
	    log_n("days", (due->item.not_after - now) / EXPIRY_DAY));
}

static bool same_domain(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* One mail for all of a domain. */
static void tell_domain(struct gathering *g, const char *domain)
{
	struct buf text = { 0 };
	struct err err = { 0 };

	buf_addz(&text, "These certificates end soon, or have ended:\n\n");
	for (size_t i = 0; i < g->n; i++)
		if (same_domain(g->due[i].item.domain, domain)) {
			log_due(&g->due[i], g->now);
			put_line(&g->due[i], g->now, &text);
		}
	buf_addz(&text,
	    "`signet pki expiry` lists all that ends, and the page of a domain's\n"
	    "certificate renews it.\n");
	int rc = expiry_mail(domain, "Certificates end soon", buf_slice(&text), &err);
	if (rc < 0)
		log_event(LOG_ERROR, "postmaster-not-told", log_z("domain", domain ? domain : ""),
		    log_z("reason", err.text));
	for (size_t i = 0; rc >= 0 && i < g->n; i++)
		if (same_domain(g->due[i].item.domain, domain))
			set_told(&g->due[i]);
	buf_done(&text);
}

static bool is_first_of_domain(const struct gathering *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_domain(g->due[k].item.domain, g->due[i].item.domain))
			return false;
	return true;
}

void expiry_warn(void)
{
	struct gathering *g = mem_get(sizeof(*g));
	size_t kept = 0;

	g->now = time(NULL);
	read_times(g);
	expiry_each(NULL, gather, g);
	for (size_t i = 0; i < g->n; i++)
		if (!was_told(&g->due[i]))
			g->due[kept++] = g->due[i];
	g->n = kept;
	for (size_t i = 0; i < g->n; i++)
		if (is_first_of_domain(g, i))
			tell_domain(g, g->due[i].item.domain);
	pool_done(&g->pool);
	free(g);
}
