/* tls_stats.c - what TLS did: handshakes by outcome, version, cipher, key and client certificate */
#include "core/tls_private.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/metric.h"

enum outcome { FULL, RESUMED, FAILED, OUTCOMES };

#define OUTCOME_NAMES METRIC_VALUES("full", "resumed", "failed")

METRIC(tls_handshakes) = {
	.name = "signet_tls_handshakes_total",
	.type = METRIC_COUNTER,
	.help = "TLS handshakes of clients",
	.label = "kind",
	.values = OUTCOME_NAMES,
	.cells = METRIC_CELLS(OUTCOMES),
};

METRIC(tls_out_handshakes) = {
	.name = "signet_tls_out_handshakes_total",
	.type = METRIC_COUNTER,
	.help = "TLS handshakes with other servers",
	.label = "kind",
	.values = OUTCOME_NAMES,
	.cells = METRIC_CELLS(OUTCOMES),
};

METRIC(tls_versions) = {
	.name = "signet_tls_versions_total",
	.type = METRIC_COUNTER,
	.help = "TLS connections of clients by version",
	.label = "version",
	.values = METRIC_VALUES("1.3", "1.2", "1.1"),
	.cells = METRIC_CELLS(3),
};

static unsigned version_of(WOLFSSL *ssl)
{
	switch (wolfSSL_version(ssl)) {
	case TLS1_3_VERSION:
		return 0;
	case TLS1_2_VERSION:
		return 1;
	default:
		return 2;
	}
}

/* --- cipher suites: RFC 8446 B.4, RFC 5289, RFC 7905, RFC 8422 --- */

static const unsigned suites[] = { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
	0xcca8, 0xc023, 0xc027, 0xc009, 0xc013, 0xc00a, 0xc014 };

enum { SUITES = sizeof(suites) / sizeof(*suites) };

METRIC(tls_ciphers) = {
	.name = "signet_tls_ciphers_total",
	.type = METRIC_COUNTER,
	.help = "TLS connections of clients by cipher suite",
	.label = "cipher",
	.values = METRIC_VALUES("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
	    "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
	    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "other"),
	.cells = METRIC_CELLS(SUITES + 1),
};

static unsigned suite_of(WOLFSSL *ssl)
{
	unsigned suite = (unsigned)wolfSSL_get_current_cipher_suite(ssl), i = 0;

	while (i < SUITES && suites[i] != suite)
		i++;
	return i;
}

/* --- keys --- */

enum key_kind { KEY_EC_256, KEY_EC_384, KEY_RSA_2048, KEY_RSA_3072, KEY_RSA_4096, KEY_OTHER };

METRIC(tls_keys) = {
	.name = "signet_tls_keys_total",
	.type = METRIC_COUNTER,
	.help = "TLS connections of clients by the key of the certificate that was shown",
	.label = "key",
	.values = METRIC_VALUES("P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096", "other"),
	.cells = METRIC_CELLS(KEY_OTHER + 1),
};

static unsigned ec_kind(struct slice der)
{
	ecc_key key;
	word32 at = 0;
	unsigned kind = KEY_OTHER;

	wc_ecc_init(&key);
	if (wc_EccPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n) == 0)
		kind = wc_ecc_size(&key) == 32 ? KEY_EC_256
		    : wc_ecc_size(&key) == 48  ? KEY_EC_384
					       : KEY_OTHER;
	wc_ecc_free(&key);
	return kind;
}

static unsigned rsa_kind(struct slice der)
{
	RsaKey key;
	word32 at = 0;
	int bytes = 0;

	wc_InitRsaKey(&key, NULL);
	if (wc_RsaPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n) == 0)
		bytes = wc_RsaEncryptSize(&key);
	wc_FreeRsaKey(&key);
	switch (bytes) {
	case 2048 / 8:
		return KEY_RSA_2048;
	case 3072 / 8:
		return KEY_RSA_3072;
	case 4096 / 8:
		return KEY_RSA_4096;
	default:
		return KEY_OTHER;
	}
}

unsigned tls_stats_key_kind(struct slice der)
{
	unsigned kind = der.n > 0 ? ec_kind(der) : KEY_OTHER;

	return kind == KEY_OTHER && der.n > 0 ? rsa_kind(der) : kind;
}

const char *tls_stats_key_name(unsigned kind)
{
	return metric_tls_keys.values[kind];
}

/* --- certificates of clients --- */

enum shown { SHOWN_NONE, SHOWN_GOOD, SHOWN_WRONG };

METRIC(tls_clients) = {
	.name = "signet_tls_client_certificates_total",
	.type = METRIC_COUNTER,
	.help = "TLS connections of clients by the certificate that the client showed",
	.label = "certificate",
	.values = METRIC_VALUES("none", "good", "wrong"),
	.cells = METRIC_CELLS(SHOWN_WRONG + 1),
};

static unsigned shown_by(const struct tls *tls)
{
	if (!tls->shown)
		return SHOWN_NONE;
	return tls->shown->verified ? SHOWN_GOOD : SHOWN_WRONG;
}

/* --- counting --- */

static const struct metric *handshakes_of(const struct tls *tls)
{
	return tls->to ? &metric_tls_out_handshakes : &metric_tls_handshakes;
}

void tls_stats_open(const struct tls *tls)
{
	metric_add(handshakes_of(tls), wolfSSL_session_reused(tls->ssl) ? RESUMED : FULL, 1);
	if (tls->to)
		return;
	metric_add(&metric_tls_versions, version_of(tls->ssl), 1);
	metric_add(&metric_tls_ciphers, suite_of(tls->ssl), 1);
	metric_add(&metric_tls_keys, tls->ctx->key_kind, 1);
	metric_add(&metric_tls_clients, shown_by(tls), 1);
}

void tls_stats_failed(const struct tls *tls)
{
	metric_add(handshakes_of(tls), FAILED, 1);
}

void tls_stats_each(
    void (*visit)(void *arg, const char *of, const char *what, uint64_t n), void *arg)
{
	static const struct {
		const char *of;
		const struct metric *metric;
	} all[] = {
		{ "handshakes", &metric_tls_handshakes },
		{ "outgoing handshakes", &metric_tls_out_handshakes },
		{ "versions", &metric_tls_versions },
		{ "ciphers", &metric_tls_ciphers },
		{ "keys", &metric_tls_keys },
		{ "client certificates", &metric_tls_clients },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (size_t v = 0; all[i].metric->values[v]; v++)
			visit(arg, all[i].of, all[i].metric->values[v],
			    atomic_load_explicit(&all[i].metric->cells[v].n, memory_order_relaxed));
}
