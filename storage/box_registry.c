/* box_registry.c - the views of mailboxes in use: found, shared, kept for a while, dropped
 *
 * A view that nobody uses any more stays for the next session, within a bound
 * of entries and of time, and is kept up to date meanwhile: that costs less
 * than to read it again. */
#include "storage/box_view.h"

#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/loop.h"
#include "storage/find.h"

CONF_KEY(storage_view_cache) = {
	.name = "storage.view-cache",
	.type = CONF_INT,
	.def = "1000000",
	.max = 1000000000,
	.help =
	    "messages in mailboxes that nobody has open but that are kept in memory, 48 bytes each",
};

CONF_KEY(storage_view_cache_age) = {
	.name = "storage.view-cache-age",
	.type = CONF_DURATION,
	.def = "10m",
	.max = 24 * 3600 * 1000,
	.help = "how long a mailbox that nobody has open is kept in memory",
};

enum { BUCKETS = 4096 };

static struct {
	pthread_mutex_t lock;
	struct box_view *buckets[BUCKETS];
	struct acct_watch *watches[BUCKETS];
	struct box_view *named[BUCKETS];  /* those that have a name, too */
	uint64_t epoch;			  /* counts renamings */
	struct box_view *oldest, *newest; /* of those that nobody uses */
	uint64_t idle_entries;
} views = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- the registry, under its lock --- */

static struct box_view **bucket_of(uint64_t account, uint32_t box)
{
	uint64_t h = (account * 0x9e3779b97f4a7c15u) ^ (box * 0xff51afd7ed558ccdu);

	return &views.buckets[(h >> 40) % BUCKETS];
}

static struct box_view *find(const struct shard *shard, uint64_t account, uint32_t box)
{
	struct box_view *view = *bucket_of(account, box);

	while (view && (view->account != account || view->box != box || view->shard != shard))
		view = view->next;
	return view;
}

static struct box_view **named_bucket_of(uint64_t account, struct slice name)
{
	return &views.named[(hash_bytes(name) ^ (account * 0x9e3779b97f4a7c15u)) % BUCKETS];
}

static void unname(struct box_view *view)
{
	if (!view->name)
		return;
	struct box_view **at = named_bucket_of(view->account, slice_str(view->name));
	while (*at != view)
		at = &(*at)->next_named;
	*at = view->next_named;
	free(view->name);
	view->name = NULL;
}

static void unlist(struct box_view *view)
{
	struct box_view **at = bucket_of(view->account, view->box);

	if (!view->listed)
		return;
	while (*at != view)
		at = &(*at)->next;
	*at = view->next;
	view->listed = false;
	unname(view);
}

static void idle_remove(struct box_view *view)
{
	*(view->older ? &view->older->newer : &views.oldest) = view->newer;
	*(view->newer ? &view->newer->older : &views.newest) = view->older;
	view->older = view->newer = NULL;
	views.idle_entries -= view->idle_entries;
	view->idle_entries = 0;
}

static void idle_count(struct box_view *view)
{
	uint32_t n = box_snap_count(view->snap);

	views.idle_entries += (uint64_t)n - view->idle_entries;
	view->idle_entries = n;
}

static void idle_add(struct box_view *view)
{
	view->older = views.newest;
	*(views.newest ? &views.newest->newer : &views.oldest) = view;
	views.newest = view;
	view->idle_since = now_ms();
	idle_count(view);
}

static void put_on(struct box_view **list, struct box_view *view)
{
	view->next = *list;
	*list = view;
}

/* Take those that are too many or too old off the list of idle ones. */
static void evict(struct box_view **drop)
{
	uint64_t most = (uint64_t)conf_num(&conf_key_storage_view_cache);
	uint64_t age = (uint64_t)conf_num(&conf_key_storage_view_cache_age);

	while (views.oldest &&
	    (views.idle_entries > most || now_ms() - views.oldest->idle_since > age)) {
		struct box_view *view = views.oldest;
		idle_remove(view);
		unlist(view);
		put_on(drop, view);
	}
}

/* --- making and freeing, without the lock --- */

static struct box_view *view_new(struct shard *shard, uint64_t account, uint32_t box)
{
	struct box_view *view = mem_get(sizeof(*view));

	view->shard = shard;
	view->account = account;
	view->box = box;
	view->pending_end = &view->pending;
	pthread_mutex_init(&view->lock, NULL);
	pthread_cond_init(&view->loaded, NULL);
	return view;
}

static void free_list(struct box_view *list)
{
	for (struct box_view *next; list; list = next) {
		next = list->next;
		box_snap_free(&list->snap);
		pthread_cond_destroy(&list->loaded);
		pthread_mutex_destroy(&list->lock);
		free(list);
	}
}

/* --- using --- */

struct box_view *box_view_get(struct shard *shard, uint64_t account, uint32_t box, bool *fresh)
{
	pthread_mutex_lock(&views.lock);
	struct box_view *view = find(shard, account, box);
	*fresh = view == NULL;
	if (!view) {
		view = view_new(shard, account, box);
		put_on(bucket_of(account, box), view);
		view->listed = true;
	} else if (view->users == 0) {
		idle_remove(view);
	}
	view->users++;
	pthread_mutex_unlock(&views.lock);
	return view;
}

uint64_t box_view_epoch(void)
{
	pthread_mutex_lock(&views.lock);
	uint64_t epoch = views.epoch;
	pthread_mutex_unlock(&views.lock);
	return epoch;
}

void box_view_renamed(void)
{
	pthread_mutex_lock(&views.lock);
	views.epoch++;
	pthread_mutex_unlock(&views.lock);
}

