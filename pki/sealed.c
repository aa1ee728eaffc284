/* sealed.c - where this room's records hold private keys and other secrets, sealed */
#include "storage/sealed.h"

#include "pki/issue_private.h"
#include "pki/pki_private.h"
#include "pki/ticket.h"

static bool find_key(const char *owner, struct slice secret, struct buf *what, struct slice *out)
{
	sign_sealed_as(owner, what);
	*out = secret;
	return secret.n > 0;
}

/* "d OWNER", "s OWNER": pki/record.c; "x ...": pki/test.c; "t": pki/ticket.c. */
static bool find_in_pki(
    struct slice key, struct slice value, struct buf *what, struct slice *secret)
{
	struct pool pool = { 0 };
	struct domain_record record;
	const char *owner = pool_str(&pool, slice_from(key, 2));
	bool found = false;

	switch (key.n > 0 ? key.p[0] : '\0') {
	case 'd':
	case 's':
		if (record_read(value, &record))
			found = find_key(owner, record.key, what, secret);
		break;
	case 'x':
		found = find_key(test_owner(slice_from(key, 2)), value, what, secret);
		break;
	case 't':
		ticket_sealed_as(what);
		*secret = value;
		found = true;
		break;
	}
	pool_done(&pool);
	return found;
}

SEALED(pki) = { .room = PKI_ROOM, .find = find_in_pki };

/* "a SCOPE", "o SCOPE NUL ID": pki/issue_record.c. */
static bool find_in_issue(
    struct slice key, struct slice value, struct buf *what, struct slice *secret)
{
	struct slice rest = slice_from(key, 2), scope = slice_cut(&rest, '\0');
	struct issue_record record;
	struct pool pool = { 0 };

	bool found =
	    key.n >= 2 && (key.p[0] == 'a' || key.p[0] == 'o') && issue_record_read(value, &record);
	/* A scope ends with a NUL where it is asked for. */
	if (found)
		found = find_key(issue_owner(&pool, slice_str(pool_str(&pool, scope))), record.key,
		    what, secret);
	pool_done(&pool);
	return found;
}

SEALED(issue) = { .room = ISSUE_ROOM, .find = find_in_issue };
