/* question_line.c - questions and verdicts as lines of JSON
 *
 *	{"id":7,"trust":["-----BEGIN..."],"untrusted":[],"leaf":"-----BEGIN...",
 *	 "name":{"kind":"dns","value":"mail.example.org"},"purpose":"server"}
 *	{"id":7,"valid":true,"reason":null,"path":["CN=mail.example.org","CN=Root"]}
 *
 * Whatever comes is answered: what is no question is not valid. */
#include <jansson.h>
#include <stdlib.h>

#include "core/text.h"
#include "pki/question.h"

static struct slice text_of(const json_t *json)
{
	return slice_of(json_string_value(json), json_string_length(json));
}

/* --- members --- */

/* A text, or an array of texts. */
static int each_text(struct question *q, const json_t *json,
    int (*take)(struct question *q, struct slice text, struct err *err), struct err *err)
{
	if (json_is_string(json))
		return take(q, text_of(json), err);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *item = json_array_get(json, i);
		if (!json_is_string(item))
			return err_set(
			    err, ERR_INPUT, "a text is expected in each place of the list");
		if (take(q, text_of(item), err) != 0)
			return -1;
	}
	return 0;
}

static int add_trust(struct question *q, struct slice pem, struct err *err)
{
	(void)err;
	question_trust(q, pem);
	return 0;
}

static int add_untrusted(struct question *q, struct slice pem, struct err *err)
{
	(void)err;
	question_untrusted(q, pem);
	return 0;
}

static int add_lists(struct question *q, struct slice pem, struct err *err)
{
	(void)err;
	question_lists(q, pem);
	return 0;
}

static int add_algorithm(struct question *q, struct slice name, struct err *err)
{
	(void)err;
	question_algorithm(q, name);
	return 0;
}

static int take_trust(struct question *q, const json_t *json, struct err *err)
{
	return each_text(q, json, add_trust, err);
}

static int take_untrusted(struct question *q, const json_t *json, struct err *err)
{
	return each_text(q, json, add_untrusted, err);
}

static int take_lists(struct question *q, const json_t *json, struct err *err)
{
	return each_text(q, json, add_lists, err);
}

static int take_algorithms(struct question *q, const json_t *json, struct err *err)
{
	return each_text(q, json, add_algorithm, err);
}

static int take_policies(struct question *q, const json_t *json, struct err *err)
{
	return each_text(q, json, question_policy, err);
}

static int take_leaf(struct question *q, const json_t *json, struct err *err)
{
	return json_is_string(json)
	    ? question_leaf(q, text_of(json), err)
	    : err_set(err, ERR_INPUT, "the certificate is a text in PEM form");
}

static int take_time(struct question *q, const json_t *json, struct err *err)
{
	return question_time(q, text_of(json), err);
}

static int take_purpose(struct question *q, const json_t *json, struct err *err)
{
	return question_purpose(q, text_of(json), err);
}

static int take_profile(struct question *q, const json_t *json, struct err *err)
{
	return question_profile(q, text_of(json), err);
}

static int take_one_name(struct question *q, const json_t *json, struct err *err)
{
	const json_t *kind = json_object_get(json, "kind"), *value = json_object_get(json, "value");

	return json_is_string(kind) && json_is_string(value)
	    ? question_name(q, text_of(kind), text_of(value), err)
	    : err_set(err, ERR_INPUT, "a name has a kind and a value");
}

/* Of several, each must be there. */
static int take_name(struct question *q, const json_t *json, struct err *err)
{
	if (!json_is_array(json))
		return take_one_name(q, json, err);
	for (size_t i = 0; i < json_array_size(json); i++)
		if (take_one_name(q, json_array_get(json, i), err) != 0)
			return -1;
	return 0;
}

static int take_depth(struct question *q, const json_t *json, struct err *err)
{
	json_int_t n = json_integer_value(json);

	if (!json_is_integer(json) || n < 0)
		return err_set(err, ERR_INPUT, "max_depth is a number of authorities");
	q->spec.limit = n < VERIFY_PATH_MAX ? 1 + (unsigned)n : 0;
	return 0;
}

static int take_flag(const json_t *json, bool *flag, struct err *err)
{
	*flag = json_is_true(json);
	return json_is_boolean(json) ? 0 : err_set(err, ERR_INPUT, "true or false is expected");
}

