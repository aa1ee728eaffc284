/* panel.c - the settings of TLS (docs/capabilities.md, C8)
 *
 * What the TLS library cannot do has a switch, too, which says so and stays off:
 * who looks for it learns why, and nobody believes that it is on. */
#include "pki/pki_private.h"

static void policy_changed(int64_t num)
{
	(void)num;
	choose_forget((struct slice){ 0 }, true);
}

enum oldest { OLDEST_SSL3, OLDEST_TLS10, OLDEST_TLS11, OLDEST_TLS12, OLDEST_TLS13 };

static const char *const versions[] = {
	[OLDEST_SSL3] = "ssl3",
	[OLDEST_TLS10] = "1.0",
	[OLDEST_TLS11] = "1.1",
	[OLDEST_TLS12] = "1.2",
	[OLDEST_TLS13] = "1.3",
	NULL,
};

static const char *lacks_version(int64_t num)
{
	switch (num) {
	case OLDEST_SSL3:
		return "the TLS library is built without SSL 3.0, which RFC 7568 forbids";
	case OLDEST_TLS10:
		return "the TLS library is built without TLS 1.0, which RFC 8996 forbids";
	default:
		return NULL;
	}
}

CONF_KEY(tls_oldest_version) = {
	.name = "tls.oldest-version",
	.type = CONF_CHOICE,
	.choices = versions,
	.def = "1.2",
	.help = "oldest version of TLS that is accepted from those who connect to the server; "
		"1.1 needs tls.cbc-ciphers, too",
	.lacks = lacks_version,
	.changed = policy_changed,
};

CONF_KEY(tls_session_ttl) = {
	.name = "tls.session-ttl",
	.type = CONF_DURATION,
	.def = "8h",
	.max = INT64_C(7) * 24 * 60 * 60 * 1000, /* RFC 8446 4.6.1 */
	.help = "how long a TLS session may be resumed after its last connection was closed; "
		"0s: not at all",
	.changed = policy_changed,
};

CONF_KEY(tls_sni) = {
	.name = "tls.sni",
	.type = CONF_BOOL,
	.def = "on",
	.help = "choose the certificate by the host name that the client asks for; "
		"off: by the address alone",
	.changed = policy_changed,
};

CONF_KEY(tls_cbc_ciphers) = {
	.name = "tls.cbc-ciphers",
	.type = CONF_BOOL,
	.def = "off",
	.help = "CBC ciphers for old TLS: versions before 1.2 know no others, so without them "
		"1.2 is the oldest; TLS 1.2 has CBC with SHA-2 in any case, as the last choice",
	.changed = policy_changed,
};

static const char *lacks_weak(int64_t num)
{
	return num ? "the TLS library has no cipher of less than 128 bits" : NULL;
}

CONF_KEY(tls_weak_ciphers) = {
	.name = "tls.weak-ciphers",
	.type = CONF_BOOL,
	.def = "off",
	.help = "accept ciphers of less than 128 bits, with tls.cbc-ciphers",
	.lacks = lacks_weak,
};

static const char *lacks_sslv2_hello(int64_t num)
{
	return num ? "the TLS library reads no SSLv2 hello, which RFC 8446 4.1.2 forbids" : NULL;
}

CONF_KEY(tls_sslv2_hello) = {
	.name = "tls.sslv2-hello",
	.type = CONF_BOOL,
	.def = "off",
	.help = "accept a greeting in the form of SSLv2 from a client that then speaks TLS",
	.lacks = lacks_sslv2_hello,
};

int panel_oldest(void)
{
	switch ((enum oldest)conf_num(&conf_key_tls_oldest_version)) {
	case OLDEST_TLS13:
		return 13;
	case OLDEST_TLS11:
		return conf_on(&conf_key_tls_cbc_ciphers) ? 11 : 12;
	default:
		return 12;
	}
}

int64_t panel_session_ttl(void)
{
	return conf_num(&conf_key_tls_session_ttl) / 1000;
}
