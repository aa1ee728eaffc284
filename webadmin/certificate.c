/* certificate.c - certificates as pages show them: names in their parts */
#include "core/text.h"
#include "webadmin/template.h"
#include "webadmin/web.h"

/* What people call the attributes of a name (C-036, C-043). */
static const struct {
	const char *type, *label;
} labels[] = {
	{ "CN", "Common Name" },
	{ "O", "Organization" },
	{ "OU", "Unit" },
	{ "L", "City" },
	{ "ST", "Province" },
	{ "C", "Country" },
	{ "emailAddress", "Contact" },
};

static const char *label_of(struct slice type, struct pool *pool)
{
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (slice_ieq(type, slice_str(labels[i].type)))
			return labels[i].label;
	return pool_str(pool, type);
}

/* RFC 4514 2.4: up to a comma that no backslash stands before. */
static struct slice next_part(struct slice *rest)
{
	struct slice all = *rest;
	size_t n = 0;

	while (n < all.n && all.p[n] != ',')
		n += all.p[n] == '\\' && n + 1 < all.n ? 2 : 1;
	*rest = n < all.n ? slice_from(all, n + 1) : (struct slice){ 0 };
	return slice_head(all, n);
}

static json_t *parts_of(struct web *web, const char *name)
{
	struct slice rest = slice_str(name);
	struct pool *pool = http_pool(web->req);
	json_t *parts = json_array();

	while (rest.n > 0) {
		struct slice value = slice_trim(next_part(&rest));
		struct slice type = slice_cut(&value, '=');
		json_array_append_new(parts,
		    json_pack("{s:s, s:s}", "label", label_of(type, pool), "part",
			pool_str(pool, value)));
	}
	return parts;
}

static const char *one_of(const json_t *answer, const char *a, const char *b)
{
	const char *text = json_string_value(json_object_get(answer, a));

	return text ? text : json_string_value(json_object_get(answer, b));
}

void web_certificate(struct web *web, json_t *answer)
{
	const char *to = one_of(answer, "subject", "issued-to");
	const char *by = one_of(answer, "issuer", "issued-by");

	if (!to)
		return;
	json_object_set_new(answer, "to", parts_of(web, to));
	json_object_set_new(answer, "by", parts_of(web, by ? by : ""));
}
