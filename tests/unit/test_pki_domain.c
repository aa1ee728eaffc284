/* test_pki_domain.c - domains get keys; each connection is shown the right certificate */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include "core/conf.h"
#include "core/loop.h"
#include "core/num.h"
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "pki/ticket.h"
#include "storage/dir.h"
#include "storage/store.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/wire.h"

static char *data;

/* --- the world --- */

static int put_setting(void *arg, enum conf_scope scope, struct slice place, struct slice name,
    struct slice value, struct err *err)
{
	(void)arg;
	(void)scope;
	(void)place;
	(void)name;
	(void)value;
	(void)err;
	return 0;
}

static int no_settings(void *arg,
    void (*row)(void *row_arg, enum conf_scope scope, struct slice place, struct slice name,
	struct slice value),
    void *row_arg, struct err *err)
{
	(void)arg;
	(void)row;
	(void)row_arg;
	(void)err;
	return 0;
}

static void must(int rc, const struct err *err)
{
	if (rc != 0)
		fail_msg("%s", err->text);
}

static void start(void)
{
	static const struct conf_store settings = { .put = put_setting, .each = no_settings };
	struct err err = { 0 };

	must(store_open(data, &err), &err);
	must(conf_load(&settings, &err), &err);
	must(store_start(&err), &err);
	must(pki_start(data, &err), &err);
}

static void stop(void)
{
	threads_stop();
	pki_stop();
	store_close();
}

static void add(const char *domain)
{
	struct err err = { 0 };

	must(dir_domain_add(slice_str(domain), &err), &err);
}

static int set_up(void **state)
{
	(void)state;
	data = tempdir_new();
	start();
	add("alpha.test"); /* the main domain */
	add("beta.test");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stop();
	tempdir_remove(&data);
	return 0;
}

static int start_library(void **state)
{
	(void)state;
	return tls_start(NULL);
}

static void set(const char *name, const char *value)
{
	struct err err = { 0 };

	must(conf_set(conf_find(slice_str(name)), CONF_SERVER, (struct slice){ 0 },
		 slice_str(value), &err),
	    &err);
}

/* --- what a client sees --- */

struct seen {
	char domain[100];  /* of the context */
	char subject[200]; /* of the certificate that was shown */
	bool later;	   /* a worker was needed */
	bool resumed;
	WOLFSSL_SESSION *session;
};

static const struct sockaddr *ip(const char *text)
{
	static struct sockaddr_in6 in6;
	static struct sockaddr_in in4;

	in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(993) };
	in4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(993) };
	if (!text)
		return NULL;
	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
		return (const struct sockaddr *)&in4;
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return (const struct sockaddr *)&in6;
}

static void shown_subject(WOLFSSL *client, char out[200])
{
	WOLFSSL_X509 *x = wolfSSL_get_peer_certificate(client);

	wolfSSL_X509_NAME_oneline(wolfSSL_X509_get_subject_name(x), out, 200);
	wolfSSL_X509_free(x);
}

static bool shake(struct io *server, WOLFSSL *client, struct seen *seen)
{
	int rc = TLS_AGAIN;
	bool client_done = false, wait = false;

	for (int i = 0; i < 20 && rc != TLS_FAIL && (!client_done || rc != TLS_DONE); i++) {
		if (!client_done)
			client_done = wolfSSL_connect(client) == WOLFSSL_SUCCESS;
		rc = tls_handshake(server, wait);
		wait = rc == TLS_LATER;
		seen->later |= wait;
	}
	return client_done && rc == TLS_DONE;
}

/* The session of a connection goes on into the next one that offers it. */
static struct seen look(
    const char *sni, const char *address, const char *target, WOLFSSL_SESSION *offered)
{
	WOLFSSL_CTX *ctx = wire_client_ctx(false);
	struct wire *wire = wire_new();
	struct io *server = &wire->io;
	struct seen seen = { 0 };
	struct tls_info info;
	char c;

	if (sni)
		wolfSSL_CTX_UseSNI(ctx, WOLFSSL_SNI_HOST_NAME, sni, (unsigned short)strlen(sni));
	WOLFSSL *client = wire_client(ctx, wire);
	if (offered)
		wolfSSL_set_session(client, offered);
	io_push(&server, tls_accept_new(ip(address), slice_str(target), NULL));
	if (!shake(server, client, &seen))
		fail_msg("%s: %s", sni ? sni : "no name", tls_reason(server));
	tls_info(server, &info);
	snprintf(seen.domain, sizeof(seen.domain), "%s", info.domain);
	seen.resumed = info.resumed;
	if (!info.resumed)
		shown_subject(client, seen.subject);
	io_write(server, SLICE("x"));
	wolfSSL_read(client, &c, 1);
	seen.session = wolfSSL_get1_session(client);
	wolfSSL_free(client);
	wolfSSL_CTX_free(ctx);
	io_close(&server);
	return seen;
}

