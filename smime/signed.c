/* signed.c - a signed message judged: its signers, and whom they speak for */
#include "smime/signed.h"

#include "core/msg.h"
#include "pki/der.h"
#include "pki/issue.h"
#include "smime/signed_parts.h"

const char *const signed_state_names[] = { "valid", "invalid", "untrusted", NULL };

/* --- whom it is from, and whom the certificate is for --- */

static const char *sender_of(struct slice message, struct pool *pool)
{
	struct msg_field field;
	const char *from = NULL;

	if (!msg_field_find(message, SLICE("From"), &field))
		return "";
	for (struct msg_address *a = msg_addresses(pool, field.value); a; a = a->next)
		if (a->kind == MSG_MAILBOX && a->host.n > 0) {
			if (from) /* several: nobody can speak for all of them */
				return "";
			from = pool_printf(
			    pool, "%.*s@%.*s", SLICE_ARG(a->mailbox), SLICE_ARG(a->host));
		}
	return from ? from : "";
}

static const char *addresses_of(const struct cert *cert, struct pool *pool)
{
	struct slice rest = cert->alt_names;
	struct buf words = { 0 };
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT | 1)) /* rfc822Name */
			buf_printf(&words, "%s%.*s", words.n ? " " : "", SLICE_ARG(name.value));
	const char *text = pool_str(pool, buf_slice(&words));
	buf_done(&words);
	return text;
}

/* --- judging --- */

struct judging {
	const struct signed_parts *signing;
	struct slice domain;
	int64_t at;
	struct signed_judgement *j;
};

/* The certificate first, then all others that came along. */
static void put_chain(const struct cms_signed *s, const struct cert *leaf, struct buf *out)
{
	struct slice rest = buf_slice(&s->certs);
	struct cert other;

	buf_adds(out, leaf->der);
	while (rest.n > 0 && cert_next(&rest, &other))
		if (!slice_eq(other.der, leaf->der))
			buf_adds(out, other.der);
}

static int judge_chain(const struct judging *q, const struct cert *cert)
{
	struct signed_judgement *j = q->j;
	struct buf chain = { 0 };
	struct trust trust;
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_EMAIL, .now = q->at };

	put_chain(&q->signing->cms, cert, &chain);
	struct slice kept = pool_slice(&j->pool, buf_slice(&chain));
	buf_done(&chain);
	trust_take(q->domain, &trust);
	int rc = verify_find(&spec, kept, &j->path, &j->reason);
	/* The set of trust may go: what is kept of the path is ours. */
	for (size_t i = 0; rc == 0 && i < j->path.n; i++) {
		struct slice der = pool_slice(&j->pool, j->path.cert[i].der);
		cert_next(&der, &j->path.cert[i]);
	}
	trust_give_back(&trust);
	return rc == 0 ? issue_check_revoked(kept, &j->reason) : -1;
}

/* RFC 8550 3: the address of who sent it is in the certificate. */
static int judge_sender(struct signed_judgement *j)
{
	if (verify_is_for_mailbox(&j->cert, slice_str(j->from)))
		return 0;
	return err_set(&j->reason, ERR_INPUT, "it is signed by %s, and says that it is from %s",
	    *j->addresses ? j->addresses : "nobody with an address",
	    *j->from ? j->from : "several, or nobody");
}

static enum signed_state judge_signer(const struct judging *q, const struct cms_signer *signer)
{
	const struct cms_signed *cms = &q->signing->cms;
	struct signed_judgement *j = q->j;
	struct slice der;

	j->has_cert = false;
	if (cms_signer_cert(cms, signer, &j->cert, &j->reason) != 0)
		return SIGNED_INVALID;
	der = pool_slice(&j->pool, j->cert.der);
	j->has_cert = cert_next(&der, &j->cert);
	j->addresses = addresses_of(&j->cert, &j->pool);
	if (cms_signer_check(cms, signer, &j->cert, buf_slice(&q->signing->content), &j->when,
		&j->reason) != 0 ||
	    judge_sender(j) != 0)
		return SIGNED_INVALID;
	return judge_chain(q, &j->cert) == 0 ? SIGNED_VALID : SIGNED_UNTRUSTED;
}

static void judge_all(const struct judging *q)
{
	struct signed_judgement *j = q->j;

	j->signers = q->signing->cms.n;
	for (size_t i = 0; i < j->signers; i++) {
		j->state = judge_signer(q, &q->signing->cms.signer[i]);
		if (j->state != SIGNED_VALID)
			return;
	}
}

int signed_judge(struct slice message, struct slice domain, int64_t at,
    struct signed_judgement *out, struct err *err)
{
	struct signed_parts signing = { 0 };
	struct judging q = { &signing, domain, at, out };
	int rc = signed_parts(message, &signing, &out->reason);

	out->from = sender_of(message, &out->pool);
	out->addresses = "";
	if (rc == 0)
		judge_all(&q);
	else if (out->reason.kind != ERR_ABSENT)
		out->state = SIGNED_INVALID;
	if (rc != 0 && out->reason.kind == ERR_ABSENT)
		err_set(err, ERR_ABSENT, "%s", out->reason.text);
	else
		rc = 0;
	signed_parts_done(&signing);
	return rc;
}

void signed_done(struct signed_judgement *j)
{
	pool_done(&j->pool);
	*j = (struct signed_judgement){ 0 };
}
