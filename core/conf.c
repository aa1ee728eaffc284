/* conf.c - the values of settings: found fast, changed seldom
 *
 * Each row has a slot with its server-wide number, read without a lock. All
 * stored values lie in a hash, which is looked at, under a lock, for texts and
 * for rows of which some place has a value of its own. */
#include "core/conf.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/conf_values.h"
#include "core/log.h"

struct slot {
	const struct conf_key *key;
	_Atomic int64_t num;	/* server-wide */
	atomic_bool said;	/* some place has a value */
	atomic_bool overridden; /* some other place than the server has one */
};

/* Slots are found by the address of their row: an open hash, filled once. */
static struct slot *slots;
static size_t slot_mask;
static atomic_bool started; /* they are filled */

static struct conf_values *values;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER; /* of values */

static const struct conf_store *store;
static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER; /* store and values agree */

/* --- slots --- */

static size_t place_of(const struct conf_key *key)
{
	return (size_t)((uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & slot_mask;
}

static int64_t default_num(const struct conf_key *key)
{
	struct err err;
	int64_t num;

	if (conf_check(key, slice_str(key->def), &num, &err) != 0)
		bug("a default is wrong: %s", err.text);
	return num;
}

static void start(void)
{
	size_t n = 16;

	while (n < 2 * conf_key_table_n)
		n *= 2;
	slot_mask = n - 1;
	slots = mem_get(n * sizeof *slots);
	for (size_t i = 0; i < conf_key_table_n; i++) {
		size_t at = place_of(conf_key_table[i]);

		while (slots[at].key)
			at = (at + 1) & slot_mask;
		slots[at].key = conf_key_table[i];
		atomic_init(&slots[at].num, default_num(conf_key_table[i]));
	}
	values = conf_values_new();
	atomic_store_explicit(&started, true, memory_order_release);
}

static void start_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!atomic_load_explicit(&started, memory_order_acquire))
		pthread_once(&once, start);
}

static struct slot *slot_of(const struct conf_key *key)
{
	start_once();
	size_t at = place_of(key);
	while (slots[at].key != key) {
		if (!slots[at].key)
			bug("setting %s is in no table", key->name);
		at = (at + 1) & slot_mask;
	}
	return &slots[at];
}

const struct conf_key *conf_find(struct slice name)
{
	for (size_t i = 0; i < conf_key_table_n; i++)
		if (slice_ieq(name, slice_str(conf_key_table[i]->name)))
			return conf_key_table[i];
	return NULL;
}

unsigned conf_scopes(const struct conf_key *key)
{
	return key->scopes ? key->scopes : CONF_SERVER;
}