static int take_explicit(struct question *q, const json_t *json, struct err *err)
{
	return take_flag(json, &q->spec.policies.explicit, err);
}

static int take_no_mapping(struct question *q, const json_t *json, struct err *err)
{
	return take_flag(json, &q->spec.policies.no_mapping, err);
}

static int take_no_any(struct question *q, const json_t *json, struct err *err)
{
	return take_flag(json, &q->spec.policies.no_any, err);
}

/* In the order in which they are taken: a purpose says which profile, unless one is
   named, too. */
static const struct {
	const char *name;
	int (*take)(struct question *q, const json_t *json, struct err *err);
	bool needed;
} members[] = {
	{ "leaf", take_leaf, true },
	{ "trust", take_trust, false },
	{ "untrusted", take_untrusted, false },
	{ "crls", take_lists, false },
	{ "name", take_name, false },
	{ "purpose", take_purpose, false },
	{ "profile", take_profile, false },
	{ "time", take_time, false },
	{ "max_depth", take_depth, false },
	{ "algorithms", take_algorithms, false },
	{ "policies", take_policies, false },
	{ "require_explicit_policy", take_explicit, false },
	{ "inhibit_policy_mapping", take_no_mapping, false },
	{ "inhibit_any_policy", take_no_any, false },
};

static int take(struct question *q, const json_t *json, struct err *err)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const json_t *member = json_object_get(json, members[i].name);
		bool absent = !member || json_is_null(member);
		if (absent && members[i].needed)
			return err_set(err, ERR_INPUT, "there is no %s", members[i].name);
		if (!absent && members[i].take(q, member, err) != 0)
			return -1;
	}
	return 0;
}

/* --- the verdict --- */

static int add_piece(const char *piece, size_t n, void *arg)
{
	buf_add(arg, piece, n);
	return 0;
}

/* JSON is UTF-8; certificates may be anything. */
static json_t *json_text(struct slice s)
{
	struct buf safe = { 0 };

	buf_adds(&safe, s);
	for (size_t i = 0; i < safe.n && !utf8_valid(s); i++)
		if ((unsigned char)safe.p[i] >= 0x80)
			safe.p[i] = '?';
	json_t *json = json_stringn(safe.n ? safe.p : "", safe.n);
	buf_done(&safe);
	return json;
}

static json_t *subjects_of(const struct verify_path *path)
{
	json_t *list = json_array();
	struct buf name = { 0 };

	for (size_t i = 0; i < path->n; i++) {
		buf_clear(&name);
		cert_name_text(path->cert[i].subject, &name);
		json_array_append_new(list, json_text(buf_slice(&name)));
	}
	buf_done(&name);
	return list;
}

static void put_verdict(
    const json_t *id, const struct err *err, const struct verify_path *path, struct buf *answer)
{
	json_t *verdict = json_object();

	json_object_set(verdict, "id", id ? (json_t *)id : json_null());
	json_object_set_new(verdict, "valid", json_boolean(err->kind == ERR_NONE));
	json_object_set_new(verdict, "reason",
	    err->kind == ERR_NONE ? json_null() : json_text(slice_str(err->text)));
	json_object_set_new(verdict, "path", subjects_of(path));
	json_dump_callback(verdict, add_piece, answer, JSON_COMPACT);
	json_decref(verdict);
}

static void answer_question(const json_t *json, struct buf *answer)
{
	struct question *q = mem_get(sizeof(*q));
	struct verify_path *path = mem_get(sizeof(*path));
	struct err err = { 0 };

	question_init(q);
	if (!json_is_object(json))
		err_set(&err, ERR_INPUT, "a question is a JSON object");
	else if (take(q, json, &err) == 0 && question_ask(q, path, &err) != 0)
		path->n = 0;
	put_verdict(json_object_get(json, "id"), &err, path, answer);
	question_done(q);
	free(path);
	free(q);
}

void question_line(struct slice line, struct buf *answer)
{
	json_error_t why;
	json_t *json = json_loadb(line.p ? line.p : "", line.n, JSON_DECODE_ANY, &why);

	if (json) {
		answer_question(json, answer);
	} else {
		struct err err = { 0 };
		err_set(&err, ERR_INPUT, "this is no JSON: %s", why.text);
		put_verdict(NULL, &err, &(struct verify_path){ .n = 0 }, answer);
	}
	json_decref(json);
}
