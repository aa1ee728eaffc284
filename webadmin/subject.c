/* subject.c - what a certificate says of its owner */
#include "webadmin/subject.h"

#include "core/conf.h"

void web_add_name(json_t *choices, const char *name)
{
	json_array_append_new(choices, json_pack("{s:s, s:s}", "value", name, "label", name));
}

void web_said(
    struct web *web, const json_t *answer, const char *action, const struct web_field *fields)
{
	for (const struct web_field *f = fields; f->name; f++) {
		const char *key = pool_printf(http_pool(web->req), "said-%s", f->name);
		json_t *said = json_object_get(answer, key);
		if (said)
			web_default(web, action, f->name, json_incref(said));
	}
}

void web_subject_defaults(
    struct web *web, const char *action, const struct web_field *fields, const char *domain)
{
	struct conf_at at = { .domain = domain };
	struct buf value = { 0 };

	for (const struct web_field *f = fields; f->name; f++) {
		const char *name = pool_printf(http_pool(web->req), "pki.subject-%s", f->name);
		const struct conf_key *key = conf_find(slice_str(name));
		if (!key)
			continue;
		conf_text(key, &at, &value);
		web_default(web, action, f->name, json_string(buf_z(&value)));
	}
	buf_done(&value);
}

/* --- names --- */

static bool has_word(struct slice words, struct slice word)
{
	while (words.n > 0)
		if (slice_ieq(slice_word(&words), word))
			return true;
	return false;
}

/* Names that were said, and are none of the domain's own. */
static const char *more_names(struct web *web, struct slice said, struct slice own, struct slice cn)
{
	struct buf more = { 0 };

	for (struct slice word; (word = slice_word(&said)).n > 0;)
		if (!has_word(own, word) && !slice_ieq(word, cn))
			buf_printf(&more, "%s%.*s", more.n > 0 ? " " : "", SLICE_ARG(word));
	const char *text = pool_str(http_pool(web->req), buf_slice(&more));
	buf_done(&more);
	return text;
}

static struct slice text_of(const json_t *answer, const char *key)
{
	return slice_str(json_string_value(json_object_get(answer, key)));
}

/* All names of the domain, unless other ones were said. */
static void offer_further(struct web *web, const json_t *pki, const char *action)
{
	struct slice own = text_of(pki, "own-names"), said = text_of(pki, "said-names");
	json_t *choices = json_array();

	for (struct slice rest = own, word; (word = slice_word(&rest)).n > 0;)
		web_add_name(choices, pool_str(http_pool(web->req), word));
	web_choices(web, action, "names", choices);
	if (said.n == 0)
		web_default(web, action, "names", json_stringn(own.p, own.n));
	web_default(
	    web, action, "more", json_string(more_names(web, said, own, text_of(pki, "said-cn"))));
}

/* C-034, C-035 */
static json_t *common_names(struct web *web)
{
	const json_t *answer = web_op(web, "pki names", web_arg(web, "domain", "domain"));
	json_t *choices = json_array(), *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	    web_add_name(choices, json_string_value(json_object_get(row, "name")));
	return choices;
}

void web_offer_names(struct web *web, const json_t *pki, const char *action)
{
	web_choices(web, action, "cn", common_names(web));
	offer_further(web, pki, action);
}
