/* frame.c - gather a command: its lines, and the literals between them
 *
 * Clients do not wait before they send a literal, so one that is too large is
 * passed over and the command is answered then; a stranger's, or one without
 * measure, ends the session. */
#include "core/num.h"
#include "protocols/managesieve/managesieve.h"

enum {
	STRANGERS_TEXT = 32 * 1024, /* what AUTHENTICATE sends may be long */
	NAMES_TEXT = 8 * 1024,	    /* beside a script */
	SKIPPED_LITERAL = 64 << 20,
};

static uint64_t text_limit(const struct msieve *ms)
{
	return ms->state == MSIEVE_STRANGER ? STRANGERS_TEXT : NAMES_TEXT + sieve_script_max();
}

const struct msieve_command *msieve_find_command(struct slice name)
{
	for (size_t i = 0; i < msieve_command_table_n; i++)
		if (slice_ieq(name, slice_str(msieve_command_table[i]->name)))
			return msieve_command_table[i];
	return NULL;
}

static enum frame complete(const struct msieve *ms)
{
	struct slice text = buf_slice(&ms->text);
	const struct msieve_command *command = msieve_find_command(msieve_word(&text));

	if (ms->answer && !ms->too_large)
		return FRAME_WORK;
	return !command || command->instant ? FRAME_INSTANT : FRAME_WORK;
}

/* --- literals --- */

/* "{n+}" at the end of a line; a number without measure is the largest. */
static bool ends_in_literal(struct slice line, uint64_t *n)
{
	ptrdiff_t open = slice_rchr(line, '{');

	if (open < 0 || !slice_iends(line, SLICE("+}\r\n")))
		return false;
	struct slice digits = slice_of(line.p + open + 1, line.n - (size_t)open - 5);
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
	if (!num_u64(digits, UINT64_MAX, n))
		*n = UINT64_MAX;
	return digits.n > 0;
}

static enum frame begin_literal(struct msieve *ms, uint64_t n)
{
	if (ms->text.n + n > text_limit(ms) || n > SKIPPED_LITERAL) {
		ms->too_large = true;
		ms->hopeless = ms->state == MSIEVE_STRANGER || n > SKIPPED_LITERAL;
	}
	ms->want = n;
	return ms->hopeless ? FRAME_INSTANT : FRAME_MORE;
}

static enum frame take_literal(struct msieve *ms, struct slice in, size_t *used)
{
	struct slice part = slice_head(in, ms->want < in.n ? (size_t)ms->want : in.n);

	if (!ms->too_large)
		buf_adds(&ms->text, part);
	ms->want -= part.n;
	*used = part.n;
	return FRAME_MORE;
}

/* --- lines --- */

enum frame msieve_gather(struct msieve *ms, struct slice in, size_t *used)
{
	uint64_t literal;

	if (ms->want > 0)
		return take_literal(ms, in, used);
	ptrdiff_t lf = slice_chr(in, '\n');
	if (lf < 0) {
		*used = ms->skipping ? in.n : 0;
		return FRAME_MORE;
	}
	struct slice line = slice_head(in, (size_t)lf + 1);
	*used = line.n;
	if (ms->skipping) {
		ms->skipping = false;
		return FRAME_MORE;
	}
	if (ms->text.n + line.n > text_limit(ms))
		ms->too_large = true;
	if (!ms->too_large)
		buf_adds(&ms->text, line);
	return ends_in_literal(line, &literal) ? begin_literal(ms, literal) : complete(ms);
}
