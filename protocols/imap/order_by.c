/* order_by.c - what SORT sorts by: its criteria read, asked of a message, compared */
#include "protocols/imap/order.h"

static const struct imap_sort_key *find(struct slice name)
{
	for (size_t i = 0; i < imap_sort_key_table_n; i++)
		if (slice_ieq(name, slice_str(imap_sort_key_table[i]->name)))
			return imap_sort_key_table[i];
	return NULL;
}

bool imap_order_parse(struct slice *in, struct imap_order *out)
{
	if (!imap_take(in, '('))
		return false;
	do {
		struct imap_criterion *by = &out->by[out->n];
		struct slice name;

		if (out->n++ == IMAP_CRITERIA_MAX || !imap_word(in, &name))
			return false;
		by->reverse = slice_ieq(name, SLICE("REVERSE"));
		if (by->reverse && (!imap_take(in, ' ') || !imap_word(in, &name)))
			return false;
		by->key = find(name);
		if (!by->key)
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') && imap_take(in, ' ');
}

bool imap_order_has(const struct imap_order *order, const char *name)
{
	for (size_t i = 0; i < order->n; i++)
		if (slice_eq(slice_str(order->by[i].key->name), slice_str(name)))
			return true;
	return false;
}

static union imap_order_value read_value(struct imap_candidate *c, const struct imap_sort_key *key,
    struct pool *pool, struct buf *scratch)
{
	if (key->number)
		return (union imap_order_value){ .number = key->number(c) };
	buf_clear(scratch);
	key->text(c, scratch);
	return (union imap_order_value){ .text = pool_slice(pool, buf_slice(scratch)) };
}

void imap_order_read(const struct imap_order *order, struct imap_candidate *c, struct pool *pool,
    struct buf *scratch, union imap_order_value *out)
{
	for (size_t i = 0; i < order->n; i++)
		out[i] = read_value(c, order->by[i].key, pool, scratch);
}

static int compare_value(const struct imap_criterion *by, const union imap_order_value *a,
    const union imap_order_value *b)
{
	int way;

	if (by->key->text)
		way = slice_cmp(a->text, b->text);
	else
		way = (a->number > b->number) - (a->number < b->number);
	return by->reverse ? -way : way;
}

int imap_order_compare(const struct imap_order *order, const union imap_order_value *a,
    const union imap_order_value *b)
{
	for (size_t i = 0; i < order->n; i++) {
		int way = compare_value(&order->by[i], &a[i], &b[i]);

		if (way != 0)
			return way;
	}
	return 0;
}
