/* flow_dnsbl.c - entries for DNS lists: is the client in one, or in how many?
 *
 * All lists of a listener's entries are asked at the same time, and only when no entry
 * before them has the client. A score is the sum of the weights of dnsbl.lists, as it is
 * when mail is judged. */
#include "core/log.h"
#include "core/num.h"
#include "protocols/smtp/dnsbl.h"
#include "protocols/smtp/flow_private.h"

static const struct slice list_word = { "dnsbl:", 6 }, score_word = { "dnsbl-score:", 12 };

bool dnsbl_score(struct slice text, int *at)
{
	struct slice digits = slice_from(text, score_word.n);
	bool good = digits.n > 0 && digits.p[0] == '-';
	uint32_t n;

	if (!num_u32(slice_from(digits, good), &n) || n == 0 || n > DNSBL_MAX * DNSBL_WEIGHT_MAX)
		return false;
	*at = good ? -(int)n : (int)n;
	return true;
}

/* Asked in portions of what one question can hold. */
struct asking {
	const struct sockaddr *address;
	struct pool pool;
	struct dnsbl lists[DNSBL_MAX];
	const char *texts[DNSBL_MAX]; /* of the entries */
	size_t n;
	struct buf *out;
};

static void say(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text) + 1);
}

static void ask(struct asking *asking)
{
	struct dnsbl_result results[DNSBL_MAX];
	size_t asked = dnsbl_ask(asking->lists, asking->n, asking->address, &asking->pool, results);

	for (size_t i = 0; i < asked; i++) {
		if (results[i].state == DNSBL_UNKNOWN)
			log_event(LOG_INFO, "dnsbl-silent", log_z("list", results[i].list->zone));
		if (results[i].state == DNSBL_LISTED)
			say(asking->out, asking->texts[results[i].list - asking->lists]);
	}
	asking->n = 0;
}

static void ask_zone(struct asking *asking, const char *text)
{
	struct dnsbl read[DNSBL_MAX];

	if (dnsbl_read(slice_from(slice_str(text), list_word.n), &asking->pool, read, NULL) != 1)
		return;
	asking->lists[asking->n] = read[0];
	asking->texts[asking->n++] = text;
	if (asking->n == DNSBL_MAX)
		ask(asking);
}

static int score_of(const struct sockaddr *address, struct pool *pool)
{
	struct dnsbl_result results[DNSBL_MAX];
	struct dnsbl lists[DNSBL_MAX];
	struct buf text = { 0 };
	int score = 0;

	conf_text(&conf_key_dnsbl_lists, NULL, &text);
	int n = dnsbl_read(buf_slice(&text), pool, lists, NULL);
	size_t asked = n > 0 ? dnsbl_ask(lists, (size_t)n, address, pool, results) : 0;
	for (size_t i = 0; i < asked; i++)
		if (results[i].state == DNSBL_LISTED)
			score += results[i].list->weight;
	buf_done(&text);
	return score;
}

static bool is_reached(int score, const char *text)
{
	int at;

	return dnsbl_score(slice_str(text), &at) && (at > 0 ? score >= at : score <= at);
}

void flow_ask_lists(
    const struct flow *flow, const char *listener, const struct sockaddr *address, struct buf *out)
{
	const struct flow_list *list = flow_list(flow, listener);
	struct asking asking = { .address = address, .out = out };
	bool scored = false;
	int score = 0;

	for (size_t i = 0; list && i < list->n_names; i++) {
		const char *key = list->names[i].key;
		if (slice_starts(slice_str(key), list_word))
			ask_zone(&asking, key);
		if (!slice_starts(slice_str(key), score_word))
			continue;
		if (!scored)
			score = score_of(address, &asking.pool);
		scored = true;
		if (is_reached(score, key))
			say(out, key);
	}
	if (asking.n > 0)
		ask(&asking);
	pool_done(&asking.pool);
}
