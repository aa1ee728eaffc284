/* issue_url.c - where lists and certificates of authorities are to be had */
#include "core/conf.h"
#include "core/log.h"
#include "core/text.h"
#include "pki/issue_private.h"

CONF_KEY(ca_url) = {
	.name = "ca.url",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "",
	.help = "where this server's /ca/ is reached by whoever checks certificates that its "
		"authorities issue: http://HOST or http://HOST:PORT; it is written into them. "
		"Empty: they do not say",
};

const char *issue_path(
    const struct issue_authority *authority, const char *suffix, struct pool *pool)
{
	unsigned char id[CERT_KEY_ID];
	struct buf hex = { 0 };
	const char *path;

	if (!authority->special || !issue_id(authority->chain, id))
		return NULL;
	hex_put(&hex, slice_of(id, sizeof(id)));
	path = pool_printf(pool, "/ca/%.*s.%s", SLICE_ARG(buf_slice(&hex)), suffix);
	buf_done(&hex);
	return path;
}

/* RFC 5280 4.2.1.6: an absolute URI in ASCII. */
static bool is_url(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
			return false;
	return slice_istarts(text, SLICE("http://")) || slice_istarts(text, SLICE("https://"));
}

const char *issue_url(struct slice scope, const struct issue_authority *authority,
    const char *suffix, struct pool *pool)
{
	struct conf_at at = { .domain = scope.n > 0 ? scope.p : NULL };
	const char *path = issue_path(authority, suffix, pool), *url = NULL;
	struct buf text = { 0 };

	conf_text(&conf_key_ca_url, &at, &text);
	struct slice base = slice_trim(buf_slice(&text));
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (path && base.n > 0 && is_url(base))
		url = pool_printf(pool, "%.*s%s", SLICE_ARG(base), path);
	else if (base.n > 0 && !is_url(base))
		log_event(LOG_WARN, "ca-url-malformed", log_s("url", base));
	buf_done(&text);
	return url;
}
