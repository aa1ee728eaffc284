/* cms.h - encrypted messages (RFC 5652, RFC 5083): written as a stream, read with care
 *
 * Written is EnvelopedData with AES-256-CBC, which all readers know, or
 * AuthEnvelopedData with AES-256-GCM; for any number of recipients with RSA keys
 * (key transport) and EC keys (key agreement, RFC 5753). All lengths are known
 * before the first byte, so memory does not grow with the content. */
#ifndef SMIME_CMS_H
#define SMIME_CMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

enum cms_cipher { CMS_AES_256_CBC, CMS_AES_256_GCM };

/* What a message needs of a certificate to be encrypted for it; immutable,
   counted, for any thread. */
struct cms_recipient;

/* Of the first certificate in der. ERR_INPUT: its key is none of RSA of 2048 to
   4096 bits, EC on P-256 or P-384. */
struct cms_recipient *cms_recipient_new(struct slice der, struct err *err);
struct cms_recipient *cms_recipient_ref(struct cms_recipient *recipient);
void cms_recipient_unref(struct cms_recipient **recipient);

struct cms_writing {
	enum cms_cipher cipher;
	struct cms_recipient *const *to;
	size_t n;
	uint64_t size; /* of the content */
	/* Gives up to n bytes more of the content, at least one; 0: it fails. */
	size_t (*read)(void *arg, void *out, size_t n);
	void (*write)(void *arg, struct slice bytes);
	void *arg;
};

/* Write the whole ContentInfo, DER. What was written is of no use when it fails. */
int cms_write(const struct cms_writing *w, struct err *err);

/* --- reading --- */

/* Own certificates, and how to come by the key of one: it is asked for when the
   message turns out to be for that certificate. */
struct cms_keys {
	const struct slice *certs; /* DER */
	size_t n;
	/* Append the private key of certs[i], PKCS#8; wiped. */
	int (*open)(void *arg, size_t i, struct buf *key, struct err *err);
	void *arg;
};

/* Append the content of a message that is encrypted for one of them, DER or
   BER. ERR_DENIED: it is for none of them; ERR_INPUT: it is malformed, was
   changed on its way, or uses what is not known here. */
int cms_read(struct slice cms, const struct cms_keys *keys, struct buf *content, struct err *err);

/* What it seems to be, by its first bytes; 32 are enough. */
enum cms_kind { CMS_OTHER, CMS_ENCRYPTED, CMS_SIGNED };
enum cms_kind cms_kind(struct slice start);

#endif
