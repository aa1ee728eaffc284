/* test_pki_profile.c - what the Web PKI and S/MIME ask beside RFC 5280 6.1, rule by rule
 *
 * Each case is a leaf, what may stand between, and who is trusted; all but one thing
 * is as a good authority makes it. The groups are those of the published set x509-limbo. */
#include "tests/unit/unit.h"

#include <time.h>

#include "core/text.h"
#include "core/tls.h"
#include "pki/cert_build.h"
#include "pki/pem.h"
#include "pki/question.h"
#include "tests/unit/made.h"
#include "tests/unit/wire.h"

static int set_up(void **state)
{
	(void)state;
	wire_start();
	return 0;
}

enum { BETWEEN = 3, LISTS = 3 };

struct one_case {
	const char *name;
	struct made leaf, between[BETWEEN], root;
	const char *host; /* or address, or mailbox; NULL: a.test */
	const char *purpose;
	const char *why; /* part of the reason; NULL: good */
	const struct made *other_root;
	struct made_list list[LISTS];
	const char *depth;
};

#define WITH .proper = true, .issuer = "Root"
#define GOOD_NAME .subject = "a.test", .names = "DNS:a.test"
#define GOOD_LEAF                                                                                  \
	.proper = true, GOOD_NAME, .usage = CERT_DIGITAL_SIGNATURE, .purpose = CERT_FOR_SERVERS
#define LEAF_OF_ROOT GOOD_LEAF, .issuer = "Root"
#define GOOD_ROOT                                                                                  \
	.subject = "Root", .proper = true, .ca = true, .usage = CERT_CERT_SIGN | CERT_CRL_SIGN
#define GOOD_MIDDLE                                                                                \
	.subject = "Middle", .issuer = "Root", .proper = true, .ca = true,                         \
	.usage = CERT_CERT_SIGN | CERT_CRL_SIGN
#define MAIL_LEAF                                                                                  \
	.proper = true, .subject = "user@a.test", .names = "email:user@a.test", .issuer = "Root",  \
	.usage = CERT_DIGITAL_SIGNATURE, .purpose = CERT_FOR_EMAIL

/* --- asking --- */

static void add_pem(
    struct question *q, const struct made *made, void (*add)(struct question *q, struct slice pem))
{
	struct buf der = { 0 }, pem = { 0 };

	if (!made->subject && !made->issuer)
		return;
	made_put(made, &der);
	cert_to_pem(buf_slice(&der), &pem);
	add(q, buf_slice(&pem));
	buf_done(&der);
	buf_done(&pem);
}

static void add_leaf(struct question *q, struct slice pem)
{
	question_leaf(q, pem, NULL);
}

static void add_list(struct question *q, const struct made_list *list)
{
	struct buf der = { 0 }, pem = { 0 };

	made_put_list(list, &der);
	pem_put("X509 CRL", buf_slice(&der), &pem);
	question_lists(q, buf_slice(&pem));
	buf_done(&der);
	buf_done(&pem);
}

static void add_name(struct question *q, const char *host)
{
	struct slice value = slice_str(host ? host : "a.test");

	if (value.n > 0)
		assert_int_equal(question_name(q, question_kind_of(value), value, NULL), 0);
}

static void ask(const struct one_case *c, struct err *err)
{
	struct question *q = mem_get(sizeof(*q));
	struct verify_path *path = mem_get(sizeof(*path));

	question_init(q);
	question_purpose(q, slice_str(c->purpose ? c->purpose : "server"), NULL);
	add_pem(q, &c->leaf, add_leaf);
	for (size_t i = 0; i < BETWEEN; i++)
		add_pem(q, &c->between[i], question_untrusted);
	add_pem(q, &c->root, question_trust);
	if (c->other_root)
		add_pem(q, c->other_root, question_trust);
	for (size_t i = 0; i < LISTS && c->list[i].issuer; i++)
		add_list(q, &c->list[i]);
	add_name(q, c->host);
	if (c->depth)
		q->spec.limit = 1 + (unsigned)(c->depth[0] - '0');
	if (question_ask(q, path, err) == 0)
		err->kind = ERR_NONE;
	question_done(q);
	free(q);
	free(path);
}

static void try(const struct one_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };
		ask(&cases[i], &err);
		const char *why = err.kind == ERR_NONE ? NULL : err.text;
		if (!why != !cases[i].why || (why && !strstr(why, cases[i].why)))
			fail_msg("%s: %s, want %s", cases[i].name, why ? why : "good",
			    cases[i].why ? cases[i].why : "good");
	}
}

/* --- groups --- */