static void want_domain(const char *sni, const char *address, const char *target, const char *want)
{
	char name[200];
	struct seen seen = look(sni, address, target, NULL);

	snprintf(name, sizeof(name), "sni %s, address %s, target %s", sni ? sni : "-",
	    address ? address : "-", target ? target : "-");
	want_text(name, slice_str(seen.domain), want);
	wolfSSL_SESSION_free(seen.session);
}

static struct pki_cert cert_of(const char *domain, struct pool *pool)
{
	struct pki_cert text = { 0 };
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert cert;

	want_num(domain, record_get(slice_str(domain), &bytes, &record), 1);
	assert_true(cert_next(&record.leaf, &cert));
	cert_describe(&cert, pool, &text);
	buf_done(&bytes);
	return text;
}

/* As PEM, the domain's own certificate first. */
static struct slice chain_of(const char *domain, struct pool *pool)
{
	struct domain_record record;
	struct buf bytes = { 0 }, pem = { 0 };

	want_num(domain, record_get(slice_str(domain), &bytes, &record), 1);
	cert_to_pem(record.leaf, &pem);
	cert_to_pem(record.above, &pem);
	struct slice chain = pool_slice(pool, buf_slice(&pem));
	buf_done(&bytes);
	buf_done(&pem);
	return chain;
}

/* --- tests --- */

static void made_for_each(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	struct pki_cert cert = cert_of("beta.test", &pool);
	assert_string_equal(cert.key_type, "P-256");
	assert_string_equal(cert.subject, "CN=beta.test");
	assert_string_equal(cert.issuer, "CN=beta.test");
	assert_string_equal(
	    cert.names, "beta.test mail.beta.test smtp.beta.test imap.beta.test pop.beta.test");
	assert_true(cert.self_signed);
	assert_int_equal(strlen(cert.serial), 32);
	assert_int_equal(strlen(cert.sha256), 64);
	assert_true(
	    slice_starts(chain_of("beta.test", &pool), SLICE("-----BEGIN CERTIFICATE-----\n")));
	struct pki_cert other = cert_of("alpha.test", &pool);
	assert_string_not_equal(cert.serial, other.serial);
	struct domain_record none;
	struct buf bytes = { 0 };
	assert_int_equal(record_get(SLICE("nobody.test"), &bytes, &none), 0);
	buf_wipe(&bytes);
	pool_done(&pool);
}

static void who_is_shown(void **state)
{
	struct err err = { 0 };

	(void)state;
	add("gamma.test");
	must(dir_domain_alias_add(SLICE("beta.example"), SLICE("beta.test"), &err), &err);
	must(dir_domain_addresses(SLICE("gamma.test"), SLICE("192.0.2.3 2001:db8::3"), &err), &err);

	static const struct {
		const char *sni, *address, *target, *domain;
	} cases[] = {
		{ "beta.test", NULL, NULL, "beta.test" },
		{ "BETA.Test", NULL, NULL, "beta.test" },
		{ "mail.beta.test", NULL, NULL, "beta.test" },
		{ "beta.example", NULL, NULL, "beta.test" }, /* C-086 */
		{ "other.beta.test", NULL, NULL, "alpha.test" },
		{ "deep.mail.beta.test", NULL, NULL, "alpha.test" },
		{ "test", NULL, NULL, "alpha.test" },
		{ NULL, NULL, NULL, "alpha.test" },
		{ NULL, "192.0.2.3", NULL, "gamma.test" }, /* C-075 */
		{ NULL, "2001:db8::3", NULL, "gamma.test" },
		{ NULL, "::ffff:192.0.2.3", NULL, "gamma.test" },
		{ NULL, "192.0.2.4", NULL, "alpha.test" },
		{ "nobody.test", "192.0.2.3", NULL, "gamma.test" },
		{ "beta.test", "192.0.2.3", NULL, "beta.test" },
		{ NULL, "192.0.2.3", "beta.test", "beta.test" }, /* C-077 */
		{ "alpha.test", NULL, "beta.test", "beta.test" },
		{ "alpha.test", NULL, "nobody.test", "alpha.test" },
		{ "bad name", NULL, NULL, "alpha.test" },
	};
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < COUNT(cases); i++)
			want_domain(
			    cases[i].sni, cases[i].address, cases[i].target, cases[i].domain);

	set("tls.sni", "off"); /* C-085 */
	want_domain("beta.test", NULL, NULL, "alpha.test");
	want_domain("beta.test", "192.0.2.3", NULL, "gamma.test");
	set("tls.sni", "on");
	want_domain("beta.test", NULL, NULL, "beta.test");
}

