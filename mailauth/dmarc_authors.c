/* dmarc_authors.c - DMARC of a message with more than one author (RFC 7489 6.6.1)
 *
 * Nobody can know which of them a reader will be shown, so each is asked for, and what the
 * worst comes to holds. With several From fields no signature counts: whoever passes a signed
 * message on could put another one above it. */
#include "mailauth/dmarc.h"

static int severity(const struct dmarc_answer *answer)
{
	if (answer->result == DMARC_FAIL)
		return 2 + (int)answer->wish;
	return answer->result != DMARC_PASS;
}

/* Such mail is no mail (RFC 5322 3.6), and what its readers see is anybody's guess. */
static void say_irregular(struct dmarc_answer *out)
{
	out->result = DMARC_PERMERROR;
	out->wish = DMARC_QUARANTINE;
	out->why = "no single domain in From";
}

struct slice dmarc_check_authors(const struct dmarc_question *q, const struct dkim_authors *authors,
    struct pool *pool, struct dmarc_answer *out)
{
	struct dmarc_question one = *q;
	struct slice from = { 0 };

	*out = (struct dmarc_answer){ .result = DMARC_PASS };
	if (!authors->regular) {
		one.spf = NULL;
		one.dkim = NULL;
	}
	for (size_t i = 0; i < authors->n; i++) {
		struct dmarc_answer answer;

		one.from = authors->domain[i];
		dmarc_check(&one, pool, &answer);
		if (i > 0 && severity(&answer) <= severity(out))
			continue;
		*out = answer;
		from = one.from;
	}
	if (!authors->regular && out->result != DMARC_FAIL)
		say_irregular(out);
	return from;
}
