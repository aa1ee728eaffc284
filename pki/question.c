/* question.c - a question is put together, and asked */
#include "pki/question.h"

#include <arpa/inet.h>

#include "core/text.h"
#include "pki/crl.h"
#include "pki/der.h"
#include "pki/signature.h"

enum { NOT_KNOWN = 31 }; /* as an algorithm: beyond all that are */

void question_init(struct question *q)
{
	q->spec.purpose = VERIFY_ANY;
	q->spec.now = time(NULL);
	q->spec.policies.wanted = q->policy;
}

void question_done(struct question *q)
{
	trust_give_back(&q->trust);
	buf_done(&q->chain);
	buf_done(&q->trusted);
	buf_done(&q->lists);
	pool_done(&q->pool);
}

/* --- certificates --- */

int question_leaf(struct question *q, struct slice pem, struct err *err)
{
	struct buf der = { 0 };
	struct cert leaf;

	cert_readable_from_pem(pem, &der);
	struct slice rest = buf_slice(&der);
	bool found = cert_next(&rest, &leaf);
	if (found) {
		buf_adds(&der, buf_slice(&q->chain));
		buf_done(&q->chain);
		q->chain = der;
		return 0;
	}
	buf_done(&der);
	return err_set(err, ERR_INPUT, "the certificate cannot be read");
}

void question_trust(struct question *q, struct slice pem)
{
	cert_readable_from_pem(pem, &q->trusted);
}

void question_untrusted(struct question *q, struct slice pem)
{
	cert_readable_from_pem(pem, &q->chain);
}

void question_lists(struct question *q, struct slice pem)
{
	crl_readable_from_pem(pem, &q->lists);
	q->spec.lists_needed = q->lists.n > 0;
}

/* --- words --- */

static const struct {
	const char *word;
	enum verify_purpose purpose;
} purposes[] = {
	{ "server", VERIFY_SERVER },
	{ "client", VERIFY_CLIENT },
	{ "email", VERIFY_EMAIL },
	{ "any", VERIFY_ANY },
};

/* Whoever names a purpose wants what those who serve it are held to. */
int question_purpose(struct question *q, struct slice word, struct err *err)
{
	for (size_t i = 0; i < sizeof(purposes) / sizeof(*purposes); i++)
		if (slice_ieq(word, slice_str(purposes[i].word))) {
			q->spec.purpose = purposes[i].purpose;
			q->spec.profile = q->spec.purpose != VERIFY_ANY;
			return 0;
		}
	return err_set(err, ERR_INPUT, "the purpose is server, client, email or any");
}

int question_profile(struct question *q, struct slice word, struct err *err)
{
	q->spec.profile = slice_eq(word, SLICE("strict"));
	return q->spec.profile || slice_eq(word, SLICE("path"))
	    ? 0
	    : err_set(err, ERR_INPUT, "the profile is strict or path");
}

static const struct {
	const char *word;
	enum question_kind kind;
} kinds[] = {
	{ "dns", QUESTION_HOST },
	{ "ip", QUESTION_ADDRESS },
	{ "email", QUESTION_MAILBOX },
	{ "rfc822", QUESTION_MAILBOX },
};

int question_name(struct question *q, struct slice kind, struct slice value, struct err *err)
{
	if (q->n_names == QUESTION_NAMES_MAX)
		return err_set(err, ERR_LIMIT, "there are too many names");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_ieq(kind, slice_str(kinds[i].word))) {
			q->name[q->n_names].kind = kinds[i].kind;
			q->name[q->n_names++].value = value;
			return 0;
		}
	return err_set(err, ERR_INPUT, "a name is of kind dns, ip or email");
}

struct slice question_kind_of(struct slice value)
{
	struct buf z = { 0 };
	unsigned char bytes[16];

	buf_adds(&z, value);
	bool address =
	    inet_pton(AF_INET, buf_z(&z), bytes) == 1 || inet_pton(AF_INET6, buf_z(&z), bytes) == 1;
	buf_done(&z);
	return address ? SLICE("ip") : slice_chr(value, '@') >= 0 ? SLICE("email") : SLICE("dns");
}

/* --- numbers --- */

static bool take_number(struct slice *s, size_t digits, int *out)
{
	*out = 0;
	if (s->n < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		*out = *out * 10 + (s->p[i] - '0');
	}
	*s = slice_from(*s, digits);
	return true;
}

static bool take_char(struct slice *s, const char *set)
{
	if (s->n == 0 || s->p[0] == '\0' || !strchr(set, s->p[0]))
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/* Numbers with dots between. */
static bool is_dotted(struct slice oid)
{
	size_t numbers = 0;
	int digit;

	for (; take_number(&oid, 1, &digit); numbers++) {
		while (take_number(&oid, 1, &digit))
			;
		if (oid.n == 0)
			return numbers > 0;
		if (!take_char(&oid, "."))
			return false;
	}
	return false;
}

int question_policy(struct question *q, struct slice oid, struct err *err)
{
	static const char not_an_oid[] = "a policy is an OID, such as 2.23.140.1.2.1";
	struct buf der = { 0 }, text = { 0 };
	struct slice rest, value = { 0 };

	if (q->spec.policies.n == QUESTION_POLICIES_MAX)
		return err_set(err, ERR_LIMIT, "there are too many policies");
	if (!is_dotted(oid))
		return err_set(err, ERR_INPUT, not_an_oid);
	buf_adds(&text, oid);
	der_oid(&der, buf_z(&text));
	buf_clear(&text);
	rest = buf_slice(&der);
	bool same = der_want(&rest, DER_OID, &value) && der_oid_text(value, &text) &&
	    slice_eq(buf_slice(&text), oid);
	if (same)
		q->policy[q->spec.policies.n++] = pool_slice(&q->pool, value);
	buf_done(&der);
	buf_done(&text);
	return same ? 0 : err_set(err, ERR_INPUT, not_an_oid);
}

void question_algorithm(struct question *q, struct slice name)
{
	int kind = signature_named(name);

	q->spec.algorithms |= 1u << (kind >= 0 ? kind : NOT_KNOWN);
}

int question_time(struct question *q, struct slice text, struct err *err)
{
	if (!date_parse_rfc3339(text, &q->spec.now))
		return err_set(err, ERR_INPUT, "a time is like 2026-01-31T12:00:00Z");
	return 0;
}

/* --- asking --- */

static bool has_name(const struct cert *leaf, enum question_kind kind, struct slice value)
{
	switch (kind) {
	case QUESTION_HOST:
		return verify_is_for_host(leaf, value);
	case QUESTION_ADDRESS:
		return verify_is_for_address(leaf, value);
	case QUESTION_MAILBOX:
		return verify_is_for_mailbox(leaf, value);
	}
	return false;
}

static int check_names(const struct question *q, const struct cert *leaf, struct err *err)
{
	for (size_t i = 0; i < q->n_names; i++)
		if (!has_name(leaf, q->name[i].kind, q->name[i].value))
			return err_set(
			    err, ERR_INPUT, "it is not for %.*s", SLICE_ARG(q->name[i].value));
	return 0;
}

int question_ask(struct question *q, struct verify_path *path, struct err *err)
{
	q->trust.set[0] = trust_set_new(buf_slice(&q->trusted));
	trust_set_lists(q->trust.set[0], buf_slice(&q->lists));
	q->spec.trust = &q->trust;
	int rc = verify_find(&q->spec, buf_slice(&q->chain), path, err);
	return rc == 0 ? check_names(q, &path->cert[0], err) : rc;
}
