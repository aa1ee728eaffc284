/* import.c - store messages from elsewhere, many in a transaction */
#include "storage/import.h"

#include "core/digest.h"
#include "storage/acct_record.h"

enum { BATCH = 200, BATCH_BYTES = 8 << 20, SOURCE_MAX = 200 };

static const struct import_message *nth(const struct import *import, size_t i)
{
	return (const struct import_message *)(const void *)import->waiting.p + i;
}

static size_t count(const struct import *import)
{
	return import->waiting.n / sizeof(struct import_message);
}

static void forget_batch(struct import *import)
{
	buf_clear(&import->data);
	buf_clear(&import->waiting);
	pool_reset(&import->pool);
}

void import_done(struct import *import)
{
	import_end(import);
	buf_done(&import->mailbox);
	buf_done(&import->data);
	buf_done(&import->waiting);
	pool_done(&import->pool);
}

void import_source(struct buf *out, struct slice place, struct slice name)
{
	unsigned char digest[DIGEST_SIZE];

	digest_sha256(place, digest);
	buf_clear(out);
	buf_add(out, digest, 8);
	if (name.n > SOURCE_MAX - 8 - DIGEST_SIZE) { /* as good as its name */
		digest_sha256(name, digest);
		name = slice_of(digest, DIGEST_SIZE);
	}
	buf_adds(out, name);
}

int import_knows(struct import *import, struct slice source, struct err *err)
{
	struct buf value = { 0 };

	int found = acct_record_get(import->acct, IMPORT_ROOM, source, &value);
	buf_done(&value);
	if (found < 0)
		return err_set(err, ERR_TEMP, "the account cannot be read");
	import->known += (uint64_t)found;
	return found;
}

/* --- storing --- */

/* Line ends as mail has them (RFC 5322 §2.1), nothing else changed; a NUL, which
   no client could be sent, becomes a blank. */
static void add_text(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			buf_addc(out, '\r');
		buf_addc(out, text.p[i] ? text.p[i] : ' ');
	}
}

static int make_mailbox(struct import *import, struct err *err)
{
	if (box_create(import->acct, buf_slice(&import->mailbox), BOX_USE_NONE, err) == 0 ||
	    err->kind == ERR_EXISTS)
		return 0;
	return -1;
}

int import_flush(struct import *import, struct err *err)
{
	size_t n = count(import), at = 0;
	struct box_added added;

	if (n == 0)
		return 0;
	struct box_append *messages = pool_get(&import->pool, n * sizeof *messages);
	for (size_t i = 0; i < n; i++) {
		const struct import_message *it = nth(import, i);

		messages[i] = (struct box_append){
			.message = slice_of(import->data.p + at, it->data.n),
			.flags = it->flags,
			.keywords = it->keywords,
			.n_keywords = it->n_keywords,
			.internal_date = it->date,
			.source = it->source,
		};
		at += it->data.n;
	}
	if (make_mailbox(import, err) != 0 ||
	    box_append(import->acct, buf_slice(&import->mailbox), messages, n, &import->pool,
		&added, err) != 0)
		return -1;
	import->imported += n;
	forget_batch(import);
	return 0;
}

static void keep(struct import *import, const struct import_message *message)
{
	struct import_message copy = *message;
	size_t before = import->data.n;

	add_text(&import->data, message->data);
	copy.data = (struct slice){ NULL, import->data.n - before };
	copy.source = pool_slice(&import->pool, message->source);
	copy.keywords = pool_get(&import->pool, message->n_keywords * sizeof *copy.keywords);
	for (size_t i = 0; i < message->n_keywords; i++)
		copy.keywords[i] = pool_slice(&import->pool, message->keywords[i]);
	buf_add(&import->waiting, &copy, sizeof copy);
}

int import_add(struct import *import, struct slice mailbox, const struct import_message *message,
    struct err *err)
{
	bool full = count(import) >= BATCH || import->data.n + message->data.n > BATCH_BYTES;

	if ((full || !slice_eq(mailbox, buf_slice(&import->mailbox))) &&
	    import_flush(import, err) != 0)
		return -1;
	if (message->data.n == 0)
		return 0;
	if (count(import) == 0) {
		buf_clear(&import->mailbox);
		buf_adds(&import->mailbox, mailbox);
	}
	keep(import, message);
	return 0;
}

/* --- forgetting --- */

struct notes {
	struct pool pool;
	struct buf records; /* of struct acct_record */
};

static bool gather(void *arg, struct slice key, struct slice value)
{
	struct notes *notes = arg;
	struct acct_record record = { .key = pool_slice(&notes->pool, key) };

	(void)value;
	buf_add(&notes->records, &record, sizeof record);
	return notes->records.n < 1000 * sizeof record;
}

int import_forget(struct acct *acct, uint64_t *n, struct err *err)
{
	struct notes notes = { 0 };
	int rc = 0;

	*n = 0;
	do {
		buf_clear(&notes.records);
		pool_reset(&notes.pool);
		if (acct_record_each(acct, IMPORT_ROOM, SLICE(""), gather, &notes) < 0)
			rc = err_set(err, ERR_TEMP, "the account cannot be read");
		size_t found = notes.records.n / sizeof(struct acct_record);
		if (rc == 0 && found > 0)
			rc = acct_record_put(acct, IMPORT_ROOM,
			    (const struct acct_record *)(void *)notes.records.p, found, err);
		*n += rc == 0 ? found : 0;
	} while (rc == 0 && notes.records.n > 0);
	buf_done(&notes.records);
	pool_done(&notes.pool);
	return rc;
}
