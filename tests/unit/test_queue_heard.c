/* test_queue_heard.c - notes of what other servers said: over a kill, torn, of other mail, too many
 */
#include "tests/unit/queue_world.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/num.h"
#include "storage/queue_heard.h"
#include "storage/store_private.h"

enum { NOTE_BYTES = 256, NOTES = 4096 };

static struct buf said; /* of each, in the order of ids and recipients as they come */

static void take_said(const struct queue_heard *heard)
{
	buf_printf(&said, " %llu.%zu=%d:%.*s,%.*s,%.*s", (unsigned long long)heard->id, heard->n,
	    (int)heard->rcpt.state, SLICE_ARG(heard->rcpt.address), SLICE_ARG(heard->rcpt.host),
	    SLICE_ARG(heard->rcpt.reply));
}

static void start(void)
{
	buf_clear(&said);
	queue_heard_start(take_said);
}

/* The recipient has that outcome, which is noted and not stored. */
static unsigned note(uint64_t id, size_t n, enum queue_state state, const char *reply)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct queue_rcpt *rcpts = load(id, &pool, &entry);

	rcpts[n].state = state;
	rcpts[n].attempts = 3;
	rcpts[n].tried = 77;
	rcpts[n].host = SLICE("mx.test");
	rcpts[n].reply = text(reply);
	unsigned number = queue_heard_note(&entry, n);
	pool_done(&pool);
	return number;
}

/* As the next process would find it. */
static void kill_and_start(void)
{
	queue_heard_end();
	start();
}

static void want_said(const char *name, const char *want)
{
	want_text(name, buf_slice(&said), want);
}

static unsigned waiting(void)
{
	return world_count().queued;
}

/* Change bytes of the first note that is written down. */
static void damage(size_t at, size_t n)
{
	char *path = store_data_path("queue-heard");
	static unsigned char notes[NOTES][NOTE_BYTES];
	int fd = open(path, O_RDWR);
	size_t i = 0;

	assert_int_equal(pread(fd, notes, sizeof(notes), 0), sizeof(notes));
	while (i < NOTES - 1 && num_get32(notes[i]) == 0)
		i++;
	for (size_t j = at; j < at + n; j++)
		notes[i][j] ^= 0x40;
	assert_int_equal(pwrite(fd, notes[i], NOTE_BYTES, (off_t)(i * NOTE_BYTES)), NOTE_BYTES);
	close(fd);
	free(path);
}

static void lasts(void **state)
{
	struct pool pool = { 0 };
	struct queue_entry entry;

	(void)state;
	start();
	put(1, "a@one.test b@one.test c@one.test", 50);
	assert_true(note(1, 0, QUEUE_DELIVERED, "250 2.0.0 Taken") != 0);
	assert_true(note(1, 2, QUEUE_FAILED, "550 5.1.1 Nobody") != 0);
	assert_int_equal(note(1, 1, QUEUE_WAITING, "450 4.2.0 Later"), 0);
	kill_and_start();
	want_said("both",
	    " 1.0=1:a@one.test,mx.test,250 2.0.0 Taken 1.2=2:c@one.test,mx.test,550 5.1.1 Nobody");
	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	assert_int_equal(rcpts[0].state, QUEUE_DELIVERED);
	assert_int_equal(rcpts[0].attempts, 3);
	assert_int_equal(rcpts[0].tried, 77);
	assert_int_equal(rcpts[1].state, QUEUE_WAITING);
	assert_int_equal(rcpts[2].state, QUEUE_FAILED);
	want_text("host", rcpts[2].host, "mx.test");
	pool_done(&pool);
	kill_and_start();
	want_said("no more", "");
}

static void forgotten(void **state)
{
	(void)state;
	start();
	put(1, "a@one.test", 50);
	queue_heard_forget(note(1, 0, QUEUE_DELIVERED, "250 Taken"));
	kill_and_start();
	want_said("none", "");
	assert_int_equal(waiting(), 1);
}

/* What could not be stored is tried again before anything else is sent. */
static void kept(void **state)
{
	(void)state;
	start();
	put(1, "a@one.test", 50);
	queue_heard_keep(note(1, 0, QUEUE_DELIVERED, "250 Taken"));
	assert_int_equal(queue_heard_settle(NULL), 0);
	want_said("told", " 1.0=1:a@one.test,mx.test,250 Taken");
	assert_int_equal(waiting(), 0);
}

/* Of a torn one nothing is believed, wherever it is torn. */
static void torn(void **state)
{
	static const size_t at[] = { 0, 4, 8, 16, 24, 32, 48, 52, 200, 255 };

	(void)state;
	start();
	put(1, "a@one.test", 50);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		note(1, 0, QUEUE_DELIVERED, "250 Taken");
		queue_heard_end();
		damage(at[i], 1);
		start();
		want_said("torn", "");
		assert_int_equal(waiting(), 1);
	}
}

static void note_and_delete(void)
{
	struct err err;

	put(1, "a@one.test", 50);
	note(1, 0, QUEUE_DELIVERED, "250 Taken");
	assert_int_equal(queue_delete(1, &err), 0);
}

/* A number that comes again is of another message; a note that says so counts for nothing. */
static void of_other_mail(void **state)
{
	(void)state;
	start();
	note_and_delete();
	put(1, "a@one.test", 60); /* with another body */
	kill_and_start();
	want_said("not told", "");
	assert_int_equal(waiting(), 1);
}

static void of_what_is_gone(void **state)
{
	(void)state;
	start();
	note_and_delete();
	kill_and_start();
	want_said("told", " 1.0=1:,mx.test,250 Taken");
}

/* Without room there are no notes, and nothing else happens. Long words are cut. */
static void many(void **state)
{
	char reply[600];

	(void)state;
	memset(reply, 'x', sizeof(reply));
	reply[sizeof(reply) - 1] = '\0';
	start();
	put(1, "a@one.test", 50);
	for (unsigned i = 0; i < NOTES; i++)
		assert_true(note(1, 0, QUEUE_DELIVERED, reply) != 0);
	assert_int_equal(note(1, 0, QUEUE_DELIVERED, "250 Taken"), 0);
	queue_heard_forget(1);
	assert_int_equal(note(1, 0, QUEUE_DELIVERED, "250 Taken"), 1);
	kill_and_start();
	assert_int_equal(waiting(), 0);
}

/* Half a file, as a crash in the middle of making it could leave. */
static void short_file(void **state)
{
	char *path;

	(void)state;
	start();
	put(1, "a@one.test", 50);
	note(1, 0, QUEUE_DELIVERED, "250 Taken");
	queue_heard_end();
	path = store_data_path("queue-heard");
	assert_int_equal(truncate(path, 60), 0);
	free(path);
	start();
	want_said("none", "");
	assert_true(note(1, 0, QUEUE_DELIVERED, "250 Taken") != 0);
}

static int done(void **state)
{
	queue_heard_end();
	buf_done(&said);
	return world_teardown(state);
}

#define HEARD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HEARD_TEST(lasts),
		HEARD_TEST(forgotten),
		HEARD_TEST(kept),
		HEARD_TEST(torn),
		HEARD_TEST(of_other_mail),
		HEARD_TEST(of_what_is_gone),
		HEARD_TEST(many),
		HEARD_TEST(short_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
