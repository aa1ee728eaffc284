/* queue_heard.c - what other servers said of mail, over a kill, until it is durable
 *
 * A note lies in one sector; its checksum is written last and cleared first, so what a kill leaves
 * is a whole note or none. */
#include "storage/queue_heard.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/crc.h"
#include "core/log.h"
#include "storage/queue_private.h"
#include "storage/store_private.h"

enum { NOTES = 4096, TEXT_BYTES = 204, LAYOUT = 1 };

/* In the order of this machine: the file never leaves it. */
struct note {
	_Atomic uint32_t sum; /* of what follows; 0: free */
	uint32_t n;
	uint64_t id, body;
	int64_t tried;
	uint32_t address; /* checksum of the recipient's */
	uint32_t attempts;
	uint64_t unused;
	uint8_t state, owed, host_n, reply_n;
	char text[TEXT_BYTES]; /* host, reply */
};
_Static_assert(sizeof(struct note) == 256, "notes lie in sectors");

static struct heard {
	pthread_mutex_t lock; /* of the two lists */
	pthread_mutex_t settling;
	struct note *notes; /* NULL: there is no file */
	unsigned free[NOTES], n_free;
	unsigned kept[NOTES];
	_Atomic unsigned n_kept;
	void (*told)(const struct queue_heard *said);
} heard = { .lock = PTHREAD_MUTEX_INITIALIZER, .settling = PTHREAD_MUTEX_INITIALIZER };

static uint32_t checksum(struct slice s)
{
	return crc_add(LAYOUT, s);
}

static uint32_t sum_of(const struct note *note)
{
	uint32_t sum = checksum(slice_of(&note->n, sizeof(*note) - sizeof(note->sum)));

	return sum ? sum : 1;
}

/* --- lists of notes, by their numbers from 1 --- */

static unsigned take_free(void)
{
	pthread_mutex_lock(&heard.lock);
	unsigned number = heard.n_free > 0 ? heard.free[--heard.n_free] : 0;
	pthread_mutex_unlock(&heard.lock);
	return number;
}

void queue_heard_forget(unsigned number)
{
	if (number == 0)
		return;
	atomic_store(&heard.notes[number - 1].sum, 0);
	pthread_mutex_lock(&heard.lock);
	heard.free[heard.n_free++] = number;
	pthread_mutex_unlock(&heard.lock);
}

void queue_heard_keep(unsigned number)
{
	if (number == 0)
		return;
	pthread_mutex_lock(&heard.lock);
	heard.kept[heard.n_kept++] = number;
	pthread_mutex_unlock(&heard.lock);
}

/* Some of them, which are the caller's now. */
static size_t take_kept(unsigned *numbers, size_t most)
{
	size_t n = 0;

	pthread_mutex_lock(&heard.lock);
	while (heard.n_kept > 0 && n < most)
		numbers[n++] = heard.kept[--heard.n_kept];
	pthread_mutex_unlock(&heard.lock);
	return n;
}

/* --- writing one down --- */

static uint8_t put_text(struct note *note, size_t at, struct slice text)
{
	size_t n = TEXT_BYTES - at;

	n = text.n < n ? text.n : n;
	if (n > 0)
		memcpy(note->text + at, text.p, n);
	return (uint8_t)n;
}

unsigned queue_heard_note(const struct queue_entry *entry, size_t n)
{
	const struct queue_rcpt *rcpt = &entry->rcpts[n];
	unsigned number;

	if (rcpt->state == QUEUE_WAITING || (number = take_free()) == 0)
		return 0;
	struct note *note = &heard.notes[number - 1];
	note->n = (uint32_t)n;
	note->id = entry->id;
	note->body = entry->body;
	note->tried = rcpt->tried;
	note->address = checksum(rcpt->address);
	note->attempts = rcpt->attempts;
	note->state = (uint8_t)rcpt->state;
	note->owed = rcpt->owed;
	note->host_n = put_text(note, 0, slice_head(rcpt->host, TEXT_BYTES / 3));
	note->reply_n = put_text(note, note->host_n, rcpt->reply);
	atomic_store(&note->sum, sum_of(note));
	return number;
}

/* --- making notes durable, some in a transaction --- */

struct settling {
	struct kv_write w;
	unsigned numbers[QUEUE_ACT_MAX];
	struct queue_change changes[QUEUE_ACT_MAX];
	size_t n;
};

static bool is_about(const struct note *note, const struct queue_entry *entry)
{
	return note->n < entry->n_rcpts && note->id == entry->id && note->body == entry->body &&
	    note->address == checksum(entry->rcpts[note->n].address);
}

