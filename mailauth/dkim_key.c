/* dkim_key.c - the key that a domain publishes (RFC 6376 3.6), and whether it signed this */
#include "mailauth/ask.h"
#include "mailauth/dkim_private.h"

static const char *read_kind(const struct tags *tags, struct dkim_key *out)
{
	const struct tag *k = tags_find(tags, "k");

	if (!k || slice_ieq(k->value, SLICE("rsa")))
		out->algorithm = KEYSIG_RSA_SHA256;
	else if (slice_ieq(k->value, SLICE("ed25519")))
		out->algorithm = KEYSIG_ED25519_SHA256;
	else
		return "its key is of a kind that is not known";
	return NULL;
}

const char *dkim_key_read(struct slice text, struct pool *pool, struct dkim_key *out)
{
	struct tags tags;

	*out = (struct dkim_key){ 0 };
	if (!tags_read(text, &tags))
		return "its key record is malformed";
	const struct tag *v = tags_find(&tags, "v"), *h = tags_find(&tags, "h");
	const struct tag *s = tags_find(&tags, "s"), *p = tags_find(&tags, "p");
	/* RFC 6376 3.6.1: the first, if it is there. */
	if (v && (v != tags.tag || !slice_eq(v->value, SLICE("DKIM1"))))
		return "its key record is of another version";
	if (h && !tags_lists(h->value, "sha256"))
		return "its key is not for SHA-256";
	if (s && !tags_lists(s->value, "*") && !tags_lists(s->value, "email"))
		return "its key is not for mail";
	if (!p)
		return "its key record has no key";
	if (p->value.n == 0)
		return "its key is revoked";
	if (!tags_base64(pool, p->value, &out->bytes))
		return "its key is malformed";
	out->testing = tags_lists(tags_value(&tags, "t"), "y");
	out->strict = tags_lists(tags_value(&tags, "t"), "s");
	return read_kind(&tags, out);
}

/* --- asking for it --- */

static enum dkim_result take_record(const struct dns_answer *answer,
    const struct dkim_signature *signature, struct pool *pool, struct dkim_key *out)
{
	const char *why = "its key record is malformed";
	struct slice text;

	/* RFC 6376 3.6.2.2: several are not defined; the first that can be used. */
	for (size_t i = 0; why && i < answer->n; i++)
		if (dns_read_text(answer->rr[i], pool, &text))
			why = dkim_key_read(text, pool, out);
	return why ? dkim_say(signature->verdict, DKIM_PERMERROR, why) : DKIM_PASS;
}

static enum dkim_result find_key(const struct asker *asker, const struct dkim_signature *signature,
    struct pool *pool, struct dkim_key *out)
{
	struct dns_answer answer;
	struct err err = { 0 };
	const char *name = pool_printf(pool, "%.*s._domainkey.%.*s", SLICE_ARG(signature->selector),
	    SLICE_ARG(signature->domain));

	switch (asker_ask(asker, slice_str(name), DNS_TXT, pool, &answer, &err)) {
	case DNS_FOUND:
		return take_record(&answer, signature, pool, out);
	case DNS_FAILED:
		return dkim_say(
		    signature->verdict, DKIM_TEMPERROR, "its key cannot be asked for now");
	default:
		return dkim_say(signature->verdict, DKIM_PERMERROR, "its key is not published");
	}
}

/* RFC 6376 3.6.1, t=s: i= is of the domain itself. */
static bool is_strict_enough(const struct dkim_signature *s)
{
	ptrdiff_t at = slice_rchr(s->identity, '@');

	return s->identity.n == 0 ||
	    slice_ieq(slice_from(s->identity, (size_t)(at + 1)), s->domain);
}

static enum dkim_result check_with(
    const struct dkim_key *key, const struct dkim_signature *signature, struct slice data)
{
	struct dkim_verdict *verdict = signature->verdict;
	unsigned char digest[DIGEST_SIZE];

	verdict->testing = key->testing;
	if (key->algorithm != signature->algorithm)
		return dkim_say(verdict, DKIM_PERMERROR, "its key is of another kind");
	if (key->strict && !is_strict_enough(signature))
		return dkim_say(verdict, DKIM_PERMERROR, "i= is below the domain");
	digest_sha256(data, digest);
	switch (keysig_check(key->algorithm, key->bytes, digest, signature->signature)) {
	case KEYSIG_GOOD:
		return dkim_say(verdict, DKIM_PASS, NULL);
	case KEYSIG_WEAK:
		return dkim_say(verdict, DKIM_POLICY, "its key has a size that is not taken");
	case KEYSIG_NO_KEY:
		return dkim_say(verdict, DKIM_PERMERROR, "its key is malformed");
	default:
		return dkim_say(verdict, DKIM_FAIL, "signature did not verify");
	}
}

enum dkim_result dkim_check(const struct asker *asker, const struct dkim_signature *signature,
    struct slice data, struct pool *pool)
{
	struct dkim_key key;
	enum dkim_result result = find_key(asker, signature, pool, &key);

	return result == DKIM_PASS ? check_with(&key, signature, data) : result;
}
