/* cmd_bdat.c - BDAT (RFC 3030): message text in chunks of known size
 *
 * Nothing in a chunk is a command, so nothing can be smuggled through its end;
 * but a CR or LF that stands alone is refused all the same, as behind DATA,
 * since the next server may read lines. Octets that were announced are read
 * also when they will not be taken: what follows them is the next command. */
#include "core/num.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

static void word(struct smtp *smtp, struct buf *out)
{
	(void)smtp;
	buf_addz(out, "CHUNKING");
}

SMTP_EXTENSION(chunking) = { .word = word };

/* --- the octets --- */

enum frame smtp_chunk_frame(struct smtp *smtp, struct slice in, size_t *used)
{
	struct smtp_text *t = &smtp->text;
	struct slice piece = slice_head(in, t->chunk < in.n ? (size_t)t->chunk : in.n);

	*used = piece.n;
	t->chunk -= piece.n;
	if (t->unwanted) {
		t->size += piece.n;
	} else {
		smtp_text_look_for_bare(t, piece);
		smtp_text_keep(smtp, piece);
	}
	if (t->chunk == 0)
		smtp->mode = SMTP_CHUNK_END;
	return t->chunk == 0 || t->spill || smtp_text_drips(smtp) ? FRAME_WORK : FRAME_MORE;
}

static enum sess_next too_large(struct smtp *smtp)
{
	smtp_refuse(smtp, "552 5.3.4 Message too large", smtp->mail->reverse_path);
	smtp_mail_end(smtp);
	smtp->phase = SMTP_READY;
	return SESS_NEXT;
}

enum sess_next smtp_chunk_end(struct smtp *smtp)
{
	struct smtp_text *t = &smtp->text;

	smtp->mode = SMTP_COMMANDS;
	if (t->unwanted)
		return smtp_fault(smtp, "503 5.5.1 Nobody takes this chunk");
	if (t->spill) {
		enum sess_next next = smtp_text_run(smtp);
		if (next != SESS_NEXT)
			return next;
	}
	t->bare |= t->cr && t->last;
	if (t->last)
		return smtp_accept(smtp);
	if (t->size > t->max)
		return too_large(smtp);
	return smtp_reply(smtp, "250 2.0.0 Go on");
}

/* --- the command --- */

/* chunk-size [SP "LAST"] */
static bool parse(struct slice args, uint64_t *size, bool *last)
{
	struct slice number = slice_word(&args), end = slice_word(&args);

	*last = slice_ieq(end, SLICE("LAST"));
	return num_u64(number, UINT64_MAX, size) && (*last || end.n == 0) &&
	    slice_trim(args).n == 0;
}

/* Where the next command stands is not known when the size is not. */
static enum sess_next give_up(struct smtp *smtp, const char *reply)
{
	smtp_fault(smtp, reply);
	return SESS_CLOSE;
}

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	uint64_t size, max = (uint64_t)smtp_num(smtp, &conf_key_smtp_max_size);
	bool last;

	if (!parse(args, &size, &last))
		return give_up(smtp, "501 5.5.4 BDAT takes a size, and LAST");
	if (size > 2 * max)
		return give_up(smtp, "552 5.3.4 Far too large a chunk");
	bool unwanted = smtp->phase != SMTP_RCPT;
	if (unwanted)
		smtp_text_expect(smtp, true);
	else if (!smtp->mail->text)
		smtp_text_begin(smtp);
	smtp->text.chunk = size;
	smtp->text.last = last;
	smtp->mode = SMTP_CHUNK;
	return size == 0 ? smtp_chunk_end(smtp) : SESS_NEXT;
}

SMTP_COMMAND(bdat) = { .name = "BDAT",
	.phases = SMTP_ANY,
	.help = "BDAT size [LAST]: so many bytes of the message follow at once",
	.run = run };
