/* dns_resolver.c - one of libunbound's resolvers, made of the settings
 *
 * Its options are fixed once it was asked, so a changed setting makes a new one,
 * and the old one goes with its last question. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <unbound.h>

#include "core/conf.h"
#include "core/dns_private.h"

CONF_KEY(dns_servers) = {
	.name = "dns.servers",
	.type = CONF_TEXT,
	.def = "",
	.help = "DNS servers to ask, as ADDRESS or ADDRESS@PORT; empty: those of /etc/resolv.conf",
};

CONF_KEY(dns_trust_anchor) = {
	.name = "dns.trust-anchor",
	.type = CONF_TEXT,
	.def = "",
	.help =
	    "file with the keys that DNSSEC begins with (DS or DNSKEY records); empty: no DNSSEC",
};

/* Options that the library takes from a file only. test. and the reverse names of
   private networks are answered by the library itself (RFC 6761, RFC 6303) unless it
   is told not to; servers that somebody named are asked for all names. */
static int set_from_file(struct ub_ctx *ctx)
{
	static const char text[] = "server:\n"
				   " local-zone: \"test.\" nodefault\n"
				   " local-zone: \"127.in-addr.arpa.\" nodefault\n"
				   " unblock-lan-zones: yes\n insecure-lan-zones: yes\n";
	char path[40];
	int fd = memfd_create("dns", MFD_CLOEXEC), rc = -1;

	if (fd < 0)
		return -1;
	if (write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		rc = ub_ctx_config(ctx, path);
	}
	close(fd);
	return rc;
}

static int set_servers(struct ub_ctx *ctx, struct slice servers, struct err *err)
{
	struct slice word;
	int rc = 0;

	if (servers.n == 0) {
		ub_ctx_resolvconf(ctx, NULL); /* none: the root's servers are asked */
		return 0;
	}
	if (set_from_file(ctx) != 0)
		return err_set(err, ERR_TEMP, "the resolver refuses its options");
	while (rc == 0 && (word = slice_word(&servers)).n > 0) {
		char *z = mem_str(word);
		rc = ub_ctx_set_fwd(ctx, z);
		free(z);
	}
	return rc == 0 ? 0 : err_set(err, ERR_INPUT, "dns.servers: %s", ub_strerror(rc));
}

static int set_anchor(struct ub_ctx *ctx, struct slice file, struct err *err)
{
	if (file.n == 0)
		return 0;
	char *z = mem_str(file);
	int rc = access(z, R_OK) == 0 ? ub_ctx_add_ta_file(ctx, z) : UB_READFILE;
	free(z);
	return rc == 0 ? 0 : err_set(err, ERR_INPUT, "dns.trust-anchor: %s", ub_strerror(rc));
}

static int set_up(struct dns_resolver *resolver, struct err *err)
{
	static const char *const options[][2] = {
		{ "do-not-query-localhost:", "no" }, { "use-syslog:", "no" },
		{ "infra-keep-probing:", "yes" }, { "outgoing-range:", "128" },
		{ "infra-cache-min-rtt:", "400" }, /* one slow answer is no sign of absence */
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (ub_ctx_set_option(resolver->ctx, options[i][0], options[i][1]) != 0)
			return err_set(
			    err, ERR_TEMP, "the resolver has no option %s", options[i][0]);
	if (set_servers(resolver->ctx, buf_slice(&resolver->servers), err) != 0 ||
	    set_anchor(resolver->ctx, buf_slice(&resolver->anchor), err) != 0)
		return -1;
	ub_ctx_debuglevel(resolver->ctx, 0);
	ub_ctx_async(resolver->ctx, 1);
	return 0;
}

void dns_resolver_leave(struct dns_resolver *resolver)
{
	if (--resolver->users > 0)
		return;
	if (resolver->ctx)
		ub_ctx_delete(resolver->ctx);
	buf_done(&resolver->servers);
	buf_done(&resolver->anchor);
	free(resolver);
}

/* Takes the texts. */
static struct dns_resolver *resolver_new(struct buf *servers, struct buf *anchor, struct err *err)
{
	struct dns_resolver *resolver = mem_get(sizeof(*resolver));

	*resolver = (struct dns_resolver){ .servers = *servers, .anchor = *anchor, .users = 1 };
	*servers = *anchor = (struct buf){ 0 };
	resolver->ctx = ub_ctx_create();
	if (!resolver->ctx)
		err_set(err, ERR_TEMP, "no memory for a resolver");
	if (!resolver->ctx || set_up(resolver, err) != 0) {
		dns_resolver_leave(resolver);
		return NULL;
	}
	return resolver;
}

/* Is it made of these settings? */
static bool is_of(const struct dns_resolver *r, const struct buf *servers, const struct buf *anchor)
{
	return slice_eq(buf_slice(servers), buf_slice(&r->servers)) &&
	    slice_eq(buf_slice(anchor), buf_slice(&r->anchor));
}

struct dns_resolver *dns_resolver_use(struct dns_resolver **current, struct err *err)
{
	struct buf servers = { 0 }, anchor = { 0 };
	struct dns_resolver *r = *current;

	conf_text(&conf_key_dns_servers, NULL, &servers);
	conf_text(&conf_key_dns_trust_anchor, NULL, &anchor);
	if (!r || !is_of(r, &servers, &anchor)) {
		dns_cache_clear();
		r = resolver_new(&servers, &anchor, err);
		if (r && *current)
			dns_resolver_leave(*current);
		if (r)
			*current = r;
	}
	buf_done(&servers);
	buf_done(&anchor);
	if (r)
		r->users++;
	return r;
}
