/* conf_change.c - settings are changed: checked, stored, and then in force
 *
 * What is in memory is what is stored: one lock holds both together. */
#include <stdlib.h>

#include "core/conf_private.h"
#include "core/log.h"

static const struct conf_store *store;
static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER; /* store and values agree */

/* --- in force --- */

struct said {
	bool any, elsewhere; /* than for the server */
};

static void look_at_said(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	struct said *said = arg;

	(void)place;
	(void)text;
	said->any = true;
	said->elsewhere |= scope != CONF_SERVER;
}

/* Bring a slot in line with the values, and tell its module. */
static void refresh(struct conf_slot *slot)
{
	struct said said = { 0 };

	conf_each(slot->key, look_at_said, &said);
	pthread_rwlock_rdlock(&conf_stored_lock);
	const struct conf_value *value =
	    conf_values_find(conf_stored, slot->key, CONF_SERVER, SLICE(""));
	int64_t num = value ? value->num : conf_default_num(slot->key);
	pthread_rwlock_unlock(&conf_stored_lock);
	atomic_store(&slot->num, num);
	atomic_store(&slot->overridden, said.elsewhere);
	atomic_store(&slot->said, said.any);
	if (slot->key->changed)
		slot->key->changed(num);
}

/* --- may it be? --- */

static int check_place(
    const struct conf_key *key, enum conf_scope scope, struct slice place, struct err *err)
{
	struct buf where = { 0 };

	if ((scope == CONF_SERVER) != (place.n == 0))
		return err_set(err, ERR_INPUT, "%s: for whom?", key->name);
	if (conf_scopes(key) & scope)
		return 0;
	conf_scope_names(conf_scopes(key), &where);
	err_set(err, ERR_INPUT, "%s can be set for: %s", key->name, buf_z(&where));
	buf_done(&where);
	return -1;
}

static int (*referent)(const struct conf_key *key, struct slice value, struct err *err);

void conf_refers_set(int (*check)(const struct conf_key *key, struct slice value, struct err *err))
{
	referent = check;
}

static int check_referent(const struct conf_key *key, struct slice value, struct err *err)
{
	return key->refers && referent ? referent(key, value, err) : 0;
}

static int check_all(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, int64_t *num, struct err *err)
{
	if (check_place(key, scope, place, err) != 0)
		return -1;
	return value.n == 0 ||
		(conf_check(key, value, num, err) == 0 && check_referent(key, value, err) == 0)
	    ? 0
	    : -1;
}

/* --- stored, then in force --- */

static int put(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err)
{
	return store ? store->put(store->arg, scope, place, slice_str(key->name), value, err) : 0;
}

int conf_put(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err)
{
	int64_t num;

	return check_all(key, scope, place, value, &num, err) == 0
	    ? put(key, scope, place, value, err)
	    : -1;
}

/* One is a transaction by itself. */
static int put_all(const struct conf_change *changes, size_t n, struct err *err)
{
	bool several = store && store->begin && n > 1;
	int rc = 0;

	if (several)
		store->begin(store->arg);
	for (const struct conf_change *c = changes; rc == 0 && c < changes + n; c++)
		rc = put(c->key, c->scope, c->place, c->value, err);
	if (several && store->end(store->arg, rc == 0, err) != 0)
		rc = -1;
	return rc;
}

static void apply(const struct conf_change *c, int64_t num)
{
	pthread_rwlock_wrlock(&conf_stored_lock);
	conf_values_put(conf_stored, c->key, c->scope, c->place, c->value, num);
	pthread_rwlock_unlock(&conf_stored_lock);
	refresh(conf_slot_of(c->key));
}

int conf_set_all(const struct conf_change *changes, size_t n, struct err *err)
{
	int64_t *nums = mem_get((n + 1) * sizeof(*nums));
	int rc = 0;

	conf_start_once();
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_all(changes[i].key, changes[i].scope, changes[i].place, changes[i].value,
		    &nums[i], err);
	if (rc == 0) {
		pthread_mutex_lock(&change_lock);
		rc = put_all(changes, n, err);
		for (size_t i = 0; rc == 0 && i < n; i++)
			apply(&changes[i], nums[i]);
		pthread_mutex_unlock(&change_lock);
	}
	free(nums);
	return rc;
}

int conf_set(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err)
{
	return conf_set_all(&(struct conf_change){ key, scope, place, value }, 1, err);
}

int conf_order(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err)
{
	return key->attempt ? key->attempt(&(struct conf_change){ key, scope, place, value }, err)
			    : conf_set(key, scope, place, value, err);
}

/* --- all at once --- */

/* A stored value may be of another version of the server. */
static void load_value(
    void *arg, enum conf_scope scope, struct slice place, struct slice name, struct slice value)
{
	const struct conf_key *key = conf_find(name);
	struct err err = { 0 };
	int64_t num;

	/* of before destinations had a scope of their own */
	if (key && scope == CONF_DOMAIN &&
	    (conf_scopes(key) & (CONF_DOMAIN | CONF_DESTINATION)) == CONF_DESTINATION)
		scope = CONF_DESTINATION;
	if (!key)
		log_event(LOG_WARN, "unknown-setting", log_s("name", name));
	else if (check_place(key, scope, place, &err) != 0 ||
	    conf_check(key, value, &num, &err) != 0)
		log_event(
		    LOG_WARN, "wrong-setting", log_s("name", name), log_z("reason", err.text));
	else
		conf_values_put(arg, key, scope, place, value, num);
}

/* Read all anew from there, which is where changes go from now on. With the lock held. */
static int load(const struct conf_store *from, struct err *err)
{
	struct conf_values *loaded = conf_values_new(), *old;
	int rc = from->each(from->arg, load_value, loaded, err);

	if (rc == 0) {
		store = from;
		pthread_rwlock_wrlock(&conf_stored_lock);
		old = conf_stored;
		conf_stored = loaded;
		loaded = old;
		pthread_rwlock_unlock(&conf_stored_lock);
		for (size_t i = 0; i < conf_key_table_n; i++)
			refresh(conf_slot_of(conf_key_table[i]));
	}
	conf_values_free(&loaded);
	return rc;
}

int conf_load(const struct conf_store *from, struct err *err)
{
	conf_start_once();
	pthread_mutex_lock(&change_lock);
	int rc = load(from, err);
	pthread_mutex_unlock(&change_lock);
	return rc;
}

int conf_reload(struct err *err)
{
	conf_start_once();
	pthread_mutex_lock(&change_lock);
	int rc = store ? load(store, err) : 0;
	pthread_mutex_unlock(&change_lock);
	return rc;
}
