/* source_ask.c - does the directory have that user, and is it his password? */
#include <stdlib.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metric.h"
#include "core/text.h"
#include "storage/source_private.h"

CONF_KEY(ldap_keep) = {
	.name = "ldap.keep",
	.type = CONF_DURATION,
	.def = "1m",
	.max = 3600000,
	.help = "how long it is remembered that a directory has a user",
};

CONF_KEY(ldap_keep_absent) = {
	.name = "ldap.keep-absent",
	.type = CONF_DURATION,
	.def = "10s",
	.max = 3600000,
	.help = "how long it is remembered that a directory has no such user",
};

METRIC(ldap_questions) = {
	.name = "signet_ldap_questions_total",
	.type = METRIC_COUNTER,
	.help = "questions to LDAP directories",
	.label = "answer",
	.values = METRIC_VALUES("yes", "no", "failed"),
	.cells = METRIC_CELLS(3),
};

/* --- what is known already --- */

static struct source_known *place_of(struct source *s, struct slice local)
{
	return &s->known[hash_bytes(local) % SOURCE_KNOWN];
}

/* The DN from pool when it is SOURCE_YES. */
static bool recall(struct source *s, struct slice local, struct pool *pool,
    enum source_answer *answer, const char **dn)
{
	pthread_mutex_lock(&s->lock);
	const struct source_known *k = place_of(s, local);
	bool known = k->local && slice_eq(slice_str(k->local), local) && loop_now() < k->until;
	if (known) {
		*answer = k->dn ? SOURCE_YES : SOURCE_NO;
		*dn = k->dn ? pool_str(pool, slice_str(k->dn)) : NULL;
	}
	pthread_mutex_unlock(&s->lock);
	return known;
}

static void keep(struct source *s, struct slice local, const char *dn)
{
	uint64_t ms = (uint64_t)conf_num(dn ? &conf_key_ldap_keep : &conf_key_ldap_keep_absent);

	pthread_mutex_lock(&s->lock);
	struct source_known *k = place_of(s, local);
	free(k->local);
	free(k->dn);
	*k = (struct source_known){ .local = mem_str(local),
		.dn = dn ? mem_str(slice_str(dn)) : NULL,
		.until = loop_now() + ms };
	pthread_mutex_unlock(&s->lock);
}

/* --- asking --- */

struct ask {
	struct source *source;
	struct slice local, password;
	struct pool *pool;
	const char *dn; /* found, or whose password it may be */
};

typedef enum ldapc_result asking(struct ask *ask, struct ldapc *link, struct err *err);

static enum ldapc_result ask_entry(struct ask *ask, struct ldapc *link, struct err *err)
{
	const struct source *s = ask->source;
	struct slice domain = slice_str(s->domain);
	struct ldapc_entry entry;
	struct ldapc_question question = {
		.base = source_base(s->spec.base, domain, ask->local, ask->pool),
		.filter = source_filter(s->spec.filter, domain, ask->local, ask->pool),
	};
	enum ldapc_result result = ldapc_find(link, &question, ask->pool, &entry, err);

	if (result == LDAPC_YES)
		ask->dn = entry.dn;
	return result;
}

static enum ldapc_result ask_password(struct ask *ask, struct ldapc *link, struct err *err)
{
	return ldapc_check(link, ask->dn, ask->password, err);
}

/* By a link that may have been used before: those the directory ended meanwhile are no
   sign that it is down, so there is a second try. */
static enum ldapc_result try_links(
    struct ask *ask, asking *question, struct ldapc **link, struct err *err)
{
	enum ldapc_result result = LDAPC_FAILED;
	uint64_t began = loop_now();

	if (*link)
		result = question(ask, *link, err);
	if (*link && result == LDAPC_FAILED && err->kind != ERR_INPUT) {
		ldapc_close(link);
		if (loop_now() > began + 1000)
			return LDAPC_FAILED;
	}
	if (!*link) {
		*link = source_link(ask->source, err);
		result = *link ? question(ask, *link, err) : LDAPC_FAILED;
	}
	return result;
}

static enum source_answer ask_directory(struct ask *ask, asking *question)
{
	struct err err = { 0 };
	struct ldapc *link;

