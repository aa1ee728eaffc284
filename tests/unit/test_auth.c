/* test_auth.c - logins: mechanisms, secrets, what an attacker can tell apart, many threads */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "core/auth.h"
#include "core/auth_private.h"
#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "core/text.h"

extern const struct conf_key conf_key_auth_remember;

#define PASSWORD                                                                                   \
	"Spr\xc3\xbc"                                                                              \
	"che 7"

/* --- a directory of three --- */

static const char *secrets[4];
static const char *other_secrets[4];
static struct pool forever;
static atomic_bool changed;

/* One whose password is kept elsewhere: what that says, and how often it was asked. */
static int elsewhere_says;
static unsigned elsewhere_asked;

static int check_elsewhere(void *arg, const struct auth_account *account, struct slice password)
{
	(void)arg;
	assert_string_equal(account->name, "far@alpha.test");
	elsewhere_asked++;
	return elsewhere_says < 0 ? -1 : slice_eq(password, SLICE("far secret"));
}

static bool is_elsewhere(void *arg, const char *domain)
{
	(void)arg;
	return strcmp(domain, "alpha.test") == 0;
}

static int find(void *arg, struct slice login, struct pool *pool, struct auth_account *out)
{
	(void)arg;
	if (slice_ieq(login, SLICE("later@alpha.test")))
		return -1;
	char *name = pool_str(pool, login);
	for (size_t i = 0; i < login.n; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] += 'a' - 'A';
	out->name = name;
	if (slice_ieq(login, SLICE("far@alpha.test"))) {
		out->id = 4;
		out->elsewhere = changed ? "directory 2" : "directory 1";
		return 1;
	}
	bool ann = slice_ieq(login, SLICE("ann@alpha.test"));
	bool sam = slice_ieq(login, SLICE("sam@alpha.test"));
	bool new = slice_ieq(login, SLICE("new@alpha.test"));
	if (!ann && !sam && !new)
		return 0;
	out->id = ann ? 1 : sam ? 2 : 3;
	out->suspended = sam;
	for (size_t i = 0; i < 4 && !new; i++)
		out->secrets[i] = changed ? other_secrets[i] : secrets[i];
	return 1;
}

