/* tls_log.c - what the log says of TLS, and how much: all events begin with "tls" */
#include "core/tls_private.h"

#include "core/conf.h"
#include "core/log.h"

/* C-079; by Postfix's numbers (P-022) crashes is 0, summary 1, and so on. */
enum tls_log { SAY_CRASHES, SAY_FAILURES, SAY_SUMMARY, SAY_DETAILS, SAY_ALL };

static const char *const levels[] = {
	[SAY_CRASHES] = "crashes",
	[SAY_FAILURES] = "failures",
	[SAY_SUMMARY] = "summary",
	[SAY_DETAILS] = "details",
	[SAY_ALL] = "low-level",
	NULL,
};

CONF_KEY(tls_log_level) = {
	.name = "tls.log-level",
	.type = CONF_CHOICE,
	.choices = levels,
	.def = "summary",
	.help = "what the log says of TLS: nothing, handshakes that failed, one line for each, "
		"what was agreed on as well, or also what each client offered",
};

static bool says(enum tls_log level)
{
	return (enum tls_log)conf_num(&conf_key_tls_log_level) >= level;
}

/* Asked for by the panel, or by log.level debug. */
static enum log_level important(enum tls_log level)
{
	return says(level) ? LOG_INFO : LOG_DEBUG;
}

/* --- the end of a handshake --- */

static void log_details(const struct io *io, const struct tls_info *info)
{
	struct tls_peer peer;

	tls_peer(io, &peer);
	log_event(important(SAY_DETAILS), "tls-details", log_z("protocol", info->version),
	    log_z("cipher", info->cipher), log_z("group", info->group), log_z("key", info->key),
	    log_s("alpn", info->alpn), log_n("client-certificate", peer.chain.n > 0));
}

void tls_log_open(const struct io *io, const char *peer_text)
{
	struct tls_info info;
	struct tls_peer peer;

	if (!says(SAY_SUMMARY))
		return;
	tls_info(io, &info);
	log_event(LOG_INFO, "tls", log_z("peer", peer_text), log_z("protocol", info.version),
	    log_z("cipher", info.cipher), log_z("domain", info.domain), log_s("sni", info.sni),
	    log_n("resumed", info.resumed));
	log_details(io, &info);
	tls_peer(io, &peer);
	if (peer.chain.n > 0)
		log_event(LOG_INFO, "tls-client", log_z("verdict", peer.verdict),
		    log_z("accounts", peer.accounts));
}

void tls_log_failed(const struct io *io, const char *reason)
{
	const struct tls *tls = io && io->ops == &tls_io_ops ? (const struct tls *)io : NULL;

	if (says(SAY_FAILURES))
		log_event(LOG_INFO, "tls-failed", log_z("reason", reason),
		    log_z("domain", tls && tls->ctx ? tls->ctx->label : ""),
		    log_z("sni", tls && tls->sni ? tls->sni : ""));
}

/* --- its beginning --- */

/* Numbers of two bytes, as RFCs and other tools write them: "1301 1302". */
static void put_numbers(struct buf *out, struct slice list)
{
	for (size_t i = 0; i + 1 < list.n; i += 2)
		buf_printf(out, "%s%02x%02x", i ? " " : "", (unsigned char)list.p[i],
		    (unsigned char)list.p[i + 1]);
	buf_z(out);
}

/* RFC 7301 3.1: names, each behind its length. */
static void put_names(struct buf *out, struct slice list)
{
	while (list.n > 0) {
		size_t n = (unsigned char)list.p[0];
		list = slice_from(list, 1);
		if (n > list.n)
			n = list.n;
		buf_printf(out, "%s%.*s", out->n ? " " : "", (int)n, list.p);
		list = slice_from(list, n);
	}
}

void tls_log_hello(const struct hello *hello)
{
	struct buf versions = { 0 }, suites = { 0 }, groups = { 0 }, alpn = { 0 };

	if (!says(SAY_ALL))
		return;
	put_numbers(&versions, hello->versions);
	put_numbers(&suites, hello->suites);
	put_numbers(&groups, hello->groups);
	put_names(&alpn, hello->alpn);
	log_event(LOG_INFO, "tls-hello", log_n("legacy-version", (int64_t)hello->version),
	    log_s("versions", buf_slice(&versions)), log_s("suites", buf_slice(&suites)),
	    log_s("groups", buf_slice(&groups)), log_s("alpn", buf_slice(&alpn)),
	    log_s("sni", hello->sni), log_n("session-id", (int64_t)hello->session_id.n),
	    log_n("takes-tickets", hello->takes_tickets));
	buf_done(&versions);
	buf_done(&suites);
	buf_done(&groups);
	buf_done(&alpn);
}
