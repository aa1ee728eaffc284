/* box_view.h - private to box_view*.c: the view of a mailbox that its sessions share */
#ifndef STORAGE_BOX_VIEW_H
#define STORAGE_BOX_VIEW_H

#include <pthread.h>

#include "storage/box_private.h"

enum box_view_state { BOX_VIEW_LOADING, BOX_VIEW_READY, BOX_VIEW_FAILED };

/* A change that came while the view was being loaded. */
struct box_pending {
	struct box_change change;
	struct box_pending *next;
};

struct box_view {
	struct shard *shard;
	uint64_t account;
	uint32_t box;

	/* Of the registry, under its lock. */
	struct box_view *next; /* in its bucket */
	char *name;	       /* folded; by which it was found, or NULL */
	uint64_t name_epoch;
	struct box_view *next_named;
	bool listed;
	unsigned users;
	struct box_view *older, *newer; /* while nobody uses it */
	uint32_t idle_entries;
	uint64_t idle_since;

	/* Under its own lock, which is taken behind the registry's. */
	pthread_mutex_t lock;
	pthread_cond_t loaded;
	enum box_view_state state;
	struct err why; /* it failed */
	uint32_t uidvalidity;
	struct box_snap *snap;
	struct box_pending *pending, **pending_end;
	struct box_watch *watches;
};

/* The view of a mailbox, new when *fresh: then the caller must load it. */
struct box_view *box_view_get(struct shard *shard, uint64_t account, uint32_t box, bool *fresh);
void box_view_release(struct box_view *view);
/* One more user, of a view that the caller uses. */
void box_view_use(struct box_view *view);

/* The view that was named so and is loaded, or NULL. Waits for nothing. */
struct box_view *box_view_named(const struct shard *shard, uint64_t account, struct slice name);
/* Mailboxes were renamed: no view has its name any more. */
void box_view_renamed(void);
/* Name it, which is loaded, unless there was a renaming since that epoch. */
uint64_t box_view_epoch(void);
void box_view_name(struct box_view *view, struct slice name, uint64_t epoch);
/* So that nobody finds it again. */
void box_view_unlist(struct box_view *view);

/* Read it from the database; wakes those that wait. */
void box_view_load(struct box_view *view);

/* With its lock held: bring it up to date, or note the change while it is
   loaded, and tell those that watch. */
void box_view_change(struct box_view *view, const struct box_change *change);

#endif