static int start(void **state)
{
	static const struct auth_backend backend = { .find = find,
		.check = check_elsewhere,
		.elsewhere = is_elsewhere,
		.pepper = { "fixed for the tests", 19 } };
	struct err err;
	(void)state;
	log_level_set(LOG_ERROR);
	if (auth_start(&backend, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	return auth_secrets(SLICE(PASSWORD), &forever, secrets, &err) ||
	    auth_secrets(SLICE("another one"), &forever, other_secrets, &err);
}

static int stop(void **state)
{
	(void)state;
	pool_done(&forever);
	return 0;
}

/* --- a client's side of SCRAM, RFC 5802 §3, written for this test --- */

struct client {
	bool sha1;
	const char *user, *password;
	const char *gs2;	      /* "n,,", "y,,", "p=tls-exporter,," */
	const unsigned char *binding; /* 32 bytes with p= */
	bool damage;		      /* of the proof */
	char salt[64];		      /* as the server sent it */
	unsigned rounds;
};

static size_t mac(bool sha1, const void *key, size_t key_n, struct slice data, uint8_t *out)
{
	if (sha1) {
		struct hmac_sha1_ctx ctx;
		hmac_sha1_set_key(&ctx, key_n, key);
		hmac_sha1_update(&ctx, data.n, (const uint8_t *)data.p);
		hmac_sha1_digest(&ctx, 20, out);
		return 20;
	}
	struct hmac_sha256_ctx ctx;
	hmac_sha256_set_key(&ctx, key_n, key);
	hmac_sha256_update(&ctx, data.n, (const uint8_t *)data.p);
	hmac_sha256_digest(&ctx, 32, out);
	return 32;
}

static void hash(bool sha1, const uint8_t *in, uint8_t *out)
{
	if (sha1) {
		struct sha1_ctx ctx;
		sha1_init(&ctx);
		sha1_update(&ctx, 20, in);
		sha1_digest(&ctx, 20, out);
		return;
	}
	struct sha256_ctx ctx;
	sha256_init(&ctx);
	sha256_update(&ctx, 32, in);
	sha256_digest(&ctx, 32, out);
}

/* "r=...,s=...,i=..." */
static void read_challenge(struct client *c, struct slice challenge, struct buf *nonce)
{
	struct slice rest = challenge, r = slice_cut(&rest, ','), s = slice_cut(&rest, ',');
	uint32_t rounds;
	assert_true(slice_starts(r, SLICE("r=")) && slice_starts(s, SLICE("s=")));
	assert_true(num_u32(slice_from(rest, 2), &rounds));
	buf_adds(nonce, slice_from(r, 2));
	snprintf(c->salt, sizeof(c->salt), "%.*s", SLICE_ARG(slice_from(s, 2)));
	c->rounds = rounds;
}

static void final_message(struct client *c, struct slice first_bare, struct slice challenge,
    struct buf *out, uint8_t *server_signature)
{
	struct buf nonce = { 0 }, header = { 0 }, salt = { 0 }, auth = { 0 };
	uint8_t salted[32], key[32], stored[32], signature[32];

	read_challenge(c, challenge, &nonce);
	assert_true(base64_get(&salt, slice_str(c->salt)));
	buf_addz(&header, c->gs2);
	if (c->binding)
		buf_add(&header, c->binding, 32);
	buf_addz(out, "c=");
	base64_put(out, buf_slice(&header));
	buf_printf(out, ",r=%.*s", SLICE_ARG(buf_slice(&nonce)));
	buf_printf(&auth, "%.*s,%.*s,%.*s", SLICE_ARG(first_bare), SLICE_ARG(challenge),
	    SLICE_ARG(buf_slice(out)));

	size_t n = strlen(c->password);
	const uint8_t *p = (const uint8_t *)c->password, *s = (const uint8_t *)salt.p;
	if (c->sha1)
		pbkdf2_hmac_sha1(n, p, c->rounds, salt.n, s, 20, salted);
	else
		pbkdf2_hmac_sha256(n, p, c->rounds, salt.n, s, 32, salted);
	size_t size = mac(c->sha1, salted, c->sha1 ? 20 : 32, SLICE("Server Key"), key);
	mac(c->sha1, key, size, buf_slice(&auth), server_signature);
	mac(c->sha1, salted, size, SLICE("Client Key"), key);
	hash(c->sha1, key, stored);
	mac(c->sha1, stored, size, buf_slice(&auth), signature);
	for (size_t i = 0; i < size; i++)
		key[i] ^= signature[i];
	key[0] ^= c->damage;
	buf_addz(out, ",p=");
	base64_put(out, slice_of(key, size));
	buf_done(&nonce);
	buf_done(&header);
	buf_done(&salt);
	buf_done(&auth);
}

static enum auth_result scram(struct client *c, struct auth *auth, const char *mech, bool initial)
{
	struct buf first = { 0 }, challenge = { 0 }, final = { 0 }, last = { 0 };
	uint8_t signature[32];
	struct slice none = { 0 };

	buf_printf(&first, "%sn=%s,r=fyko+d2lbbFgONRv9qkxdawL", c->gs2, c->user);
	enum auth_result result =
	    auth_begin(auth, slice_str(mech), initial ? buf_slice(&first) : none, &challenge);
	if (!initial && result == AUTH_MORE) {
		assert_int_equal(challenge.n, 0);
		result = auth_step(auth, buf_slice(&first), &challenge);
	}
	if (result == AUTH_MORE) {
		struct slice bare = slice_from(buf_slice(&first), strlen(c->gs2));
		final_message(c, bare, buf_slice(&challenge), &final, signature);
		result = auth_step(auth, buf_slice(&final), &last);
	}
	if (result == AUTH_MORE) {
		struct buf want = { 0 };
		buf_addz(&want, "v=");
		base64_put(&want, slice_of(signature, c->sha1 ? 20 : 32));
		assert_true(slice_eq(buf_slice(&want), buf_slice(&last)));
		buf_done(&want);
		result = auth_step(auth, SLICE(""), &last);
	} else {
		assert_int_equal(last.n, 0);
	}
	buf_done(&first);
	buf_done(&challenge);
	buf_done(&final);
	buf_done(&last);
	return result;
}

static const unsigned char binding[32] = "0123456789abcdef0123456789abcde";
static const unsigned char other_binding[32] = "x123456789abcdef0123456789abcde";

#define P "p=tls-exporter,,"

static const struct {
	const char *name, *mech, *gs2, *user, *password;
	const unsigned char *offered, *used;
	enum auth_result want;
	bool damage;
} scrams[] = {
	{ "right", "SCRAM-SHA-256", "n,,", "ann@alpha.test", PASSWORD, 0, 0, AUTH_OK, 0 },
	{ "right, SHA-1", "SCRAM-SHA-1", "n,,", "ann@alpha.test", PASSWORD, 0, 0, AUTH_OK, 0 },
	{ "small letters", "scram-sha-256", "n,,", "ann@alpha.test", PASSWORD, 0, 0, AUTH_OK, 0 },
	{ "other case", "SCRAM-SHA-256", "n,,", "Ann@ALPHA.test", PASSWORD, 0, 0, AUTH_OK, 0 },
	{ "wrong", "SCRAM-SHA-256", "n,,", "ann@alpha.test", "another", 0, 0, AUTH_WRONG, 0 },
	{ "damaged", "SCRAM-SHA-256", "n,,", "ann@alpha.test", PASSWORD, 0, 0, AUTH_WRONG, 1 },
	{ "nobody", "SCRAM-SHA-256", "n,,", "bob@alpha.test", PASSWORD, 0, 0, AUTH_WRONG, 0 },
	{ "nobody, SHA-1", "SCRAM-SHA-1", "n,,", "bob@alpha.test", PASSWORD, 0, 0, AUTH_WRONG, 0 },
	{ "suspended", "SCRAM-SHA-256", "n,,", "sam@alpha.test", PASSWORD, 0, 0, AUTH_WRONG, 0 },
	{ "no password yet", "SCRAM-SHA-256", "n,,", "new@alpha.test", "", 0, 0, AUTH_WRONG, 0 },
	{ "not now", "SCRAM-SHA-256", "n,,", "later@alpha.test", PASSWORD, 0, 0, AUTH_TEMP, 0 },
	{ "for oneself", "SCRAM-SHA-256", "n,a=ann@alpha.test,", "ann@alpha.test", PASSWORD, 0, 0,
	    AUTH_OK, 0 },
	{ "for another", "SCRAM-SHA-256", "n,a=bob@alpha.test,", "ann@alpha.test", PASSWORD, 0, 0,
	    AUTH_WRONG, 0 },
	{ "bound", "SCRAM-SHA-256-PLUS", P, "ann@alpha.test", PASSWORD, binding, binding, AUTH_OK,
	    0 },
	{ "bound, SHA-1", "SCRAM-SHA-1-PLUS", P, "ann@alpha.test", PASSWORD, binding, binding,
	    AUTH_OK, 0 },
	{ "bound elsewhere", "SCRAM-SHA-256-PLUS", P, "ann@alpha.test", PASSWORD, binding,
	    other_binding, AUTH_WRONG, 0 },
	{ "bound by what we lack", "SCRAM-SHA-256-PLUS", "p=tls-unique,,", "ann@alpha.test",
	    PASSWORD, binding, binding, AUTH_ABORT, 0 },
	{ "-PLUS, not bound", "SCRAM-SHA-256-PLUS", "n,,", "ann@alpha.test", PASSWORD, binding, 0,
	    AUTH_ABORT, 0 },
	{ "bound without -PLUS", "SCRAM-SHA-256", P, "ann@alpha.test", PASSWORD, 0, binding,
	    AUTH_ABORT, 0 },
	{ "-PLUS where there is none", "SCRAM-SHA-256-PLUS", P, "ann@alpha.test", PASSWORD, 0,
	    binding, AUTH_ABORT, 0 },
	{ "cannot bind", "SCRAM-SHA-256", "n,,", "ann@alpha.test", PASSWORD, binding, 0, AUTH_OK,
	    0 },
	{ "would bind, sees no -PLUS", "SCRAM-SHA-256", "y,,", "ann@alpha.test", PASSWORD, 0, 0,
	    AUTH_OK, 0 },
	{ "-PLUS was taken out", "SCRAM-SHA-256", "y,,", "ann@alpha.test", PASSWORD, binding, 0,
	    AUTH_ABORT, 0 },
};

static struct auth *new_auth(const char *service, bool tls, const unsigned char *offered)
{
	struct auth_channel channel = { .tls = tls, .bound = offered != NULL };

	if (offered)
		memcpy(channel.binding, offered, sizeof(channel.binding));
	return auth_new(service, &channel);
}

static void test_scram(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scrams) / sizeof(*scrams); i++) {
		for (int initial = 0; initial < 2; initial++) {
			struct client c = { .sha1 = strstr(scrams[i].mech, "SHA-1") != NULL,
				.user = scrams[i].user,
				.password = scrams[i].password,
				.gs2 = scrams[i].gs2,
				.binding = scrams[i].used,
				.damage = scrams[i].damage };
			struct auth *auth = new_auth("imap", true, scrams[i].offered);
			enum auth_result got = scram(&c, auth, scrams[i].mech, initial);
			if (got != scrams[i].want)
				fail_msg("%s: %d, want %d", scrams[i].name, got, scrams[i].want);
			assert_int_equal(auth_who(auth) != NULL, got == AUTH_OK);
			if (got == AUTH_OK)
				assert_string_equal(auth_who(auth)->name, "ann@alpha.test");
			auth_free(&auth);
			assert_null(auth);
		}
	}
}