static void from_memory(void **state)
{
	(void)state;
	struct seen first = look("beta.test", NULL, NULL, NULL);
	struct seen second = look("beta.test", NULL, NULL, NULL);
	struct seen other = look("mail.beta.test", NULL, NULL, NULL);
	assert_true(first.later);
	assert_false(second.later);
	assert_true(other.later);
	assert_string_equal(first.subject, "/CN=beta.test");
	wolfSSL_SESSION_free(first.session);
	wolfSSL_SESSION_free(second.session);
	wolfSSL_SESSION_free(other.session);
}

static void changes_are_seen(void **state)
{
	struct err err = { 0 };

	(void)state;
	want_domain("new.test", NULL, NULL, "alpha.test");
	add("new.test");
	want_domain("new.test", NULL, NULL, "new.test");
	must(dir_domain_main(SLICE("beta.test"), &err), &err);
	want_domain(NULL, NULL, NULL, "beta.test");
	must(dir_domain_addresses(SLICE("new.test"), SLICE("192.0.2.9"), &err), &err);
	want_domain(NULL, "192.0.2.9", NULL, "new.test");
	must(dir_domain_remove(SLICE("new.test"), &err), &err);
	want_domain("new.test", "192.0.2.9", NULL, "beta.test");
}

/* A new certificate is shown at once; sessions under the old one do not go on
   under it. */
