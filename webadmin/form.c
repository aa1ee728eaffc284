/* form.c - forms as pages show them */
#include "webadmin/template.h"
#include "webadmin/web.h"

/* --- what a form shows --- */

static json_t *hint(struct web *web, const char *of, const char *action, const char *field)
{
	return json_object_get(json_object_get(json_object_get(web->model, of), action), field);
}

static void set_hint(
    struct web *web, const char *of, const char *action, const char *field, json_t *value)
{
	json_t *all = json_object_get(web->model, of);

	if (!all) {
		all = json_object();
		json_object_set_new(web->model, of, all);
	}
	if (!json_object_get(all, action))
		json_object_set_new(all, action, json_object());
	json_object_set_new(json_object_get(all, action), field, value);
}

void web_default(struct web *web, const char *action, const char *field, json_t *value)
{
	set_hint(web, "defaults", action, field, value);
}

void web_choices(struct web *web, const char *action, const char *field, json_t *choices)
{
	set_hint(web, "choices", action, field, choices);
}

static json_t *choices_json(const struct web_choice *choices)
{
	json_t *array = json_array();

	for (; choices && choices->value; choices++)
		json_array_append_new(array,
		    json_pack("{s:s, s:s}", "value", choices->value, "label", choices->label));
	return array;
}

static bool has_word(struct slice words, const char *word)
{
	while (words.n > 0)
		if (slice_eq(slice_word(&words), slice_str(word)))
			return true;
	return false;
}

void web_field_value(json_t *shown, const char *value)
{
	bool marks = json_object_get(shown, "marks") != NULL;
	json_t *choice;
	size_t i;

	json_object_set_new(shown, "value", json_string(value));
	if (json_object_get(shown, "check"))
		json_object_set_new(shown, "checked", json_boolean(strcmp(value, "on") == 0));
	json_array_foreach(json_object_get(shown, "choices"), i, choice)
	{
		const char *own = json_string_value(json_object_get(choice, "value"));
		bool is =
		    own && (marks ? has_word(slice_str(value), own) : strcmp(own, value) == 0);
		json_object_set_new(choice, "selected", json_boolean(is));
	}
}

static const char *const kind_names[] = {
	[WEB_TEXT] = "line",
	[WEB_PASSWORD] = "password",
	[WEB_AREA] = "area",
	[WEB_CHOICE] = "choice",
	[WEB_CHECK] = "check",
	[WEB_MARKS] = "marks",
	[WEB_FILE] = "file",
	[WEB_HIDDEN] = "hidden",
};

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

json_t *web_field_json(struct web *web, const struct web_field *field, const char *id)
{
	json_t *json = json_object();

	set_text(json, "id", id);
	set_text(json, "name", field->name);
	set_text(json, "label", field->label);
	set_text(json, "help", field->help ? web_fill(web, field->help) : "");
	set_text(json, "example", field->example ? field->example : "");
	json_object_set_new(json, kind_names[field->kind], json_true());
	json_object_set_new(json, "required",
	    json_boolean(field->flags & WEB_REQUIRED && !(field->flags & WEB_OR_FILE)));
	json_object_set_new(json, "optional", json_boolean(!(field->flags & WEB_REQUIRED)));
	json_object_set_new(json, "or-file", json_boolean(field->flags & WEB_OR_FILE));
	json_object_set_new(json, "new", json_boolean(field->flags & (WEB_NEW | WEB_AGAIN)));
	json_object_set_new(json, "code", json_boolean(field->flags & WEB_CODE));
	json_object_set_new(json, "value", json_string(""));
	json_object_set_new(json, "error", json_string(""));
	if (field->kind == WEB_CHOICE || field->kind == WEB_MARKS)
		json_object_set_new(json, "choices", choices_json(field->choices));
	return json;
}

bool web_is_secret(const struct web_field *field)
{
	return field->flags & WEB_SECRET || field->kind == WEB_PASSWORD || field->kind == WEB_FILE;
}

/* Is it the form that was posted? */
static bool is_posted(struct web *web, const struct web_action *action)
{
	const char *posted = web->action ? web->action->form : NULL;

	return action == web->action || (posted && strcmp(posted, action->name) == 0);
}