/* The salt of a name without account does not move, and differs from others'. */
static void test_nobody(void **state)
{
	static const char *const names[] = { "bob@alpha.test", "BOB@alpha.test", "cy@alpha.test",
		"new@alpha.test", "ann@alpha.test" };
	char salts[5][64];
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct client c = { .user = names[i], .password = "x", .gs2 = "n,," };
		struct auth *auth = new_auth("imap", true, NULL);
		assert_int_equal(scram(&c, auth, "SCRAM-SHA-256", true), AUTH_WRONG);
		assert_int_equal(c.rounds, 4096);
		memcpy(salts[i], c.salt, sizeof(c.salt));
		auth_free(&auth);
		assert_int_equal(strlen(salts[i]), strlen(salts[0]));
	}
	assert_string_equal(salts[0], salts[1]);
	assert_string_not_equal(salts[0], salts[2]);
	assert_string_not_equal(salts[0], salts[4]);
}

/* --- dialogues of lines --- */

/* Answers, one after another; in each `text` is encoded unless it begins with
   '!'. NULL: none. */
static const struct {
	const char *name, *mech;
	const char *initial;
	const char *answers[3];
	enum auth_result want;
	bool clear; /* no TLS */
} lines[] = {
	{ "plain", "PLAIN", "|ann@alpha.test|" PASSWORD, { 0 }, AUTH_OK, 0 },
	{ "plain, asked", "plain", NULL, { "|ann@alpha.test|" PASSWORD }, AUTH_OK, 0 },
	{ "plain, empty first", "PLAIN", "!=", { "|ann@alpha.test|" PASSWORD }, AUTH_ABORT, 0 },
	{ "plain, decomposed", "PLAIN",
	    "|ann@alpha.test|Spru\xcc\x88"
	    "che 7",
	    { 0 }, AUTH_OK, 0 },
	{ "plain, no-break space", "PLAIN",
	    "|ann@alpha.test|Spr\xc3\xbc"
	    "che\xc2\xa0"
	    "7",
	    { 0 }, AUTH_OK, 0 },
	{ "plain, Latin-1", "PLAIN",
	    "|ann@alpha.test|Spr\xfc"
	    "che 7",
	    { 0 }, AUTH_WRONG, 0 },
	{ "plain, wrong", "PLAIN", "|ann@alpha.test|secret", { 0 }, AUTH_WRONG, 0 },
	{ "plain, longer", "PLAIN", "|ann@alpha.test|" PASSWORD "x", { 0 }, AUTH_WRONG, 0 },
	{ "plain, shorter", "PLAIN", "|ann@alpha.test|Spr", { 0 }, AUTH_WRONG, 0 },
	{ "plain, nobody", "PLAIN", "|bob@alpha.test|" PASSWORD, { 0 }, AUTH_WRONG, 0 },
	{ "plain, suspended", "PLAIN", "|sam@alpha.test|" PASSWORD, { 0 }, AUTH_WRONG, 0 },
	{ "plain, no password yet", "PLAIN", "|new@alpha.test|x", { 0 }, AUTH_WRONG, 0 },
	{ "plain, not now", "PLAIN", "|later@alpha.test|" PASSWORD, { 0 }, AUTH_TEMP, 0 },
	{ "plain, for oneself", "PLAIN", "ann@alpha.test|ann@alpha.test|" PASSWORD, { 0 }, AUTH_OK,
	    0 },
	{ "plain, for another", "PLAIN", "bob@alpha.test|ann@alpha.test|" PASSWORD, { 0 },
	    AUTH_WRONG, 0 },
	{ "plain, too few parts", "PLAIN", "ann@alpha.test|" PASSWORD, { 0 }, AUTH_ABORT, 0 },
	{ "plain, too many parts", "PLAIN", "|ann@alpha.test|x|y", { 0 }, AUTH_ABORT, 0 },
	{ "plain, no name", "PLAIN", "||x", { 0 }, AUTH_WRONG, 0 },
	{ "plain, blanks around", "PLAIN", "| ann@alpha.test |" PASSWORD, { 0 }, AUTH_OK, 0 },
	{ "plain, blanks only", "PLAIN", "|   |x", { 0 }, AUTH_WRONG, 0 },
	{ "plain, control character", "PLAIN", "|ann\001@alpha.test|x", { 0 }, AUTH_WRONG, 0 },
	{ "login, no name", "LOGIN", NULL, { "", "x" }, AUTH_WRONG, 0 },
	{ "plain, cancelled", "PLAIN", NULL, { "!*" }, AUTH_ABORT, 0 },
	{ "plain, no base64", "PLAIN", "!a", { 0 }, AUTH_ABORT, 0 },
	{ "plain, in the clear", "PLAIN", "|ann@alpha.test|" PASSWORD, { 0 }, AUTH_ABORT, 1 },
	{ "login", "LOGIN", NULL, { "ann@alpha.test", PASSWORD }, AUTH_OK, 0 },
	{ "login, name first", "LOGIN", "ann@alpha.test", { PASSWORD }, AUTH_OK, 0 },
	{ "login, wrong", "LOGIN", NULL, { "ann@alpha.test", "secret" }, AUTH_WRONG, 0 },
	{ "login, nobody", "LOGIN", NULL, { "bob@alpha.test", PASSWORD }, AUTH_WRONG, 0 },
	{ "login, suspended", "LOGIN", NULL, { "sam@alpha.test", PASSWORD }, AUTH_WRONG, 0 },
	{ "login, cancelled", "LOGIN", NULL, { "ann@alpha.test", "!*" }, AUTH_ABORT, 0 },
	{ "login, in the clear", "LOGIN", NULL, { 0 }, AUTH_ABORT, 1 },
	{ "ntlm", "NTLM", NULL, { 0 }, AUTH_ABORT, 0 },
	{ "anonymous", "ANONYMOUS", "me", { 0 }, AUTH_ABORT, 0 },
	{ "digest", "DIGEST-MD5", NULL, { 0 }, AUTH_ABORT, 0 },
	{ "cram", "CRAM-MD5", NULL, { 0 }, AUTH_ABORT, 0 },
	{ "external", "EXTERNAL", "!=", { 0 }, AUTH_ABORT, 0 },
	{ "a part of the list", "PLAIN LOGIN", NULL, { 0 }, AUTH_ABORT, 0 },
	{ "no name at all", "", NULL, { 0 }, AUTH_ABORT, 0 },
	{ "scram, nonsense", "SCRAM-SHA-256", "what is this", { 0 }, AUTH_ABORT, 1 },
	{ "scram, short", "SCRAM-SHA-256", "n,,", { 0 }, AUTH_ABORT, 1 },
	{ "scram, empty", "SCRAM-SHA-256", "!=", { 0 }, AUTH_ABORT, 1 },
	{ "scram, no final", "SCRAM-SHA-256", "n,,n=ann@alpha.test,r=abc", { "!=" }, AUTH_ABORT,
	    1 },
	{ "scram, bad final", "SCRAM-SHA-256", "n,,n=ann@alpha.test,r=abc", { "c=biws,r=x,p=eA==" },
	    AUTH_WRONG, 1 },
};