static void renewed(void **state)
{
	struct pool pool = { 0 };
	struct err err = { 0 };

	(void)state;
	struct seen first = look("beta.test", NULL, NULL, NULL);
	struct seen again = look("beta.test", NULL, NULL, first.session);
	assert_true(again.resumed);
	const char *before = cert_of("beta.test", &pool).serial;
	must(pki_domain_renew(SLICE("BETA.test"), &err), &err);
	assert_string_not_equal(before, cert_of("beta.test", &pool).serial);
	struct seen after = look("beta.test", NULL, NULL, first.session);
	assert_false(after.resumed);
	assert_string_equal(after.domain, "beta.test");
	assert_int_equal(pki_domain_renew(SLICE("nobody.test"), &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	wolfSSL_SESSION_free(first.session);
	wolfSSL_SESSION_free(again.session);
	wolfSSL_SESSION_free(after.session);
	pool_done(&pool);
}

/* Also a change of the oldest version is a change of policy. */
static void settings(void **state)
{
	(void)state;
	struct seen first = look("beta.test", NULL, NULL, NULL);
	set("tls.oldest-version", "1.3");
	struct seen after = look("beta.test", NULL, NULL, first.session);
	assert_false(after.resumed);
	set("tls.oldest-version", "1.2");
	set("tls.session-ttl", "0s");
	struct seen none = look("beta.test", NULL, NULL, NULL);
	struct seen offered = look("beta.test", NULL, NULL, none.session);
	assert_false(offered.resumed);
	set("tls.session-ttl", "8h");
	wolfSSL_SESSION_free(first.session);
	wolfSSL_SESSION_free(after.session);
	wolfSSL_SESSION_free(none.session);
	wolfSSL_SESSION_free(offered.session);
}

static void after_a_restart(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	struct seen first = look("mail.beta.test", NULL, NULL, NULL);
	const char *serial = cert_of("beta.test", &pool).serial;
	stop();
	start();
	assert_string_equal(serial, cert_of("beta.test", &pool).serial);
	struct seen after = look("mail.beta.test", NULL, NULL, first.session);
	assert_true(after.resumed);
	wolfSSL_SESSION_free(first.session);
	wolfSSL_SESSION_free(after.session);
	pool_done(&pool);
}

/* --- time goes by --- */

static void stored_keys(struct ticket_keys *keys)
{
	struct err err = { 0 };

	must(ticket_read(keys, &err), &err);
	assert_true(keys->since > 0);
}

/* Make the stored ticket keys older by so many seconds, and look at them as
   the thread does now and then. Returns how many there are that only open. */
static size_t let_keys_age(int64_t seconds)
{
	static const char what[] = "the session ticket keys";
	struct buf sealed = { 0 }, plain = { 0 };
	struct ticket_keys keys;
	struct err err = { 0 };

	stored_keys(&keys);
	keys.since -= seconds;
	ticket_put(&keys, &plain);
	must(seal_close(what, buf_slice(&plain), &sealed, &err), &err);
	must(store_record_put(PKI_ROOM, SLICE("t"), buf_slice(&sealed), &err), &err);
	must(ticket_turn(&err), &err);
	stored_keys(&keys);
	buf_done(&sealed);
	buf_wipe(&plain);
	return keys.n_old;
}

static bool still_resumes(WOLFSSL_SESSION *session)
{
	struct seen seen = look("beta.test", NULL, NULL, session);

	wolfSSL_SESSION_free(seen.session);
	return seen.resumed;
}

/* A key seals for the eight hours that a ticket lives, and opens for six periods more. */
static void ticket_keys_turn(void **state)
{
	enum { HOUR = 60 * 60 };

	(void)state;
	struct seen first = look("beta.test", NULL, NULL, NULL);
	assert_int_equal(let_keys_age(7 * HOUR), 0);
	assert_int_equal(let_keys_age(2 * HOUR), 1); /* a new one */
	assert_true(still_resumes(first.session));
	assert_int_equal(let_keys_age(40 * HOUR), 6); /* five more */
	assert_true(still_resumes(first.session));
	assert_int_equal(let_keys_age(8 * HOUR), 6); /* and the first is gone */
	assert_false(still_resumes(first.session));
	wolfSSL_SESSION_free(first.session);
}

static bool same_name(const struct tls_ticket_key *a, const struct tls_ticket_key *b)
{
	return memcmp(a->name, b->name, sizeof(a->name)) == 0;
}

/* Who has the secret turns it alike; who has the next one cannot turn it back. */
static void ticket_keys_follow(void **state)
{
	enum { HOUR = 60 * 60 };
	struct ticket_keys before, after;
	struct tls_ticket_key last, next, now;
	struct err err = { 0 };

	(void)state;
	must(ticket_rotate(true, &err), &err);
	stored_keys(&before);
	ticket_key(&before, &last);
	ticket_next_key(&before, &next);
	assert_false(same_name(&last, &next));
	assert_int_equal(let_keys_age(9 * HOUR), 1);
	stored_keys(&after);
	ticket_key(&after, &now);
	assert_true(same_name(&now, &next));
	assert_true(same_name(&after.old[0], &last));
	assert_memory_equal(&after.old[0], &last, sizeof(last));
	assert_memory_not_equal(after.secret, before.secret, sizeof(after.secret));

	must(ticket_adopt(&before, &err), &err); /* of a server that was asleep */
	stored_keys(&after);
	ticket_key(&after, &now);
	assert_true(same_name(&now, &last)); /* its period is not over by its own clock */
}

/* A clock that was set back keeps no key for long. */
static void ticket_keys_of_the_future(void **state)
{
	enum { HOUR = 60 * 60 };
	struct ticket_keys before, after;
	struct err err = { 0 };

	(void)state;
	must(ticket_rotate(true, &err), &err);
	stored_keys(&before);
	assert_int_equal(let_keys_age(-4 * HOUR), 0); /* another server's may be ahead a little */
	assert_int_equal(let_keys_age(-100 * HOUR), 1);
	stored_keys(&after);
	assert_memory_not_equal(after.secret, before.secret, sizeof(after.secret));
}

static void ticket_keys_as_text(void **state)
{
	struct ticket_keys keys, got;
	struct buf text = { 0 };
	struct err err = { 0 };

	(void)state;
	must(ticket_read(&keys, &err), &err);
	must(ticket_lock(&keys, SLICE("secret"), &text, &err), &err);
	must(ticket_unlock(buf_slice(&text), SLICE("secret"), &got, &err), &err);
	assert_memory_equal(&got, &keys, sizeof(keys));
	assert_int_not_equal(ticket_unlock(buf_slice(&text), SLICE("other"), &got, &err), 0);
	assert_int_equal(err.kind, ERR_DENIED);
	for (size_t n = 0; n < text.n; n += 40) {
		assert_int_not_equal(
		    ticket_unlock(slice_head(buf_slice(&text), n), SLICE("secret"), &got, &err), 0);
		assert_int_equal(got.since, 0);
	}
	assert_int_not_equal(ticket_lock(&keys, SLICE(""), &text, &err), 0);
	buf_done(&text);
}

static void ticket_keys_malformed(void **state)
{
	struct ticket_keys keys, got;
	struct buf bytes = { 0 };
	struct err err = { 0 };

	(void)state;
	must(ticket_read(&keys, &err), &err);
	ticket_put(&keys, &bytes);
	assert_true(ticket_get(buf_slice(&bytes), &got));
	for (size_t n = 0; n < bytes.n; n++)
		if (n < 49 || (n - 49) % sizeof(struct tls_ticket_key) != 0)
			assert_false(ticket_get(slice_head(buf_slice(&bytes), n), &got));
	bytes.p[9] = 1; /* a period of ages */
	assert_false(ticket_get(buf_slice(&bytes), &got));
	bytes.p[0] = 1;
	assert_false(ticket_get(buf_slice(&bytes), &got));
	buf_wipe(&bytes);
}

static int take_it(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	(void)domain, (void)err;
	*record = *(const struct domain_record *)arg;
	return 0;
}

/* A certificate of the domain that ends in a minute. */
static void put_short_one(const char *domain, bool installed)
{
	struct buf sealed = { 0 }, der = { 0 };
	struct err err = { 0 };
	struct cert_spec spec = { .name = slice_str(domain),
		.names = slice_str(domain),
		.not_before = time(NULL) - 86400,
		.not_after = time(NULL) + 60 };

	must(sign_make(domain, &sealed, &err), &err);
	struct sign_key key = { domain, buf_slice(&sealed) };
	must(cert_self_signed(&spec, &key, &der, &err), &err);
	struct domain_record record = { .installed = installed,
		.mode = PKI_ENABLED,
		.key = key.sealed,
		.leaf = buf_slice(&der) };
	must(domain_change(slice_str(domain), take_it, &record, &err), &err);
	buf_done(&sealed);
	buf_done(&der);
}

static void renewed_in_time(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	put_short_one("alpha.test", false);
	put_short_one("beta.test", true);
	domain_renew_old();
	assert_true(cert_of("alpha.test", &pool).not_after > time(NULL) + 800 * 86400);
	assert_true(cert_of("beta.test", &pool).not_after <= time(NULL) + 60);
	const char *serial = cert_of("alpha.test", &pool).serial;
	domain_renew_old();
	assert_string_equal(serial, cert_of("alpha.test", &pool).serial);
	pool_done(&pool);
}

/* Without the master key the server does not start, and makes no other. */
static void lost_master_key(void **state)
{
	char *path = tempdir_path(data, "master.key"), *away = tempdir_path(data, "away");
	struct err err = { 0 };

	(void)state;
	stop();
	assert_int_equal(rename(path, away), 0);
	must(store_open(data, &err), &err);
	assert_int_equal(pki_start(data, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	pki_stop();
	store_close();
	assert_int_equal(rename(away, path), 0);
	start();
	want_domain("beta.test", NULL, NULL, "beta.test");
	free(path);
	free(away);
}

/* --- installing --- */

/* A certificate of the key for those names, as PEM. */
static void issue(const char *key_pem, const char *name, const char *names, struct buf *pem)
{
	struct buf sealed = { 0 }, der = { 0 };
	struct err err = { 0 };
	struct cert_spec spec = { .name = slice_str(name),
		.names = slice_str(names),
		.not_before = 1700000000,
		.not_after = 4000000000 };

	must(sign_take("x", slice_str(key_pem), &sealed, &err), &err);
	struct sign_key key = { "x", buf_slice(&sealed) };
	must(cert_self_signed(&spec, &key, &der, &err), &err);
	cert_to_pem(buf_slice(&der), pem);
	buf_done(&sealed);
	buf_done(&der);
}

static int install(const char *domain, const char *key_pem, struct buf *chain, struct err *err)
{
	return pki_domain_install(slice_str(domain), slice_str(key_pem), buf_slice(chain), err);
}

static void installed(void **state)
{
	static const char *const keys[] = { test_key_p256, test_key_p384, test_key_rsa };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct buf pem = { 0 };
		struct pool pool = { 0 };
		issue(keys[i], "www.hoster.example", "www.hoster.example *.mail.example", &pem);
		issue(keys[i], "some authority", "", &pem); /* a second one in the chain */
		must(install("beta.test", keys[i], &pem, &err), &err);
		struct pki_cert cert = cert_of("beta.test", &pool);
		assert_string_equal(cert.subject, "CN=www.hoster.example");
		assert_true(slice_eq(chain_of("beta.test", &pool), buf_slice(&pem)));
		struct seen seen = look("beta.test", NULL, NULL, NULL);
		assert_string_equal(seen.subject, "/CN=www.hoster.example");
		wolfSSL_SESSION_free(seen.session);
		want_domain("www.hoster.example", NULL, NULL, "beta.test");
		want_domain("WWW.hoster.example", NULL, NULL, "beta.test");
		want_domain("a.mail.example", NULL, NULL, "beta.test");
		want_domain("a.b.mail.example", NULL, NULL, "alpha.test");
		want_domain("hoster.example", NULL, NULL, "alpha.test");
		buf_done(&pem);
		pool_done(&pool);
	}
	/* Its names go with it. */
	must(pki_domain_renew(SLICE("beta.test"), &err), &err);
	want_domain("www.hoster.example", NULL, NULL, "alpha.test");
	want_domain("a.mail.example", NULL, NULL, "alpha.test");
	want_domain("mail.beta.test", NULL, NULL, "beta.test");
}

/* Two domains have certificates for one name: the last wins, and when it goes
   nothing is left that leads nowhere. */
static void same_name_twice(void **state)
{
	struct buf pem = { 0 };
	struct err err = { 0 };

	(void)state;
	issue(test_key_p256, "x.example", "x.example", &pem);
	must(install("alpha.test", test_key_p256, &pem, &err), &err);
	must(install("beta.test", test_key_p256, &pem, &err), &err);
	want_domain("x.example", NULL, NULL, "beta.test");
	must(pki_domain_renew(SLICE("alpha.test"), &err), &err);
	want_domain("x.example", NULL, NULL, "beta.test");
	must(dir_domain_remove(SLICE("beta.test"), &err), &err);
	want_domain("x.example", NULL, NULL, "alpha.test");
	buf_done(&pem);
}

static void not_installed(void **state)
{
	struct buf good = { 0 }, other = { 0 }, none = { 0 };
	struct pool pool = { 0 };
	struct err err;

	(void)state;
	issue(test_key_p256, "beta.test", "beta.test", &good);
	issue(test_key_p384, "beta.test", "beta.test", &other);
	const char *before = cert_of("beta.test", &pool).serial;
	const struct {
		const char *name, *domain, *key;
		struct buf *chain;
		enum err_kind kind;
	} cases[] = {
		{ "another's certificate", "beta.test", test_key_p256, &other, ERR_INPUT },
		{ "another kind of key", "beta.test", test_key_rsa, &good, ERR_INPUT },
		{ "no key", "beta.test", "", &good, ERR_INPUT },
		{ "short key", "beta.test", test_key_rsa_1024, &good, ERR_INPUT },
		{ "no certificate", "beta.test", test_key_p256, &none, ERR_INPUT },
		{ "no such domain", "nobody.test", test_key_p256, &good, ERR_ABSENT },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		want_num(cases[i].name,
		    install(cases[i].domain, cases[i].key, cases[i].chain, &err), -1);
		want_num(cases[i].name, err.kind, cases[i].kind);
		/* C-041: what was there stays */
		want_text(cases[i].name, slice_str(cert_of("beta.test", &pool).serial), before);
	}
	/* the same name and curve, but not that key */
	struct buf mine = { 0 };
	buf_adds(&mine, chain_of("beta.test", &pool));
	assert_int_equal(install("beta.test", test_key_p256, &mine, &err), -1);
	buf_done(&mine);
	buf_done(&good);
	buf_done(&other);
	pool_done(&pool);
}

static void names_as_set(void **state)
{
	struct pool pool = { 0 };
	struct err err = { 0 };
	const char *names;

	(void)state;
	must(dir_domain_alias_add(SLICE("b\xc3\xa4ta.test"), SLICE("beta.test"), &err), &err);
	set("pki.host-prefixes", "mx in_valid! imap");
	must(pki_domain_names(SLICE("beta.test"), &pool, &names, &err), &err);
	assert_string_equal(names,
	    "beta.test mx.beta.test imap.beta.test "
	    "xn--bta-qla.test mx.xn--bta-qla.test imap.xn--bta-qla.test");
	set("pki.certificate-days", "10");
	must(pki_domain_renew(SLICE("beta.test"), &err), &err);
	struct pki_cert cert = cert_of("beta.test", &pool);
	assert_string_equal(cert.names, names);
	assert_int_equal(cert.not_after - cert.not_before, 10 * 86400 - 1);
	set("pki.host-prefixes", "");
	set("pki.certificate-days", "");
	pool_done(&pool);
}

/* --- many at once --- */

enum { THREADS = 4, ROUNDS = 40 };

/* No checks of cmocka here: they belong to the main thread. */
static void *connect_often(void *arg)
{
	static const char *const names[] = { "alpha.test", "mail.beta.test", "beta.test",
		"x.test" };
	size_t good = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		WOLFSSL_CTX *ctx = wire_client_ctx(i % 2 == 0);
		struct wire *wire = wire_new();
		struct io *server = &wire->io;
		struct seen seen = { 0 };
		const char *sni = names[(i + (size_t)arg) % COUNT(names)];
		wolfSSL_CTX_UseSNI(ctx, WOLFSSL_SNI_HOST_NAME, sni, (unsigned short)strlen(sni));
		WOLFSSL *client = wire_client(ctx, wire);
		io_push(&server, tls_accept_new(NULL, (struct slice){ 0 }, NULL));
		good += shake(server, client, &seen);
		wolfSSL_free(client);
		wolfSSL_CTX_free(ctx);
		io_close(&server);
	}
	wc_ecc_fp_free(); /* tables of the client, which works without our device */
	return (void *)good;
}

static void while_it_changes(void **state)
{
	pthread_t thread[THREADS];
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, connect_often, (void *)i), 0);
	for (int i = 0; i < 10; i++) {
		must(pki_domain_renew(SLICE("beta.test"), &err), &err);
		set("tls.oldest-version", "1.2");
		must(dir_domain_main(i % 2 ? SLICE("alpha.test") : SLICE("beta.test"), &err), &err);
	}
	for (size_t i = 0; i < THREADS; i++) {
		void *good;
		pthread_join(thread[i], &good);
		assert_int_equal((size_t)good, ROUNDS);
	}
}

#define IN_A_WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(made_for_each),
		IN_A_WORLD(who_is_shown),
		IN_A_WORLD(from_memory),
		IN_A_WORLD(changes_are_seen),
		IN_A_WORLD(renewed),
		IN_A_WORLD(settings),
		IN_A_WORLD(after_a_restart),
		IN_A_WORLD(ticket_keys_turn),
		IN_A_WORLD(ticket_keys_follow),
		IN_A_WORLD(ticket_keys_of_the_future),
		IN_A_WORLD(ticket_keys_as_text),
		IN_A_WORLD(ticket_keys_malformed),
		IN_A_WORLD(renewed_in_time),
		IN_A_WORLD(lost_master_key),
		IN_A_WORLD(installed),
		IN_A_WORLD(same_name_twice),
		IN_A_WORLD(not_installed),
		IN_A_WORLD(names_as_set),
		IN_A_WORLD(while_it_changes),
	};

	return cmocka_run_group_tests(tests, start_library, NULL);
}
