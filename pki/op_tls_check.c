/* op_tls_check.c - tls check: a server's TLS, tried from outside and told in words */
#include <pthread.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/op.h"
#include "core/server_name.h"
#include "core/text.h"
#include "core/tls.h"
#include "pki/pki_private.h"
#include "pki/probe.h"
#include "pki/verify.h"

enum { SECONDS = 90, SECONDS_MAX = 600, PORT_MAX = 65535 };

static void start(void)
{
	tls_start(NULL);
}

/* Without a server nobody else judges: who has a policy proves his name to what is built in. */
static int verify(void *arg, const struct tls_claim *claim, struct buf *accounts, struct err *err)
{
	struct trust trust = { .set[0] = trust_builtin() };
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_SERVER, .now = time(NULL) };

	(void)arg, (void)accounts;
	int rc = verify_chain(&spec, claim->chain, err);
	trust_give_back(&trust);
	return rc == 0 ? verify_host(claim->chain, claim->host, claim->names, err) : -1;
}

/* --- what was asked --- */

static int take_target(struct op_call *call, struct probe *probe, struct err *err)
{
	struct slice text = slice_str(op_text(call, "target"));
	struct sockaddr_storage address;
	ptrdiff_t at = slice_rchr(text, '@');
	socklen_t n;

	text = slice_trim(slice_from(text, (size_t)(at + 1)));
	probe->target = text;
	if (client_address(text, 0, &address, &n))
		return 0;
	probe->target = slice_str(domain_ascii(&probe->pool, text));
	return probe->target.n > 0 ? 0
				   : err_set(err, ERR_INPUT, "%.*s is no host, domain or address",
					 SLICE_ARG(slice_head(text, 100)));
}

static struct slice own_name(struct op_call *call, struct pool *pool)
{
	return slice_str(op_given(call, "helo") ? op_text(call, "helo") : server_name(pool));
}

/* Nothing of these may end a line of a dialogue. */
static bool is_harmless(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == '<' || text.p[i] == '>' ||
		    text.p[i] == '\'')
			return false;
	return true;
}

static int take_words(struct op_call *call, struct probe *probe, struct err *err)
{
	const char *protocol = op_text(call, "protocol");
	int64_t port = op_number(call, "port", 0), seconds = op_number(call, "timeout", SECONDS);

	probe->protocol = probe_protocol(slice_str(protocol ? protocol : "smtp"));
	if (port < 0 || port > PORT_MAX)
		return err_set(err, ERR_INPUT, "a port is a number up to %d", PORT_MAX);
	if (seconds < 1 || seconds > SECONDS_MAX)
		return err_set(err, ERR_INPUT, "timeout is 1 to %d seconds", SECONDS_MAX);
	probe->port = (unsigned)port;
	probe->ms = (uint64_t)seconds * 1000;
	probe->wrapped = op_bool(call, "wrapped");
	probe->own_name = own_name(call, &probe->pool);
	probe->sender = slice_str(op_text(call, "from"));
	if (!is_harmless(probe->own_name) || !is_harmless(probe->sender))
		return err_set(err, ERR_INPUT, "helo and from are a name and an address");
	return 0;
}

/* --- whom to trust, whom to ask: without a server what the system has --- */

static int set(const char *key, const char *value, struct err *err)
{
	return value ? conf_set(conf_find(slice_str(key)), CONF_SERVER, (struct slice){ 0 },
			   slice_str(value), err)
		     : 0;
}

static int take_surroundings(struct op_call *call, struct probe *probe, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *trust = op_text(call, "trust");

	pthread_once(&once, start);
	if (!op_caller(call)->offline &&
	    (trust || op_given(call, "dns") || op_given(call, "anchor")))
		return err_set(err, ERR_INPUT,
		    "the server's own trust and DNS are asked; --trust, --dns and --anchor "
		    "are for `signet tls check`");
	if (!op_caller(call)->offline) {
		trust_take((struct slice){ 0 }, &probe->trust);
		return 0;
	}
	tls_verifier_set(&(struct tls_verifier){ .verify = verify });
	log_level_set(LOG_WARN);
	if (set("dns.servers", op_text(call, "dns"), err) != 0 ||
	    set("dns.trust-anchor", op_text(call, "anchor"), err) != 0 ||
	    set("trust.file", trust, err) != 0)
		return -1;
	probe->trust.set[0] = trust_builtin();
	if (trust && trust_set_count(probe->trust.set[0]) == 0)
		return err_set(err, ERR_INPUT, "%s: no certificate in it can be read", trust);
	return 0;
}

/* --- the answer --- */

