/* right_of.c - letters of rights, whom an identifier stands for, what that adds up to */
#include "core/text.h"
#include "storage/dir.h"
#include "storage/right.h"

/* --- letters --- */

static const struct {
	char letter;
	unsigned rights;
} letters[] = {
	{ 'l', RIGHT_LOOKUP },
	{ 'r', RIGHT_READ },
	{ 's', RIGHT_SEEN },
	{ 'w', RIGHT_WRITE },
	{ 'i', RIGHT_INSERT },
	{ 'p', RIGHT_POST },
	{ 'k', RIGHT_CREATE },
	{ 'x', RIGHT_DELETE },
	{ 't', RIGHT_MARK },
	{ 'e', RIGHT_EXPUNGE },
	{ 'a', RIGHT_ADMIN },
	/* RFC 4314 §2.1.1 */
	{ 'c', RIGHT_CREATE | RIGHT_DELETE },
	{ 'd', RIGHT_MARK | RIGHT_EXPUNGE },
};
enum { N_LETTERS = sizeof(letters) / sizeof(*letters), N_OBSOLETE = 2 };

static unsigned rights_of_letter(char c)
{
	for (size_t i = 0; i < N_LETTERS; i++)
		if (letters[i].letter == c)
			return letters[i].rights;
	return 0;
}

bool right_parse(struct slice text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned rights = rights_of_letter(text.p[i]);

		if (rights == 0)
			return false;
		*out |= rights;
	}
	return true;
}

void right_put(struct buf *out, unsigned rights, bool obsolete)
{
	for (size_t i = 0; i < N_LETTERS - (obsolete ? 0 : N_OBSOLETE); i++)
		if (rights & letters[i].rights)
			buf_addc(out, letters[i].letter);
}

/* --- identifiers --- */

static const char *address(struct pool *pool, const char *before, struct slice who)
{
	struct address a;

	if (!address_parse(pool, who, &a))
		return NULL;
	return pool_printf(pool, "%s%.*s@%.*s", before, SLICE_ARG(a.local), SLICE_ARG(a.domain));
}

const char *right_identifier(struct pool *pool, struct slice who)
{
	bool against = who.n > 0 && *who.p == '-';
	const char *before = against ? "-" : "";

	who = slice_from(who, against);
	if (slice_ieq(who, SLICE("anyone")))
		return pool_printf(pool, "%sanyone", before);
	if (who.n > 1 && *who.p == '@') {
		const char *domain = domain_ascii(pool, slice_from(who, 1));
		return domain ? pool_printf(pool, "%s@%s", before, domain) : NULL;
	}
	if (who.n > 1 && *who.p == '$')
		return address(pool, against ? "-$" : "$", slice_from(who, 1));
	return address(pool, before, who);
}

/* Does the address lead to this account? */
static bool leads_to(struct slice group, struct slice who)
{
	struct dir_target *target = NULL;
	struct pool pool = { 0 };
	bool found = false;

	if (dir_route(group, &pool, &target) == DIR_LOCAL)
		for (; target && !found; target = target->next)
			found = target->account != 0 && slice_eq(slice_str(target->address), who);
	pool_done(&pool);
	return found;
}

struct sum {
	struct slice who, domain; /* the latter with its '@' */
	bool outside;
	unsigned given, taken;
};

static bool is_meant(const struct sum *sum, struct slice identifier)
{
	if (*identifier.p == '@')
		return slice_eq(identifier, sum->domain);
	if (*identifier.p == '$')
		return leads_to(slice_from(identifier, 1), sum->who);
	if (slice_eq(identifier, SLICE("anyone")))
		return !sum->outside;
	return slice_eq(identifier, sum->who);
}

static bool add_up(void *arg, uint32_t box, struct slice who, unsigned rights)
{
	struct sum *sum = arg;
	bool against = *who.p == '-';

	(void)box;
	who = slice_from(who, against);
	if (who.n > 0 && is_meant(sum, who))
		*(against ? &sum->taken : &sum->given) |= rights;
	return true;
}

int right_of(struct acct *acct, uint32_t box, struct slice who, bool outside, unsigned *out)
{
	ptrdiff_t at = slice_rchr(who, '@');
	struct sum sum = { .who = who,
		.domain = slice_from(who, at < 0 ? who.n : (size_t)at),
		.outside = outside };
	int rc = right_each_of(acct, box, add_up, &sum);

	*out = sum.given & ~sum.taken;
	if (outside)
		*out &= RIGHT_INSERT;
	return rc;
}
