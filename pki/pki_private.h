/* pki_private.h - what the files of pki/ share; no one else includes it */
#ifndef PKI_PKI_PRIVATE_H
#define PKI_PKI_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/tls.h"
#include "pki/cert.h"
#include "pki/pki.h"
#include "pki/sign.h"
#include "pki/subject.h"

#define PKI_ROOM "pki" /* of store_record_* */

extern const struct conf_key conf_key_tls_sni;
extern const struct conf_key conf_key_tls_client_strict;

/* --- record.c: what is stored of an owner: of a domain, or a profile --- */

/* What in a client's certificate names an account of the domain. */
enum client_map {
	CLIENT_MAP_EMAIL,	/* addresses of mail and XMPP among its alternative names */
	CLIENT_MAP_CN,		/* the subject's common name: the address, or its local part */
	CLIENT_MAP_UID,		/* the subject's user id, likewise */
	CLIENT_MAP_UPN,		/* the principal name of Windows' directories: the address */
	CLIENT_MAP_FINGERPRINT, /* nothing: an account lists its certificates */
	CLIENT_MAP_TEMPLATE,	/* parts of it, as the domain's template says */
	CLIENT_MAPS
};
extern const char *const client_map_names[]; /* "email", ..., NULL */

struct domain_record {
	int64_t made;	/* when the key came, unix seconds */
	bool installed; /* by an admin: never replaced by itself */
	enum pki_mode mode;
	struct slice key;	    /* sealed; empty: none */
	struct slice leaf;	    /* its certificate, DER; empty: none */
	struct slice above;	    /* authorities above it, DER one behind another */
	struct slice subject;	    /* what was asked for last: pki/subject.h */
	struct slice client_issuer; /* SHA-256 of each certificate in the domain's trusted set
				       whose clients are asked for theirs; empty: nobody is */
	bool client_required;
	struct slice files; /* paths of certificate and key, a line each, that are read again
			       at each reload; empty: none */
	bool gone;	    /* of one that is staged: it is to be removed */
	bool not_kept;	    /* never stored: a change leaves all as it was */
	enum client_map client_map;
};

/* Slices point into *bytes, which the caller frees. 1, 0 absent, -1 (logged). */
bool record_read(struct slice value, struct domain_record *out);
void record_write(const struct domain_record *record, struct buf *out); /* appended */
int record_get(struct slice domain, struct buf *bytes, struct domain_record *out);
bool record_is(struct slice domain); /* there is one */
int record_put(struct slice domain, const struct domain_record *record, struct err *err);
int record_drop(struct slice domain, struct err *err);
int record_each(
    bool (*visit)(void *arg, struct slice domain, const struct domain_record *record), void *arg);

/* What it is to be (pki/stage.c); the same, and nothing is led to it. record NULL:
   nothing is to be any more. */
int record_staged(struct slice domain, struct buf *bytes, struct domain_record *out);
int record_stage(struct slice domain, const struct domain_record *record, struct err *err);
int record_each_staged(
    bool (*visit)(void *arg, struct slice domain, const struct domain_record *record), void *arg);

/* --- record_names.c --- */

/* Note the names in a certificate; forget those of the domain's present one that the
   next lacks. Profiles have none. */
int record_names_put(struct slice domain, struct slice certificate, struct err *err);
int record_names_drop(struct slice domain, struct slice next, struct err *err);

/* The domain whose certificate has that name among others; names that follow
   from the domain's own are not kept. 1 (from pool), 0, -1. */
int record_named(struct slice host, struct pool *pool, const char **domain);

/* --- owner.c: who has a key and a certificate --- */

/* An owner is a hosted domain's name, or "profile NAME"; the functions below that
   take a domain take either, unless they say otherwise. */
bool owner_is_profile(struct slice owner);
struct slice owner_profile_name(struct slice owner); /* empty: it is a domain */

/* The owner that a profile of that name is, or would be; from pool. ERR_INPUT: no
   name. */
int owner_of_profile(struct slice name, struct pool *pool, struct slice *owner, struct err *err);

/* The owner of that name (a domain's: also by an alias) in its one form, from pool,
   with a terminator. ERR_ABSENT. */
int owner_find(struct slice name, struct pool *pool, struct slice *owner, struct err *err);

/* The same for what a setting says: NAME of a profile, or a domain. */
int owner_named(struct slice reference, struct pool *pool, struct slice *owner, struct err *err);

/* Has it a record, or will it have one when all is committed? */
bool owner_is(struct slice owner);

/* The host name that its certificate is for unless it is said: the domain; the
   server's own, of a profile. And more of them. From pool. */
const char *owner_host(struct slice owner, struct pool *pool);
int owner_host_names(struct slice owner, struct pool *pool, const char **names, struct err *err);

