/* subject.c - what a certificate says of its owner */
#include "webadmin/subject.h"

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
