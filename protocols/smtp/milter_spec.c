/* milter_spec.c - which filters are asked: the setting milter.use */
#include <stddef.h>
#include <sys/un.h>

#include "core/conf.h"
#include "core/num.h"
#include "protocols/smtp/milter.h"

static int check(struct slice value, struct err *err)
{
	struct milter_spec specs[MILTERS_MAX];
	struct pool pool = { 0 };
	int n = milter_specs(value, &pool, specs, err);

	pool_done(&pool);
	return n < 0 ? -1 : 0;
}

CONF_KEY(milter_use) = {
	.name = "milter.use",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "",
	.help = "filters that are asked about mail, in order, parted by blanks, or none: unix:PATH "
		"or inet:ADDRESS:PORT, each with ,away=tempfail|accept|reject and ,timeout=30s",
	.check = check,
};

static bool read_unix(struct slice path, struct milter_spec *out)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&out->address;

	if (path.n < 2 || path.p[0] != '/' || path.n >= sizeof(address->sun_path))
		return false;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path.p, path.n);
	out->address_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	return true;
}

/* "127.0.0.1:8891", "[::1]:8891" */
static bool read_inet(struct slice text, struct milter_spec *out)
{
	ptrdiff_t colon = slice_rchr(text, ':');
	uint64_t port;

	if (colon < 1 || !num_u64(slice_from(text, (size_t)colon + 1), 65535, &port) || port == 0)
		return false;
	struct slice host = slice_head(text, (size_t)colon);
	if (host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	return client_address(host, (unsigned)port, &out->address, &out->address_n);
}

static bool read_address(struct slice text, struct milter_spec *out)
{
	if (slice_starts(text, SLICE("unix:")))
		return read_unix(slice_from(text, 5), out);
	return slice_starts(text, SLICE("inet:")) && read_inet(slice_from(text, 5), out);
}

static bool read_away(struct slice word, struct milter_spec *out)
{
	static const char *const words[] = {
		[MILTER_AWAY_TEMPFAIL] = "tempfail",
		[MILTER_AWAY_ACCEPT] = "accept",
		[MILTER_AWAY_REJECT] = "reject",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_eq(word, slice_str(words[i]))) {
			out->away = (enum milter_away)i;
			return true;
		}
	return false;
}

static bool read_option(struct slice option, struct milter_spec *out)
{
	struct slice name = slice_cut(&option, '=');
	int64_t ms;

	if (slice_eq(name, SLICE("away")))
		return read_away(option, out);
	if (!slice_eq(name, SLICE("timeout")) || !num_duration(option, 600000, &ms) || ms < 100)
		return false;
	out->timeout_ms = (uint64_t)ms;
	return true;
}

static bool read_spec(struct slice word, struct pool *pool, struct milter_spec *out)
{
	struct slice address = slice_cut(&word, ',');

	*out = (struct milter_spec){ 0 };
	if (!read_address(address, out))
		return false;
	out->name = pool_str(pool, address);
	while (word.n > 0)
		if (!read_option(slice_cut(&word, ','), out))
			return false;
	return true;
}

int milter_specs(
    struct slice text, struct pool *pool, struct milter_spec out[MILTERS_MAX], struct err *err)
{
	struct slice word;
	int n = 0;

	if (slice_eq(text, SLICE(SMTP_NONE)))
		return 0;
	while ((word = slice_word(&text)).n > 0) {
		if (n == MILTERS_MAX)
			return err_set(err, ERR_LIMIT, "at most %d filters", MILTERS_MAX);
		if (!read_spec(word, pool, &out[n++]))
			return err_set(err, ERR_INPUT,
			    "not a filter: %.*s; like unix:/run/x.sock,away=accept or "
			    "inet:127.0.0.1:8891,timeout=20s",
			    SLICE_ARG(word));
	}
	return n;
}
