/* profile.c - named certificate profiles: made, removed, listed */
#include "pki/profile.h"

#include <time.h>

#include "core/log.h"
#include "pki/stage.h"

/* --- add --- */

struct adding {
	struct slice sealed;
	const struct subject *subject;
	struct pool pool;
	struct buf kept, leaf;
};

static int take_new(void *arg, const char *owner, struct domain_record *record, struct err *err)
{
	struct adding *a = arg;
	struct subject subject = *a->subject;

	if (record->key.n > 0)
		return err_set(err, ERR_EXISTS, "there is such a profile already");
	subject_defaults(&subject, owner, &a->pool);
	if (subject_complete(&subject, slice_str(owner), &a->pool, err) != 0 ||
	    domain_sign_own(owner, &subject, (struct slice){ 0 }, a->sealed, &a->leaf, err) != 0)
		return -1;
	subject_write(&subject, &a->kept);
	*record = (struct domain_record){ .made = time(NULL),
		.installed = true,
		.mode = PKI_ENABLED,
		.key = a->sealed,
		.leaf = buf_slice(&a->leaf),
		.subject = buf_slice(&a->kept) };
	return 0;
}

/* The key is made first: it may take seconds. */
int profile_add(
    struct slice name, enum key_kind kind, const struct subject *subject, struct err *err)
{
	struct adding a = { .subject = subject };
	struct buf sealed = { 0 };
	struct slice owner;
	int rc = owner_of_profile(name, &a.pool, &owner, err);

	if (rc == 0 && owner_is(owner))
		rc = err_set(err, ERR_EXISTS, "there is such a profile already");
	if (rc == 0)
		rc = sign_generate(owner.p, kind, &sealed, err);
	a.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = owner_change(owner, take_new, &a, err);
	if (rc == 0)
		log_event(LOG_INFO, "profile-made", log_s("profile", name));
	buf_done(&sealed);
	buf_done(&a.kept);
	buf_done(&a.leaf);
	pool_done(&a.pool);
	return rc;
}

/* --- remove --- */

static int take_gone(void *arg, const char *owner, struct domain_record *record, struct err *err)
{
	struct buf where = { 0 };
	int rc = 0;

	(void)arg;
	assign_where(owner_profile_name(slice_str(owner)), &where);
	if (where.n > 0)
		rc = err_set(err, ERR_BUSY, "%s is in use: %s", owner, buf_z(&where));
	*record = (struct domain_record){ .gone = true };
	buf_done(&where);
	return rc;
}

int profile_remove(struct slice name, struct err *err)
{
	struct pool pool = { 0 };
	struct slice owner;
	int rc = owner_of_profile(name, &pool, &owner, err);

	if (rc == 0)
		rc = domain_change(owner, take_gone, NULL, err);
	if (rc == 0)
		log_event(LOG_INFO, "profile-removed", log_s("profile", name));
	pool_done(&pool);
	return rc;
}

/* --- list --- */

/* Names, a line each, of those in force and then of new ones that wait. */
static bool note(void *arg, struct slice owner, const struct domain_record *record)
{
	struct buf *names = arg;

	(void)record;
	if (owner_is_profile(owner))
		buf_printf(names, "%.*s\n", SLICE_ARG(owner_profile_name(owner)));
	return true;
}

static bool note_new(void *arg, struct slice owner, const struct domain_record *record)
{
	return record_is(owner) ? true : note(arg, owner, record);
}

int profile_each(bool (*visit)(void *arg, struct slice name), void *arg)
{
	struct buf names = { 0 };
	int rc = record_each(note, &names);

	if (rc == 0)
		rc = record_each_staged(note_new, &names);
	for (struct slice rest = buf_slice(&names); rc == 0 && rest.n > 0;)
		if (!visit(arg, slice_cut(&rest, '\n')))
			break;
	buf_done(&names);
	return rc;
}