static void put_step(struct op_call *call, const struct probe_host *host, size_t i)
{
	static const char *const marks[] = { "-", "OK", "FAIL" };
	enum probe_mark mark = host->step[i].mark;
	struct buf text = { 0 };

	buf_addz(&text, marks[mark]);
	if (mark == PROBE_GOOD)
		buf_printf(&text, " (%llums)", (unsigned long long)host->step[i].ms);
	op_put_text(call, probe_step_names[i], buf_slice(&text));
	buf_done(&text);
}

static void put_host(struct op_call *call, const struct probe_host *host)
{
	op_row(call);
	op_put_text(call, "server",
	    slice_str(pool_printf(op_pool(call), "%.*s [%.*s]:%u", SLICE_ARG(host->name),
		SLICE_ARG(host->address), host->port)));
	op_put_text(call, "pref", slice_str(pool_printf(op_pool(call), "%u", host->preference)));
	for (size_t i = 0; i < PROBE_STEPS; i++)
		put_step(call, host, i);
	op_put_text(call, "protocol", host->version);
	op_put_text(call, "cipher", host->cipher);
	op_put_text(call, "differs", host->odd);
	op_put_text(call, "dane", host->dane);
	op_put_text(call, "policy", host->sts);
	op_put_text(call, "reason", host->why);
}

static void put_average(struct op_call *call, const struct probe *probe)
{
	op_row(call);
	op_put_text(call, "server", SLICE("Average"));
	op_put_text(call, "pref", SLICE(""));
	for (size_t i = 0; i < PROBE_STEPS; i++) {
		unsigned good = 0, n = 0;
		for (const struct probe_host *host = probe->hosts; host; host = host->next, n++)
			good += host->step[i].mark == PROBE_GOOD;
		op_put_text(call, probe_step_names[i],
		    slice_str(pool_printf(op_pool(call), "%u%%", n ? good * 100 / n : 0)));
	}
}

static struct slice first_reason(const struct probe *probe)
{
	for (const struct probe_host *host = probe->hosts; host; host = host->next)
		if (host->why.n > 0)
			return host->why;
	return (struct slice){ 0 };
}

static void answer(struct op_call *call, const struct probe *probe)
{
	op_put_text(call, "transcript", buf_slice(&probe->said));
	op_put_number(call, "score", probe->score);
	op_put_bool(call, "valid", probe->good);
	if (!probe->good)
		op_put_text(call, "reason", first_reason(probe));
	if (probe->policy.n > 0)
		op_put_text(call, "mta-sts", probe->policy);
	for (const struct probe_host *host = probe->hosts; host; host = host->next)
		put_host(call, host);
	put_average(call, probe);
}

static int run(struct op_call *call)
{
	struct probe *probe = pool_get(op_pool(call), sizeof(*probe));
	struct err err = { 0 };
	int rc = -1;

	*probe = (struct probe){ 0 };
	if (take_target(call, probe, &err) == 0 && take_words(call, probe, &err) == 0 &&
	    take_surroundings(call, probe, &err) == 0)
		rc = probe_run(probe, &err);
	if (rc == 0)
		answer(call, probe);
	trust_give_back(&probe->trust);
	probe_done(probe);
	return op_done(call, rc, &err);
}

static const struct op_arg args[] = {
	{ "target", OP_TEXT, OP_REQUIRED, "host, domain, mail address or IP address", NULL },
	{ "protocol", OP_CHOICE, OP_OPTION, "what is spoken there; without it: smtp",
	    probe_protocol_names },
	{ "port", OP_NUMBER, OP_OPTION, "without it: the protocol's own", NULL },
	{ "wrapped", OP_BOOL, OP_OPTION, "TLS from the first byte on, also at another port", NULL },
	{ "from", OP_TEXT, OP_OPTION, "sender that is offered; without it the empty one", NULL },
	{ "helo", OP_TEXT, OP_OPTION, "name that we go by; without it: this server's", NULL },
	{ "timeout", OP_NUMBER, OP_OPTION, "seconds for all of it; without it 90", NULL },
	{ "trust", OP_FILE, OP_OPTION,
	    "authorities that are trusted, PEM; without it: the system's", NULL },
	{ "dns", OP_TEXT, OP_OPTION, "DNS servers to ask, as ADDRESS@PORT", NULL },
	{ "anchor", OP_FILE, OP_OPTION, "keys that DNSSEC begins with", NULL },
	{ 0 },
};

OPERATION(tls_check) = {
	.name = "tls check",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "try a server's TLS from outside, and tell what is good and what is not",
	.more =
	    "Without a server. Mail servers of a domain are found by its MX records, and each is\n"
	    "tried at each of its addresses up to MAIL FROM; nothing is delivered. It ends with\n"
	    "status 0 when all is good, else 1. `signet tls-check` is the same;\n"
	    "docs/tls-check.md explains the answer.",
	.example = "tls check example.org\ntls check imap.example.org --protocol imap",
	.reads = true,
	.lists = true,
	.offline = true,
	.served = true,
	.network = true,
	.run = run,
};
