/* advice.c - what is odd about a chain: said, never refused (C-050, C-052) */
#include <stdio.h>

#include "pki/pki_private.h"
#include "pki/verify_private.h"

struct advice {
	void (*tell)(void *arg, const char *sentence);
	void *arg;
	const struct trust *trust;
	int64_t now;
	struct cert cert[1 + CHAIN_CERTS_MAX]; /* the leaf first */
	size_t n;
};

static void say(struct advice *a, const char *what, const struct cert *about)
{
	struct buf text = { 0 };

	cert_name_text(about->subject, &text);
	buf_printf(&text, "%s%s", text.n > 0 ? ": " : "", what);
	a->tell(a->arg, buf_z(&text));
	buf_done(&text);
}

static bool issued(const struct cert *cert, const struct cert *ca)
{
	return cert_name_same(cert->issuer, ca->subject) && verify_signature(cert, ca, NULL) == 0;
}

/* --- of one --- */

/* What those who judge it would refuse it for. */
static void judge(struct advice *a, size_t i)
{
	struct verify_spec spec = { .purpose = VERIFY_SERVER, .now = a->now };
	const struct cert *cert = &a->cert[i];
	struct err err = { 0 };

	int rc = i == 0 ? verify_leaf(&spec, cert, &err)
			: verify_authority(&spec, cert, (unsigned)i - 1, &err);
	if (rc != 0)
		say(a, err.text, cert);
	if (i == 0 && cert->is_ca)
		say(a, "it is of an authority: clients may refuse it from a server", cert);
}

static void look_at(struct advice *a, size_t i)
{
	const struct cert *cert = &a->cert[i];

	judge(a, i);
	if (i > 0 && verify_self_issued(cert))
		say(a, "it is a root: clients have it or do not trust it, it need not be sent",
		    cert);
	for (size_t k = 0; k < i; k++)
		if (slice_eq(a->cert[k].der, cert->der)) {
			say(a, "it is there twice", cert);
			break;
		}
}

/* --- of one with the next --- */

static bool found_elsewhere(const struct advice *a, size_t i)
{
	for (size_t k = 1; k < a->n; k++)
		if (k != i && k != i + 1 && issued(&a->cert[i], &a->cert[k]))
			return true;
	return false;
}

static void look_at_link(struct advice *a, size_t i)
{
	const struct cert *cert = &a->cert[i];

	if (verify_self_issued(cert))
		return;
	if (i + 1 < a->n && issued(cert, &a->cert[i + 1]))
		return;
	if (found_elsewhere(a, i))
		say(a,
		    "it is not followed by its issuer, which stands elsewhere: the order is wrong",
		    cert);
	else if (i + 1 < a->n)
		say(a, "it was not issued by the one that follows it", cert);
}

/* --- of all --- */

/* One that a root of ours issued needs nobody above it. */
static void look_at_end(struct advice *a)
{
	const struct cert *last = &a->cert[a->n - 1];
	struct buf issuer = { 0 };
	size_t at = 0;

	if (verify_self_issued(last))
		return;
	cert_name_canonical(last->issuer, &issuer);
	if (!trust_next(a->trust, buf_slice(&issuer), &at))
		say(a,
		    "it has an issuer that is neither in the chain nor trusted here: one may be missing",
		    last);
	buf_done(&issuer);
}

void chain_advice_of(struct slice leaf, struct slice above, const struct trust *trust, int64_t now,
    void (*tell)(void *arg, const char *sentence), void *arg)
{
	struct slice rest = leaf;
	struct advice a = { .tell = tell, .arg = arg, .trust = trust, .now = now };

	if (!cert_next(&rest, &a.cert[0]))
		return;
	rest = above;
	for (a.n = 1; a.n <= CHAIN_CERTS_MAX && cert_next(&rest, &a.cert[a.n]); a.n++)
		;
	for (size_t i = 0; i < a.n; i++) {
		look_at(&a, i);
		look_at_link(&a, i);
	}
	look_at_end(&a);
}

void chain_advice(const struct domain_record *record, int64_t now,
    void (*tell)(void *arg, const char *sentence), void *arg)
{
	struct trust trust;

	trust_take((struct slice){ 0 }, &trust);
	chain_advice_of(record->leaf, record->above, &trust, now, tell, arg);
	trust_give_back(&trust);
}
