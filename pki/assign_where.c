/* assign_where.c - which settings name a certificate, now or when they are committed
 *
 * A setting that can says so in its row (conf_key.refers). */
#include "pki/profile.h"
#include "pki/stage.h"

struct asking {
	struct slice name;
	const struct conf_key *key;
	struct buf *where;
};

static void put_place(
    struct buf *out, const struct conf_key *key, enum conf_scope scope, struct slice place)
{
	static const char *const words[] = { [CONF_DOMAIN] = "domain ",
		[CONF_ACCOUNT] = "account ",
		[CONF_LISTENER] = "listener ",
		[CONF_POLICY] = "policy ",
		[CONF_DESTINATION] = "destination " };

	buf_printf(out, "%s%s", out->n ? ", " : "", key->name);
	if (place.n > 0)
		buf_printf(out, " of %s%.*s", words[scope], SLICE_ARG(place));
}

static void see_value(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	const struct asking *a = arg;
	struct buf waiting = { 0 };

	if (slice_ieq(slice_str(text), a->name) &&
	    !stage_setting_get(a->key, scope, slice_str(place), &waiting))
		put_place(a->where, a->key, scope, slice_str(place));
	buf_done(&waiting);
}

static void see_waiting(void *arg, const struct staged_setting *setting)
{
	const struct asking *a = arg;

	if (slice_ieq(setting->value, a->name))
		put_place(a->where, setting->key, setting->scope, setting->place);
}

void assign_where(struct slice name, struct buf *where)
{
	struct asking a = { .name = name, .where = where };

	for (size_t i = 0; i < conf_key_table_n; i++) {
		a.key = conf_key_table[i];
		if (a.key->refers && strcmp(a.key->refers, "certificate") == 0)
			conf_each(a.key, see_value, &a);
	}
	stage_each_setting(see_waiting, &a);
}
