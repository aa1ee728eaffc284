/* send_text.c - the text of a message to another server: by DATA, or in chunks by BDAT
 *
 * The text comes in pieces, as it is kept or made into 7 bits, and leaves in pieces: of a
 * long message a few blocks are in memory. Behind BDAT nothing has to be searched for a dot,
 * and no text can look like its own end (RFC 3030). */
#include "core/loop.h"
#include "core/msg.h"
#include "protocols/relay/body.h"
#include "protocols/relay/send_private.h"
#include "storage/deliver.h"

CONF_KEY(relay_timeout_block) = {
	.name = "relay.timeout-block",
	.type = CONF_DURATION,
	.def = "3m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to read a block of 32 KB",
};

CONF_KEY(relay_timeout_text) = {
	.name = "relay.timeout-text",
	.type = CONF_DURATION,
	.def = "2h",
	.min = 100,
	.max = 86400000,
	.help = "how long another server may take to read a whole message",
};

CONF_KEY(relay_chunking) = {
	.name = "relay.chunking",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "on",
	.help = "send the text by BDAT to servers that offer CHUNKING (RFC 3030)",
};

enum {
	CHUNK_BYTES = 128 * 1024,
	SMALL_BYTES = 64 * 1024,
	SEVEN_TIMES = 4,		/* more than a text can grow when it is made into 7 bits */
	SIGNED_MOST = 16 * 1024 * 1024, /* of a text that is signed again */
	CHUNKS_AHEAD = 8, /* whose replies are still to come, where pipelining is known */
};

struct writer {
	struct sending *s;
	struct dots dots;
	struct buf text; /* that is to be written next */
	uint64_t end;	 /* of the time for all */
	bool whole;	 /* in one chunk */
	unsigned unanswered;
};

static bool reads_too_slowly(const struct writer *w)
{
	return loop_now() >= w->end;
}

/* In the time that is left for it. */
static int write_text(struct writer *w)
{
	struct talk *talk = w->s->talk;
	uint64_t block = (uint64_t)conf_num(&conf_key_relay_timeout_block), now = loop_now();

	if (reads_too_slowly(w))
		return err_set(&talk->err, ERR_TEMP, "the text is read too slowly");
	client_deadline(talk->client, w->end - now < block ? w->end - now : block);
	int rc = client_write(talk->client, buf_slice(&w->text), &talk->err);
	buf_clear(&w->text);
	return rc;
}

/* --- DATA --- */

static int take_dotted(void *arg, struct buf *piece)
{
	struct writer *w = arg;

	dots_add(&w->dots, buf_slice(piece), &w->text);
	buf_clear(piece);
	return write_text(w);
}

/* --- BDAT --- */

static int hear_chunk(struct writer *w)
{
	struct talk *talk = w->s->talk;

	w->unanswered--;
	if (talk_read(talk, &conf_key_relay_timeout_data) != 0)
		return -1;
	return talk->reply.code / 100 == 2 ? 0 : 1;
}

static unsigned most_unanswered(const struct writer *w)
{
	return w->s->talk->words & TALK_PIPELINING ? CHUNKS_AHEAD : 0;
}

static int put_chunk(struct writer *w, bool last)
{
	int rc = 0;

	if (talk_write(w->s->talk, "BDAT %zu%s", w->text.n, last ? " LAST" : "") != 0 ||
	    write_text(w) != 0)
		return -1;
	if (w->whole)
		return 0;
	w->unanswered++;
	while (rc == 0 && w->unanswered > (last ? 1 : most_unanswered(w)))
		rc = hear_chunk(w);
	return rc;
}

static int take_chunk(void *arg, struct buf *piece)
{
	struct writer *w = arg;

	dots_add(&w->dots, buf_slice(piece), &w->text);
	buf_clear(piece);
	return w->text.n < CHUNK_BYTES || w->whole ? 0 : put_chunk(w, false);
}

/* RFC 3030 2: all chunks behind one that was refused are, too. */
static void drain(struct writer *w)
{
	send_judge_all(w->s);
	while (w->unanswered > 0 && hear_chunk(w) >= 0)
		;
}

/* --- the text, in pieces --- */