/* '|' is NUL */
static struct slice encoded(struct buf *out, const char *text)
{
	buf_clear(out);
	if (text && *text == '!') {
		buf_addz(out, text + 1);
	} else if (text) {
		char *raw = mem_str(slice_str(text));
		size_t n = strlen(text);
		for (size_t i = 0; i < n; i++)
			if (raw[i] == '|')
				raw[i] = '\0';
		base64_put(out, slice_of(raw, n));
		free(raw);
	}
	return buf_slice(out);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct buf text = { 0 }, challenge = { 0 };
		struct auth *auth = new_auth("pop", !lines[i].clear, NULL);
		enum auth_result got = auth_line_begin(
		    auth, slice_str(lines[i].mech), encoded(&text, lines[i].initial), &challenge);
		for (size_t k = 0; k < 3 && got == AUTH_MORE && lines[i].answers[k]; k++) {
			buf_clear(&challenge);
			got = auth_line_step(auth, encoded(&text, lines[i].answers[k]), &challenge);
		}
		if (got != lines[i].want)
			fail_msg("%s: %d, want %d", lines[i].name, got, lines[i].want);
		/* What is over stays over. */
		if (got != AUTH_OK) {
			assert_null(auth_who(auth));
			got = auth_line_step(
			    auth, encoded(&text, "|ann@alpha.test|" PASSWORD), &challenge);
			assert_int_equal(got, AUTH_ABORT);
		}
		buf_done(&text);
		buf_done(&challenge);
		auth_free(&auth);
	}
}

