/* change.c - changing what a domain has, one at a time */
#include <pthread.h>

#include "pki/stage.h"
#include "pki/pki_private.h"
#include "pki/staple.h"
#include "pki/told.h"
#include "storage/dir.h"

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

int domain_hosted(struct slice name, struct pool *pool, struct slice *domain, struct err *err)
{
	struct dir_domain found;
	int rc = dir_domain(name, pool, &found);

	if (rc < 0)
		return err_set(err, ERR_TEMP, "cannot read the directory");
	if (rc == 0)
		return err_set(err, ERR_ABSENT, "%.*s is not hosted here", SLICE_ARG(name));
	*domain = slice_str(found.name);
	return 0;
}

/* In force, or waiting until it is committed. */
static int write_record(struct slice owner, const struct domain_record *record, struct err *err)
{
	if (record->not_kept)
		return 0;
	if (stage_wanted(owner))
		return record_stage(owner, record, err);
	return record->gone ? record_drop(owner, err) : record_put(owner, record, err);
}

/* What was changed by hand is not read from files again. Who says files anew says them
   at another place in memory. */
static void leave_files(const struct domain_record *before, struct domain_record *record)
{
	if (record->files.p == before->files.p && !slice_eq(before->leaf, record->leaf))
		record->files = (struct slice){ 0 };
}

/* With the lock held. */
static int change_now(struct slice domain,
    int (*change)(void *arg, const char *domain, struct domain_record *record, struct err *err),
    void *arg, struct err *err)
{
	struct domain_record record, before;
	struct buf bytes = { 0 };
	int found = stage_newest(domain, &bytes, &record), rc = 0;

	if (found == 0)
		record = (struct domain_record){ .mode = PKI_ENABLED };
	if (found < 0)
		rc = err_set(err, ERR_TEMP, "cannot read what %.*s has", SLICE_ARG(domain));
	before = record;
	if (rc == 0)
		rc = change(arg, domain.p, &record, err);
	leave_files(&before, &record);
	if (rc == 0)
		rc = write_record(domain, &record, err);
	if (rc == 0)
		told_record(domain.p, &before, &record);
	buf_done(&bytes);
	return rc;
}

void change_begin(void)
{
	pthread_mutex_lock(&changing);
}

void change_end(void)
{
	pthread_mutex_unlock(&changing);
}

int change_all(int (*change)(size_t *done, struct err *err), size_t *done, struct err *err)
{
	pthread_mutex_lock(&changing);
	int rc = change(done, err);
	pthread_mutex_unlock(&changing);
	return rc;
}

int owner_change(struct slice owner,
    int (*change)(void *arg, const char *domain, struct domain_record *record, struct err *err),
    void *arg, struct err *err)
{
	pthread_mutex_lock(&changing);
	int rc = change_now(owner, change, arg, err);
	pthread_mutex_unlock(&changing);
	if (rc == 0) {
		choose_forget(owner, false);
		staple_look(owner);
	}
	return rc;
}

int domain_change(struct slice name,
    int (*change)(void *arg, const char *domain, struct domain_record *record, struct err *err),
    void *arg, struct err *err)
{
	struct pool pool = { 0 };
	struct slice owner;
	int rc = owner_find(name, &pool, &owner, err);

	if (rc == 0)
		rc = owner_change(owner, change, arg, err);
	pool_done(&pool);
	return rc;
}
