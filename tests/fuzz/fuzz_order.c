/* fuzz_order.c - what SORT and THREAD make of messages: base subjects, conversations, their
 * arguments */
#include <stdint.h>
#include <stdlib.h>

#include "protocols/imap/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MESSAGES_MAX = 200, REFERENCES_MAX = 6 };

/* A subject is written in capitals and without blanks around it; what was put in front of
   it makes it a reply, and no other one. */
static void fuzz_subject(struct slice in)
{
	struct pool pool = { 0 };
	struct buf bare = { 0 }, again = { 0 }, reply = { 0 };

	imap_order_subject(&pool, in, &bare);
	buf_addz(&again, "Re: ");
	buf_adds(&again, in);
	bool is_reply = imap_order_subject(&pool, buf_slice(&again), &reply);
	if (slice_chr(in, '=') < 0 && (!is_reply || !slice_eq(buf_slice(&bare), buf_slice(&reply))))
		abort();
	buf_done(&bare);
	buf_done(&again);
	buf_done(&reply);
	pool_done(&pool);
}

/* --- conversations: each message is told once, and brackets close --- */

struct told {
	unsigned times[MESSAGES_MAX + 1];
};

static uint32_t number(void *arg, uint32_t seq)
{
	struct told *told = arg;

	if (seq == 0 || seq > MESSAGES_MAX)
		abort();
	told->times[seq]++;
	return seq;
}

static void check_brackets(struct slice text)
{
	int depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		depth += text.p[i] == '(';
		depth -= text.p[i] == ')';
		if (depth < 0 || (i > 0 && text.p[i] == ')' && text.p[i - 1] == '('))
			abort();
	}
	if (depth != 0)
		abort();
}

/* A message is five bytes and more: id, date, subject, how many references, these. */
static uint32_t add_messages(
    struct imap_threads *threads, const uint8_t *p, const uint8_t *end, enum imap_thread_how how)
{
	uint64_t references[REFERENCES_MAX];
	uint32_t seq = 0;

	while (end - p >= 4 + REFERENCES_MAX && seq < MESSAGES_MAX) {
		struct imap_thread_message message = { .seq = ++seq,
			.id = how == IMAP_THREAD_ORDEREDSUBJECT ? 0 : p[0] % 32,
			.date = p[1] % 16,
			.subject = p[2] % 8,
			.reply = p[2] & 8,
			.references = references,
			.n_references = p[3] % (REFERENCES_MAX + 1) };

		p += 4;
		for (size_t i = 0; i < message.n_references; i++)
			references[i] = 1 + *p++ % 31;
		if (how == IMAP_THREAD_ORDEREDSUBJECT) /* asks for none */
			message.n_references = 0;
		imap_threads_add(threads, &message);
	}
	return seq;
}

static void fuzz_threads(const uint8_t *data, size_t n, enum imap_thread_how how)
{
	struct imap_threads *threads = imap_threads_new();
	struct told told = { 0 };
	struct buf out = { 0 };
	uint32_t all = add_messages(threads, data, data + n, how);

	imap_threads_build(threads, how);
	while (imap_threads_put(threads, &out, number, &told))
		;
	for (uint32_t seq = 1; seq <= all; seq++)
		if (told.times[seq] != 1)
			abort();
	check_brackets(buf_slice(&out));
	buf_done(&out);
	imap_threads_free(&threads);
}

static void fuzz_arguments(struct slice in)
{
	struct imap_order order = { 0 };
	struct imap_returns returns = { 0 };
	struct slice rest = in;

	imap_order_parse(&rest, &order);
	rest = in;
	imap_returns_parse(&rest, &returns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of((const char *)data, n);

	fuzz_subject(in);
	fuzz_arguments(in);
	fuzz_threads(data, n, IMAP_THREAD_ORDEREDSUBJECT);
	fuzz_threads(data, n, IMAP_THREAD_REFERENCES);
	fuzz_threads(data, n, IMAP_THREAD_REFS);
	return 0;
}
