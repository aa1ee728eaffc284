/* flow.c - which sender group does a client belong to?
 *
 * Entries are numbered from the first of the first group to the last of the last
 * one; the lowest number that matches wins. Addresses are found in a table of
 * ranges, names and certificates in a sorted list, so that thousands of entries
 * cost a connection a few comparisons. */
#include "protocols/smtp/flow_private.h"

#include <pthread.h>
#include <stdlib.h>

const char *const flow_behaviours[] = { "accept", "relay", "reject", "tcprefuse", "continue",
	NULL };

void flow_free(struct flow *flow)
{
	for (size_t i = 0; i < flow->n_lists; i++)
		range_table_free(&flow->lists[i].ranges);
	pool_done(&flow->pool);
	free(flow);
}

const struct flow_list *flow_list(const struct flow *flow, const char *listener)
{
	for (size_t i = 0; i < flow->n_lists; i++)
		if (strcmp(flow->lists[i].listener, listener) == 0)
			return &flow->lists[i];
	return NULL;
}

/* --- finding --- */

/* -1, 0, 1: as strcmp, with a key that has no end of its own. */
static int compare(struct slice key, const struct flow_name *name)
{
	return slice_cmp(key, slice_str(name->key));
}

static uint32_t find_name(const struct flow_list *list, struct slice key)
{
	size_t low = 0, high = list->n_names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(key, &list->names[middle]);
		if (order == 0)
			return list->names[middle].rank;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return RANGE_NOWHERE;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* "mx.example.org", then ".example.org", then ".org". */
static uint32_t find_host(const struct flow_list *list, struct slice host)
{
	uint32_t rank = host.n > 0 ? find_name(list, host) : RANGE_NOWHERE;
	ptrdiff_t dot;

	for (; (dot = slice_chr(host, '.')) >= 0; host = slice_from(host, 1)) {
		host = slice_from(host, (size_t)dot);
		rank = lower(rank, find_name(list, host));
	}
	return rank;
}

static uint32_t find_keys(const struct flow_list *list, struct slice keys)
{
	uint32_t rank = RANGE_NOWHERE;

	while (keys.n > 0)
		rank = lower(rank, find_name(list, slice_cut(&keys, '\0')));
	return rank;
}

enum flow_found flow_find(const struct flow *flow, const char *listener, const struct flow_who *who,
    struct flow_match *match)
{
	const struct flow_list *list = flow_list(flow, listener);
	struct range_address address;
	uint32_t rank;

	if (!list)
		return FLOW_NOBODY;
	rank = list->all;
	if (range_of(who->address, &address))
		rank = lower(rank, range_table_find(list->ranges, &address));
	if (list->certificates)
		rank = lower(rank, find_keys(list, who->certificate));
	if (!who->host_known && list->first_host < rank)
		return FLOW_HOST;
	if (who->host_known)
		rank = lower(rank, find_host(list, who->host));
	if (!who->listed_known && list->first_dnsbl < rank)
		return FLOW_DNSBL;
	if (who->listed_known)
		rank = lower(rank, find_keys(list, who->listed));
	if (rank == RANGE_NOWHERE)
		return FLOW_NOBODY;
	const struct flow_entry *entry = &list->entries[rank];
	*match = (struct flow_match){ entry->group, entry->text, entry->about };
	return FLOW_FOUND;
}

bool flow_wants_certificate(const struct flow *flow, const char *listener)
{
	const struct flow_list *list = flow_list(flow, listener);

	return list && list->certificates;
}

/* --- looking through it --- */

const struct flow_policy *flow_policy(const struct flow *flow, const char *name)
{
	for (size_t i = 0; i < flow->n_policies; i++)
		if (slice_ieq(slice_str(flow->policies[i].name), slice_str(name)))
			return &flow->policies[i];
	return NULL;
}

const struct flow_group *flow_group(const struct flow *flow, const char *listener, const char *name)
{
	const struct flow_list *list = flow_list(flow, listener);

	for (size_t i = 0; list && i < list->n_groups; i++)
		if (slice_ieq(slice_str(list->groups[i].name), slice_str(name)))
			return &list->groups[i];
	return NULL;
}

void flow_each_policy(
    const struct flow *flow, void (*visit)(void *arg, const struct flow_policy *policy), void *arg)
{
	for (size_t i = 0; i < flow->n_policies; i++)
		visit(arg, &flow->policies[i]);
}

void flow_each_group(const struct flow *flow, const char *listener,
    void (*visit)(void *arg, const struct flow_group *group), void *arg)
{
	for (size_t l = 0; l < flow->n_lists; l++)
		for (size_t i = 0; i < flow->lists[l].n_groups; i++)
			if (!listener || strcmp(flow->lists[l].listener, listener) == 0)
				visit(arg, &flow->lists[l].groups[i]);
}

void flow_each_entry(const struct flow *flow, const struct flow_group *group,
    void (*visit)(void *arg, const char *entry, const char *about), void *arg)
{
	const struct flow_list *list = flow_list(flow, group->listener);

	for (size_t i = 0; list && i < list->n_entries; i++)
		if (list->entries[i].group == group)
			visit(arg, list->entries[i].text, list->entries[i].about);
}
