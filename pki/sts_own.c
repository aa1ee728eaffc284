/* sts_own.c - the MTA-STS policy of a domain, made of its settings (RFC 8461 3.2) */
#include "pki/sts_own.h"

#include "core/conf.h"
#include "core/digest.h"
#include "core/server_name.h"
#include "core/text.h"
#include "pki/cert.h"
#include "pki/pki.h"
#include "pki/pki_private.h"

enum { MODE_OFF, ID_BYTES = 8 };

static const char *const modes[] = { "off", "none", "testing", "enforce", NULL };

CONF_KEY(mta_sts_mode) = {
	.name = "mta-sts.mode",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.choices = modes,
	.def = "off",
	.help = "the MTA-STS policy of a domain, served at https://mta-sts.DOMAIN/: off: there is "
		"none; none: others forget the one that they have; testing: they tell of failures; "
		"enforce: no mail to it without verified TLS",
};

CONF_KEY(mta_sts_max_age) = {
	.name = "mta-sts.max-age",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "604800",
	.min = 300,
	.max = 31557600, /* RFC 8461 3.2 */
	.help = "for how many seconds others keep that policy",
};

CONF_KEY(mta_sts_mx) = {
	.name = "mta-sts.mx",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "",
	.help =
	    "hosts that the policy names, parted by blanks; *.example.org for all below; empty: "
	    "this server alone",
};

static void put_hosts(const struct conf_at *at, struct pool *pool, struct buf *out)
{
	struct buf hosts = { 0 };
	struct slice rest, host;

	conf_text(&conf_key_mta_sts_mx, at, &hosts);
	rest = buf_slice(&hosts);
	if (slice_trim(rest).n == 0)
		rest = slice_str(server_name(pool));
	while ((host = slice_word(&rest)).n > 0)
		buf_printf(out, "mx: %.*s\r\n", SLICE_ARG(host));
	buf_done(&hosts);
}

static int64_t mode_of(struct slice domain, struct pool *pool)
{
	struct conf_at at = { .domain = pool_str(pool, domain) };

	return conf_num_at(&conf_key_mta_sts_mode, &at);
}

bool sts_own_wanted(struct slice domain)
{
	struct pool pool = { 0 };
	bool wanted = mode_of(domain, &pool) != MODE_OFF;

	pool_done(&pool);
	return wanted;
}

bool sts_own(struct slice domain, struct pool *pool, struct slice *text, struct slice *id)
{
	struct conf_at at = { .domain = pool_str(pool, domain) };
	int64_t mode = mode_of(domain, pool);
	unsigned char digest[DIGEST_SIZE];
	struct buf out = { 0 }, hex = { 0 };

	if (mode == MODE_OFF)
		return false;
	buf_printf(&out, "version: STSv1\r\nmode: %s\r\n", modes[mode]);
	put_hosts(&at, pool, &out);
	buf_printf(
	    &out, "max_age: %lld\r\n", (long long)conf_num_at(&conf_key_mta_sts_max_age, &at));
	*text = pool_slice(pool, buf_slice(&out));
	digest_sha256(*text, digest);
	hex_put(&hex, slice_of(digest, ID_BYTES));
	*id = pool_slice(pool, buf_slice(&hex));
	buf_done(&out);
	buf_done(&hex);
	return true;
}

/* --- its host --- */

struct looking {
	struct slice host;
	bool found;
};

static bool compare(void *arg, struct slice name)
{
	struct looking *l = arg;
	ptrdiff_t dot = slice_chr(l->host, '.');

	if (slice_starts(name, SLICE("*."))) /* RFC 6125 6.4.3 */
		l->found = slice_ieq(slice_from(name, 1), slice_from(l->host, (size_t)dot));
	else
		l->found = slice_ieq(name, l->host);
	return !l->found;
}

bool sts_own_is_named(struct slice domain, struct pool *pool)
{
	struct looking l = { slice_str(pool_printf(pool, "mta-sts.%.*s", SLICE_ARG(domain))),
		false };
	struct buf der = { 0 };
	struct cert cert;

	if (pki_domain_leaf(domain, &der) == 1) {
		struct slice rest = buf_slice(&der);
		if (cert_next(&rest, &cert))
			cert_names(&cert, compare, &l);
	}
	buf_done(&der);
	return l.found;
}
