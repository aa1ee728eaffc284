/* check_compare.c - do the records of a shard agree?
 *
 * Every entry has a message, every message is shown by as many entries as it
 * says, every body is used as often as it says, all of it belongs to accounts
 * that there are. Each comparison is a walk along two sorted lists. */
#include <stdlib.h>

#include "storage/check.h"

static void add_fault(struct check_list *faults, struct check_fault fault)
{
	struct check_fault *new = check_add(faults, sizeof(*new));

	*new = fault;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_id(const void *a, const void *b)
{
	return compare_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

static int by_entry(const void *pa, const void *pb)
{
	const struct check_entry *a = pa, *b = pb;
	int order = compare_u64(a->account, b->account);

	return order ? order : compare_u64(a->message, b->message);
}

static void sort(struct check_list *list, size_t size, int (*order)(const void *, const void *))
{
	if (list->n > 1)
		qsort(list->items, list->n, size, order);
}

/* --- entries and messages --- */

static int entry_against(const struct check_entry *entry, const struct check_message *message)
{
	return by_entry(entry, &(struct check_entry){ message->account, message->message });
}

static void compare_entries(struct check_world *world, struct check_list *faults)
{
	const struct check_entry *entry = world->entries.items;
	const struct check_entry *end = entry ? entry + world->entries.n : entry;
	const struct check_message *messages = world->messages.items;

	for (size_t i = 0; i < world->messages.n; i++) {
		const struct check_message *m = &messages[i];
		unsigned users = 0;
		for (; entry < end && entry_against(entry, m) < 0; entry++)
			add_fault(faults,
			    (struct check_fault){
				"an entry has no message", entry->account, entry->message, 1, 0 });
		for (; entry < end && entry_against(entry, m) == 0; entry++)
			users++;
		if (users != m->users)
			add_fault(faults,
			    (struct check_fault){
				"entries of a message", m->account, m->message, m->users, users });
	}
	for (; entry < end; entry++)
		add_fault(faults,
		    (struct check_fault){
			"an entry has no message", entry->account, entry->message, 1, 0 });
}

static void compare_summaries(struct check_world *world, struct check_list *faults)
{
	const struct check_message *m = world->messages.items;

	for (size_t i = 0; i < world->messages.n; i++, m++) {
		if (!m->readable)
			add_fault(faults,
			    (struct check_fault){
				"a summary is damaged", m->account, m->message, 1, 0 });
		else if (m->body != m->message)
			add_fault(faults,
			    (struct check_fault){
				"body of a summary", m->account, m->message, m->message, m->body });
		if (!bsearch(&m->account, world->accounts.items, world->accounts.n,
			sizeof(uint64_t), by_id))
			add_fault(faults,
			    (struct check_fault){
				"a message has no account", m->account, m->message, 1, 0 });
	}
}

/* --- messages, queue and bodies --- */

static void list_users(const struct check_world *world, struct check_list *users)
{
	const struct check_message *messages = world->messages.items;
	const uint64_t *queued = world->queued.items;
	uint64_t *id;

	for (size_t i = 0; i < world->messages.n; i++) {
		id = check_add(users, sizeof(*id));
		*id = messages[i].message;
	}
	for (size_t i = 0; i < world->queued.n; i++) {
		id = check_add(users, sizeof(*id));
		*id = queued[i];
	}
	sort(users, sizeof(*id), by_id);
}

static void compare_bodies(struct check_world *world, struct check_list *faults)
{
	const struct check_body *body = world->bodies.items;
	struct check_list users = { 0 };

	list_users(world, &users);
	const uint64_t *user = users.items, *end = user ? user + users.n : user;
	for (size_t i = 0; i < world->bodies.n; i++, body++) {
		unsigned refs = 0;
		for (; user < end && *user < body->id; user++)
			add_fault(faults,
			    (struct check_fault){ "a message has no body", 0, *user, 1, 0 });
		for (; user < end && *user == body->id; user++)
			refs++;
		if (refs != body->refs)
			add_fault(faults,
			    (struct check_fault){
				"users of a body", 0, body->id, body->refs, refs });
	}
	for (; user < end; user++)
		add_fault(faults, (struct check_fault){ "a message has no body", 0, *user, 1, 0 });
	check_list_done(&users);
}

void check_compare(struct check_world *world, struct check_list *faults)
{
	const struct check_fault *damaged = world->damaged.items;

	for (size_t i = 0; i < world->damaged.n; i++)
		add_fault(faults, damaged[i]);
	sort(&world->entries, sizeof(struct check_entry), by_entry);
	sort(&world->accounts, sizeof(uint64_t), by_id);
	compare_entries(world, faults);
	compare_summaries(world, faults);
	compare_bodies(world, faults);
}