static void put_outcome(const struct note *note, struct queue_rcpt *rcpt)
{
	rcpt->state = (enum queue_state)note->state;
	rcpt->owed = note->owed;
	rcpt->attempts = note->attempts;
	rcpt->tried = note->tried;
	rcpt->next = 0;
	rcpt->host = slice_of(note->text, note->host_n);
	rcpt->reply = slice_of(note->text + note->host_n, note->reply_n);
}

static int edit_heard(struct queue_change *change, struct queue_entry *entry)
{
	const struct note *note = change->note;

	if (is_about(note, entry) && entry->rcpts[note->n].state == QUEUE_WAITING)
		put_outcome(note, (struct queue_rcpt *)&entry->rcpts[note->n]);
	return queue_is_left(entry);
}

static enum kv_result apply_settling(struct kv_write *w, struct kv_txn *txn)
{
	struct settling *all = (struct settling *)w;

	for (size_t i = 0; i < all->n; i++)
		if (queue_change_apply(&all->changes[i], txn) < 0)
			return KV_FAILED;
	return KV_DONE;
}

static void tell_settling(struct kv_write *w)
{
	const struct settling *all = (const struct settling *)w;

	for (size_t i = 0; i < all->n; i++)
		queue_change_tell(&all->changes[i]);
}

/* Also of an entry that is gone: who wrote the note was going to log it, but did not forget it. */
static void tell(const struct note *note, const struct queue_entry *entry)
{
	struct queue_heard said = { .id = note->id, .n = note->n };

	if (entry->id != 0 && !is_about(note, entry))
		return;
	if (entry->id != 0) {
		said.rcpt = entry->rcpts[note->n];
		said.from = entry->reverse_path;
		said.queued = entry->queued;
	}
	put_outcome(note, &said.rcpt);
	if (heard.told)
		heard.told(&said);
}

static void finish(struct settling *all, bool durable)
{
	for (size_t i = 0; i < all->n; i++) {
		struct queue_change *change = &all->changes[i];

		if (durable) {
			tell(change->note, &change->before);
			queue_heard_forget(all->numbers[i]);
		} else
			queue_heard_keep(all->numbers[i]);
		pool_done(&change->pool);
	}
}

static int settle_some(struct settling *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct note *note = &heard.notes[all->numbers[i] - 1];

		all->changes[i] =
		    (struct queue_change){ .id = note->id, .edit = edit_heard, .note = note };
	}
	all->w.apply = apply_settling;
	all->w.durable = tell_settling;
	bool durable = kv_write(queue_home()->env, &all->w) == KV_DONE;
	finish(all, durable);
	return durable ? 0 : -1;
}

int queue_heard_settle(struct err *err)
{
	struct settling *all;
	int rc = 0;

	if (heard.n_kept == 0)
		return 0;
	all = mem_get(sizeof(*all));
	pthread_mutex_lock(&heard.settling);
	while (rc == 0 && (all->n = take_kept(all->numbers, QUEUE_ACT_MAX)) > 0)
		rc = settle_some(all);
	pthread_mutex_unlock(&heard.settling);
	free(all);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "the queue cannot be written");
}

/* --- the file --- */

/* Its blocks are there from the beginning: a store into a hole of a full disk would be the end. */
static void *map_file(int fd, struct err *err)
{
	const size_t bytes = NOTES * sizeof(struct note);
	void *p = MAP_FAILED;
	int fault = posix_fallocate(fd, 0, (off_t)bytes);

	if (fault == 0)
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	else
		errno = fault;
	if (p != MAP_FAILED)
		return p;
	err_sys(err, "queue-heard");
	return NULL;
}

static void open_file(struct err *err)
{
	char *path = store_data_path("queue-heard");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		err_sys(err, "%s", path);
	else {
		heard.notes = map_file(fd, err);
		close(fd);
	}
	free(path);
}

static bool is_good(const struct note *note)
{
	return note->sum != 0 && note->sum == sum_of(note) &&
	    note->host_n + note->reply_n <= TEXT_BYTES &&
	    (note->state == QUEUE_DELIVERED || note->state == QUEUE_FAILED);
}

static void sort_notes(void)
{
	for (unsigned number = NOTES; number > 0; number--)
		if (is_good(&heard.notes[number - 1]))
			queue_heard_keep(number);
		else
			queue_heard_forget(number);
}

void queue_heard_start(void (*told)(const struct queue_heard *said))
{
	struct err err = { 0 };

	heard.told = told;
	open_file(&err);
	if (!heard.notes) {
		log_event(LOG_WARN, "relay-cannot-note", log_z("reason", err.text));
		return;
	}
	sort_notes();
	if (queue_heard_settle(&err) != 0)
		log_event(LOG_ERROR, "relay-cannot-save", log_z("reason", err.text));
}

void queue_heard_end(void)
{
	if (heard.notes)
		munmap(heard.notes, NOTES * sizeof(struct note));
	heard.notes = NULL;
	heard.n_free = 0;
	heard.n_kept = 0;
}