/* --- assign.c: certificates given to listeners --- */

/* Append what the listener (at that address) was given; false: nothing. Any thread;
   reference may be NULL. */
bool assign_find(const struct tls_hello *hello, struct buf *reference);
bool assign_is_address(struct slice text); /* as it may stand behind LISTENER@ */
void assign_start(void);
void assign_stop(void);

/* --- change.c --- */

/* The hosted domain that a name or an alias stands for, from pool. */
int domain_hosted(struct slice name, struct pool *pool, struct slice *domain, struct err *err);

/* Read what a domain has, change it, and show it from the next handshake on; one
   change at a time. A domain that has nothing yet gives an empty, enabled record.
   What change() puts into the record must live until this returns; it gives 0,
   or -1 with *err, and nothing is changed. */
int domain_change(struct slice domain,
    int (*change)(void *arg, const char *domain, struct domain_record *record, struct err *err),
    void *arg, struct err *err);
/* Between these nothing that domains have is changed by others, nor by functions here that
   change it. */
void change_begin(void);
void change_end(void);
/* Do something to many, while nothing else is changed. */
int change_all(int (*change)(size_t *done, struct err *err), size_t *done, struct err *err);
/* The same for an owner in its one form, with a terminator, which is not looked for:
   so a profile is made. */
int owner_change(struct slice owner,
    int (*change)(void *arg, const char *domain, struct domain_record *record, struct err *err),
    void *arg, struct err *err);

/* --- domain.c: made by the server itself --- */

/* A new key and a certificate of its own. */
int domain_make(struct slice domain, struct err *err);
/* The same unless it has a record already. */
int domain_ensure(struct slice domain, struct err *err);
/* Make anew those of our own that end soon. */
void domain_renew_old(void);

/* A certificate of the key for itself; serial empty: a new one. */
int domain_sign_own(const char *domain, const struct subject *subject, struct slice serial,
    struct slice sealed, struct buf *leaf, struct err *err);

/* From now on, for as long as is set there. */
void domain_validity(const struct conf_at *at, struct cert_spec *spec);

/* --- new_key.c; replace: also a key that an admin brought or had made --- */

int domain_key_generate(struct slice domain, enum key_kind kind, bool replace, struct err *err);
int domain_key_import(struct slice domain, struct slice pem, bool replace, struct err *err);

/* --- own.c: what an admin has made --- */

/* What the request says is kept for the next one, and for domain_self_signed. */
int domain_csr(
    struct slice domain, const struct subject *subject, struct buf *pem, struct err *err);
int domain_self_signed(struct slice domain, const struct subject *subject, struct err *err);
/* The same certificate with a new time; C-058: and the same serial number. */
int domain_refresh(struct slice domain, bool new_serial, struct err *err);

/* Did its own key sign it? Its name alone proves nothing. */
bool domain_is_self_signed(const struct cert *cert);

/* What was asked for last, from pool. */
void domain_subject(struct slice domain, struct pool *pool, struct subject *out);

/* --- install.c: what an admin brings --- */

/* A certificate of the domain's key, in any form; those above it may be with it, or in
   a text of their own (empty: none), and then become the chain. */
int domain_cert_set(struct slice domain, struct slice bytes, struct slice chain, struct err *err);
/* Those above it; only their form is checked. */
int domain_chain_set(struct slice domain, struct slice bytes, struct err *err);
/* A key with its certificates, or certificates of the key that is there; of an owner
   that owner_find gave, or of a profile that is to be. The shape is put in order. files:
   where it came from, if it is to be read from there again. */
struct shape;
int domain_install(struct slice owner, struct shape *shape, struct slice files, struct err *err);

/* --- edit.c: parts taken away, and how they are used --- */

int domain_set_mode(struct slice domain, enum pki_mode mode, struct err *err);
int domain_key_remove(struct slice domain, struct err *err); /* with the certificate */
int domain_cert_remove(struct slice domain, struct err *err);
int domain_chain_remove(struct slice domain, struct err *err);
/* fingerprints: SHA-256, 32 bytes each, of the domain's trusted set; empty: none. */
enum { CLIENT_FINGERPRINT = 32 };
struct client_asking {
	struct slice fingerprints;
	bool required;
	enum client_map map;
};
int domain_ask_clients(struct slice domain, const struct client_asking *asking, struct err *err);

/* --- advice.c --- */

struct trust;

/* Above the leaf: the TLS library sends no more (MAX_CHAIN_DEPTH). */
enum { CHAIN_CERTS_MAX = 9 };

/* Say what is odd about a domain's chain (C-050, C-052): calls tell() with a
   sentence for each thing. */
void chain_advice(const struct domain_record *record, int64_t now,
    void (*tell)(void *arg, const char *sentence), void *arg);
