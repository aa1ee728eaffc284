/* arc_seal.c - what was found out of a message, sealed before it is passed on (RFC 8617 5.1) */
#include "mailauth/arc_private.h"

/* A field that was made, as one that was read. */
static const struct msg_field *field_of(struct pool *pool, const struct buf *text)
{
	struct msg_field *field = pool_get(pool, sizeof(*field));
	size_t colon;

	field->raw = pool_slice(pool, buf_slice(text));
	colon = (size_t)slice_chr(field->raw, ':');
	field->name = slice_head(field->raw, colon);
	field->value = slice_from(field->raw, colon + 1);
	return field;
}

static const struct msg_field *make_results(struct pool *pool, unsigned i, struct slice results)
{
	struct buf text = { 0 };

	buf_printf(&text, "ARC-Authentication-Results: i=%u; %.*s\r\n", i, SLICE_ARG(results));
	const struct msg_field *field = field_of(pool, &text);
	buf_done(&text);
	return field;
}

/* Sign data, and complete the field that is to have the signature. NULL: it cannot be. */
static const struct msg_field *sign(
    const struct arc_sealing *sealing, const struct buf *data, struct buf *text, struct pool *pool)
{
	const struct msg_field *field = NULL;
	struct buf signature = { 0 };

	if (sealing->sign(sealing->arg, buf_slice(data), &signature) == 0) {
		dkim_sign_end(buf_slice(&signature), text);
		field = field_of(pool, text);
	}
	buf_done(&signature);
	return field;
}

static const struct msg_field *make_signature(
    struct dkim_mail *mail, const struct arc_sealing *sealing, unsigned i, struct pool *pool)
{
	struct dkim_signing how = sealing->how;
	struct buf text = { 0 }, data = { 0 };

	how.instance = i;
	const struct msg_field *field =
	    dkim_sign_begin(mail, &how, &text, &data) ? sign(sealing, &data, &text, pool) : NULL;
	buf_done(&text);
	buf_done(&data);
	return field;
}

/* RFC 8617 5.1.2: of a chain that is broken only the own set is sealed. */
static const struct msg_field *make_seal(
    struct arc_chain *chain, const struct arc_sealing *sealing, enum arc_result before, unsigned i)
{
	const struct dkim_signing *how = &sealing->how;
	struct buf text = { 0 }, data = { 0 };

	buf_printf(&text, "ARC-Seal: i=%u; a=%s; cv=%s; d=%.*s;\r\n\ts=%.*s; t=%lld;\r\n\tb=", i,
	    how->algorithm, arc_result_names[before], SLICE_ARG(how->domain),
	    SLICE_ARG(how->selector), (long long)how->now);
	chain->set[i][ARC_SEAL] = field_of(chain->pool, &text);
	arc_put_sealed(chain, before == ARC_FAIL ? i : 1, i, &data);
	const struct msg_field *field = sign(sealing, &data, &text, chain->pool);
	buf_done(&text);
	buf_done(&data);
	return field;
}

/* What was verified may have been another: somebody added fields since. */
static enum arc_result chain_before(struct arc_chain *chain, const struct arc_sealing *sealing)
{
	bool known = !arc_gather(chain) && (chain->n > 0) == (sealing->before != ARC_NONE);

	return known ? sealing->before : ARC_FAIL;
}

static bool says_broken(const struct msg_field *seal)
{
	struct tags tags;

	return seal && tags_read(seal->value, &tags) &&
	    slice_ieq(tags_value(&tags, "cv"), SLICE("fail"));
}

int arc_seal(struct dkim_mail *mail, const struct arc_sealing *sealing, struct pool *pool,
    struct buf *fields)
{
	struct arc_chain *chain = pool_get(pool, sizeof(*chain));
	const struct msg_field *last;
	unsigned i = arc_last(mail, &last) + 1;

	if (i > ARC_SETS_MAX || says_broken(last))
		return 0;
	*chain = (struct arc_chain){ .mail = mail, .pool = pool };
	enum arc_result before = chain_before(chain, sealing);
	const struct msg_field **own = chain->set[i];
	own[ARC_RESULTS] = make_results(pool, i, sealing->results);
	own[ARC_MESSAGE] = make_signature(mail, sealing, i, pool);
	own[ARC_SEAL] = own[ARC_MESSAGE] ? make_seal(chain, sealing, before, i) : NULL;
	if (!own[ARC_SEAL])
		return -1;
	for (int part = ARC_PARTS; part-- > 0;)
		buf_adds(fields, own[part]->raw);
	return 1;
}
