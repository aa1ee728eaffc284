/* cmd_thread.c - THREAD (RFC 5256): conversations; how they are put together is in thread.c */
#include "core/hash.h"
#include "core/loop.h"
#include "core/msg.h"
#include "protocols/imap/order.h"

enum {
	REFERENCES_MAX = 64, /* the last ones of a message */
};

struct thread {
	struct imap_search search; /* first */
	uint32_t n_read;	   /* of the messages that were found */
	enum imap_thread_how how;
	struct imap_threads *threads;
	struct buf scratch;
};

/* --- reading --- */

/* The next "<id>" in a field, without blanks and quoting, so that the forms of
   one are equal (RFC 5256 §3, REFERENCES). 0: no more. */
static uint64_t next_id(struct slice *in, struct buf *scratch)
{
	ptrdiff_t open = slice_chr(*in, '<');
	ptrdiff_t close = open < 0 ? -1 : slice_chr(slice_from(*in, (size_t)open), '>');

	if (close < 0)
		return 0;
	struct slice id = slice_of(in->p + open + 1, (size_t)close - 1);
	*in = slice_from(*in, (size_t)(open + close) + 1);
	buf_clear(scratch);
	for (size_t i = 0; i < id.n; i++)
		if (!memchr(" \t\r\n\"\\", id.p[i], 6))
			buf_addc(scratch, id.p[i]);
	uint64_t hash = hash_bytes(buf_slice(scratch));
	return hash ? hash : 1;
}

/* References; when there are none, the first id of In-Reply-To. */
static size_t read_references(struct thread *t, uint64_t ids[REFERENCES_MAX])
{
	struct imap_candidate *c = &t->search.candidate;
	struct slice field = imap_order_field(c, SLICE("References"));
	uint64_t id;
	size_t n = 0;

	while ((id = next_id(&field, &t->scratch))) {
		if (n == REFERENCES_MAX)
			memmove(ids, ids + 1, --n * sizeof *ids);
		ids[n++] = id;
	}
	field = imap_order_field(c, SLICE("In-Reply-To"));
	if (n == 0 && (id = next_id(&field, &t->scratch)))
		ids[n++] = id;
	return n;
}

static void read_message(struct thread *t, uint32_t seq)
{
	struct imap_candidate *c = &t->search.candidate;
	struct imap_thread_message message = { .seq = seq };
	uint64_t ids[REFERENCES_MAX];

	imap_candidate_next(c, seq);
	message.date = imap_order_date(c);
	if (t->how != IMAP_THREAD_REFS) {
		buf_clear(&t->scratch);
		message.reply = imap_order_subject(
		    &c->pool, imap_order_field(c, SLICE("Subject")), &t->scratch);
		message.subject = t->scratch.n ? hash_bytes(buf_slice(&t->scratch)) | 1 : 0;
	}
	if (t->how != IMAP_THREAD_ORDEREDSUBJECT) {
		struct slice field = imap_order_field(c, SLICE("Message-ID"));

		message.id = next_id(&field, &t->scratch);
		message.n_references = read_references(t, ids);
		message.references = ids;
	}
	imap_threads_add(t->threads, &message);
}

/* --- the answer --- */

static uint32_t number(void *arg, uint32_t seq)
{
	return imap_number_of(arg, seq);
}

static enum imap_done put_threads(struct imap *im)
{
	struct thread *t = im->work;
	struct buf *out = sess_out(im->sess);

	while (!sess_full(im->sess)) {
		if (!imap_threads_put(t->threads, out, number, im)) {
			buf_addz(out, "\r\n");
			return imap_search_done(im);
		}
	}
	return IMAP_LATER;
}

static enum imap_done read_messages(struct imap *im)
{
	struct thread *t = im->work;
	uint64_t began = loop_now();
	uint32_t seq;

	while ((seq = imap_found_next(&t->search.walk))) {
		read_message(t, seq);
		t->n_read++;
		if (imap_turn_over(im, began, t->n_read, t->search.found.n))
			return IMAP_LATER;
	}
	imap_threads_build(t->threads, t->how);
	buf_addz(sess_out(im->sess), t->search.found.n > 0 ? "* THREAD " : "* THREAD");
	im->resume = put_threads;
	return put_threads(im);
}

static enum imap_done found(struct imap *im)
{
	struct thread *t = im->work;

	t->threads = imap_threads_new();
	t->search.walk = imap_found_from(&t->search.found, 0);
	im->resume = read_messages;
	return read_messages(im);
}

static void release(struct imap *im)
{
	struct thread *t = im->work;

	imap_threads_free(&t->threads);
	buf_done(&t->scratch);
}

/* --- the command --- */

static bool read_how(struct slice *in, enum imap_thread_how *how)
{
	static const char *const names[] = {
		[IMAP_THREAD_ORDEREDSUBJECT] = "ORDEREDSUBJECT",
		[IMAP_THREAD_REFERENCES] = "REFERENCES",
		[IMAP_THREAD_REFS] = "REFS",
	};
	struct slice word;

	if (!imap_word(in, &word) || !imap_take(in, ' '))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (slice_ieq(word, slice_str(names[i]))) {
			*how = (enum imap_thread_how)i;
			return true;
		}
	}
	return false;
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct thread *t = pool_get(sess_cmd_pool(im->sess), sizeof *t);

	t->search.query.pool = sess_cmd_pool(im->sess);
	t->search.whole = true;
	t->search.then = found;
	t->search.release = release;
	if (!read_how(&args, &t->how))
		return IMAP_BAD;
	if (!imap_query_parse_behind_charset(&t->search.query, &args))
		return imap_query_refused(im, &t->search.query);
	return imap_search_run(im, &t->search);
}

IMAP_COMMAND(thread) = {
	.name = "THREAD",
	.states = IMAP_SELECTED,
	.capability = "THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS",
	.ref = "RFC 5256",
	.uid = true,
	.by_number = true,
	.numbered = true,
	.run = run,
};
