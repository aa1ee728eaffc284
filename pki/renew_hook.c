/* renew_hook.c - certificates renewed by a program of the admin's, or by their own keys
 *
 * The program is run with the domain as its argument; the request is its standard input, and
 * on its standard output it says the certificate and those above it, all in PEM. */
#include "core/conf.h"
#include "core/program.h"
#include "pki/pki_private.h"
#include "pki/renew.h"

enum { CHAIN_MAX = 256 * 1024 };

CONF_KEY(pki_renew_hook) = {
	.name = "pki.renew.hook",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER, /* it names a program: a matter for the server's admin */
	.def = "",
	.help = "a program that gets a domain's certificate renewed: the domain is its argument, "
		"the request its input, the new certificate and its chain its output",
};

CONF_KEY(pki_renew_hook_time) = {
	.name = "pki.renew.hook-time",
	.type = CONF_DURATION,
	.def = "5m",
	.min = 1000,
	.max = 3600000,
	.help = "after what time pki.renew.hook is ended",
};

CONF_KEY(pki_renew_by_hook) = {
	.name = "pki.renew.by-hook",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "renew certificates of authorities by pki.renew.hook, where that is set",
};

CONF_KEY(pki_renew_self_signed) = {
	.name = "pki.renew.self-signed",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "off",
	.help = "make a certificate that an admin had signed by its own key anew before it ends",
};

static bool is_self_signed(const struct cert *leaf)
{
	return cert_name_same(leaf->subject, leaf->issuer);
}

/* --- the program --- */

static bool hook_wants(const char *domain, const struct cert *leaf)
{
	struct conf_at at = { .domain = domain };
	struct buf path = { 0 };

	conf_text(&conf_key_pki_renew_hook, NULL, &path);
	bool wants = path.n > 0 && conf_num_at(&conf_key_pki_renew_by_hook, &at) != 0 &&
	    !is_self_signed(leaf);
	buf_done(&path);
	return wants;
}

static int run_hook(const char *domain, struct slice request, struct buf *pem, struct err *err)
{
	struct buf path = { 0 }, name = { 0 };

	conf_text(&conf_key_pki_renew_hook, NULL, &path);
	buf_printf(&name, "SIGNET_DOMAIN=%s", domain);
	const char *const args[] = { domain, NULL };
	const char *const words[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C.UTF-8", buf_z(&name), NULL
	};
	struct program program = { .path = buf_z(&path),
		.args = args,
		.words = words,
		.input = request,
		.max = CHAIN_MAX,
		.ms = (uint64_t)conf_num(&conf_key_pki_renew_hook_time) };
	int rc = program_run(&program, pem, err);
	buf_done(&path);
	buf_done(&name);
	return rc;
}

static int hook_renew(const char *domain, struct err *err)
{
	struct buf request = { 0 }, pem = { 0 };
	int rc = domain_csr(slice_str(domain), NULL, &request, err);

	if (rc == 0)
		rc = run_hook(domain, buf_slice(&request), &pem, err);
	if (rc == 0)
		rc = renew_install(domain, buf_slice(&pem), err);
	buf_done(&request);
	buf_done(&pem);
	return rc;
}

RENEWER(hook) = { .name = "pki.renew.hook", .wants = hook_wants, .renew = hook_renew };

/* --- its own key --- */

static bool self_wants(const char *domain, const struct cert *leaf)
{
	struct conf_at at = { .domain = domain };

	return is_self_signed(leaf) && conf_num_at(&conf_key_pki_renew_self_signed, &at) != 0;
}

static int self_renew(const char *domain, struct err *err)
{
	return domain_refresh(slice_str(domain), true, err);
}

RENEWER(self_signed) = {
	.name = "pki.renew.self-signed",
	.wants = self_wants,
	.renew = self_renew,
};
