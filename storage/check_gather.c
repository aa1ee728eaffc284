/* check_gather.c - read all records of a shard into lists */
#include <stdlib.h>

#include "core/log.h"
#include "storage/body_store.h"
#include "storage/check.h"
#include "storage/dir.h"
#include "storage/summary.h"

void *check_add(struct check_list *list, size_t size)
{
	if (list->n == list->room) {
		list->room = list->room ? list->room * 2 : 64;
		list->items = mem_resize(list->items, list->room * size);
	}
	void *item = (char *)list->items + list->n++ * size;
	memset(item, 0, size);
	return item;
}

void check_list_done(struct check_list *list)
{
	free(list->items);
	*list = (struct check_list){ 0 };
}

static void add_id(struct check_list *list, uint64_t id)
{
	uint64_t *item = check_add(list, sizeof(*item));

	*item = id;
}

static bool see_mailbox(void *arg, uint64_t account, uint32_t box)
{
	struct check_world *world = arg;

	(void)account;
	(void)box;
	world->mailboxes++;
	return true;
}

static bool see_entry(void *arg, uint64_t account, uint32_t box, uint32_t uid, uint64_t message)
{
	struct check_world *world = arg;
	struct check_entry *entry = check_add(&world->entries, sizeof(*entry));

	(void)box;
	(void)uid;
	*entry = (struct check_entry){ account, message };
	return true;
}

static bool see_message(
    void *arg, uint64_t account, uint64_t id, unsigned users, struct slice record)
{
	struct check_world *world = arg;
	struct check_message *message = check_add(&world->messages, sizeof(*message));
	struct summary summary = { 0 };

	*message = (struct check_message){ .account = account, .message = id, .users = users };
	message->readable = summary_read(record, NULL, &summary);
	message->body = summary.body;
	message->size = summary.size;
	return true;
}

static bool see_damaged(void *arg, const char *tree, struct slice key)
{
	struct check_world *world = arg;
	struct check_fault *fault = check_add(&world->damaged, sizeof(*fault));

	log_event(LOG_ERROR, "record-damaged", log_z("tree", tree), log_s("key", key));
	fault->what = "a record is damaged";
	fault->id = world->damaged.n;
	return true;
}

static bool see_queued(void *arg, uint64_t id, uint64_t body)
{
	struct check_world *world = arg;

	(void)id;
	add_id(&world->queued, body);
	return true;
}

static bool see_body(void *arg, uint64_t id, unsigned refs, const struct body_place *place)
{
	struct check_world *world = arg;
	struct check_body *body = check_add(&world->bodies, sizeof(*body));

	(void)place;
	*body = (struct check_body){ id, refs };
	return true;
}

static bool see_account(void *arg, const struct dir_account *account)
{
	struct check_world *world = arg;

	add_id(&world->accounts, account->id);
	return true;
}

int check_gather(struct shard *shard, struct check_world *world)
{
	const struct shard_walk walk = { .mailbox = see_mailbox,
		.entry = see_entry,
		.message = see_message,
		.damaged = see_damaged,
		.arg = world };

	if (dir_accounts((struct slice){ 0 }, see_account, world) < 0 ||
	    shard_walk(shard, &walk) < 0)
		return -1;
	if (shard->id == 0 && shard_walk_queue(shard, see_queued, world) < 0)
		return -1;
	return body_store_each(shard->bodies, see_body, world);
}

void check_world_done(struct check_world *world)
{
	check_list_done(&world->entries);
	check_list_done(&world->messages);
	check_list_done(&world->bodies);
	check_list_done(&world->queued);
	check_list_done(&world->accounts);
	check_list_done(&world->damaged);
}
