/* arc.c - is the chain whole, and sealed by those that it names? (RFC 8617 5.2) */
#include "mailauth/arc_private.h"

#include "core/num.h"

const char *const arc_result_names[] = { "none", "pass", "fail", NULL };

static const char *const part_names[ARC_PARTS] = { "ARC-Authentication-Results",
	"ARC-Message-Signature", "ARC-Seal" };

/* --- the fields --- */

static enum arc_part part_of(struct slice name)
{
	int part = 0;

	while (part < ARC_PARTS && !slice_ieq(name, slice_str(part_names[part])))
		part++;
	return (enum arc_part)part;
}

/* i= of the three; of the results it stands in front, before a ";". 0: none. */
static unsigned instance_of(enum arc_part part, struct slice value)
{
	struct tags tags;
	uint64_t n;

	if (part == ARC_RESULTS)
		value = slice_cut(&value, ';');
	if (!tags_read(value, &tags) || !num_u64(tags_value(&tags, "i"), ARC_SETS_MAX, &n))
		return 0;
	return (unsigned)n;
}

/* NULL, or what is wrong. */
static const char *take_field(struct arc_chain *chain, const struct msg_field *field)
{
	enum arc_part part = part_of(field->name);

	if (part == ARC_PARTS)
		return NULL;
	unsigned i = instance_of(part, field->value);
	if (i == 0)
		return "a field has no number";
	if (chain->set[i][part])
		return "a field stands twice";
	chain->set[i][part] = field;
	if (i > chain->n)
		chain->n = i;
	return NULL;
}

unsigned arc_last(const struct dkim_mail *mail, const struct msg_field **seal)
{
	unsigned last = 0;

	*seal = NULL;
	for (size_t i = 0; i < mail->n; i++) {
		enum arc_part part = part_of(mail->fields[i].name);
		unsigned n = part == ARC_PARTS ? 0 : instance_of(part, mail->fields[i].value);

		if (n > last || (n == last && part == ARC_SEAL && n > 0))
			*seal = part == ARC_SEAL ? &mail->fields[i] : NULL;
		last = n > last ? n : last;
	}
	return last;
}

bool arc_is_there(const struct dkim_mail *mail)
{
	for (size_t i = 0; i < mail->n; i++)
		if (part_of(mail->fields[i].name) != ARC_PARTS)
			return true;
	return false;
}

static const char *take_fields(struct arc_chain *chain)
{
	for (size_t i = 0; i < chain->mail->n; i++) {
		const char *why = take_field(chain, &chain->mail->fields[i]);
		if (why)
			return why;
	}
	return NULL;
}

/* RFC 8617 5.2: none is missing; the first says that there was none before, all others
   that those before were good. */
static const char *check_whole(const struct arc_chain *chain)
{
	for (unsigned i = 1; i <= chain->n; i++) {
		struct tags tags;

		for (int part = 0; part < ARC_PARTS; part++)
			if (!chain->set[i][part])
				return "a field is missing";
		if (!tags_read(chain->set[i][ARC_SEAL]->value, &tags))
			return "a seal is malformed";
		struct slice cv = tags_value(&tags, "cv");
		if (!slice_ieq(cv, i == 1 ? SLICE("none") : SLICE("pass")))
			return "it was broken before";
	}
	return NULL;
}

const char *arc_gather(struct arc_chain *chain)
{
	const char *why = take_fields(chain);

	if (why || chain->n == 0)
		return why;
	return chain->mail->too_many ? "too many header fields" : check_whole(chain);
}

/* --- the signatures --- */

/* The last one's: what came after him nobody else vouches for. */
static const char *check_message(struct arc_chain *chain)
{
	const struct msg_field *field = chain->set[chain->n][ARC_MESSAGE];
	struct dkim_verdict verdict = { 0 };
	struct dkim_signature signature = { .verdict = &verdict };
	struct tags tags;

	if (!tags_read(field->value, &tags))
		return "a signature is malformed";
	enum dkim_result result = dkim_signature_read(field, &tags, true, chain->pool, &signature);
	if (result == DKIM_PASS && tags_lists(signature.names, part_names[ARC_SEAL]))
		return "a signature covers a seal"; /* RFC 8617 4.1.2 */
	if (result == DKIM_PASS)
		result = dkim_check_signature(chain->asker, chain->mail, &signature, chain->pool);
	if (result == DKIM_PASS)
		result = dkim_distrust_short(chain->mail, &signature);
	return result == DKIM_PASS ? NULL : verdict.why;
}

void arc_put_sealed(const struct arc_chain *chain, unsigned from, unsigned i, struct buf *data)
{
	for (unsigned k = from; k <= i; k++) {
		canon_field(CANON_RELAXED, chain->set[k][ARC_RESULTS]->raw, data);
		canon_field(CANON_RELAXED, chain->set[k][ARC_MESSAGE]->raw, data);
		if (k < i)
			canon_field(CANON_RELAXED, chain->set[k][ARC_SEAL]->raw, data);
		else
			dkim_put_self(CANON_RELAXED, chain->set[k][ARC_SEAL], data);
	}
}

static const char *check_seal(struct arc_chain *chain, unsigned i, struct slice *domain)
{
	struct dkim_verdict verdict = { 0 };
	struct dkim_signature signature = { .verdict = &verdict };
	struct buf data = { 0 };
	struct tags tags;

	if (!tags_read(chain->set[i][ARC_SEAL]->value, &tags))
		return "a seal is malformed";
	if (tags_find(&tags, "h")) /* RFC 8617 4.1.3 */
		return "a seal names header fields";
	enum dkim_result result = dkim_signer_read(&tags, chain->pool, &signature);
	if (result == DKIM_PASS) {
		arc_put_sealed(chain, 1, i, &data);
		result = dkim_check(chain->asker, &signature, buf_slice(&data), chain->pool);
	}
	buf_done(&data);
	*domain = signature.domain;
	return result == DKIM_PASS ? NULL : verdict.why;
}

static const char *check_seals(struct arc_chain *chain, struct slice *domain)
{
	struct slice other;

	for (unsigned i = chain->n; i > 0; i--) {
		const char *why = check_seal(chain, i, i == chain->n ? domain : &other);
		if (why)
			return why;
	}
	return NULL;
}

static const char *check_chain(struct arc_chain *chain, struct arc_verdict *out)
{
	const char *why = arc_gather(chain);

	out->n = chain->n;
	if (why || chain->n == 0)
		return why;
	why = check_message(chain);
	if (!why)
		why = check_seals(chain, &out->domain);
	return why;
}

void arc_verify(
    const struct asker *asker, struct dkim_mail *mail, struct pool *pool, struct arc_verdict *out)
{
	struct arc_chain *chain = pool_get(pool, sizeof(*chain));

	*chain = (struct arc_chain){ .asker = asker, .mail = mail, .pool = pool };
	*out = (struct arc_verdict){ 0 };
	out->why = check_chain(chain, out);
	if (out->why) {
		out->result = ARC_FAIL;
		out->domain = (struct slice){ 0 };
	} else if (out->n > 0) {
		struct slice value = chain->set[chain->n][ARC_RESULTS]->value;
		slice_cut(&value, ';');
		out->result = ARC_PASS;
		out->results = value;
	}
}