	if (source_enter(ask->source, &link, &err) != 0) {
		metric_add(&metric_ldap_questions, 2, 1);
		log_event(LOG_INFO, "ldap-not-asked", log_z("reason", err.text));
		return SOURCE_FAILED;
	}
	enum ldapc_result result = try_links(ask, question, &link, &err);
	bool broken = result == LDAPC_FAILED && err.kind != ERR_INPUT;
	if (broken)
		ldapc_close(&link);
	source_leave(ask->source, link, broken);
	metric_add(&metric_ldap_questions, result == LDAPC_FAILED ? 2 : result == LDAPC_NO, 1);
	if (result == LDAPC_FAILED)
		log_event(LOG_WARN, "ldap-failed", log_z("domain", ask->source->domain),
		    log_z("reason", err.text));
	return (enum source_answer)result;
}

/* --- users --- */

enum { LOCAL_MAX = 255 };

static enum source_answer find_entry(
    struct source *s, struct slice local, struct pool *pool, const char **dn)
{
	struct ask ask = { .source = s, .local = local, .pool = pool };
	enum source_answer answer;

	if (local.n > LOCAL_MAX)
		return SOURCE_NO;
	if (recall(s, local, pool, &answer, dn))
		return answer;
	if (loop_thread())
		return SOURCE_FAILED;
	answer = ask_directory(&ask, ask_entry);
	*dn = ask.dn;
	if (answer != SOURCE_FAILED)
		keep(s, local, ask.dn);
	return answer;
}

/* Does the domain's directory have that user? What it said is remembered for a while.
   On a loop's thread SOURCE_FAILED, when memory does not know. */
static enum source_answer source_find(struct slice domain, struct slice local)
{
	struct source *s = source_of(domain);
	enum source_answer answer = SOURCE_NO;
	struct pool pool = { 0 };
	const char *dn = NULL;

	if (s)
		answer = find_entry(s, local, &pool, &dn);
	source_unref(&s);
	pool_done(&pool);
	return answer;
}

static void part_address(const char *address, struct slice *local, struct slice *domain)
{
	struct slice all = slice_str(address);
	ptrdiff_t at = slice_rchr(all, '@');

	*local = slice_head(all, at < 0 ? 0 : (size_t)at);
	*domain = slice_from(all, (size_t)(at + 1));
}

enum source_answer source_check(const char *address, struct slice password)
{
	struct slice local, domain;
	struct pool pool = { 0 };
	enum source_answer answer = SOURCE_NO;

	part_address(address, &local, &domain);
	struct source *s = source_of(domain);
	if (s) {
		struct ask ask = {
			.source = s, .local = local, .password = password, .pool = &pool
		};
		answer = find_entry(s, local, &pool, &ask.dn);
		if (answer == SOURCE_YES)
			answer = ask_directory(&ask, ask_password);
	}
	source_unref(&s);
	pool_done(&pool);
	return answer;
}

/* --- accounts --- */

bool source_owns(const struct dir_account *account)
{
	struct slice local, domain;

	part_address(account->name, &local, &domain);
	return !account->secrets[0] && source_has(domain, NULL);
}

int source_confirm(const struct dir_account *account)
{
	struct slice local, domain;

	part_address(account->name, &local, &domain);
	return source_owns(account) ? (int)source_find(domain, local) : 1;
}

/* Somebody else may have made it just now. */
static int make_account(struct slice address, struct pool *pool, struct dir_account *out)
{
	static const char *const no_secrets[] = { NULL };
	struct err err = { 0 };

	if (dir_account_add(address, no_secrets, &err) != 0 && err.kind != ERR_EXISTS) {
		log_event(LOG_WARN, "ldap-account-not-made", log_s("address", address),
		    log_z("reason", err.text));
		return err.kind == ERR_TEMP || err.kind == ERR_LIMIT ? -1 : 0;
	}
	if (err.kind != ERR_EXISTS)
		log_event(LOG_INFO, "ldap-account", log_s("address", address));
	return dir_account(address, pool, out);
}

int source_adopt(struct slice text, struct pool *pool, struct dir_account *out)
{
	struct dir_domain domain;
	struct address address;

	if (!address_parse(pool, text, &address))
		return 0;
	int found = dir_domain(address.domain, pool, &domain);
	if (found != 1 || !source_has(slice_str(domain.name), NULL))
		return found < 0 ? -1 : 0;
	enum source_answer answer = source_find(slice_str(domain.name), address.local);
	if (answer != SOURCE_YES)
		return answer == SOURCE_FAILED ? -1 : 0;
	if (loop_thread())
		return -1;
	return make_account(
	    slice_str(pool_printf(pool, "%.*s@%s", SLICE_ARG(address.local), domain.name)), pool,
	    out);
}