/* The same of a leaf and what stands above it (DER), by other authorities than ours. */
void chain_advice_of(struct slice leaf, struct slice above, const struct trust *trust, int64_t now,
    void (*tell)(void *arg, const char *sentence), void *arg);

/* --- find.c: whose certificate? May wait for the disk --- */

const char *find_by_name(struct slice host, struct pool *pool);

/* --- context.c: TLS contexts of domains --- */

/* For those who connect to it. NULL: ERR_ABSENT when its mode is disabled, or it has
   no certificate. */
struct tls_ctx *context_make(
    struct slice domain, const struct domain_record *record, struct err *err);
/* For those who come to the domain where a listener was given a certificate: that of
   the profile or domain, under the domain's policy. NULL (logged): it has none. */
struct tls_ctx *context_given(struct slice reference, const char *domain);
/* Before there is a domain (E-005): the demo certificate. */
struct tls_ctx *context_demo(void);
/* For connections of its own; NULL: nothing to show. */
struct tls_ctx *context_own(const char *domain);

/* --- panel.c: settings of TLS --- */

/* 11, 12 or 13: what tls_ctx_spec.oldest wants. */
int panel_oldest(void);
/* Seconds; 0: sessions are not resumed. */
int64_t panel_session_ttl(void);

/* --- choose.c: which of them is shown --- */

/* Register with the TLS layer, or end: contexts are freed. */
void choose_start(void);
void choose_stop(void);

/* What a domain shows, by its mode: 1, 0 nothing. The chain is appended. */
struct shown {
	struct sign_key key;
	struct buf chain; /* DER, leaf first */
};
int shown_of(const char *domain, const struct domain_record *record, struct shown *out);
void shown_done(struct shown *shown);

/* The directory or a setting changed: whom a name leads to is looked up anew.
   With a domain, its context is made anew, too; with drop_all each one. */
void choose_forget(struct slice domain, bool drop_all);

size_t choose_count(void); /* contexts in memory */

/* --- test.c: the key and certificate of all domains in test mode --- */

/* Read or make the test key. A certificate is made at each start (C-015). */
int test_start(struct err *err);
/* Whose key that is: "key" or "issuer". */
const char *test_owner(struct slice word);
void test_stop(void);

/* Append the certificate and give the key; for the main domain of now. False:
   there is none. */
bool test_shown(struct shown *out);

/* --- address.c: local addresses, answered from memory --- */

/* A domain was added, changed or removed; once for each at start. */
void address_look(struct slice domain);
void address_stop(void);

/* The domain that it was given to, else the main one, from pool; NULL: none. */
const char *address_domain(const struct sockaddr *local, struct pool *pool);

/* Has that domain something to show? */
bool address_shows(const struct sockaddr *local);

/* The bytes of an IP address, without port; empty for another family. */
struct slice address_bytes(const struct sockaddr *address);

/* --- client.c: certificates of clients --- */

/* Append the certificates whose clients a domain asks for theirs, those that are
   still in the domain's trusted set. */
void client_issuers(const char *domain, const struct domain_record *record, struct buf *der);

/* Is that chain good for a client of the domain? 0, and the domain's accounts that
   it names are appended, parted by blanks; or -1 with the reason. */
int client_verify(const char *domain, struct slice chain, struct buf *accounts, struct err *err);

/* Is it good for another mail server, by all that the domain and the server trust? */
int client_verify_any(const char *domain, struct slice chain, struct err *err);

/* --- client_map.c: whose certificate is it? --- */

/* Append the domain's accounts that the certificate names by that rule, parted by
   blanks. */
void client_accounts(
    const char *domain, enum client_map map, const struct cert *leaf, struct buf *accounts);

/* Visit the texts of that attribute in its subject. */
void client_subject_each(const struct cert *leaf, const char *oid,
    void (*visit)(void *arg, struct slice text), void *arg);

/* --- client_template.c: a name made of parts of a certificate --- */

/* Has the domain a template that can be used? 0, or -1 with the reason. */
int client_template_check(const char *domain, struct err *err);
/* Append what it says of the certificate: a local part, or an address. False: a part of it
   is not there, or more than once. */
bool client_template_fill(const char *domain, const struct cert *leaf, struct buf *out);

/* --- client_cert.c: certificates that accounts list as theirs --- */

/* The account that lists it, from pool; NULL: none does, or it is gone. */
const char *client_cert_owner(const char *domain, const struct cert *leaf, struct pool *pool);

/* --- judge.c: certificates that peers show --- */

void judge_start(void);
void judge_stop(void);

/* --- session.c: sessions on disk, and the thread that writes them --- */

int session_start(const char *data, struct err *err);
void session_stop(void);

#endif
