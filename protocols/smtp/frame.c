/* frame.c - what has come, cut into lines, each with the command that it names */
#include "core/loop.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

static enum frame frame_instantly(struct smtp *smtp, const struct smtp_command *command)
{
	smtp->command = command && smtp_knows(smtp, command) ? command : NULL;
	return smtp->command && !command->instant ? FRAME_WORK : FRAME_INSTANT;
}

static const struct smtp_command *find_command(struct slice verb)
{
	for (size_t i = 0; i < smtp_command_table_n; i++)
		if (slice_ieq(verb, slice_str(smtp_command_table[i]->name)))
			return smtp_command_table[i];
	return NULL;
}

/* A line has as long as silence has: else a byte now and then would hold a session for
   ever. */
static enum frame await_line_end(struct smtp *smtp, struct slice in, size_t *used)
{
	uint64_t now = loop_now();

	if (smtp->line_began == 0)
		smtp->line_began = now;
	bool slow = now - smtp->line_began > (uint64_t)smtp_num(smtp, &conf_key_smtp_timeout);
	if (slow)
		smtp->mode = SMTP_DRIPPING;
	*used = slow || smtp->skipping ? in.n : 0;
	return slow ? FRAME_INSTANT : FRAME_MORE;
}

/* One line, which ends in CRLF: a bare LF is no line end (RFC 5321 §2.3.8), and
   run() will say so. */
static enum frame frame_line(struct smtp *smtp, struct slice in, size_t *used)
{
	ptrdiff_t lf = slice_chr(in, '\n');

	if (lf < 0)
		return await_line_end(smtp, in, used);
	smtp->line_began = 0;
	*used = (size_t)lf + 1;
	if (smtp->skipping) {
		smtp->skipping = false;
		return FRAME_MORE;
	}
	if (smtp->mode == SMTP_AUTH_LINE || slice_istarts(in, SLICE("AUTH")))
		sess_cmd_pool(smtp->sess)->wipe = true;
	smtp->args = pool_slice(sess_cmd_pool(smtp->sess), slice_head(in, *used));
	if (smtp->mode == SMTP_AUTH_LINE)
		return FRAME_WORK;

	struct slice line = slice_trim(smtp->args);
	ptrdiff_t blank = slice_chr(line, ' ');
	return frame_instantly(
	    smtp, find_command(blank < 0 ? line : slice_head(line, (size_t)blank)));
}

enum frame smtp_frame(struct sess *s, struct slice in, size_t *used)
{
	struct smtp *smtp = sess_state(s);

	if (smtp->mode == SMTP_TEXT)
		return smtp_text_frame(smtp, in, used);
	if (smtp->mode == SMTP_CHUNK)
		return smtp_chunk_frame(smtp, in, used);
	return frame_line(smtp, in, used);
}
