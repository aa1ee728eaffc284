/* test_pki_matrix.c - every mixture of names, constraints and what is asked for
 *
 * Host or address asked for, as CN and among the names, right, wrong or absent, under
 * permitted and excluded hosts and addresses that are right, wrong or absent: the 8,748
 * cases of Netflix's BetterTLS. What must come out follows from RFC 5280 4.2.1.10 and
 * RFC 9525: names in subjectAltName count, each of them; the CN does not. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <time.h>

#include "core/tls.h"
#include "pki/cert_build.h"
#include "pki/verify.h"
#include "tests/unit/made.h"
#include "tests/unit/wire.h"

enum value { NONE, RIGHT, WRONG, VALUES };

static const char *const hosts[VALUES] = { NULL, "test.localhost", "bad.example.com" };
static const char *const addresses[VALUES] = { NULL, "127.0.0.1", "1.1.1.1" };

/* What stands between constrains, and what it issued. */
struct constraint {
	enum value host, address, no_host, no_address;
};

struct subject {
	bool cn_is_address;
	enum value cn, host, address;
};

enum { CONSTRAINTS = 81, SUBJECTS = 54 };

static struct buf constrained[CONSTRAINTS], leaves[SUBJECTS], root;

static struct constraint constraint_of(int i)
{
	return (struct constraint){ (enum value)(i % 3), (enum value)(i / 3 % 3),
		(enum value)(i / 9 % 3), (enum value)(i / 27 % 3) };
}

static struct subject subject_of(int i)
{
	return (struct subject){ i % 2 == 1, (enum value)(i / 2 % 3), (enum value)(i / 6 % 3),
		(enum value)(i / 18 % 3) };
}

/* --- making them --- */

static const char *trees(char *out, size_t n, enum value host, enum value address)
{
	static const char *const words[VALUES] = { "", "DNS:localhost ", "DNS:example.com " };
	static const char *const nets[VALUES] = { "", "IP:127.0.0.0/24", "IP:1.1.1.0/24" };

	snprintf(out, n, "%s%s", words[host], nets[address]);
	return *out ? out : NULL;
}

static void make_constrained(int i)
{
	struct constraint c = constraint_of(i);
	char yes[80], no[80];
	struct made made = { .subject = "Between",
		.issuer = "Root",
		.proper = true,
		.ca = true,
		.usage = CERT_CERT_SIGN,
		.permitted = trees(yes, sizeof(yes), c.host, c.address),
		.excluded = trees(no, sizeof(no), c.no_host, c.no_address) };

	made_put(&made, &constrained[i]);
}

static void make_leaf(int i)
{
	struct subject s = subject_of(i);
	char names[80] = "";
	struct made made = { .subject = s.cn_is_address ? addresses[s.cn] : hosts[s.cn],
		.key = "leaf",
		.organization = "Example",
		.issuer = "Between",
		.proper = true,
		.usage = CERT_DIGITAL_SIGNATURE,
		.purpose = CERT_FOR_SERVERS };

	if (s.host)
		snprintf(names, sizeof(names), "DNS:%s ", hosts[s.host]);
	if (s.address)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "IP:%s",
		    addresses[s.address]);
	made.names = *names ? names : NULL;
	made_put(&made, &leaves[i]);
}

static int set_up(void **state)
{
	(void)state;
	wire_start();
	made_put(
	    &(struct made){
		.subject = "Root", .proper = true, .ca = true, .usage = CERT_CERT_SIGN },
	    &root);
	for (int i = 0; i < CONSTRAINTS; i++)
		make_constrained(i);
	for (int i = 0; i < SUBJECTS; i++)
		make_leaf(i);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < CONSTRAINTS; i++)
		buf_done(&constrained[i]);
	for (int i = 0; i < SUBJECTS; i++)
		buf_done(&leaves[i]);
	buf_done(&root);
	return 0;
}

/* --- what must come out --- */

/* A name is in order where it is permitted, if anything of its kind is, and not excluded. */
static bool in_order(enum value name, enum value permitted, enum value excluded)
{
	return name == NONE || ((permitted == NONE || permitted == name) && excluded != name);
}

static bool want(const struct subject *s, const struct constraint *c, bool address)
{
	return (address ? s->address : s->host) == RIGHT &&
	    in_order(s->host, c->host, c->no_host) &&
	    in_order(s->address, c->address, c->no_address);
}

static bool judge(int subject, int constraint, const struct trust *trust, bool address)
{
	struct verify_spec spec = {
		.trust = trust, .purpose = VERIFY_SERVER, .profile = true, .now = time(NULL)
	};
	struct buf chain = { 0 };

	buf_adds(&chain, buf_slice(&leaves[subject]));
	buf_adds(&chain, buf_slice(&constrained[constraint]));
	bool good = verify_chain(&spec, buf_slice(&chain), NULL) == 0 &&
	    verify_host(buf_slice(&chain), address ? addresses[RIGHT] : hosts[RIGHT],
		(struct slice){ 0 }, NULL) == 0;
	buf_done(&chain);
	return good;
}

static void all(void **state)
{
	struct trust trust = { { trust_set_new(buf_slice(&root)) } };

	(void)state;
	for (int i = 0; i < SUBJECTS; i++)
		for (int k = 0; k < CONSTRAINTS; k++) {
			struct subject s = subject_of(i);
			struct constraint c = constraint_of(k);
			for (int address = 0; address < 2; address++)
				if (judge(i, k, &trust, address) != want(&s, &c, address))
					fail_msg("leaf %d below %d, %s", i, k,
					    address ? "address" : "host");
		}
	trust_give_back(&trust);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
