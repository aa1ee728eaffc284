/* conf_values.c - stored values in a hash */
#include "core/conf_values.h"

#include <stdlib.h>

#include "core/hash.h"

enum { BUCKETS = 1024 };

struct conf_values {
	struct conf_value *bucket[BUCKETS];
};

struct conf_values *conf_values_new(void)
{
	return mem_get(sizeof(struct conf_values));
}

static void free_value(struct conf_value *value)
{
	free(value->place);
	free(value->text);
	free(value);
}

void conf_values_free(struct conf_values **values)
{
	struct conf_value *next;

	for (size_t i = 0; *values && i < BUCKETS; i++)
		for (struct conf_value *value = (*values)->bucket[i]; value; value = next) {
			next = value->next;
			free_value(value);
		}
	free(*values);
	*values = NULL;
}

/* The link that points to the value, or to NULL at the end of its bucket. */
static struct conf_value **link_to(struct conf_value **bucket, const struct conf_key *key,
    enum conf_scope scope, struct slice place)
{
	/* Of these only the place comes from outside. */
	uint64_t hash = (uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	struct conf_value **at;

	hash += scope + (place.n > 0 ? hash_bytes(place) : 0);
	at = &bucket[hash % BUCKETS];

	while (*at &&
	    ((*at)->key != key || (*at)->scope != scope ||
		!slice_eq(slice_str((*at)->place), place)))
		at = &(*at)->next;
	return at;
}

const struct conf_value *conf_values_find(const struct conf_values *values,
    const struct conf_key *key, enum conf_scope scope, struct slice place)
{
	return *link_to((struct conf_value **)values->bucket, key, scope, place);
}

static void take_out(struct conf_value **at)
{
	struct conf_value *value = *at;

	if (value) {
		*at = value->next;
		free_value(value);
	}
}

void conf_values_put(struct conf_values *values, const struct conf_key *key, enum conf_scope scope,
    struct slice place, struct slice text, int64_t num)
{
	struct conf_value **at = link_to(values->bucket, key, scope, place), *value = *at;

	if (text.n == 0) {
		take_out(at);
		return;
	}
	if (!value) {
		*at = value = mem_get(sizeof *value);
		value->key = key;
		value->scope = scope;
		value->place = mem_str(place);
	}
	free(value->text);
	value->text = mem_str(text);
	value->num = num;
}

void conf_values_each(const struct conf_values *values,
    void (*visit)(void *arg, const struct conf_value *value), void *arg)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct conf_value *value = values->bucket[i]; value; value = value->next)
			visit(arg, value);
}
