/* box_list.c - LIST: names in order, with the parents that do not exist
 *
 * The list is made first and visited then, so that a visitor may ask for more
 * (STATUS of each). */
#include "storage/box_private.h"

struct item {
	struct slice name;
	struct box_name rec;
	struct item *parent; /* NULL at the top */
	bool children;	     /* one that exists, at any depth */
	struct item *next;
};

struct list {
	struct pool pool;
	struct item *first, **end;
	struct item *last;
	struct buf name;
	bool damaged;
};

static struct item *add_item(struct list *list, struct slice name, struct item *parent)
{
	struct item *item = pool_get(&list->pool, sizeof(*item));

	item->name = slice_str(pool_str(&list->pool, name));
	item->parent = parent;
	*list->end = item;
	list->end = &item->next;
	list->last = item;
	return item;
}

/* The last item, or one above it, below which the name goes; NULL: none. The
   order of the keys makes it one of these. */
static struct item *nearest(const struct list *list, struct slice name)
{
	struct item *item = list->last;

	while (item && !box_name_below(name, item->name))
		item = item->parent;
	return item;
}

static struct item *add_with_parents(struct list *list, struct slice name)
{
	struct item *parent = nearest(list, name);

	for (size_t i = parent ? parent->name.n + 1 : 0; i < name.n; i++)
		if (name.p[i] == '/')
			parent = add_item(list, slice_head(name, i), parent);
	return add_item(list, name, parent);
}

static bool collect(void *arg, struct slice key, struct slice value)
{
	struct list *list = arg;
	struct box_name rec;

	if (!box_name_read(value, &rec)) {
		list->damaged = true;
		return false;
	}
	box_name_of_key(&list->name, key);
	struct item *item = add_with_parents(list, buf_slice(&list->name));
	item->rec = rec;
	for (item = item->parent; rec.box != 0 && item && !item->children; item = item->parent)
		item->children = true;
	return true;
}

static void visit_all(
    const struct list *list, bool (*visit)(void *arg, const struct box_info *info), void *arg)
{
	for (const struct item *item = list->first; item; item = item->next) {
		struct box_info info = {
			.name = item->name.p,
			.id = item->rec.box,
			.use = item->rec.use,
			.subscribed = item->rec.subscribed,
			.exists = item->rec.box != 0,
			.children = item->children,
		};
		/* The parents of a name that is only subscribed are nothing. */
		if (!info.exists && !info.subscribed && !info.children)
			continue;
		if (!visit(arg, &info))
			break;
	}
}

int box_list(struct acct *acct, bool (*visit)(void *arg, const struct box_info *info), void *arg)
{
	struct box_key prefix = box_kind_key(acct->id, 'n');
	struct list list = { .end = &list.first };
	struct box_name inbox;

	int rc = box_find(acct, SLICE("INBOX"), &inbox, NULL);
	if (rc == 0)
		rc = kv_each(acct->shard->box, NULL, box_key_slice(&prefix), (struct slice){ 0 },
		    collect, &list);
	if (list.damaged)
		rc = -1;
	if (rc == 0) {
		kv_settle(acct->shard->env);
		visit_all(&list, visit, arg);
	}
	pool_done(&list.pool);
	buf_done(&list.name);
	return rc;
}
