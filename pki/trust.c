/* trust.c - a set of trusted certificates, found by subject */
#include "pki/trust.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/hash.h"
#include "pki/crl.h"

struct anchor {
	uint64_t subject; /* hash of the canonical form */
	struct cert cert; /* slices point into the set's DER */
};

struct trust_set {
	atomic_uint refs;
	struct buf der;
	size_t n;
	struct anchor *anchor; /* sorted by subject */
	struct buf lists;
	size_t n_lists;
	struct crl *list; /* slices point into lists */
};

static int compare(const void *a, const void *b)
{
	const struct anchor *one = a, *two = b;

	return (one->subject > two->subject) - (one->subject < two->subject);
}

static uint64_t subject_hash(const struct cert *cert)
{
	struct buf canonical = { 0 };

	cert_name_canonical(cert->subject, &canonical);
	uint64_t hash = hash_bytes(buf_slice(&canonical));
	buf_done(&canonical);
	return hash;
}

struct trust_set *trust_set_new(struct slice certificates)
{
	struct trust_set *set = mem_get(sizeof(*set));
	size_t room = 0;

	atomic_init(&set->refs, 1);
	buf_adds(&set->der, certificates);
	struct slice rest = buf_slice(&set->der);
	for (struct cert cert; cert_next(&rest, &cert);) {
		if (set->n == room) {
			room = room ? 2 * room : 16;
			set->anchor = mem_resize(set->anchor, room * sizeof(*set->anchor));
		}
		set->anchor[set->n++] = (struct anchor){ subject_hash(&cert), cert };
	}
	if (set->n > 0)
		qsort(set->anchor, set->n, sizeof(*set->anchor), compare);
	return set;
}

struct trust_set *trust_set_ref(struct trust_set *set)
{
	if (set)
		atomic_fetch_add(&set->refs, 1);
	return set;
}

void trust_set_unref(struct trust_set **p)
{
	struct trust_set *set = *p;

	*p = NULL;
	if (!set || atomic_fetch_sub(&set->refs, 1) != 1)
		return;
	buf_done(&set->der);
	buf_done(&set->lists);
	for (size_t i = 0; i < set->n_lists; i++)
		free((void *)(uintptr_t)set->list[i].index);
	free(set->list);
	free(set->anchor);
	free(set);
}

size_t trust_set_count(const struct trust_set *set)
{
	return set ? set->n : 0;
}

const struct cert *trust_set_at(const struct trust_set *set, size_t i)
{
	return &set->anchor[i].cert;
}

/* --- found by subject --- */

static size_t first_of(const struct trust_set *set, uint64_t subject)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->anchor[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* *at counts through those of all sets that have the hash. */
const struct cert *trust_next(const struct trust *trust, struct slice subject, size_t *at)
{
	uint64_t hash = hash_bytes(subject);
	size_t skip = *at;

	for (size_t k = 0; k < TRUST_SETS; k++) {
		const struct trust_set *set = trust->set[k];
		if (!set)
			continue;
		for (size_t i = first_of(set, hash); i < set->n && set->anchor[i].subject == hash;
		     i++)
			if (skip-- == 0) {
				++*at;
				return &set->anchor[i].cert;
			}
	}
	return NULL;
}

bool trust_has(const struct trust *trust, const struct cert *cert)
{
	struct buf subject = { 0 };
	const struct cert *anchor;
	size_t at = 0;
	bool found = false;

	cert_name_canonical(cert->subject, &subject);
	while (!found && (anchor = trust_next(trust, buf_slice(&subject), &at)) != NULL)
		found = slice_eq(anchor->der, cert->der);
	buf_done(&subject);
	return found;
}

/* --- lists of revoked ones --- */

void trust_set_lists(struct trust_set *set, struct slice lists)
{
	buf_adds(&set->lists, lists);
	struct slice rest = buf_slice(&set->lists);
	for (struct crl crl; crl_next(&rest, &crl);) {
		set->list = mem_resize(set->list, (set->n_lists + 1) * sizeof(*set->list));
		crl.index = crl_index_new(&crl);
		set->list[set->n_lists++] = crl;
	}
}

size_t trust_set_list_count(const struct trust_set *set)
{
	return set ? set->n_lists : 0;
}

const struct crl *trust_set_list(const struct trust_set *set, size_t i)
{
	return &set->list[i];
}

void trust_give_back(struct trust *trust)
{
	for (size_t k = 0; k < TRUST_SETS; k++)
		trust_set_unref(&trust->set[k]);
}
