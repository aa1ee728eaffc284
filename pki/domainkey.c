/* domainkey.c - a signing key's way: made, active, old; and what its domain publishes */
#include "pki/domainkey.h"

#include <time.h>

#include "core/conf.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/text.h"
#include "mailauth/ask.h"
#include "mailauth/dkim.h"
#include "pki/domainkey_private.h"
#include "pki/sign_ed25519.h"

CONF_KEY(dkim_look) = {
	.name = "dkim.look-every",
	.type = CONF_DURATION,
	.def = "10m",
	.min = 1000,
	.max = 86400000,
	.help = "how often the DNS is asked whether the keys of a rotation are published",
};

/* --- by kind --- */

void domainkey_seal_name(enum domainkey_kind kind, const char *owner, struct buf *out)
{
	if (kind == DOMAINKEY_ED25519)
		sign_ed25519_sealed_as(owner, out);
	else
		sign_sealed_as(owner, out);
}

static int make_rsa(const char *owner, struct buf *sealed, struct buf *public, struct err *err)
{
	struct key_info info;

	if (sign_generate(owner, KEY_RSA_2048, sealed, err) != 0)
		return -1;
	struct sign_key key = { owner, buf_slice(sealed) };
	if (sign_look(&key, &info, err) != 0)
		return -1;
	buf_adds(public, buf_slice(&info.public_info));
	key_info_done(&info);
	return 0;
}

int domainkey_sign(
    const struct domainkey *key, struct slice data, struct buf *signature, struct err *err)
{
	unsigned char digest[DIGEST_SIZE];
	struct buf owner = { 0 };
	int rc;

	domainkey_sealed_as(key, &owner);
	struct sign_key sealed = { owner.p, key->sealed };
	if (key->kind == DOMAINKEY_ED25519) { /* RFC 8463 3 */
		digest_sha256(data, digest);
		rc = sign_ed25519(&sealed, slice_of(digest, sizeof(digest)), signature, err);
	} else {
		rc = sign_data(&sealed, data, signature, err);
	}
	buf_done(&owner);
	return rc;
}

/* --- new ones --- */

static void tell_change(
    const char *what, struct slice domain, struct slice before, struct slice after)
{
	struct pool pool = { 0 };

	op_changed(what, pool_str(&pool, domain), before, after);
	pool_done(&pool);
}

static bool count_one(void *arg, const struct domainkey *key)
{
	(void)key;
	++*(size_t *)arg;
	return true;
}

static int check_room(struct slice domain, struct err *err)
{
	size_t n = 0;

	if (domainkey_each(domain, count_one, &n) != 0)
		return err_set(err, ERR_TEMP, "the keys cannot be read");
	if (n >= DOMAINKEYS_MAX)
		return err_set(err, ERR_LIMIT, "it has %zu keys: remove old ones first", n);
	return 0;
}

/* RFC 6376 3.1: a selector is a part of a domain name. */
static int check_selector(struct slice selector, struct err *err)
{
	bool good = asker_name(selector) && selector.n <= 63;

	for (size_t i = 0; good && i < selector.n; i++) {
		char c = selector.p[i];
		good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
	}
	return good ? 0
		    : err_set(err, ERR_INPUT, "a selector is made of small letters, digits and -");
}

int domainkey_add(struct slice domain, struct slice selector, enum domainkey_kind kind, int64_t due,
    struct err *err)
{
	struct domainkey key = { .domain = domain, .selector = selector, .kind = kind, .due = due };
	struct buf owner = { 0 }, sealed = { 0 }, public = { 0 };

	if (check_selector(selector, err) != 0 || check_room(domain, err) != 0)
		return -1;
	domainkey_sealed_as(&key, &owner);
	int rc = kind == DOMAINKEY_ED25519 ? sign_ed25519_make(owner.p, &sealed, &public, err)
					   : make_rsa(owner.p, &sealed, &public, err);
	key.made = key.since = time(NULL);
	key.public = buf_slice(&public);
	key.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = domainkey_put(&key, 1, true, err);
	if (rc == 0)
		tell_change("dkim key", domain, SLICE(""), selector);
	buf_done(&owner);
	buf_done(&sealed);
	buf_done(&public);
	return rc;
}

/* --- which one signs --- */

struct search {
	struct pool *pool;
	enum domainkey_kind kind;
	struct domainkey found;
};

static struct domainkey copy_key(struct pool *pool, const struct domainkey *key)
{
	struct domainkey copy = *key;

	copy.domain = pool_slice(pool, key->domain);
	copy.selector = pool_slice(pool, key->selector);
	copy.public = pool_slice(pool, key->public);
	copy.sealed = pool_slice(pool, key->sealed);
	return copy;
}

static bool take_active(void *arg, const struct domainkey *key)
{
	struct search *search = arg;

	if (key->kind == search->kind && key->state == DOMAINKEY_ACTIVE)
		search->found = copy_key(search->pool, key);
	return true;
}

