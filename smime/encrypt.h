/* encrypt.h - a mail message becomes an S/MIME message (RFC 8551)
 *
 * The message stays one with its own header: trace fields, From, To, Subject,
 * Date and all others are kept in their order, but for those that begin with
 * "Content-". These, an empty line and the body are the MIME entity that is
 * encrypted, byte by byte as it came; only line ends that are a bare LF become
 * CRLF (RFC 8551 3.1.1). So who decrypts has the very entity that was sent. */
#ifndef SMIME_ENCRYPT_H
#define SMIME_ENCRYPT_H

#include "smime/cms.h"

/* Is the message encrypted already, as S/MIME (RFC 8551 3.2) or OpenPGP (RFC
   3156, or a text that is nothing but one such message)? What only says that it
   is does not count: its first bytes must look like it. */
bool smime_is_encrypted(struct slice message);

/* Append the message, encrypted for all recipients, as a whole message.
   hide_subject: as smime/header.h says; the entity is then not the one that was
   sent. */
struct smime_way {
	enum cms_cipher cipher;
	bool hide_subject;
};
int smime_encrypt(struct slice message, const struct smime_way *way,
    struct cms_recipient *const *to, size_t n, struct buf *out, struct err *err);

/* The CMS inside a message with such a body, appended to *cms; ERR_INPUT: there
   is none. */
int smime_body(struct slice message, struct buf *cms, struct err *err);

#endif
