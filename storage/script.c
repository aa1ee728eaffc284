/* script.c - scripts as delivery and their readers get them */
#include "storage/script_private.h"

#include <stdlib.h>

#include "core/log.h"
#include "core/num.h"
#include "storage/dir.h"

void script_owner_key(const struct script_owner *owner, struct buf *out)
{
	static const char scopes[] = { [SCRIPT_SERVER] = 's',
		[SCRIPT_DOMAIN] = 'd',
		[SCRIPT_ACCOUNT] = 'a',
		[SCRIPT_FORMS] = 'f' };
	unsigned char id[12];

	buf_addc(out, scopes[owner->scope]);
	if (owner->scope == SCRIPT_DOMAIN)
		buf_adds(out, owner->domain);
	if (script_is_of_account(owner)) {
		num_put32(id, owner->shard);
		num_put64(id + 4, owner->account);
		buf_add(out, id, sizeof id);
	}
}

/* --- for delivery --- */

static struct script *compile(
    const struct script_owner *owner, struct slice name, struct slice text)
{
	struct err err = { 0 };
	struct sieve_script *sieve = sieve_compile(text, &err);

	if (!sieve) {
		log_event(LOG_ERROR, "script-unusable", log_s("script", name),
		    log_s("domain", owner->domain), log_n("account", (int64_t)owner->account),
		    log_z("reason", err.text));
		return NULL;
	}
	struct script *script = mem_get(sizeof *script + name.n + 1);
	script->users = 1;
	script->sieve = sieve;
	memcpy(script->name, name.p, name.n);
	return script;
}

/* 1, 0, -1 */
static int load(const struct script_owner *owner, struct script **script)
{
	struct buf name = { 0 }, text = { 0 };
	int found = script_record_get(owner, SCRIPT_ACTIVE, SLICE(""), &name);

	*script = NULL;
	if (found == 1)
		found = script_record_get(owner, SCRIPT_TEXT, buf_slice(&name), &text);
	if (found == 1)
		*script = compile(owner, buf_slice(&name), buf_slice(&text));
	buf_done(&name);
	buf_done(&text);
	return found < 0 ? -1 : *script != NULL;
}

int script_active(const struct script_owner *owner, struct script **script)
{
	struct buf key = { 0 };
	int found;

	script_owner_key(owner, &key);
	if (script_cache_get(buf_slice(&key), script)) {
		found = *script != NULL;
	} else {
		uint64_t ticket = script_cache_ticket(buf_slice(&key));
		found = load(owner, script);
		if (found >= 0)
			script_cache_put(buf_slice(&key), *script, ticket);
	}
	buf_done(&key);
	return found;
}

const struct sieve_script *script_compiled(const struct script *script)
{
	return script->sieve;
}

const char *script_name(const struct script *script)
{
	return script->name;
}

void script_release(struct script **script)
{
	struct script *gone = *script;

	*script = NULL;
	if (!gone || atomic_fetch_sub(&gone->users, 1) > 1)
		return;
	sieve_free(&gone->sieve);
	free(gone);
}

/* --- read --- */

int script_get(const struct script_owner *owner, struct slice name, struct buf *text)
{
	return script_record_get(owner, SCRIPT_TEXT, name, text);
}

int script_get_active(const struct script_owner *owner, struct buf *name)
{
	int found = script_record_get(owner, SCRIPT_ACTIVE, SLICE(""), name);

	if (found == 0)
		buf_clear(name);
	return found < 0 ? -1 : 0;
}

struct listing {
	struct slice active;
	bool (*visit)(void *arg, const struct script_info *info);
	void *arg;
};

static bool list_one(void *arg, struct slice name, struct slice text)
{
	const struct listing *listing = arg;
	struct script_info info = { name, text, slice_eq(name, listing->active) };

	return listing->visit(listing->arg, &info);
}

int script_list(const struct script_owner *owner,
    bool (*visit)(void *arg, const struct script_info *info), void *arg)
{
	struct buf active = { 0 };
	struct listing listing = { .visit = visit, .arg = arg };
	int rc = script_get_active(owner, &active);

	listing.active = buf_slice(&active);
	if (rc == 0)
		rc = script_record_each(owner, list_one, &listing);
	buf_done(&active);
	return rc;
}

/* --- with the store --- */

struct names {
	struct pool pool;
	struct buf rows; /* of struct script_record that remove */
};

static bool note_text(void *arg, struct slice name, struct slice text)
{
	struct names *names = arg;
	struct script_record row = { .kind = SCRIPT_TEXT, .name = pool_slice(&names->pool, name) };

	(void)text;
	buf_add(&names->rows, &row, sizeof row);
	return true;
}

/* Who is given a domain's name again should not get its scripts. */
static void remove_all(const struct script_owner *owner)
{
	struct script_record active = { .kind = SCRIPT_ACTIVE, .name = SLICE("") };
	struct names names = { 0 };
	struct buf key = { 0 };
	struct err err = { 0 };

	buf_add(&names.rows, &active, sizeof active);
	if (script_record_each(owner, note_text, &names) < 0 ||
	    script_record_put(owner, (const struct script_record *)(const void *)names.rows.p,
		names.rows.n / sizeof active, &err) < 0)
		log_event(LOG_ERROR, "scripts-not-removed", log_s("domain", owner->domain),
		    log_z("reason", err.text));
	script_owner_key(owner, &key);
	script_cache_drop(buf_slice(&key));
	buf_done(&key);
	buf_done(&names.rows);
	pool_done(&names.pool);
}

static void on_domain(void *arg, struct slice name, bool removed)
{
	struct script_owner owner = script_of_domain(name);

	(void)arg;
	if (removed)
		remove_all(&owner);
}

void script_start(void)
{
	static struct dir_watch watch = { .domain = on_domain };
	static bool watching;

	if (!watching)
		dir_watch(&watch);
	watching = true;
}

void script_stop(void)
{
	script_cache_clear();
}
