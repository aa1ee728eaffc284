/* test_template.c - templates: what they write, what they refuse, and that nothing gets by
 * unescaped */
#include "webadmin/template.h"

#include <stdio.h>

#include "tests/unit/unit.h"

/* What t makes of the values, a JSON text; partials are "item" and "box". */
static void render(const char *name, const char *text, const char *values, const char *want)
{
	struct template_set *set = template_set_new();
	struct err err = { 0 };
	struct buf out = { 0 };
	json_error_t error;
	json_t *json = json_loads(values, 0, &error);

	want_true(values, json);
	if (template_add(set, "t", slice_str(text), &err) != 0 ||
	    template_add(set, "item", SLICE("<li>{{name}}</li>\n"), &err) != 0 ||
	    template_add(set, "box", SLICE("[{{#rows}}{{>item}}{{/rows}}]"), &err) != 0 ||
	    template_link(set, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	template_render(template_find(set, "t"), json, &out);
	want_text(name, buf_slice(&out), want);
	buf_done(&out);
	json_decref(json);
	template_set_free(&set);
	assert_null(set);
}

static void fills(void **state)
{
	static const struct {
		const char *text, *values, *want;
	} cases[] = {
		{ "", "{}", "" },
		{ "plain { text } }}", "{}", "plain { text } }}" },
		{ "a {{x}} b", "{\"x\":\"1\"}", "a 1 b" },
		{ "{{ x }}{{y}}", "{\"x\":12,\"y\":true}", "12yes" },
		{ "{{x}}{{y}}{{z}}.", "{\"x\":null,\"y\":false,\"z\":[]}", "." },
		{ "{{logged in}} {{catch-all}}", "{\"logged in\":3,\"catch-all\":\"x\"}", "3 x" },
		{ "{{a.b.c}}{{a.x.c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep" },
		{ "{{x}}", "{\"x\":\"<script>alert('a&b\\\"')</script>\"}",
		    "&lt;script&gt;alert(&#39;a&amp;b&quot;&#39;)&lt;/script&gt;" },
		{ "{{x|url}}", "{\"x\":\"a b/<\\u00fc>@c.test\"}", "a%20b%2F%3C%C3%BC%3E@c.test" },
		{ "{{x|day}}", "{\"x\":\"<b>\"}", "&lt;b&gt;" },
		{ "{{?x}}y{{/x}}{{^x}}n{{/x}}", "{\"x\":\"\"}", "n" },
		{ "{{?x}}y{{/x}}{{^x}}n{{/x}}", "{\"x\":0}", "n" },
		{ "{{?x}}y{{/x}}{{^x}}n{{/x}}", "{\"x\":[]}", "n" },
		{ "{{?x}}y{{/x}}{{^x}}n{{/x}}", "{\"x\":{}}", "n" },
		{ "{{?x}}y{{/x}}{{^x}}n{{/x}}", "{}", "n" },
		{ "{{?x}}y{{/x}}{{^x}}n{{/x}}", "{\"x\":[0]}", "y" },
		{ "{{?x}}{{n}}{{/x}}", "{\"n\":1,\"x\":[{\"n\":2},{\"n\":3}]}", "1" },
		{ "{{#x}}{{n}}{{o}},{{/x}}", "{\"o\":9,\"x\":[{\"n\":2},{\"n\":3}]}", "29,39," },
		{ "{{#x}}{{.}},{{/x}}", "{\"x\":[\"<\",2]}", "&lt;,2," },
		{ "{{#x}}{{n}}{{/x}}", "{\"x\":{\"n\":7}}", "7" },
		{ "{{#x}}{{#y}}{{a}}{{b}} {{/y}}{{/x}}",
		    "{\"x\":[{\"a\":1,\"y\":[{\"b\":2},{\"b\":3}]},{\"a\":4,\"y\":[]}]}",
		    "12 13 " },
		{ "{{#x}}{{^y}}none{{/y}}{{/x}}", "{\"x\":[{}]}", "none" },
		{ "a\n  {{#x}}\n<p>\n  {{/x}}\nb\n", "{\"x\":[1,2]}", "a\n<p>\n<p>\nb\n" },
		{ "a {{#x}}\n{{/x}} b", "{\"x\":1}", "a \n b" },
		{ "a\n{{! no word }}\nb", "{}", "a\nb" },
		{ "<ul>\n\t{{#rows}}\n\t{{>item}}\n\t{{/rows}}\n</ul>",
		    "{\"rows\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
		    "<ul>\n<li>a</li>\n<li>b</li>\n</ul>" },
		{ "{{>box}}", "{\"rows\":[{\"name\":\"a\"}]}", "[<li>a</li>\n]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		render(cases[i].text, cases[i].text, cases[i].values, cases[i].want);
}

static void filters(void **state)
{
	static const struct {
		const char *name, *text, *values, *want;
	} cases[] = {
		{ "date", "{{x|date}}", "{\"x\":\"2026-11-01T04:05:06Z\"}",
		    "1 Nov 2026, 04:05 UTC" },
		{ "day", "{{x|day}}", "{\"x\":\"2049-02-28T23:59:59Z\"}", "28 Feb 2049" },
		{ "no date", "{{x|date}}", "{\"x\":\"never\"}", "never" },
		{ "absent", "{{x|date}}{{x|ago}}{{x|bytes}}{{x|duration}}{{x|url}}", "{}", "" },
		{ "bytes", "{{x|bytes}}", "{\"x\":1023}", "1023 bytes" },
		{ "KiB", "{{x|bytes}}", "{\"x\":1536}", "1.5 KiB" },
		{ "GiB", "{{x|bytes}}", "{\"x\":21474836480}", "20 GiB" },
		{ "second", "{{x|duration}}", "{\"x\":1}", "1 second" },
		{ "minutes", "{{x|duration}}", "{\"x\":179}", "2 minutes" },
		{ "days", "{{x|duration}}", "{\"x\":864000}", "10 days" },
		{ "count", "{{x|count}}", "{\"x\":1234567}",
		    "1\xe2\x80\xaf"
		    "234\xe2\x80\xaf"
		    "567" },
		{ "minus", "{{x|count}}", "{\"x\":-123}", "-123" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		render(cases[i].name, cases[i].text, cases[i].values, cases[i].want);
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a\nb {{x", "t:2: no end of {{x}}" },
		{ "{{#a}}", "t:1: no end of {{a}}" },
		{ "{{/a}}", "t:1: nothing is open before {{a}}" },
		{ "{{#a}}\n{{#b}}\n{{/a}}", "t:3: another section is open before {{a}}" },
		{ "{{}}", "t:1: what is {{}}" },
		{ "{{{x}}}", "t:1: what is {{{x}}" },
		{ "{{&x}}", "t:1: what is {{&x}}" },
		{ "{{#}}", "t:1: what is {{#}}" },
		{ "{{x|no}}", "t:1: there is no such filter: {{x|no}}" },
		{ "{{>none}}", "t:1: there is no {{>none}}" },
		{ "{{>t}}", "t:1: {{>t}} holds itself" },
		{ "\n{{>loop}}", "t:2: {{>loop}} holds itself" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct template_set *set = template_set_new();
		struct err err = { 0 };

		if (template_add(set, "t", slice_str(cases[i].text), &err) == 0 &&
		    template_add(set, "loop", SLICE("{{>t}}"), &err) == 0)
			template_link(set, &err);
		want_text(cases[i].text, slice_str(err.text), cases[i].want);
		template_set_free(&set);
	}
}

/* Neither text nor partials lead deeper than the context can hold. */
static void depth(void **state)
{
	struct template_set *set = template_set_new();
	struct err err = { 0 };
	struct buf text = { 0 }, chain[TEMPLATE_DEPTH + 1] = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i <= TEMPLATE_DEPTH; i++)
		buf_addz(&text, "{{#a}}");
	want_num("text", template_add(set, "t", buf_slice(&text), &err), -1);
	buf_done(&text);
	template_set_free(&set);

	set = template_set_new();
	assert_int_equal(template_add(set, "p0", SLICE("end"), &err), 0);
	for (int i = 1; i <= TEMPLATE_DEPTH; i++) {
		snprintf(name, sizeof name, "p%d", i);
		buf_printf(&chain[i], "{{#a}}{{>p%d}}{{/a}}", i - 1);
		assert_int_equal(template_add(set, name, buf_slice(&chain[i]), &err), 0);
	}
	want_num("partials", template_link(set, &err), -1);
	template_set_free(&set);
	for (int i = 1; i <= TEMPLATE_DEPTH; i++)
		buf_done(&chain[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills),
		cmocka_unit_test(filters),
		cmocka_unit_test(refuses),
		cmocka_unit_test(depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
