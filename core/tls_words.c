/* tls_words.c - why a handshake failed, in words for a log */
#include "core/tls_private.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

struct word {
	int code;
	const char *text;
};

/* RFC 8446 6.2 and what older versions had. */
static const struct word alerts[] = {
	{ 0, "close_notify" },
	{ 10, "unexpected_message" },
	{ 20, "bad_record_mac" },
	{ 21, "decryption_failed" },
	{ 22, "record_overflow" },
	{ 30, "decompression_failure" },
	{ 40, "handshake_failure" },
	{ 41, "no_certificate" },
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 90, "user_canceled" },
	{ 100, "no_renegotiation" },
	{ 109, "missing_extension" },
	{ 110, "unsupported_extension" },
	{ 112, "unrecognized_name" },
	{ 113, "bad_certificate_status_response" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required" },
	{ 120, "no_application_protocol" },
};

static const struct word errors[] = {
	{ MATCH_SUITE_ERROR, "client and server have no cipher suite in common" },
	{ UNSUPPORTED_SUITE, "client and server have no cipher suite in common" },
	{ BAD_KEY_SHARE_DATA, "client and server have no key exchange group in common" },
	{ ECC_CURVE_ERROR, "client and server have no key exchange group in common" },
	{ UNKNOWN_ALPN_PROTOCOL_NAME_E, "client asks for another protocol (ALPN)" },
	{ NO_PEER_CERT, "client showed no certificate, which is required" },
};

static const char *find(const struct word *words, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (words[i].code == code)
			return words[i].text;
	return NULL;
}

static const char *older_words(int oldest)
{
	return oldest == 13 ? "" : oldest == 12 ? "1.2 or " : "1.1, 1.2 or ";
}

static void put_error(struct buf *out, const struct tls *tls, int error, const char *peer)
{
	const char *text = find(errors, sizeof(errors) / sizeof(*errors), error);

	if (error == SOCKET_PEER_CLOSED_E || error == SOCKET_ERROR_E)
		buf_printf(out, "%s closed during the handshake", peer);
	else if (error == VERSION_ERROR)
		buf_printf(out, "%s offers no TLS %s1.3", peer, older_words(tls->ctx->oldest));
	else
		buf_addz(out, text ? text : wolfSSL_ERR_reason_error_string((unsigned long)error));
}

/* An alert that the client sent tells most: it is the reason why it left. */
static bool alert_received(WOLFSSL *ssl, int *code)
{
	WOLFSSL_ALERT_HISTORY history;

	if (wolfSSL_get_alert_history(ssl, &history) != WOLFSSL_SUCCESS || history.last_rx.code < 0)
		return false;
	*code = history.last_rx.code;
	return true;
}

char *tls_words(const struct tls *tls, int error)
{
	const char *peer = tls->to ? "server" : "client";
	struct buf out = { 0 };
	int code = 0;

	if (tls->shown && tls->shown->refused) {
		buf_printf(&out, "certificate of the %s: %s", peer, tls->shown->verdict);
	} else if (alert_received(tls->ssl, &code)) {
		const char *name = find(alerts, sizeof(alerts) / sizeof(*alerts), code);
		buf_printf(&out, "%s closed during the handshake: alert ", peer);
		if (name)
			buf_addz(&out, name);
		else
			buf_printf(&out, "%d", code);
	} else {
		put_error(&out, tls, error, peer);
	}
	buf_z(&out);
	return out.p;
}