void conf_scope_names(unsigned scopes, struct buf *out)
{
	static const char *const names[] = { "server", "domain", "account", "listener", "policy",
		"destination" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (scopes & 1U << i) {
			buf_addz(out, names[i]);
			scopes &= ~(1U << i);
			buf_addz(out, scopes ? ", " : "");
		}
}

/* --- reading --- */

int64_t conf_num(const struct conf_key *key)
{
	return atomic_load_explicit(&slot_of(key)->num, memory_order_relaxed);
}

bool conf_on(const struct conf_key *key)
{
	return conf_num(key) != 0;
}

/* What is said for a destination, else for the domains above it. Locked. */
static const struct conf_value *of_destination(const struct conf_key *key, struct slice name)
{
	const struct conf_value *value = NULL;

	while (name.n > 0 && !(value = conf_values_find(values, key, CONF_DESTINATION, name))) {
		ptrdiff_t dot = slice_chr(slice_from(name, 1), '.');
		name = dot < 0 ? (struct slice){ 0 } : slice_from(name, (size_t)dot + 1);
	}
	return value;
}

/* The value nearest to the place, or NULL: the default holds. Locked. */
static const struct conf_value *merged(const struct conf_key *key, const struct conf_at *at)
{
	const struct {
		enum conf_scope scope;
		const char *place;
	} order[] = {
		{ CONF_ACCOUNT, at ? at->account : NULL },
		{ CONF_POLICY, at ? at->policy : NULL },
		{ CONF_LISTENER, at ? at->listener : NULL },
		{ CONF_DESTINATION, at ? at->destination : NULL },
		{ CONF_DOMAIN, at ? at->domain : NULL },
		{ CONF_SERVER, "" },
	};
	const struct conf_value *value = NULL;

	for (size_t i = 0; !value && i < sizeof order / sizeof *order; i++)
		if (order[i].place && conf_scopes(key) & order[i].scope)
			value = order[i].scope == CONF_DESTINATION
			    ? of_destination(key, slice_str(order[i].place))
			    : conf_values_find(
				  values, key, order[i].scope, slice_str(order[i].place));
	return value;
}

int64_t conf_num_at(const struct conf_key *key, const struct conf_at *at)
{
	struct slot *slot = slot_of(key);
	int64_t num = atomic_load_explicit(&slot->num, memory_order_relaxed);

	if (!at || !atomic_load_explicit(&slot->overridden, memory_order_acquire))
		return num;
	pthread_rwlock_rdlock(&lock);
	const struct conf_value *value = merged(key, at);
	if (value)
		num = value->num;
	pthread_rwlock_unlock(&lock);
	return num;
}

void conf_text(const struct conf_key *key, const struct conf_at *at, struct buf *out)
{
	buf_clear(out);
	if (!atomic_load_explicit(&slot_of(key)->said, memory_order_acquire)) {
		buf_addz(out, key->def);
		return;
	}
	pthread_rwlock_rdlock(&lock);
	const struct conf_value *value = merged(key, at);
	buf_addz(out, value ? value->text : key->def);
	pthread_rwlock_unlock(&lock);
}

void conf_raw(
    const struct conf_key *key, enum conf_scope scope, struct slice place, struct buf *out)
{
	start_once();
	buf_clear(out);
	pthread_rwlock_rdlock(&lock);
	const struct conf_value *value = conf_values_find(values, key, scope, place);
	if (value)
		buf_addz(out, value->text);
	pthread_rwlock_unlock(&lock);
}

struct each {
	const struct conf_key *key;
	void (*visit)(void *arg, enum conf_scope scope, const char *place, const char *text);
	void *arg;
};

static void visit_value(void *arg, const struct conf_value *value)
{
	struct each *each = arg;

	if (value->key == each->key)
		each->visit(each->arg, value->scope, value->place, value->text);
}

void conf_each(const struct conf_key *key,
    void (*visit)(void *arg, enum conf_scope scope, const char *place, const char *text), void *arg)
{
	struct each each = { key, visit, arg };

	start_once();
	pthread_rwlock_rdlock(&lock);
	conf_values_each(values, visit_value, &each);
	pthread_rwlock_unlock(&lock);
}

/* --- changing --- */

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
static void refresh(struct slot *slot)
{
	struct said said = { 0 };

	conf_each(slot->key, look_at_said, &said);
	pthread_rwlock_rdlock(&lock);
	const struct conf_value *value =
	    conf_values_find(values, slot->key, CONF_SERVER, SLICE(""));
	int64_t num = value ? value->num : default_num(slot->key);
	pthread_rwlock_unlock(&lock);
	atomic_store(&slot->num, num);
	atomic_store(&slot->overridden, said.elsewhere);
	atomic_store(&slot->said, said.any);
	if (slot->key->changed)
		slot->key->changed(num);
}

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
	pthread_rwlock_wrlock(&lock);
	conf_values_put(values, c->key, c->scope, c->place, c->value, num);
	pthread_rwlock_unlock(&lock);
	refresh(slot_of(c->key));
}

int conf_set_all(const struct conf_change *changes, size_t n, struct err *err)
{
	int64_t *nums = mem_get((n + 1) * sizeof(*nums));
	int rc = 0;

	start_once();
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

int conf_load(const struct conf_store *from, struct err *err)
{
	struct conf_values *loaded = conf_values_new(), *old;

	start_once();
	pthread_mutex_lock(&change_lock);
	int rc = from->each(from->arg, load_value, loaded, err);
	if (rc == 0) {
		store = from;
		pthread_rwlock_wrlock(&lock);
		old = values;
		values = loaded;
		loaded = old;
		pthread_rwlock_unlock(&lock);
		for (size_t i = 0; i < conf_key_table_n; i++)
			refresh(slot_of(conf_key_table[i]));
	}
	pthread_mutex_unlock(&change_lock);
	conf_values_free(&loaded);
	return rc;
}

int conf_reload(struct err *err)
{
	return store ? conf_load(store, err) : 0;
}
