/* test_imap_order.c - base subjects (RFC 5256 §2.1) and conversations, hostile ones, too */
#include <stdlib.h>

#include "unit.h"

#include "protocols/imap/order.h"

static void test_subject(void **state)
{
	static const struct {
		const char *in, *want;
		bool reply;
	} cases[] = {
		{ "", "", false },
		{ " hello ", "HELLO", false },
		{ "Re: hello", "HELLO", true },
		{ "RE : hello", "HELLO", true },
		{ "re[2]: fw:  Fwd : hello", "HELLO", true },
		{ "[list] Re: [list] hello", "HELLO", true },
		{ "[list] hello", "HELLO", false },
		{ "[list]", "[LIST]", false },
		{ "[a][b]", "[B]", false },
		{ "Re: [list]", "[LIST]", true },
		{ "hello (fwd) (FWD)  ", "HELLO", true },
		{ "[fwd: hello]", "HELLO", true },
		{ "[Fwd: Re: [fwd: x (fwd)]]", "X", true },
		{ "[fwd:]", "", true },
		{ "[fwd:", "[FWD:", false },
		{ "(fwd)", "", true },
		{ "re:", "", true },
		{ "reply: x", "REPLY: X", false },
		{ "a\t \r\n b", "A B", false },
		{ "=?utf-8?q?Re:_gr=C3=BC=C3=9Fe?=", "GRüSSE", true },
		{ "[[[[[[[[", "[[[[[[[[", false },
	};
	struct pool pool = { 0 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		bool reply = imap_order_subject(&pool, slice_str(cases[i].in), &out);
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
		want_num(cases[i].in, reply, cases[i].reply);
	}
	buf_done(&out);
	pool_done(&pool);
}

static uint32_t same(void *arg, uint32_t seq)
{
	(void)arg;
	return seq;
}

static void show(struct imap_threads *threads, struct buf *out)
{
	buf_clear(out);
	while (imap_threads_put(threads, out, same, NULL))
		;
}

/* Each answers the one before: as deep as there are messages. */
static void test_deep(void **state)
{
	enum { N = 200000 };
	struct imap_threads *threads = imap_threads_new();
	struct buf out = { 0 };

	(void)state;
	for (uint32_t seq = 1; seq <= N; seq++) {
		uint64_t before = seq - 1;

		imap_threads_add(threads,
		    &(struct imap_thread_message){
			.seq = seq,
			.id = seq,
			.date = N - seq,
			.references = &before,
			.n_references = seq > 1,
		    });
	}
	imap_threads_build(threads, IMAP_THREAD_REFERENCES);
	show(threads, &out);
	assert_true(slice_starts(buf_slice(&out), SLICE("(1 2 3 4 5 ")));
	assert_int_equal(slice_chr(buf_slice(&out), ')'), out.n - 1);
	imap_threads_free(&threads);
	buf_done(&out);
}

/* Every message refers to all the others, in whatever order: no loop, and every
   one is there once. */
static void test_random(void **state)
{
	enum { N = 300, ROUNDS = 200 };
	uint64_t references[64];
	struct buf out = { 0 };
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct imap_threads *threads = imap_threads_new();
		size_t opened = 0, closed = 0, numbers = 0;

		for (uint32_t seq = 1; seq <= N; seq++) {
			struct imap_thread_message message = {
				.seq = seq,
				.id = (uint64_t)rand_r(&seed) % N,
				.date = rand_r(&seed) % 10,
				.subject = (uint64_t)rand_r(&seed) % 5,
				.reply = rand_r(&seed) & 1,
				.references = references,
				.n_references = (size_t)rand_r(&seed) % 8,
			};
			for (size_t i = 0; i < message.n_references; i++)
				references[i] = 1 + (uint64_t)rand_r(&seed) % (2 * N);
			imap_threads_add(threads, &message);
		}
		imap_threads_build(threads, (enum imap_thread_how)(round % 3));
		show(threads, &out);
		for (size_t i = 0; i < out.n; i++) {
			opened += out.p[i] == '(';
			closed += out.p[i] == ')';
			numbers += out.p[i] >= '0' && out.p[i] <= '9' &&
			    (out.p[i - 1] < '0' || out.p[i - 1] > '9');
		}
		assert_int_equal(opened, closed);
		assert_int_equal(numbers, N);
		imap_threads_free(&threads);
	}
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subject),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
