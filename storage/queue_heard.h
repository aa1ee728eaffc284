/* queue_heard.h - what other servers said of mail, over a kill, until it is durable
 *
 * Between the other server's 250 and the end of our transaction is a flush of the disk. Who is
 * killed there would send once more what was taken. So the answer is first written down in a file
 * that is mapped into memory, DATA/queue-heard: those are stores without a system call, and the
 * kernel keeps them whatever happens to the process. The next start makes them durable before it
 * sends anything.
 *
 * After a power loss the file is as old as it likes. That does no harm: a note is about one
 * recipient of one message, which it names by three things; it was true when it was written and
 * cannot become false, and a torn one fails its checksum. When there is no room for a note, or no
 * such file, mail is sent as if there were none. Any thread but a loop's. */
#ifndef STORAGE_QUEUE_HEARD_H
#define STORAGE_QUEUE_HEARD_H

#include "storage/queue.h"

/* What a note says. */
struct queue_heard {
	uint64_t id;		/* the entry's */
	size_t n;		/* which recipient */
	struct queue_rcpt rcpt; /* his state; no address when the entry is gone by now */
	struct slice from;
	int64_t queued;
};

/* When the store is open and nothing is sent yet: read what the last run left, and make it durable
   (queue_heard_settle). told is called for each, also for what was durable, but perhaps not
   logged; valid during the call. Without the file there are no notes; that is logged. */
void queue_heard_start(void (*told)(const struct queue_heard *said));
void queue_heard_end(void); /* nobody sends any more */

/* The entry's nth recipient has an outcome, QUEUE_DELIVERED or QUEUE_FAILED, of this attempt.
   Waits for nothing. The number of the note, or 0: there is no room, or no need. */
unsigned queue_heard_note(const struct queue_entry *entry, size_t n);
/* It is durable and logged by now. 0 is fine. */
void queue_heard_forget(unsigned note);
/* It could not be made durable: it stays for queue_heard_settle. 0 is fine. */
void queue_heard_keep(unsigned note);

/* Make durable what was kept. 0: nothing is left; -1: it cannot be now, and nothing should be
   sent until it can. */
int queue_heard_settle(struct err *err);

#endif
