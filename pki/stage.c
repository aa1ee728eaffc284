/* stage.c - changes of profiles, and of where certificates are assigned, that wait
 *
 * With pki.commit on, what is changed is kept beside what is in force, and is in force
 * after `pki commit`. Records wait as "s OWNER" (pki/record.c), settings as
 *
 *	a NAME SCOPE PLACE    =VALUE
 *
 * Committing is one transaction: what stood in force before, or all that waited. */
#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "pki/stage.h"
#include "pki/staple.h"
#include "storage/store.h"
#include "storage/store_batch.h"

CONF_KEY(pki_commit) = {
	.name = "pki.commit",
	.type = CONF_BOOL,
	.def = "off",
	.help = "changes of certificate profiles, and of where certificates are assigned, wait for "
		"pki commit",
};

/* --- records --- */

bool stage_has(struct slice owner)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	bool has = owner_is_profile(owner) && record_staged(owner, &bytes, &record) == 1;

	buf_done(&bytes);
	return has;
}

/* What waits already is changed where it waits. */
bool stage_wanted(struct slice owner)
{
	return owner_is_profile(owner) && (conf_on(&conf_key_pki_commit) || stage_has(owner));
}

int stage_newest(struct slice owner, struct buf *bytes, struct domain_record *out)
{
	int found = owner_is_profile(owner) ? record_staged(owner, bytes, out) : 0;

	if (found == 1 && out->gone)
		return 0;
	return found == 0 ? record_get(owner, bytes, out) : found;
}

/* --- settings --- */

static struct slice setting_key(
    struct buf *out, const struct conf_key *key, enum conf_scope scope, struct slice place)
{
	buf_printf(out, "a %s %d %.*s", key->name, (int)scope, SLICE_ARG(place));
	return buf_slice(out);
}

int stage_setting(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err)
{
	struct buf name = { 0 }, text = { 0 };

	if (!conf_on(&conf_key_pki_commit))
		return conf_set(key, scope, place, value, err);
	if (value.n > 0 && conf_check(key, value, NULL, err) != 0)
		return -1;
	buf_printf(&text, "=%.*s", SLICE_ARG(value));
	int rc = store_record_put(
	    PKI_ROOM, setting_key(&name, key, scope, place), buf_slice(&text), err);
	buf_done(&name);
	buf_done(&text);
	return rc;
}

bool stage_setting_get(
    const struct conf_key *key, enum conf_scope scope, struct slice place, struct buf *value)
{
	struct buf name = { 0 };
	bool found = store_record_get(PKI_ROOM, setting_key(&name, key, scope, place), value) == 1;

	if (found)
		buf_drop(value, 1);
	buf_done(&name);
	return found;
}

static bool read_setting(struct slice key, struct slice value, struct staged_setting *out)
{
	uint32_t scope;

	slice_cut(&key, ' '); /* the letter */
	out->key = conf_find(slice_cut(&key, ' '));
	if (!out->key || !num_u32(slice_cut(&key, ' '), &scope))
		return false;
	out->scope = (enum conf_scope)scope;
	out->place = key;
	out->value = slice_from(value, 1);
	return true;
}

struct each {
	void (*visit)(void *arg, const struct staged_setting *setting);
	void *arg;
};

static bool visit_setting(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct staged_setting setting;

	if (read_setting(key, value, &setting))
		each->visit(each->arg, &setting);
	return true;
}

void stage_each_setting(void (*visit)(void *arg, const struct staged_setting *setting), void *arg)
{
	struct each each = { visit, arg };

	store_record_each(PKI_ROOM, SLICE("a "), visit_setting, &each);
}

/* --- all --- */

/* Keys of all that waits, a line each. */
static bool note(void *arg, struct slice key, struct slice value)
{
	struct buf *keys = arg;

	(void)value;
	buf_adds(keys, key);
	buf_addc(keys, '\n');
	return true;
}

static void note_all(struct buf *keys)
{
	store_record_each(PKI_ROOM, SLICE("s "), note, keys);
	store_record_each(PKI_ROOM, SLICE("a "), note, keys);
}

/* "s OWNER" is what it is to be from now on. */
static int commit_record(struct slice owner, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int rc = 0;

	if (record_staged(owner, &bytes, &record) != 1)
		rc = err_set(err, ERR_TEMP, "cannot read what %.*s is to be", SLICE_ARG(owner));
	else if (record.gone)
		rc = record_drop(owner, err);
	else
		rc = record_put(owner, &record, err);
	buf_done(&bytes);
	return rc;
}

static int commit_setting(struct slice key, struct err *err)
{
	struct staged_setting setting;
	struct buf value = { 0 };
	int rc = 0;

	if (store_record_get(PKI_ROOM, key, &value) == 1 &&
	    read_setting(key, buf_slice(&value), &setting))
		rc = conf_put(setting.key, setting.scope, setting.place, setting.value, err);
	buf_done(&value);
	return rc;
}

static int commit_one(struct slice key, struct err *err)
{
	int rc =
	    key.p[0] == 's' ? commit_record(slice_from(key, 2), err) : commit_setting(key, err);

	return rc == 0 ? store_record_put(PKI_ROOM, key, (struct slice){ 0 }, err) : rc;
}

static int discard_one(struct slice key, struct err *err)
{
	return store_record_put(PKI_ROOM, key, (struct slice){ 0 }, err);
}

/* Settings are taken over when what they name is in force. */
static int finish(struct store_batch *batch, int rc, struct err *err)
{
	if (rc == 0)
		rc = store_batch_commit(batch, err);
	else
		store_batch_drop(batch);
	return rc == 0 ? conf_reload(err) : -1;
}

static int do_all(int (*one)(struct slice key, struct err *err), size_t *done, struct err *err)
{
	struct store_batch batch;
	struct buf keys = { 0 };
	size_t n = 0;
	int rc = 0;

	note_all(&keys);
	store_batch_begin(&batch);
	for (struct slice rest = buf_slice(&keys); rc == 0 && rest.n > 0; n++)
		rc = one(slice_cut(&rest, '\n'), err);
	rc = finish(&batch, rc, err);
	*done = rc == 0 ? n : 0;
	buf_done(&keys);
	choose_forget((struct slice){ 0 }, true);
	staple_look_at_all();
	return rc;
}

int stage_commit(size_t *done, struct err *err)
{
	return do_all(commit_one, done, err);
}

int stage_discard(size_t *done, struct err *err)
{
	return do_all(discard_one, done, err);
}