static void key_ids(void **state)
{
	static const struct one_case cases[] = {
		{ "good", { LEAF_OF_ROOT }, { { 0 } }, { GOOD_ROOT }, .why = NULL },
		{ "through another", { GOOD_LEAF, .issuer = "Middle" }, { { GOOD_MIDDLE } },
		    { GOOD_ROOT }, .why = NULL },
		{ "critical authority key", { LEAF_OF_ROOT, .flaws = MADE_AUTHORITY_KEY_CRITICAL },
		    { { 0 } }, { GOOD_ROOT }, .why = "marks the id of a key" },
		{ "critical subject key", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_SUBJECT_KEY_CRITICAL },
		    .why = "marks the id of a key" },
		{ "leaf without", { LEAF_OF_ROOT, .flaws = MADE_NO_AUTHORITY_KEY }, { { 0 } },
		    { GOOD_ROOT }, .why = "does not name the key that signed it" },
		{ "middle without", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .flaws = MADE_NO_AUTHORITY_KEY } }, { GOOD_ROOT },
		    .why = "does not name the key that signed it: CN=Middle" },
		{ "cross-signed root without", { GOOD_LEAF, .issuer = "Middle" }, { { 0 } },
		    { GOOD_MIDDLE, .flaws = MADE_NO_AUTHORITY_KEY },
		    .why = "does not name the key that signed it" },
		{ "root needs none", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_OWN_AUTHORITY_KEY }, .why = NULL },
		{ "root without subject key", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_NO_SUBJECT_KEY }, .why = "does not name its key" },
		{ "middle without subject key", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .flaws = MADE_NO_SUBJECT_KEY } }, { GOOD_ROOT },
		    .why = "does not name its key" },
		{ "root's is empty", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_OWN_AUTHORITY_KEY | MADE_AUTHORITY_KEY_EMPTY },
		    .why = "names another key" },
		{ "root's has a serial number", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_OWN_AUTHORITY_KEY | MADE_AUTHORITY_KEY_NAMED },
		    .why = "names another key" },
		{ "root's is another's", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_OWN_AUTHORITY_KEY | MADE_AUTHORITY_KEY_OTHER },
		    .why = "names another key" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

static void fields(void **state)
{
	static const struct one_case cases[] = {
		{ "version 1", { GOOD_NAME, .issuer = "Root", .version1 = true }, { { 0 } },
		    { GOOD_ROOT }, .why = "version 3" },
		{ "serial 0", { LEAF_OF_ROOT, .serial = "00" }, { { 0 } }, { GOOD_ROOT },
		    .why = "serial" },
		{ "negative serial", { LEAF_OF_ROOT, .serial = "80" }, { { 0 } }, { GOOD_ROOT },
		    .why = "serial" },
		{ "long serial",
		    { LEAF_OF_ROOT, .serial = "010203040506070809101112131415161718192021" },
		    { { 0 } }, { GOOD_ROOT }, .why = "serial" },
		{ "just long enough",
		    { LEAF_OF_ROOT, .serial = "00f102030405060708091011121314151617181920" },
		    { { 0 } }, { GOOD_ROOT }, .why = NULL },
		{ "empty issuer", { GOOD_LEAF, .issuer = "" }, { { 0 } }, { GOOD_ROOT },
		    .why = "names no issuer" },
		{ "unknown critical", { LEAF_OF_ROOT, .more = "!1.3.6.1.4.1.55555.1=0500" },
		    { { 0 } }, { GOOD_ROOT }, .why = "critical extension" },
		{ "unknown, not critical", { LEAF_OF_ROOT, .more = "1.3.6.1.4.1.55555.1=0500" },
		    { { 0 } }, { GOOD_ROOT }, .why = NULL },
		{ "unknown twice",
		    { LEAF_OF_ROOT, .more = "1.3.6.1.4.1.55555.1=0500 1.3.6.1.4.1.55555.1=0500" },
		    { { 0 } }, { GOOD_ROOT }, .why = "an extension twice" },
		{ "known twice", { LEAF_OF_ROOT, .more = "2.5.29.17=3008820661 2.5.29.17=3008" },
		    { { 0 } }, { GOOD_ROOT }, .why = "cannot be read" },
		{ "unknown critical in the root", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .more = "!1.3.6.1.4.1.55555.1=0500" },
		    .why = "critical extension that is not known: CN=Root" },
		{ "services",
		    { LEAF_OF_ROOT,
			.more = "1.3.6.1.5.5.7.1.1="
				"301730150608"
				"2b06010505073002"
				"8209"
				"612e746573742e2e2e" },
		    { { 0 } }, { GOOD_ROOT }, .why = NULL },
		{ "critical services",
		    { LEAF_OF_ROOT,
			.more = "!1.3.6.1.5.5.7.1.1="
				"301730150608"
				"2b06010505073002"
				"8209"
				"612e746573742e2e2e" },
		    { { 0 } }, { GOOD_ROOT }, .why = "critical extension" },
		{ "services are text", { LEAF_OF_ROOT, .more = "1.3.6.1.5.5.7.1.1=6d616c" },
		    { { 0 } }, { GOOD_ROOT }, .why = "services is malformed" },
		{ "services of none", { LEAF_OF_ROOT, .more = "1.3.6.1.5.5.7.1.1=3000" }, { { 0 } },
		    { GOOD_ROOT }, .why = "services is malformed" },
		{ "policy constraints, soft", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .more = "2.5.29.36=3003800103" } }, { GOOD_ROOT },
		    .why = "constrains policies without" },
		{ "policy constraints", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .more = "!2.5.29.36=3003800103" } }, { GOOD_ROOT },
		    .why = NULL },
		{ "a policy must hold, and there is none", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .more = "!2.5.29.36=3003800100" } }, { GOOD_ROOT },
		    .why = "policy is asked for" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