int domainkey_activate(struct slice domain, struct slice selector, struct err *err)
{
	struct pool pool = { 0 };
	struct search search = { .pool = &pool };
	struct domainkey keys[2];

	int found = domainkey_get(domain, selector, &pool, &keys[0]);
	search.kind = keys[0].kind;
	int rc = found == 1 ? domainkey_each(domain, take_active, &search) : -1;
	if (found == 0)
		err_set(err, ERR_ABSENT, "there is no such key");
	else if (rc != 0)
		err_set(err, ERR_TEMP, "the keys cannot be read");
	if (rc == 0 && keys[0].state != DOMAINKEY_ACTIVE) {
		keys[1] = search.found;
		keys[0].state = DOMAINKEY_ACTIVE;
		keys[1].state = DOMAINKEY_OLD;
		keys[0].since = keys[1].since = time(NULL);
		rc = domainkey_put(keys, search.found.domain.n > 0 ? 2 : 1, false, err);
		tell_change("dkim signs with", domain, search.found.selector, selector);
	}
	pool_done(&pool);
	return rc;
}

/* --- what is published --- */

void domainkey_name(const struct domainkey *key, struct buf *out)
{
	buf_printf(out, "%.*s._domainkey.%.*s", SLICE_ARG(key->selector), SLICE_ARG(key->domain));
}

void domainkey_text(const struct domainkey *key, struct buf *out)
{
	buf_printf(out, "v=DKIM1; k=%s; p=", domainkey_kind_names[key->kind]);
	base64_put(out, key->public);
}

static bool is_same(const struct domainkey *key, struct slice rr, struct pool *pool)
{
	struct dkim_key read;
	struct slice text;

	return dns_read_text(rr, pool, &text) && !dkim_key_read(text, pool, &read) &&
	    (read.algorithm == KEYSIG_ED25519_SHA256) == (key->kind == DOMAINKEY_ED25519) &&
	    slice_eq(read.bytes, key->public);
}

int domainkey_published(const struct domainkey *key, struct pool *pool, struct err *err)
{
	struct dns_answer answer;
	struct buf name = { 0 };

	domainkey_name(key, &name);
	enum dns_status status = dns_ask(buf_slice(&name), DNS_TXT, pool, &answer, err);
	if (status == DNS_FOUND && answer.n == 1 && is_same(key, answer.rr[0], pool)) {
		buf_done(&name);
		return 1;
	}
	if (status != DNS_FAILED)
		err_set(err, ERR_ABSENT, "%s %s", name.p,
		    status == DNS_FOUND ? "has another record, or several" : "is not published");
	buf_done(&name);
	return status == DNS_FAILED ? -1 : 0;
}

/* --- those that wait for their time --- */

struct waiting {
	struct pool pool;
	struct domainkey keys[DOMAINKEYS_MAX];
	size_t n;
	int64_t now;
};

static bool take_due(void *arg, const struct domainkey *key)
{
	struct waiting *w = arg;

	if (key->state == DOMAINKEY_WAITING && key->due > 0 && key->due <= w->now)
		w->keys[w->n++] = copy_key(&w->pool, key);
	return w->n < DOMAINKEYS_MAX;
}

static void try_key(const struct domainkey *key, struct pool *pool)
{
	struct err err = { 0 };

	if (domainkey_published(key, pool, &err) == 1 &&
	    domainkey_activate(key->domain, key->selector, &err) == 0)
		log_event(LOG_INFO, "dkim-key-active", log_s("domain", key->domain),
		    log_s("selector", key->selector));
	else
		log_event(LOG_WARN, "dkim-key-waits", log_s("domain", key->domain),
		    log_s("selector", key->selector), log_z("reason", err.text));
}

void domainkey_due(void)
{
	static uint64_t last; /* of the one thread that calls */
	struct waiting w = { .now = time(NULL) };

	if (last > 0 && loop_now() < last + (uint64_t)conf_num(&conf_key_dkim_look))
		return;
	last = loop_now();
	domainkey_each((struct slice){ 0 }, take_due, &w);
	for (size_t i = 0; i < w.n; i++)
		try_key(&w.keys[i], &w.pool);
	pool_done(&w.pool);
}

/* --- of a domain that is gone --- */

struct dropping {
	struct pool pool;
	struct slice selectors[DOMAINKEYS_MAX];
	size_t n;
};

static bool take_selector(void *arg, const struct domainkey *key)
{
	struct dropping *d = arg;

	d->selectors[d->n++] = pool_slice(&d->pool, key->selector);
	return d->n < DOMAINKEYS_MAX;
}

void domainkey_drop(struct slice domain)
{
	struct dropping d = { .n = 0 };
	struct err err = { 0 };

	if (domain.n > 0)
		domainkey_each(domain, take_selector, &d);
	for (size_t i = 0; i < d.n; i++)
		if (domainkey_remove(domain, d.selectors[i], &err) != 0)
			log_event(LOG_ERROR, "dkim-key-not-removed", log_s("domain", domain),
			    log_z("reason", err.text));
	pool_done(&d.pool);
}