static const char *typed_in(struct web *web, const struct web_field *field)
{
	return field->kind == WEB_MARKS ? web_marked(web, field->name)
					: http_field(web->req, field->name);
}

static void fill_field(
    struct web *web, const struct web_action *action, const struct web_field *field, json_t *json)
{
	json_t *choices = hint(web, "choices", action->name, field->name);
	bool again = is_posted(web, action);
	const char *typed = again ? typed_in(web, field) : NULL;
	struct buf value = { 0 };

	if (choices)
		json_object_set(json, field->kind == WEB_TEXT ? "suggest" : "choices", choices);
	if (!typed && !(again && field->kind == WEB_CHECK))
		template_text(hint(web, "defaults", action->name, field->name), &value);
	if (!web_is_secret(field))
		web_field_value(json, typed ? typed : buf_z(&value));
	buf_done(&value);
	if (again && web->err_field && strcmp(web->err_field, field->name) == 0)
		set_text(json, "error", web->err.text);
}

static void add_button(json_t *buttons, const struct web_action *action)
{
	json_array_append_new(buttons,
	    json_pack("{s:s, s:s, s:b, s:b}", "do", action->name, "submit", action->submit,
		"danger", action->danger, "more", json_array_size(buttons) > 0));
}

/* The action's own, and those of others that work on the same form. */
static json_t *buttons_json(struct web *web, const struct web_action *action)
{
	json_t *buttons = json_array();

	add_button(buttons, action);
	for (const struct web_action *a = web->page->actions; a && a->name; a++)
		if (a->form && strcmp(a->form, action->name) == 0)
			add_button(buttons, a);
	return buttons;
}

bool web_field_shown(struct web *web, const struct web_field *field)
{
	const struct op_caller *caller = http_caller(web->req);
	bool admin = caller && caller->role == OP_SERVER_ADMIN;

	return field->kind < WEB_PARAM && (admin || !(field->flags & WEB_ADMIN));
}

/* A button has no form that could say what is wrong: the page's head does. */
static void fail_button(struct web *web, const struct web_action *action)
{
	for (const struct web_field *f = action->fields; f && f->name; f++)
		if (f->kind < WEB_HIDDEN)
			return;
	json_object_set_new(web->model, "wrong", json_string(web->err.text));
}

static json_t *form_json(struct web *web, const struct web_action *action)
{
	json_t *fields = json_array();
	bool files = false;

	for (const struct web_field *f = action->fields; f && f->name; f++) {
		if (!web_field_shown(web, f))
			continue;
		json_t *json = web_field_json(
		    web, f, pool_printf(http_pool(web->req), "%s-%s", action->name, f->name));
		fill_field(web, action, f, json);
		json_array_append_new(fields, json);
		files = files || f->kind == WEB_FILE || f->flags & WEB_OR_FILE;
	}
	bool used = is_posted(web, action), failed = used && web->err.kind != ERR_NONE;
	if (failed && action == web->action)
		fail_button(web, action);
	bool known = !action->op || op_find(slice_str(action->op));
	return json_pack("{s:s, s:b, s:s, s:s, s:o, s:b, s:s, s:o}", "name", action->name, "used",
	    used, "unknown", known ? "" : action->op, "legend",
	    action->legend ? action->legend : "", "buttons", buttons_json(web, action), "files",
	    files, "error", failed && !web->err_field ? web->err.text : "", "fields", fields);
}

/* Forms that the caller may not use are not there. */
static bool is_allowed(struct web *web, const struct web_action *action)
{
	const struct op *op = action->op ? op_find(slice_str(action->op)) : NULL;
	const struct op_caller *caller = http_caller(web->req);

	return !op || (caller && caller->role >= op->role);
}

void web_forms(struct web *web)
{
	json_t *forms = json_object();

	for (const struct web_action *a = web->page->actions; a && a->name; a++)
		if (!a->form && is_allowed(web, a))
			json_object_set_new(forms, a->name, form_json(web, a));
	json_object_set_new(web->model, "forms", forms);
}
