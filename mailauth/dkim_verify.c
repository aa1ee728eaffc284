/* dkim_verify.c - is a message signed by the domains that it says? (RFC 6376 6.1) */
#include "mailauth/dkim_private.h"

enum { CLOCK_SLACK = 3600 };

const char *const dkim_result_names[] = { "none", "pass", "fail", "policy", "neutral", "temperror",
	"permerror", NULL };

static enum dkim_result check_body(struct dkim_mail *mail, const struct dkim_signature *signature)
{
	unsigned char digest[DIGEST_SIZE];
	uint64_t all = dkim_body_digest(mail, signature->body, signature->most, digest);

	/* RFC 6376 3.4.5: who signed more than there is signed another message. */
	if (signature->most != UINT64_MAX && signature->most > all)
		return dkim_say(signature->verdict, DKIM_PERMERROR, "it signs more than there is");
	if (!bytes_same(digest, signature->body_digest.p, sizeof(digest)))
		return dkim_say(signature->verdict, DKIM_FAIL, "body hash did not verify");
	return DKIM_PASS;
}

enum dkim_result dkim_check_signature(const struct asker *asker, struct dkim_mail *mail,
    const struct dkim_signature *signature, struct pool *pool)
{
	struct buf data = { 0 };
	enum dkim_result result = check_body(mail, signature);

	if (result == DKIM_PASS &&
	    !dkim_put_fields(mail, signature->header, signature->names, &data))
		result = dkim_say(signature->verdict, DKIM_PERMERROR, "too many header fields");
	if (result == DKIM_PASS) {
		dkim_put_self(signature->header, signature->field, &data);
		result = dkim_check(asker, signature, buf_slice(&data), pool);
	}
	buf_done(&data);
	return result;
}

static enum dkim_result check_time(const struct dkim_signature *signature, int64_t now)
{
	if (signature->ends >= 0 && signature->ends < now)
		return dkim_say(signature->verdict, DKIM_FAIL, "it has expired");
	if (signature->made > now + CLOCK_SLACK)
		return dkim_say(signature->verdict, DKIM_FAIL, "it was made in the future");
	return DKIM_PASS;
}

/* RFC 6376 8.2, 3.5: what is behind l= anybody may have put there. */
enum dkim_result dkim_distrust_short(struct dkim_mail *mail, const struct dkim_signature *signature)
{
	unsigned char digest[DIGEST_SIZE];

	if (signature->most == UINT64_MAX ||
	    signature->most >= dkim_body_digest(mail, signature->body, signature->most, digest))
		return DKIM_PASS;
	return dkim_say(signature->verdict, DKIM_POLICY, "only a part of the body is signed");
}

static void verify_one(const struct asker *asker, struct dkim_mail *mail,
    const struct msg_field *field, int64_t now, struct pool *pool, struct dkim_verdict *verdict)
{
	struct dkim_signature signature = { .verdict = verdict };
	struct tags tags;

	if (!tags_read(field->value, &tags)) {
		dkim_say(verdict, DKIM_PERMERROR, "the signature is malformed");
		return;
	}
	if (dkim_signature_read(field, &tags, false, pool, &signature) == DKIM_PASS &&
	    check_time(&signature, now) == DKIM_PASS &&
	    dkim_check_signature(asker, mail, &signature, pool) == DKIM_PASS)
		dkim_distrust_short(mail, &signature);
}

void dkim_verify(const struct asker *asker, struct dkim_mail *mail, int64_t now, struct pool *pool,
    struct dkim_verdicts *out)
{
	*out = (struct dkim_verdicts){ 0 };
	for (size_t i = 0; i < mail->n && out->n < DKIM_SIGNATURES_MAX; i++)
		if (slice_ieq(mail->fields[i].name, SLICE("DKIM-Signature")))
			verify_one(
			    asker, mail, &mail->fields[i], now, pool, &out->verdict[out->n++]);
}
