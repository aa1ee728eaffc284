/* find_pieces.c - the pieces of an index added to, merged, purged */
#include "storage/find_pieces.h"

#include <stdlib.h>

#include "storage/box_private.h"
#include "storage/find_merge.h"

/* In place of the pieces from `from` to before `to` this one, or none. */
static void replace(struct find_index **index, size_t from, size_t to, struct find_piece *piece)
{
	struct find_index *old = *index;
	struct find_piece **pieces = mem_get((old->n + 2) * sizeof(*pieces));
	size_t n = 0;

	for (size_t i = 0; i < from; i++)
		pieces[n++] = old->pieces[i];
	if (piece)
		pieces[n++] = piece;
	for (size_t i = to; i < old->n; i++)
		pieces[n++] = old->pieces[i];
	*index = find_index_with(old, pieces, n);
	(*index)->changed = true;
	find_index_free(&old);
	free(pieces);
}

int find_pieces_add(struct find_index **index, const struct find_write *write, struct err *err)
{
	struct find_piece *piece = find_index_write(*index, write, err);

	if (!piece)
		return -1;
	replace(index, (*index)->n, (*index)->n, piece);
	find_piece_free(&piece);
	return 0;
}

/* --- merging --- */

static bool is_there(void *arg, uint64_t id)
{
	const struct find_index *index = arg;
	struct box_key key = box_message_key(index->account, id);
	struct buf value = { 0 };
	int found = kv_get(index->shard->message, NULL, box_key_slice(&key), &value);

	buf_done(&value);
	return found != 0;
}

/* What is there of those pieces becomes one. */
static int merge(struct find_index **index, size_t from, size_t to, struct err *err)
{
	struct find_index *it = *index;
	struct find_piece *piece = NULL;
	struct find_write write;
	int rc = 0;

	if (find_merge(it->pieces + from, to - from, is_there, it, &write) < 0)
		rc = err_set(err, ERR_TEMP, "the search index is damaged");
	else if (write.n > 0 && !(piece = find_index_write(it, &write, err)))
		rc = -1;
	find_write_done(&write);
	if (rc == 0)
		replace(index, from, to, piece);
	find_piece_free(&piece);
	return rc;
}

int find_pieces_merge(struct find_index **index, struct err *err)
{
	size_t n = (*index)->n, from = find_merge_from((*index)->pieces, n);

	return from < n ? merge(index, from, n, err) : 0;
}

/* --- purging --- */

/* A message that lies in several mailboxes is counted for each of them. */
static bool is_stale(const struct find_index *index)
{
	struct acct acct = { index->shard, index->account };
	struct acct_usage usage;

	return acct_usage(&acct, &usage) == 0 &&
	    find_index_messages(index) > usage.messages + usage.messages / 4;
}

/* One by one, so that memory does not grow with the account. */
int find_pieces_purge(struct find_index **index, struct err *err)
{
	int rc = 0;

	if (!is_stale(*index))
		return 0;
	for (size_t i = (*index)->n; i > 0 && rc == 0; i--)
		rc = merge(index, i - 1, i, err);
	return rc;
}
