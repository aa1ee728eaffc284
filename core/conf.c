/* conf.c - the values of settings: found fast (changed: conf_change.c)
 *
 * Each row has a slot with its server-wide number, read without a lock. All
 * stored values lie in a hash, which is looked at, under a lock, for texts and
 * for rows of which some place has a value of its own. */
#include "core/conf_private.h"

/* Slots are found by the address of their row: an open hash, filled once. */
static struct conf_slot *slots;
static size_t slot_mask;
static atomic_bool started; /* they are filled */

struct conf_values *conf_stored;
pthread_rwlock_t conf_stored_lock = PTHREAD_RWLOCK_INITIALIZER;

/* --- slots --- */

static size_t place_of(const struct conf_key *key)
{
	return (size_t)((uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & slot_mask;
}

int64_t conf_default_num(const struct conf_key *key)
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
		atomic_init(&slots[at].num, conf_default_num(conf_key_table[i]));
	}
	conf_stored = conf_values_new();
	atomic_store_explicit(&started, true, memory_order_release);
}

void conf_start_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!atomic_load_explicit(&started, memory_order_acquire))
		pthread_once(&once, start);
}

struct conf_slot *conf_slot_of(const struct conf_key *key)
{
	conf_start_once();
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
	return atomic_load_explicit(&conf_slot_of(key)->num, memory_order_relaxed);
}

bool conf_on(const struct conf_key *key)
{
	return conf_num(key) != 0;
}

/* What is said for a destination, else for the domains above it. Locked. */
static const struct conf_value *of_destination(const struct conf_key *key, struct slice name)
{
	const struct conf_value *value = NULL;

	while (
	    name.n > 0 && !(value = conf_values_find(conf_stored, key, CONF_DESTINATION, name))) {
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
				  conf_stored, key, order[i].scope, slice_str(order[i].place));
	return value;
}

int64_t conf_num_at(const struct conf_key *key, const struct conf_at *at)
{
	struct conf_slot *slot = conf_slot_of(key);
	int64_t num = atomic_load_explicit(&slot->num, memory_order_relaxed);

	if (!at || !atomic_load_explicit(&slot->overridden, memory_order_acquire))
		return num;
	pthread_rwlock_rdlock(&conf_stored_lock);
	const struct conf_value *value = merged(key, at);
	if (value)
		num = value->num;
	pthread_rwlock_unlock(&conf_stored_lock);
	return num;
}

void conf_text(const struct conf_key *key, const struct conf_at *at, struct buf *out)
{
	buf_clear(out);
	if (!atomic_load_explicit(&conf_slot_of(key)->said, memory_order_acquire)) {
		buf_addz(out, key->def);
		return;
	}
	pthread_rwlock_rdlock(&conf_stored_lock);
	const struct conf_value *value = merged(key, at);
	buf_addz(out, value ? value->text : key->def);
	pthread_rwlock_unlock(&conf_stored_lock);
}

void conf_raw(
    const struct conf_key *key, enum conf_scope scope, struct slice place, struct buf *out)
{
	conf_start_once();
	buf_clear(out);
	pthread_rwlock_rdlock(&conf_stored_lock);
	const struct conf_value *value = conf_values_find(conf_stored, key, scope, place);
	if (value)
		buf_addz(out, value->text);
	pthread_rwlock_unlock(&conf_stored_lock);
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

	conf_start_once();
	pthread_rwlock_rdlock(&conf_stored_lock);
	conf_values_each(conf_stored, visit_value, &each);
	pthread_rwlock_unlock(&conf_stored_lock);
}
