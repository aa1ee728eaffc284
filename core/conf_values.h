/* conf_values.h - stored values by row, scope and place; for conf.c and conf_values.c
 *
 * Not locked: conf.c does that. */
#ifndef CORE_CONF_VALUES_H
#define CORE_CONF_VALUES_H

#include "core/conf.h"

struct conf_value {
	struct conf_value *next; /* in its bucket */
	const struct conf_key *key;
	enum conf_scope scope;
	char *place, *text;
	int64_t num;
};

struct conf_values;

struct conf_values *conf_values_new(void);
void conf_values_free(struct conf_values **values);

const struct conf_value *conf_values_find(const struct conf_values *values,
    const struct conf_key *key, enum conf_scope scope, struct slice place);

/* Add or replace; a text without bytes removes. */
void conf_values_put(struct conf_values *values, const struct conf_key *key, enum conf_scope scope,
    struct slice place, struct slice text, int64_t num);

/* In no order. */
void conf_values_each(const struct conf_values *values,
    void (*visit)(void *arg, const struct conf_value *value), void *arg);

#endif