/* C-096, C-098 */
static void test_external(void **state)
{
	static const struct {
		const char *name, *proved, *initial, *answer; /* as in lines */
		enum auth_result want;
	} cases[] = {
		{ "the account", "ann@alpha.test", "!=", NULL, AUTH_OK },
		{ "when asked", "ann@alpha.test", NULL, "", AUTH_OK },
		{ "named", "ann@alpha.test", "ANN@alpha.test", NULL, AUTH_OK },
		{ "the second", "nobody@alpha.test ann@alpha.test", "ann@alpha.test", NULL,
		    AUTH_OK },
		{ "another's", "ann@alpha.test", "bob@alpha.test", NULL, AUTH_WRONG },
		{ "part of a name", "ann@alpha.test", "ann", NULL, AUTH_WRONG },
		{ "no account", "nobody@alpha.test", "!=", NULL, AUTH_WRONG },
		{ "not there now", "later@alpha.test", "!=", NULL, AUTH_TEMP },
		{ "suspended", "sam@alpha.test", "!=", NULL, AUTH_WRONG },
		{ "nothing proved", "", "!=", NULL, AUTH_ABORT },
		{ "nothing proved, named", NULL, "ann@alpha.test", NULL, AUTH_ABORT },
		{ "cancelled", "ann@alpha.test", NULL, "!*", AUTH_ABORT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct auth_channel channel = { .tls = true, .external = cases[i].proved };
		struct auth *auth = auth_new("imap", &channel);
		struct buf text = { 0 }, challenge = { 0 };
		enum auth_result got = auth_line_begin(
		    auth, SLICE("EXTERNAL"), encoded(&text, cases[i].initial), &challenge);
		if (got == AUTH_MORE && cases[i].answer)
			got = auth_line_step(auth, encoded(&text, cases[i].answer), &challenge);
		if (got != cases[i].want)
			fail_msg("%s: %d, want %d", cases[i].name, got, cases[i].want);
		assert_int_equal(challenge.n, 0);
		if (got == AUTH_OK)
			assert_string_equal(auth_who(auth)->name, "ann@alpha.test");
		else
			assert_null(auth_who(auth));
		buf_done(&text);
		buf_done(&challenge);
		auth_free(&auth);
	}
}

static void test_offers(void **state)
{
	(void)state;
#define SCRAM "SCRAM-SHA-256 SCRAM-SHA-1"
#define PLUS "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS "
	static const struct {
		struct auth_channel channel;
		const char *want;
	} cases[] = {
		{ { 0 }, SCRAM },
		{ { .external = "ann@alpha.test" }, SCRAM },
		{ { .tls = true }, SCRAM " PLAIN LOGIN" },
		{ { .tls = true, .bound = true }, PLUS SCRAM " PLAIN LOGIN" },
		{ { .tls = true, .external = "" }, SCRAM " PLAIN LOGIN" },
		{ { .tls = true, .external = "ann@alpha.test" }, "EXTERNAL " SCRAM " PLAIN LOGIN" },
		{ { .tls = true, .bound = true, .external = "ann@alpha.test" },
		    "EXTERNAL " PLUS SCRAM " PLAIN LOGIN" },
		{ { .tls = true, .shown = true, .bound = true }, "PLAIN LOGIN" },
		{ { .tls = true, .shown = true, .external = "ann@alpha.test" },
		    "EXTERNAL PLAIN LOGIN" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(auth_mechs(&cases[i].channel), cases[i].want);
}

/* --- secrets --- */

static void test_secret_text(void **state)
{
	/* RFC 7677 §3: user "user", password "pencil". */
	static const char text[] = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
				   "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
				   "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
	struct auth_secret secret;
	struct pool pool = { 0 };
	(void)state;
	assert_true(auth_secret_read(text, &secret));
	assert_true(auth_secret_matches(&secret, SLICE("pencil")));
	assert_false(auth_secret_matches(&secret, SLICE("pencils")));
	assert_string_equal(auth_secret_text(&secret, &pool), text);
	pool_done(&pool);

	static const char *const bad[] = { "", "SCRAM-SHA-256", "SCRAM-SHA-512$4096:YQ==$YQ==:YQ==",
		"SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$YQ==:YQ==",
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$YQ==:YQ==",
		"SCRAM-SHA-1$4096:$YQ==:YQ==" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(auth_secret_read(bad[i], &secret));
}

static void test_new_password(void **state)
{
	static const struct {
		const char *password;
		bool good;
	} cases[] = {
		{ "seven77", false },
		{ "eight888", true },
		{ "control\001", false },
		{ "control\xc2\x85xx", false },
		{ "not UTF-8 \xff", false },
		{ PASSWORD, true },
	};
	struct pool pool = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *made[4];
		struct err err;
		int rc = auth_secrets(slice_str(cases[i].password), &pool, made, &err);
		assert_int_equal(rc, cases[i].good ? 0 : -1);
		if (rc == 0) {
			assert_memory_equal(made[0], "SCRAM-SHA-256$4096:", 19);
			assert_memory_equal(made[1], "SCRAM-SHA-1$4096:", 17);
			assert_null(made[2]);
		}
	}
	pool_done(&pool);
}

/* --- passwords that are remembered --- */

static enum auth_result try_password(const char *login, const char *password)
{
	struct pool pool = { 0 };
	struct auth_account who;
	enum auth_result result = auth_password(slice_str(login), slice_str(password), &pool, &who);
	pool_done(&pool);
	return result;
}

/* Microseconds that n tries take, each. */
static double cost(const char *login, const char *password, int n)
{
	struct timespec a, b;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	for (int i = 0; i < n; i++)
		try_password(login, password);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e3 / n;
}

static void test_remembered(void **state)
{
	(void)state;
	assert_int_equal(try_password("ann@alpha.test", PASSWORD), AUTH_OK);
	double known = cost("ann@alpha.test", PASSWORD, 1000);
	double wrong = cost("ann@alpha.test", "wrong", 10);
	double nobody = cost("bob@alpha.test", PASSWORD, 10);
	double suspended = cost("sam@alpha.test", PASSWORD, 10);
	print_message("remembered %.2f us, wrong %.0f us, nobody %.0f us, suspended %.0f us\n",
	    known, wrong, nobody, suspended);
	assert_true(known * 20 < wrong);
	assert_true(nobody * 2 > wrong && wrong * 2 > nobody);
	assert_true(suspended * 2 > wrong && wrong * 2 > suspended);

	changed = true;
	assert_int_equal(try_password("ann@alpha.test", PASSWORD), AUTH_WRONG);
	assert_int_equal(try_password("ann@alpha.test", "another one"), AUTH_OK);
	changed = false;
	assert_int_equal(try_password("ann@alpha.test", PASSWORD), AUTH_OK);
	assert_int_equal(try_password("later@alpha.test", PASSWORD), AUTH_TEMP);
}

static void test_remembered_table(void **state)
{
	struct auth_token token;
	char secret[32];
	int found = 0;
	(void)state;
	/* More than there is room for: the newest is always found. */
	for (int i = 0; i < 20000; i++) {
		snprintf(secret, sizeof(secret), "secret %d", i);
		auth_token(7, secret, SLICE("x"), &token);
		assert_false(auth_remembered(&token));
		auth_remember(&token);
		assert_true(auth_remembered(&token));
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(secret, sizeof(secret), "secret %d", i);
		auth_token(7, secret, SLICE("x"), &token);
		found += auth_remembered(&token);
	}
	assert_in_range(found, 3000, 4096);

	struct auth_token other;
	auth_token(8, secret, SLICE("x"), &other);
	assert_false(auth_remembered(&other));
	auth_token(7, secret, SLICE("y"), &other);
	assert_false(auth_remembered(&other));
}

/* --- many threads --- */

static atomic_int wrongs;

static enum auth_result try_plain(const char *password)
{
	struct buf challenge = { 0 }, initial = { 0 };
	struct auth *auth = new_auth("imap", true, NULL);

	buf_add(&initial, "\0far@alpha.test\0", 16);
	buf_addz(&initial, password);
	enum auth_result result = auth_begin(auth, SLICE("PLAIN"), buf_slice(&initial), &challenge);
	auth_free(&auth);
	buf_done(&initial);
	buf_done(&challenge);
	return result;
}

/* Asked each time but for what was right a moment ago; a failure is no refusal. */
static void test_elsewhere(void **state)
{
	(void)state;
	assert_true(auth_elsewhere("alpha.test"));
	assert_false(auth_elsewhere("beta.test"));
	elsewhere_says = 1;
	assert_int_equal(try_password("far@alpha.test", "far secret"), AUTH_OK);
	assert_int_equal(try_password("far@alpha.test", "far secret"), AUTH_OK);
	assert_int_equal(try_plain("far secret"), AUTH_OK);
	assert_int_equal(elsewhere_asked, 1);
	assert_int_equal(try_password("far@alpha.test", "wrong"), AUTH_WRONG);
	assert_int_equal(try_plain("wrong"), AUTH_WRONG);
	assert_int_equal(elsewhere_asked, 3);
	changed = true; /* another directory: nothing of the first is worth anything */
	elsewhere_says = -1;
	assert_int_equal(try_password("far@alpha.test", "far secret"), AUTH_TEMP);
	assert_int_equal(try_plain("far secret"), AUTH_TEMP);
	changed = false;
	assert_int_equal(try_plain("far secret"), AUTH_OK);
	assert_int_equal(elsewhere_asked, 5);
}

static void *worker(void *arg)
{
	for (int i = 0; i < 15; i++) {
		size_t k = ((size_t)arg + (size_t)i) % (sizeof(scrams) / sizeof(*scrams));
		struct client c = { .sha1 = strstr(scrams[k].mech, "SHA-1") != NULL,
			.user = scrams[k].user,
			.password = scrams[k].password,
			.gs2 = scrams[k].gs2,
			.binding = scrams[k].used,
			.damage = scrams[k].damage };
		struct auth *auth = new_auth("imap", true, scrams[k].offered);
		wrongs += scram(&c, auth, scrams[k].mech, i % 2) != scrams[k].want;
		auth_free(&auth);

		struct buf challenge = { 0 };
		auth = new_auth("smtp", true, NULL);
		wrongs += auth_begin(auth, SLICE("PLAIN"), SLICE("\0ann@alpha.test\0" PASSWORD),
			      &challenge) != AUTH_OK;
		auth_free(&auth);
		buf_done(&challenge);
		wrongs += try_password("ann@alpha.test", PASSWORD) != AUTH_OK;
		wrongs += try_password("bob@alpha.test", PASSWORD) != AUTH_WRONG;
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];
	(void)state;
	for (size_t i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, worker, (void *)(i * 3));
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrongs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_secret_text),
		cmocka_unit_test(test_new_password),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_scram),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_remembered_table),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
