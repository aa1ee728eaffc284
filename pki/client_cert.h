/* client_cert.h - certificates that accounts list as theirs, for logins without a password
 *
 * Kept in the directory under the domain and the certificate's SHA-256, with the
 * account's number: who is given a removed account's address is somebody else. */
#ifndef PKI_CLIENT_CERT_H
#define PKI_CLIENT_CERT_H

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"
#include "storage/dir.h"

enum { CLIENT_CERTS_MAX = 20 }; /* of one account */

/* List one. 0; ERR_EXISTS: it is somebody's already. Any thread but a loop's. */
int client_cert_add(const struct dir_account *account, const struct cert *cert, struct err *err);

/* By its fingerprint, 32 bytes. ERR_ABSENT: the account lists no such. */
int client_cert_remove(
    const struct dir_account *account, struct slice fingerprint, struct err *err);

/* Visit those of the account; a certificate is valid during the call. */
int client_cert_each(const struct dir_account *account,
    void (*visit)(void *arg, const struct cert *cert), void *arg);

#endif
