/* test_io_deflate.c - connections that compress in turns: each expands to what was written */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <zlib.h>

#include "core/io.h"

/* The layer below: keeps what is written, gives what it was given. */
struct end {
	struct io io;
	struct buf written, to_read;
	size_t flushed; /* bytes */
};

static ssize_t end_read(struct io *io, void *buf, size_t n)
{
	struct end *end = (struct end *)io;

	if (end->to_read.n == 0)
		return IO_AGAIN;
	n = n > 1 ? 1 : n; /* a byte at a time */
	memcpy(buf, end->to_read.p, n);
	buf_drop(&end->to_read, n);
	return (ssize_t)n;
}

static int end_write(struct io *io, struct slice data)
{
	buf_adds(&((struct end *)io)->written, data);
	return 0;
}

static int end_flush(struct io *io)
{
	((struct end *)io)->flushed = ((struct end *)io)->written.n;
	return 0;
}

static void end_free(struct io *io)
{
	buf_done(&((struct end *)io)->written);
	buf_done(&((struct end *)io)->to_read);
}

static const struct io_ops end_ops = { "end", end_read, end_write, end_flush, end_free };

struct peer {
	struct end end;
	struct io *top;
	z_stream in;
	struct buf said, heard;
};

static void peer_start(struct peer *peer)
{
	*peer = (struct peer){ .end.io.ops = &end_ops };
	peer->top = &peer->end.io;
	io_push(&peer->top, io_deflate_new());
	assert_int_equal(inflateInit2(&peer->in, -MAX_WBITS), Z_OK);
}

static void peer_stop(struct peer *peer)
{
	io_close(&peer->top);
	inflateEnd(&peer->in);
	buf_done(&peer->said);
	buf_done(&peer->heard);
}

static void say(struct peer *peer, struct slice data)
{
	buf_adds(&peer->said, data);
	assert_int_equal(io_write(peer->top, data), 0);
}

/* After a flush the peer has all that was said. */
static void flush_and_compare(struct peer *peer)
{
	assert_int_equal(io_flush(peer->top), 0);
	assert_int_equal(peer->end.flushed, peer->end.written.n);
	peer->in.next_in = (Bytef *)peer->end.written.p;
	peer->in.avail_in = (uInt)peer->end.written.n;
	while (peer->in.avail_in > 0) {
		peer->in.next_out = (Bytef *)buf_room(&peer->heard, 65536);
		peer->in.avail_out = 65536;
		int rc = inflate(&peer->in, Z_SYNC_FLUSH);
		assert_true(rc == Z_OK || (rc == Z_BUF_ERROR && peer->in.avail_in == 0));
		peer->heard.n += 65536 - peer->in.avail_out;
	}
	buf_clear(&peer->end.written);
	assert_int_equal(peer->heard.n, peer->said.n);
	assert_true(slice_eq(buf_slice(&peer->heard), buf_slice(&peer->said)));
}

static unsigned seed;

static unsigned some(unsigned below)
{
	seed = seed * 1103515245 + 12345;
	return seed / 65536 % below;
}

/* Text of few words, or bytes of any kind. */
static void invent(struct buf *out, size_t n)
{
	static const char *words[] = { "FETCH ", "(FLAGS ", "\\Seen", ") ", "\r\n", "* ", "UID " };

	buf_clear(out);
	bool text = some(3) > 0;
	while (out->n < n)
		if (text)
			buf_printf(out, "%s%u", words[some(COUNT(words))], some(100));
		else
			buf_addc(out, (char)some(256));
}

/* They share compressors: nothing of one may show in another's. */
static void in_turns(void **state)
{
	enum { PEERS = 12, TURNS = 600 };
	static struct peer peers[PEERS];
	struct buf data = { 0 };

	(void)state;
	seed = 1;
	for (size_t i = 0; i < PEERS; i++)
		peer_start(&peers[i]);
	for (int turn = 0; turn < TURNS; turn++) {
		struct peer *peer = &peers[some(PEERS)];
		invent(&data, some(10) ? some(3000) : some(60000));
		say(peer, buf_slice(&data));
		if (some(3))
			flush_and_compare(peer);
	}
	for (size_t i = 0; i < PEERS; i++) {
		flush_and_compare(&peers[i]);
		peer_stop(&peers[i]);
	}
	buf_done(&data);
}

static size_t length_of(struct slice text)
{
	struct peer peer;

	peer_start(&peer);
	say(&peer, text);
	assert_int_equal(io_flush(peer.top), 0);
	say(&peer, text);
	assert_int_equal(io_flush(peer.top), 0);
	size_t n = peer.end.written.n;
	assert_int_equal(io_flush(peer.top), 0); /* nothing new */
	assert_int_equal(peer.end.written.n, n);
	peer_stop(&peer);
	return n;
}

/* What was said before makes it smaller, and nothing makes it much larger. */
static void it_compresses(void **state)
{
	struct buf data = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_printf(&data, "* %d FETCH (UID %d FLAGS (\\Seen))\r\n", i, i * 7);
	assert_true(length_of(buf_slice(&data)) < data.n * 2 / 4);
	assert_true(length_of(SLICE("* 12 FETCH (UID 7843 FLAGS (\\Seen $Forwarded))\r\n")) < 80);
	buf_clear(&data);
	for (int i = 0; i < 100000; i++)
		buf_addc(&data, (char)some(256));
	assert_true(length_of(buf_slice(&data)) < data.n * 2 + data.n / 20);
	buf_done(&data);
}

static void it_expands(void **state)
{
	static const unsigned char hello[] = { 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00 };
	struct peer peer;
	char text[16];
	size_t n = 0;
	ssize_t got;

	(void)state;
	peer_start(&peer);
	buf_add(&peer.end.to_read, hello, sizeof(hello));
	while ((got = io_read(peer.top, text + n, sizeof(text) - n)) > 0)
		n += (size_t)got;
	assert_int_equal(got, IO_END);
	assert_true(slice_eq(slice_of(text, n), SLICE("Hello")));
	peer_stop(&peer);
	peer_start(&peer);
	buf_add(&peer.end.to_read, "\xff\xff\xff", 3);
	assert_int_equal(io_read(peer.top, text, sizeof(text)), IO_FAIL);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_turns),
		cmocka_unit_test(it_compresses),
		cmocka_unit_test(it_expands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