static void authorities(void **state)
{
	static const struct one_case cases[] = {
		{ "root without constraints", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_NO_CONSTRAINTS }, .why = "may not issue" },
		{ "not critical", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .flaws = MADE_CONSTRAINTS_SOFT },
		    .why = "without marking that as critical: CN=Root" },
		{ "middle is none", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .flaws = MADE_NO_AUTHORITY } }, { GOOD_ROOT },
		    .why = "may not issue" },
		{ "its key may not sign", { GOOD_LEAF, .issuer = "Middle" },
		    { { .subject = "Middle",
			.issuer = "Root",
			.proper = true,
			.ca = true,
			.usage = CERT_CRL_SIGN } },
		    { GOOD_ROOT }, .why = "may not sign certificates" },
		{ "leaf whose key signs",
		    { WITH, GOOD_NAME, .usage = CERT_DIGITAL_SIGNATURE | CERT_CERT_SIGN,
			.purpose = CERT_FOR_SERVERS },
		    { { 0 } }, { GOOD_ROOT }, .why = "at odds" },
		{ "leaf that is an authority whose key does not sign", { LEAF_OF_ROOT, .ca = true },
		    { { 0 } }, { GOOD_ROOT }, .why = "at odds" },
		{ "an authority at the end", /* RFC 5280 4.2.1.9 */
		    { WITH, GOOD_NAME, .ca = true, .usage = CERT_CERT_SIGN }, { { 0 } },
		    { GOOD_ROOT }, .why = NULL },
		{ "its path length counts for nothing",
		    { .proper = true,
			.issuer = "Middle",
			GOOD_NAME,
			.ca = true,
			.path = 1,
			.usage = CERT_CERT_SIGN },
		    { { GOOD_MIDDLE, .path = 1 } }, { GOOD_ROOT }, .why = NULL },
		{ "too long a path", { GOOD_LEAF, .issuer = "Low" },
		    { { GOOD_MIDDLE, .path = 1 },
			{ .subject = "Low",
			    .issuer = "Middle",
			    .proper = true,
			    .ca = true,
			    .path = 1,
			    .usage = CERT_CERT_SIGN } },
		    { GOOD_ROOT }, .why = "more authorities below it" },
		{ "self-issued ones do not count", { GOOD_LEAF, .issuer = "Low" },
		    { { GOOD_MIDDLE, .path = 2 },
			{ .subject = "Middle",
			    .issuer = "Middle",
			    .key = "Middle 2",
			    .signer = "Middle",
			    .proper = true,
			    .ca = true,
			    .path = 2,
			    .usage = CERT_CERT_SIGN },
			{ .subject = "Low",
			    .issuer = "Middle",
			    .signer = "Middle 2",
			    .proper = true,
			    .ca = true,
			    .path = 1,
			    .usage = CERT_CERT_SIGN } },
		    { GOOD_ROOT }, .why = NULL },
		{ "depth 0", { LEAF_OF_ROOT }, { { 0 } }, { GOOD_ROOT }, .depth = "0" },
		{ "depth 0 is not enough", { GOOD_LEAF, .issuer = "Middle" }, { { GOOD_MIDDLE } },
		    { GOOD_ROOT }, .depth = "0", .why = "longer than was allowed" },
		{ "depth 1", { GOOD_LEAF, .issuer = "Middle" }, { { GOOD_MIDDLE } }, { GOOD_ROOT },
		    .depth = "1" },
		{ "the middle is trusted, the root was sent", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_ROOT } }, { GOOD_MIDDLE }, .why = NULL },
		{ "nobody trusted", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE }, { GOOD_ROOT } }, { .subject = "Else", .ca = true },
		    .why = "self-signed and not trusted" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