static int unreadable(struct sending *s)
{
	return err_set(&s->talk->err, ERR_TEMP, "the message cannot be read");
}

static int read_as_it_is(struct sending *s, msg_take *take, void *arg, struct buf *piece)
{
	uint64_t from = s->from;
	ssize_t n;
	int rc = 0;

	while (rc == 0) {
		n = body_read(s->body, from, buf_room(piece, MSG_TAKE_BYTES), MSG_TAKE_BYTES);
		if (n <= 0)
			return n < 0 ? unreadable(s) : 0;
		piece->n = (size_t)n;
		from += (uint64_t)n;
		rc = take(arg, piece);
	}
	return rc;
}

static int keep_all(void *arg, struct buf *piece)
{
	(void)arg, (void)piece;
	return 0;
}

static int give(struct slice text, msg_take *take, void *arg, struct buf *piece)
{
	int rc = 0;

	for (; rc == 0 && text.n > 0; text = slice_from(text, slice_head(text, MSG_TAKE_BYTES).n)) {
		buf_adds(piece, slice_head(text, MSG_TAKE_BYTES));
		rc = take(arg, piece);
	}
	return rc;
}

/* What it was signed with when it came in fits this form no longer (RFC 6376 5.3): signed as it
   leaves, it is held in memory. */
static int sign_in_seven(struct slice whole, msg_take *take, void *arg, struct buf *piece)
{
	struct buf text = { 0 }, fields = { 0 };

	msg_make_seven(whole, &text, keep_all, NULL);
	deliver_sign_again(buf_slice(&text), &fields);
	int rc = give(buf_slice(&fields), take, arg, piece);
	if (rc == 0)
		rc = give(buf_slice(&text), take, arg, piece);
	buf_done(&fields);
	buf_done(&text);
	return rc;
}

static int read_in_seven(struct sending *s, msg_take *take, void *arg, struct buf *piece)
{
	struct slice whole;
	struct err err;

	if (body_map(s->body, &whole, &err) != 0)
		return unreadable(s);
	if (s->entry->vouched && whole.n <= SIGNED_MOST)
		return sign_in_seven(slice_from(whole, s->from), take, arg, piece);
	int rc = msg_make_seven(slice_from(whole, s->from), piece, take, arg);
	return rc == 0 ? take(arg, piece) : rc;
}

static int write_all(struct writer *w, msg_take *take)
{
	struct buf piece = { 0 };

	w->end = loop_now() + (uint64_t)conf_num(&conf_key_relay_timeout_text);
	int rc = w->s->seven ? read_in_seven(w->s, take, w, &piece)
			     : read_as_it_is(w->s, take, w, &piece);
	buf_done(&piece);
	if (rc == 0)
		dots_end(&w->dots, &w->text);
	return rc;
}

/* --- the three ways --- */

static int end_text(struct writer *w, int rc)
{
	struct talk *talk = w->s->talk;

	buf_done(&w->text);
	if (rc == 0)
		rc = client_flush(talk->client, &talk->err);
	if (rc < 0)
		talk->broken = true;
	return rc;
}

int send_dotted(struct sending *s)
{
	struct writer w = { .s = s };
	int rc = write_all(&w, take_dotted);

	if (rc == 0)
		rc = write_text(&w);
	return end_text(&w, rc);
}

int send_one_chunk(struct sending *s)
{
	struct writer w = { .s = s, .dots.none = true, .whole = true };
	int rc = write_all(&w, take_chunk);

	if (rc == 0)
		rc = put_chunk(&w, true);
	return end_text(&w, rc);
}

int send_chunks(struct sending *s)
{
	struct writer w = { .s = s, .dots.none = true };
	int rc = write_all(&w, take_chunk);

	if (rc == 0)
		rc = put_chunk(&w, true);
	if (rc > 0)
		drain(&w);
	return end_text(&w, rc);
}

bool send_by_chunks(const struct sending *s)
{
	return s->chunks && s->talk->words & TALK_CHUNKING;
}

bool send_is_small(const struct sending *s)
{
	uint64_t size = s->entry->size - s->from;

	return (s->seven ? size * SEVEN_TIMES : size) <= SMALL_BYTES;
}
