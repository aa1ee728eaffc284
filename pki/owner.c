/* owner.c - who has a key and a certificate: a domain, or a profile
 *
 * A profile is an identity of the server's that belongs to no domain: it has a
 * name, and is shown where it is assigned (pki/assign.c). Its owner is written
 * "profile NAME"; no domain's name has a blank, so one kind of record, one way to
 * change it and one seal serve both. */
#include "core/server_name.h"
#include "pki/stage.h"
#include "storage/dir.h"

enum { NAME_MAX_LENGTH = 64 };

static const struct slice mark = { "profile ", 8 };

bool owner_is_profile(struct slice owner)
{
	return slice_starts(owner, mark);
}

struct slice owner_profile_name(struct slice owner)
{
	return owner_is_profile(owner) ? slice_from(owner, mark.n) : (struct slice){ 0 };
}

/* --- names of profiles --- */

static bool is_name_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

/* No dots: a text with one is a domain's name wherever both may stand. */
static int check_name(struct slice name, struct err *err)
{
	bool good = name.n > 0 && name.n <= NAME_MAX_LENGTH && name.p[0] != '-' &&
	    !slice_ieq(name, SLICE("none"));

	for (size_t i = 0; good && i < name.n; i++)
		good = is_name_letter(name.p[i]);
	return good ? 0
		    : err_set(err, ERR_INPUT,
			  "a profile's name has up to %d letters, digits, hyphens and underscores; "
			  "and 'none' is no name",
			  NAME_MAX_LENGTH);
}

int owner_of_profile(struct slice name, struct pool *pool, struct slice *owner, struct err *err)
{
	struct buf text = { 0 };

	if (check_name(name, err) != 0)
		return -1;
	buf_adds(&text, mark);
	buf_add_lower(&text, name);
	*owner = slice_str(pool_str(pool, buf_slice(&text)));
	buf_done(&text);
	return 0;
}

/* --- who is meant --- */

bool owner_is(struct slice owner)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	bool is = stage_newest(owner, &bytes, &record) == 1;

	buf_done(&bytes);
	return is;
}

static int find_profile(struct slice name, struct pool *pool, struct slice *owner, struct err *err)
{
	if (owner_of_profile(name, pool, owner, err) != 0)
		return -1;
	return owner_is(*owner) ? 0
				: err_set(err, ERR_ABSENT, "there is no profile '%.*s'",
				      SLICE_ARG(owner_profile_name(*owner)));
}

int owner_find(struct slice name, struct pool *pool, struct slice *owner, struct err *err)
{
	return owner_is_profile(name) ? find_profile(owner_profile_name(name), pool, owner, err)
				      : domain_hosted(name, pool, owner, err);
}

/* One that is to be removed is there until that is committed. */
int owner_named(struct slice reference, struct pool *pool, struct slice *owner, struct err *err)
{
	if ((owner_of_profile(reference, pool, owner, NULL) == 0 &&
		(owner_is(*owner) || record_is(*owner))) ||
	    domain_hosted(reference, pool, owner, NULL) == 0)
		return 0;
	return err_set(err, ERR_ABSENT, "'%.*s' is neither a profile nor a domain hosted here",
	    SLICE_ARG(reference));
}

/* --- host names --- */

const char *owner_host(struct slice owner, struct pool *pool)
{
	return owner_is_profile(owner) ? server_name(pool) : pool_str(pool, owner);
}

int owner_host_names(struct slice owner, struct pool *pool, const char **names, struct err *err)
{
	*names = ""; /* a profile is for the name that it is made for */
	return owner_is_profile(owner) ? 0 : pki_domain_names(owner, pool, names, err);
}