static void names(void **state)
{
#define NAMED(text) WITH, .subject = "a.test", .names = text, .usage = CERT_DIGITAL_SIGNATURE
	static const struct one_case cases[] = {
		{ "none", { WITH, .subject = "a.test" }, { { 0 } }, { GOOD_ROOT },
		    .why = "is not for a.test" },
		{ "another", { NAMED("DNS:b.a.test") }, { { 0 } }, { GOOD_ROOT },
		    .why = "is not for a.test" },
		{ "wildcard", { NAMED("DNS:*.a.test") }, { { 0 } }, { GOOD_ROOT },
		    .host = "x.a.test" },
		{ "of a whole top level", { NAMED("DNS:*.test DNS:x.a.test") }, { { 0 } },
		    { GOOD_ROOT }, .why = "is not for a.test" },
		{ "within a label", { NAMED("DNS:b*.a.test") }, { { 0 } }, { GOOD_ROOT },
		    .host = "bc.a.test", .why = "malformed" },
		{ "not leftmost", { NAMED("DNS:x.*.test") }, { { 0 } }, { GOOD_ROOT },
		    .host = "x.a.test", .why = "malformed" },
		{ "in an A-label", { NAMED("DNS:xn--*-1b3c148a.a.test") }, { { 0 } }, { GOOD_ROOT },
		    .host = "xn--bliss-1b3c148a.a.test", .why = "malformed" },
		{ "alone", { NAMED("DNS:*") }, { { 0 } }, { GOOD_ROOT }, .why = "malformed" },
		{ "underscore", { NAMED("DNS:_a.test") }, { { 0 } }, { GOOD_ROOT },
		    .host = "_a.test", .why = "malformed" },
		{ "beyond ASCII", { NAMED("DNS:\xc3\xa4.test") }, { { 0 } }, { GOOD_ROOT },
		    .host = "xn--4ca.test", .why = "malformed" },
		{ "leading dot", { NAMED("DNS:.a.test DNS:a.test") }, { { 0 } }, { GOOD_ROOT },
		    .why = "malformed" },
		{ "two at signs", { NAMED("DNS:a.test email:x@y@a.test") }, { { 0 } },
		    { GOOD_ROOT }, .why = "malformed" },
		{ "address", { NAMED("IP:127.0.0.1") }, { { 0 } }, { GOOD_ROOT },
		    .host = "127.0.0.1" },
		{ "IPv6", { NAMED("IP:2001:db8::1") }, { { 0 } }, { GOOD_ROOT },
		    .host = "2001:db8:0::1" },
		{ "a network is none", { NAMED("IP:192.0.2.0/24 IP:192.0.2.1") }, { { 0 } },
		    { GOOD_ROOT }, .host = "192.0.2.1", .why = "malformed" },
		{ "critical beside a subject", { LEAF_OF_ROOT, .flaws = MADE_NAMES_CRITICAL },
		    { { 0 } }, { GOOD_ROOT }, .why = "marked as critical where" },
		{ "critical without one",
		    { WITH, .names = "DNS:a.test", .flaws = MADE_NAMES_CRITICAL }, { { 0 } },
		    { GOOD_ROOT }, .why = NULL },
		{ "not critical without one", { WITH, .names = "DNS:a.test" }, { { 0 } },
		    { GOOD_ROOT }, .why = "marked as critical where" },
		{ "names are no names", { WITH, .subject = "a.test", .more = "2.5.29.17=612e7465" },
		    { { 0 } }, { GOOD_ROOT }, .why = "cannot be read" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

static void common_names(void **state)
{
#define CALLED(cn, text) WITH, .subject = cn, .names = text
	static const struct one_case cases[] = {
		{ "the domain of a name", { CALLED("a.test", "DNS:x.a.test") }, { { 0 } },
		    { GOOD_ROOT }, .host = "x.a.test" },
		{ "a person", { CALLED("Ann Example", "DNS:a.test") }, { { 0 } }, { GOOD_ROOT },
		    .why = NULL },
		{ "elsewhere", { CALLED("b.test", "DNS:a.test") }, { { 0 } }, { GOOD_ROOT },
		    .why = "its CN" },
		{ "elsewhere, in an organization",
		    { CALLED("b.test", "DNS:a.test"), .organization = "Example" }, { { 0 } },
		    { GOOD_ROOT }, .why = NULL },
		{ "in capitals", { CALLED("A.test", "DNS:a.test") }, { { 0 } }, { GOOD_ROOT },
		    .why = "its CN" },
		{ "in letters for people", { CALLED("\xc3\xa4.test", "DNS:xn--4ca.test") },
		    { { 0 } }, { GOOD_ROOT }, .host = "xn--4ca.test", .why = "its CN" },
		{ "an address", { CALLED("192.168.1.1", "IP:192.168.1.1") }, { { 0 } },
		    { GOOD_ROOT }, .host = "192.168.1.1" },
		{ "with zeros", { CALLED("192.168.001.001", "IP:192.168.1.1") }, { { 0 } },
		    { GOOD_ROOT }, .host = "192.168.1.1", .why = "its CN" },
		{ "in hex", { CALLED("0xC0A80101", "IP:192.168.1.1") }, { { 0 } }, { GOOD_ROOT },
		    .host = "192.168.1.1", .why = "its CN" },
		{ "IPv6 in capitals", { CALLED("2001:DB8::A", "IP:2001:db8::a") }, { { 0 } },
		    { GOOD_ROOT }, .host = "2001:db8::a", .why = "its CN" },
		{ "IPv6 at length",
		    { CALLED("2001:0db8:0000:0000:0000:0000:0000:0001", "IP:2001:db8::1") },
		    { { 0 } }, { GOOD_ROOT }, .host = "2001:db8::1", .why = "its CN" },
		{ "IPv6 half as long", { CALLED("2001:db8:0:0:1:0:0:1", "IP:2001:db8::1:0:0:1") },
		    { { 0 } }, { GOOD_ROOT }, .host = "2001:db8::1:0:0:1", .why = "its CN" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

static void subtrees(void **state)
{
#define UNDER(yes, no) GOOD_ROOT, .permitted = yes, .excluded = no
	static const struct one_case cases[] = {
		{ "permitted", { LEAF_OF_ROOT }, { { 0 } }, { UNDER("DNS:a.test", NULL) },
		    .why = NULL },
		{ "not critical", { LEAF_OF_ROOT }, { { 0 } }, /* BR 7.1.2.5.2 */
		    { UNDER("DNS:a.test", NULL), .flaws = MADE_SUBTREES_SOFT }, .why = NULL },
		{ "excluded beats permitted", { LEAF_OF_ROOT }, { { 0 } },
		    { UNDER("DNS:a.test", "DNS:a.test") }, .why = "does not allow" },
		{ "wildcard", { LEAF_OF_ROOT }, { { 0 } }, { UNDER("DNS:*.test", NULL) },
		    .why = "in a way that is not known" },
		{ "leading dot", { LEAF_OF_ROOT }, { { 0 } }, { UNDER("DNS:.test", NULL) },
		    .why = "in a way that is not known" },
		{ "no mask", { WITH, .subject = "a.test", .names = "IP:127.0.0.1" }, { { 0 } },
		    { UNDER("IP:127.0.0.1", NULL) }, .host = "127.0.0.1",
		    .why = "in a way that is not known" },
		{ "two at signs",
		    { WITH, .subject = "a.test", .names = "email:x@a.test DNS:a.test" }, { { 0 } },
		    { UNDER("email:x@y@a.test", NULL) }, .why = "in a way that is not known" },
		{ "in a leaf", { LEAF_OF_ROOT, .permitted = "DNS:a.test" }, { { 0 } },
		    { GOOD_ROOT }, .why = "is no authority" },
		{ "empty", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .more = "!2.5.29.30=3004a000a100" },
		    .why = "in a way that is not known" },
		{ "excluded is empty", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .more = "!2.5.29.30=300ea00a30088206612e74657374a100" },
		    .why = "in a way that is not known" },
		{ "of an unknown kind, which nobody has", { LEAF_OF_ROOT }, { { 0 } },
		    { UNDER("DNS:a.test", "RID:x") }, .why = NULL },
		{ "of an unknown kind", { WITH, .subject = "a.test", .names = "DNS:a.test RID:x" },
		    { { 0 } }, { UNDER("DNS:a.test", "RID:x") }, .why = "does not allow" },
		{ "wildcard above one that is excluded",
		    { WITH, .subject = "a.test", .names = "DNS:*.a.test" }, { { 0 } },
		    { UNDER("DNS:a.test", "DNS:b.a.test") }, .host = "b.a.test",
		    .why = "does not allow" },
		{ "wildcard above one that is permitted",
		    { WITH, .subject = "a.test", .names = "DNS:*.a.test" }, { { 0 } },
		    { UNDER("DNS:b.a.test", NULL) }, .host = "b.a.test", .why = "does not allow" },
		{ "a self-issued one between goes free", { GOOD_LEAF, .issuer = "Root" },
		    { { .subject = "Root",
			.issuer = "Root",
			.key = "Root 2",
			.signer = "Root",
			.names = "DNS:b.test",
			.proper = true,
			.ca = true,
			.usage = CERT_CERT_SIGN } },
		    { UNDER("DNS:a.test", NULL) }, .why = NULL },
		{ "the name of one between", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .names = "DNS:b.test" } }, { UNDER("DNS:a.test", NULL) },
		    .why = "does not allow" },
		{ "narrowed", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .permitted = "DNS:b.test" } },
		    { UNDER("DNS:a.test DNS:b.test", NULL) }, .why = "does not allow" },
		{ "widened in vain", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .permitted = "DNS:a.test DNS:b.test" } },
		    { UNDER("DNS:b.test", NULL) }, .why = "does not allow" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

#define ANY_EKU "2.5.29.37.0"
#define CODE "1.3.6.1.5.5.7.3.3"
#define STAMPS "1.3.6.1.5.5.7.3.8"
#define OCSP "1.3.6.1.5.5.7.3.9"

static void purposes(void **state)
{
#define FOR(text) WITH, GOOD_NAME, .usage = CERT_DIGITAL_SIGNATURE, .purpose = text
	static const struct one_case cases[] = {
		{ "none", { WITH, GOOD_NAME }, { { 0 } }, { GOOD_ROOT }, .why = NULL },
		{ "both ends", { FOR(CERT_FOR_SERVERS " " CERT_FOR_CLIENTS) }, { { 0 } },
		    { GOOD_ROOT }, .why = NULL },
		{ "clients alone", { FOR(CERT_FOR_CLIENTS) }, { { 0 } }, { GOOD_ROOT },
		    .why = "for another purpose" },
		{ "empty", { WITH, GOOD_NAME, .more = "2.5.29.37=3000" }, { { 0 } }, { GOOD_ROOT },
		    .why = "cannot be read" },
		{ "critical", { LEAF_OF_ROOT, .flaws = MADE_PURPOSES_CRITICAL }, { { 0 } },
		    { GOOD_ROOT }, .why = "marks its purposes" },
		{ "anything", { FOR(CERT_FOR_SERVERS " " ANY_EKU) }, { { 0 } }, { GOOD_ROOT },
		    .why = "other purposes" },
		{ "code", { FOR(CERT_FOR_SERVERS " " CODE) }, { { 0 } }, { GOOD_ROOT },
		    .why = "other purposes" },
		{ "mail", { FOR(CERT_FOR_SERVERS " " CERT_FOR_EMAIL) }, { { 0 } }, { GOOD_ROOT },
		    .why = "other purposes" },
		{ "time stamps", { FOR(CERT_FOR_SERVERS " " STAMPS) }, { { 0 } }, { GOOD_ROOT },
		    .why = "other purposes" },
		{ "OCSP", { FOR(CERT_FOR_SERVERS " " OCSP) }, { { 0 } }, { GOOD_ROOT },
		    .why = "other purposes" },
		{ "of the root", { LEAF_OF_ROOT }, { { 0 } },
		    { GOOD_ROOT, .purpose = CERT_FOR_SERVERS }, .why = "limits its purposes" },
		{ "of the middle", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .purpose = CERT_FOR_SERVERS } }, { GOOD_ROOT }, .why = NULL },
		{ "another of the middle", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .purpose = CERT_FOR_EMAIL } }, { GOOD_ROOT },
		    .why = "for another purpose: CN=Middle" },
		{ "too many of the middle", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .purpose = CERT_FOR_SERVERS " " OCSP } }, { GOOD_ROOT },
		    .why = "other purposes, too: CN=Middle" },
		{ "client", { FOR(CERT_FOR_CLIENTS) }, { { 0 } }, { GOOD_ROOT },
		    .purpose = "client" },
		{ "server as a client", { LEAF_OF_ROOT }, { { 0 } }, { GOOD_ROOT },
		    .purpose = "client", .why = "for another purpose" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

static void mail(void **state)
{
#define AS_MAIL .host = "user@a.test", .purpose = "email"
#define MAIL_FOR(text)                                                                             \
	.proper = true, .subject = "user@a.test", .names = "email:user@a.test", .issuer = "Root",  \
	.usage = CERT_DIGITAL_SIGNATURE, .purpose = text
	static const struct one_case cases[] = {
		{ "good", { MAIL_LEAF }, { { 0 } }, { GOOD_ROOT }, AS_MAIL },
		{ "domain in capitals", { MAIL_LEAF }, { { 0 } }, { GOOD_ROOT },
		    .host = "user@A.TEST", .purpose = "email" },
		{ "local part in capitals", { MAIL_LEAF }, { { 0 } }, { GOOD_ROOT },
		    .host = "User@a.test", .purpose = "email", .why = "is not for" },
		{ "somebody else", { MAIL_LEAF }, { { 0 } }, { GOOD_ROOT }, .host = "other@a.test",
		    .purpose = "email", .why = "is not for" },
		{ "to encrypt",
		    { .proper = true,
			.subject = "u",
			.names = "email:user@a.test",
			.issuer = "Root",
			.usage = CERT_KEY_AGREEMENT,
			.purpose = CERT_FOR_EMAIL },
		    { { 0 } }, { GOOD_ROOT }, AS_MAIL },
		{ "no usage",
		    { .proper = true,
			.subject = "u",
			.names = "email:user@a.test",
			.issuer = "Root",
			.purpose = CERT_FOR_EMAIL },
		    { { 0 } }, { GOOD_ROOT }, AS_MAIL, .why = "what its key may do" },
		{ "no purpose",
		    { .proper = true,
			.subject = "u",
			.names = "email:user@a.test",
			.issuer = "Root",
			.usage = CERT_DIGITAL_SIGNATURE },
		    { { 0 } }, { GOOD_ROOT }, AS_MAIL, .why = "that it is for mail" },
		{ "server, too", { MAIL_FOR(CERT_FOR_EMAIL " " CERT_FOR_SERVERS) }, { { 0 } },
		    { GOOD_ROOT }, AS_MAIL, .why = "other purposes" },
		{ "anything", { MAIL_FOR(CERT_FOR_EMAIL " " ANY_EKU) }, { { 0 } }, { GOOD_ROOT },
		    AS_MAIL, .why = "other purposes" },
		{ "no name",
		    { WITH, .subject = "user@a.test", .usage = CERT_DIGITAL_SIGNATURE,
			.purpose = CERT_FOR_EMAIL },
		    { { 0 } }, { GOOD_ROOT }, AS_MAIL, .why = "no mail address" },
		{ "a host's name",
		    { WITH, .subject = "u", .names = "DNS:a.test", .usage = CERT_DIGITAL_SIGNATURE,
			.purpose = CERT_FOR_EMAIL },
		    { { 0 } }, { GOOD_ROOT }, AS_MAIL, .why = "is not for user@a.test" },
		{ "one between that signs no lists",
		    { .proper = true,
			.subject = "u",
			.names = "email:user@a.test",
			.issuer = "Middle",
			.usage = CERT_DIGITAL_SIGNATURE,
			.purpose = CERT_FOR_EMAIL },
		    { { .subject = "Middle",
			.issuer = "Root",
			.proper = true,
			.ca = true,
			.usage = CERT_CERT_SIGN } },
		    { GOOD_ROOT }, AS_MAIL, .why = "may not sign lists" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

/* RFC 5280 5, 6.3; BR 7.2 */
static void lists(void **state)
{
#define LISTED LEAF_OF_ROOT, .serial = "11"
#define AT_URI "2.5.29.31=3010300ea00ca00a8608687474703a2f2f78"
#define LIST_AT_URI "!2.5.29.28=300ea00ca00a8608687474703a2f2f78"
	static const struct one_case cases[] = {
		{ "not on it", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .serials = "12 13" } } },
		{ "empty", { LISTED }, { { 0 } }, { GOOD_ROOT }, .list = { { .issuer = "Root" } } },
		{ "on it", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .serials = "12 11" } }, .why = "revoked" },
		{ "somebody else's", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Else", .serials = "11" } }, .why = "no list" },
		{ "that, too", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Else", .serials = "11" }, { .issuer = "Root" } } },
		{ "signed by another", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .signer = "Else" } }, .why = "no list" },
		{ "spoilt", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .spoilt = true } }, .why = "no list" },
		{ "past its time", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .from = -900, .till = -90 } }, .why = "no list" },
		{ "before its time", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .from = 90, .till = 900 } }, .why = "no list" },
		{ "no number", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .no_number = true } }, .why = "no list" },
		{ "critical number", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root",
			.no_number = true,
			.more = "!2.5.29.20=020101" } },
		    .why = "no list" },
		{ "unknown critical", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "!1.2.3.4=0500" } }, .why = "no list" },
		{ "unknown", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "1.2.3.4=0500" } } },
		{ "a number twice", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .serials = "12 12" } }, .why = "no list" },
		{ "issuer may not", { LISTED }, { { 0 } },
		    { .subject = "Root", .proper = true, .ca = true, .usage = CERT_CERT_SIGN },
		    .list = { { .issuer = "Root" } }, .why = "no list" },
		{ "issuer does not say", { LISTED }, { { 0 } },
		    { .subject = "Root", .proper = true, .ca = true },
		    .list = { { .issuer = "Root" } } },
		/* What is no list of RFC 5280 is as if it was not there. */
		{ "of version 3", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .serials = "11", .version3 = true } } },
		{ "without an end", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .serials = "11", .no_end = true } } },
		{ "times of the future", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .serials = "11", .general_time = true } } },
		{ "at its place", { LISTED, .more = AT_URI }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = LIST_AT_URI } } },
		{ "at another place", { LISTED, .more = AT_URI }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root",
			.more = "!2.5.29.28=300ea00ca00a8608687474703a2f2f79" } },
		    .why = "no list" },
		{ "at a place that it does not name", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = LIST_AT_URI } }, .why = "no list" },
		{ "of authorities", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "!2.5.29.28=30038201ff" } },
		    .why = "no list" },
		{ "of users", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "!2.5.29.28=30038101ff" } } },
		{ "of attributes", { LISTED }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "!2.5.29.28=30038501ff" } },
		    .why = "no list" },
		{ "indirect", { LISTED, .more = AT_URI }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "!2.5.29.28=30038401ff" } },
		    .why = "no list" },
		{ "of a reason", { LISTED, .more = AT_URI }, { { 0 } }, { GOOD_ROOT },
		    .list = { { .issuer = "Root", .more = "!2.5.29.28=300483020640" } },
		    .why = "leave reasons out" },
		{ "of one between", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE, .serial = "21" } }, { GOOD_ROOT },
		    .list = { { .issuer = "Middle" }, { .issuer = "Root", .serials = "21" } },
		    .why = "revoked: CN=Middle" },
		{ "of users, for one between", { GOOD_LEAF, .issuer = "Middle" },
		    { { GOOD_MIDDLE } }, { GOOD_ROOT },
		    .list = { { .issuer = "Middle" },
			{ .issuer = "Root", .more = "!2.5.29.28=30038101ff" } },
		    .why = "no list of revoked ones that holds is about it: CN=Middle" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

/* Curves that are spelled out, small RSA keys, DSA. */
static void keys(void **state)
{
	static const struct one_case cases[] = {
		{ "DSA", { LEAF_OF_ROOT, .public_info = "300f300906072a8648ce3804010302000a" },
		    { { 0 } }, { GOOD_ROOT }, .why = "of a kind that is not used" },
		{ "P-192",
		    { LEAF_OF_ROOT,
			.public_info = "3049301306072a8648ce3d020106082a8648ce3d030101033200"
				       "04188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012"
				       "07192b95ffc8da78631011ed6b24cdd573f977a11e794811" },
		    { { 0 } }, { GOOD_ROOT }, .why = "its " },
		{ "spelled out", /* parameters that are a SEQUENCE */
		    { LEAF_OF_ROOT, .public_info = "3010300b06072a8648ce3d0201300003010a" },
		    { { 0 } }, { GOOD_ROOT }, .why = "of a kind that is not used" },
		{ "empty RSA",
		    { LEAF_OF_ROOT,
			.public_info = "3012300d06092a864886f70d010101050003"
				       "0100" },
		    { { 0 } }, { GOOD_ROOT }, .why = "its public key cannot be read" },
	};

	(void)state;
	try(cases, COUNT(cases));
}

/* Cross-signed roots in a ring, and an old way beside a good one. */
static void graphs(void **state)
{
	static const struct made other = {
		.subject = "Other", .proper = true, .ca = true, .usage = CERT_CERT_SIGN
	};
	static const struct one_case cases[] = {
		{ "an expired one beside a root", { LEAF_OF_ROOT },
		    { { .subject = "Root",
			.issuer = "Other",
			.proper = true,
			.ca = true,
			.usage = CERT_CERT_SIGN,
			.from = -900,
			.till = -9 } },
		    { GOOD_ROOT }, .other_root = &other },
		{ "a ring that leads nowhere", { GOOD_LEAF, .issuer = "A" },
		    { { .subject = "A", .issuer = "B", .proper = true, .ca = true },
			{ .subject = "B", .issuer = "A", .proper = true, .ca = true } },
		    { GOOD_ROOT }, .why = "not known" },
		{ "a ring that a root is in", { GOOD_LEAF, .issuer = "A" },
		    { { .subject = "A", .issuer = "B", .proper = true, .ca = true },
			{ .subject = "B", .issuer = "A", .proper = true, .ca = true },
			{ .subject = "A", .issuer = "Root", .proper = true, .ca = true } },
		    { GOOD_ROOT }, .why = NULL },
		{ "one name forbidden, another way open", { GOOD_LEAF, .issuer = "B" },
		    { { GOOD_MIDDLE, .excluded = "DNS:b.test" },
			{ .subject = "B",
			    .issuer = "Middle",
			    .names = "DNS:b.test",
			    .proper = true,
			    .ca = true },
			{ .subject = "B",
			    .issuer = "Other",
			    .names = "DNS:c.test",
			    .proper = true,
			    .ca = true } },
		    { GOOD_ROOT }, .other_root = &other },
	};

	(void)state;
	try(cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_ids),
		cmocka_unit_test(fields),
		cmocka_unit_test(authorities),
		cmocka_unit_test(names),
		cmocka_unit_test(common_names),
		cmocka_unit_test(subtrees),
		cmocka_unit_test(purposes),
		cmocka_unit_test(mail),
		cmocka_unit_test(lists),
		cmocka_unit_test(keys),
		cmocka_unit_test(graphs),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
