/* subject.c - what a certificate says of its owner */
#include "webadmin/subject.h"

void web_add_name(json_t *choices, const char *name)
{
	json_array_append_new(choices, json_pack("{s:s, s:s}", "value", name, "label", name));
}

json_t *web_common_names(struct web *web, const json_t *domain)
{
	const char *name = json_string_value(json_object_get(domain, "name"));
	struct slice rest = slice_str(json_string_value(json_object_get(domain, "aliases")));
	json_t *choices = json_array();
	const char *dot = strchr(name, '.');

	web_add_name(choices, name);
	while (rest.n > 0)
		web_add_name(choices, pool_str(http_pool(web->req), slice_word(&rest)));
	if (dot)
		web_add_name(choices,
		    pool_printf(
			http_pool(web->req), "*.%s", strchr(dot + 1, '.') ? dot + 1 : name));
	return choices;
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
