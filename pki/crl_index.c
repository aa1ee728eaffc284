/* crl_index.c - where in a long list each serial number stands
 *
 * Four bytes an entry, in the order of the serial numbers: a list of a hundred thousand is
 * asked in some twenty steps. */
#include <stdlib.h>

#include "pki/crl_private.h"

enum { FEW = 32 /* are read through as fast */ };

struct crl_index {
	size_t n;
	uint32_t at[]; /* offsets in crl.revoked */
};

struct place {
	struct slice serial;
	uint32_t at;
};

/* Of one that is listed twice, the first comes first. */
static int compare(const void *a, const void *b)
{
	const struct place *one = a, *two = b;
	int order = slice_cmp(one->serial, two->serial);

	return order ? order : (one->at > two->at) - (one->at < two->at);
}

/* Entries that name other issuers depend on those before them, and are read in order. */
struct crl_index *crl_index_new(const struct crl *crl)
{
	size_t n = crl_count(crl), i = 0;
	struct slice rest = crl->revoked;
	struct crl_entry e;

	if (n < FEW || crl->indirect || crl->revoked.n > UINT32_MAX)
		return NULL;
	struct place *places = mem_get(n * sizeof(*places));
	for (uint32_t at = 0; i < n && crl_next_entry(&rest, &e);
	     at = (uint32_t)(crl->revoked.n - rest.n))
		places[i++] = (struct place){ e.serial, at };
	qsort(places, n, sizeof(*places), compare);
	struct crl_index *index = mem_get(sizeof(*index) + n * sizeof(index->at[0]));
	index->n = n;
	for (i = 0; i < n; i++)
		index->at[i] = places[i].at;
	free(places);
	return index;
}

static struct crl_entry entry_at(const struct crl *crl, size_t i)
{
	struct slice rest = slice_from(crl->revoked, crl->index->at[i]);
	struct crl_entry e;

	crl_next_entry(&rest, &e);
	return e;
}

bool crl_index_find(const struct crl *crl, struct slice serial, unsigned *reason)
{
	size_t low = 0, high = crl->index->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (slice_cmp(entry_at(crl, middle).serial, serial) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == crl->index->n)
		return false;
	struct crl_entry e = entry_at(crl, low);
	*reason = e.reason;
	return slice_eq(e.serial, serial);
}