void box_view_name(struct box_view *view, struct slice name, uint64_t epoch)
{
	pthread_mutex_lock(&views.lock);
	if (view->listed && epoch == views.epoch && (!view->name || view->name_epoch != epoch)) {
		struct box_view **bucket = named_bucket_of(view->account, name);
		unname(view);
		view->name = mem_str(name);
		view->name_epoch = epoch;
		view->next_named = *bucket;
		*bucket = view;
	}
	pthread_mutex_unlock(&views.lock);
}

static bool is_named(
    const struct box_view *view, const struct shard *shard, uint64_t account, struct slice name)
{
	return view->account == account && view->shard == shard &&
	    view->name_epoch == views.epoch && slice_eq(slice_str(view->name), name);
}

struct box_view *box_view_named(const struct shard *shard, uint64_t account, struct slice name)
{
	pthread_mutex_lock(&views.lock);
	struct box_view *view = *named_bucket_of(account, name);
	while (view && !is_named(view, shard, account, name))
		view = view->next_named;
	if (view && view->users++ == 0)
		idle_remove(view);
	pthread_mutex_unlock(&views.lock);
	return view;
}

void box_view_use(struct box_view *view)
{
	pthread_mutex_lock(&views.lock);
	view->users++;
	pthread_mutex_unlock(&views.lock);
}

void box_view_release(struct box_view *view)
{
	struct box_view *drop = NULL;

	pthread_mutex_lock(&views.lock);
	if (--view->users == 0) {
		if (view->listed)
			idle_add(view);
		else
			put_on(&drop, view);
		evict(&drop);
	}
	pthread_mutex_unlock(&views.lock);
	free_list(drop);
}

void box_view_unlist(struct box_view *view)
{
	pthread_mutex_lock(&views.lock);
	unlist(view);
	pthread_mutex_unlock(&views.lock);
}

/* --- who watches an account --- */

static struct acct_watch **watches_of(uint64_t account)
{
	return &views.watches[account % BUCKETS];
}

void acct_watch(struct acct *acct, struct acct_watch *watch)
{
	struct acct_watch **bucket = watches_of(acct->id);

	watch->account = acct->id;
	watch->shard = acct->shard->id;
	pthread_mutex_lock(&views.lock);
	watch->next = *bucket;
	*bucket = watch;
	pthread_mutex_unlock(&views.lock);
}

void acct_unwatch(struct acct_watch *watch)
{
	pthread_mutex_lock(&views.lock);
	struct acct_watch **at = watches_of(watch->account);
	while (*at && *at != watch)
		at = &(*at)->next;
	if (*at)
		*at = watch->next;
	pthread_mutex_unlock(&views.lock);
}

/* With the lock held. */
static void tell_watches(const struct shard *shard, uint64_t account, uint32_t box)
{
	for (struct acct_watch *w = *watches_of(account); w; w = w->next)
		if (w->account == account && w->shard == shard->id)
			w->changed(w->arg, box);
}

void acct_names_changed(struct shard *shard, uint64_t account)
{
	pthread_mutex_lock(&views.lock);
	tell_watches(shard, account, 0);
	pthread_mutex_unlock(&views.lock);
}

void acct_watch_tell(
    struct acct *acct, const struct acct_watch *but, uint32_t box, struct slice note)
{
	pthread_mutex_lock(&views.lock);
	for (struct acct_watch *w = *watches_of(acct->id); w; w = w->next)
		if (w != but && w->account == acct->id && w->shard == acct->shard->id)
			w->noted(w->arg, box, note);
	pthread_mutex_unlock(&views.lock);
}

/* --- from durable() --- */

static void change_view(struct box_view *view, const struct box_change *change)
{
	pthread_mutex_lock(&view->lock);
	box_view_change(view, change);
	if (view->users == 0)
		idle_count(view);
	pthread_mutex_unlock(&view->lock);
}

/* Its mailbox is no more. */
static void end_view(struct box_view *view, const struct box_change *gone, struct box_view **drop)
{
	change_view(view, gone);
	unlist(view);
	if (view->users > 0)
		return;
	idle_remove(view);
	put_on(drop, view);
}

void box_view_apply(struct shard *shard, const struct box_change *change)
{
	struct box_view *drop = NULL;

	if (!change->any && !change->gone)
		return;
	loop_posts_hold(); /* many may be woken, and want the view's lock at once */
	pthread_mutex_lock(&views.lock);
	struct box_view *view = find(shard, change->account, change->box);
	if (view && change->gone)
		end_view(view, change, &drop);
	else if (view)
		change_view(view, change);
	tell_watches(shard, change->account, change->box);
	pthread_mutex_unlock(&views.lock);
	loop_posts_go();
	free_list(drop);
	if (change->messages || change->gone)
		find_mark(shard, change->account, change->gone || change->drop.n > 0);
}

/* Rare, so it looks at all of them. */
void box_view_account_gone(struct shard *shard, uint64_t account)
{
	struct box_change gone = { .account = account, .gone = true };

	for (size_t i = 0; i < BUCKETS; i++) {
		struct box_view *drop = NULL;
		pthread_mutex_lock(&views.lock);
		for (struct box_view *view = views.buckets[i], *next; view; view = next) {
			next = view->next;
			if (view->shard == shard && view->account == account)
				end_view(view, &gone, &drop);
		}
		pthread_mutex_unlock(&views.lock);
		free_list(drop);
	}
}

void shard_forget_views(struct shard *shard)
{
	struct box_view *drop = NULL;

	pthread_mutex_lock(&views.lock);
	for (struct box_view *view = views.oldest, *newer; view; view = newer) {
		newer = view->newer;
		if (view->shard != shard)
			continue;
		idle_remove(view);
		unlist(view);
		put_on(&drop, view);
	}
	pthread_mutex_unlock(&views.lock);
	free_list(drop);
}
