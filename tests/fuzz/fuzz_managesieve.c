/* fuzz_managesieve.c - what a hostile client sends, gathered and taken apart
 *
 * Input: bytes of a session. However they are cut into reads, the same commands
 * with the same arguments come out; and what is put as a string is read back. */
#include <stdint.h>
#include <stdlib.h>

#include "protocols/managesieve/managesieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void show_args(struct slice text, const char *types, struct buf *out)
{
	struct msieve_arg args[MSIEVE_ARGS_MAX];

	if (!msieve_args(text, types, args))
		return;
	for (size_t i = 0; types[i]; i++) {
		buf_printf(out, " %llu ", (unsigned long long)args[i].number);
		msieve_put_string(out, args[i].string);
	}
}

/* The command that was gathered, read as its row says. */
static void show(struct msieve *ms, struct buf *out)
{
	struct slice text = buf_slice(&ms->text);
	const struct msieve_command *command = msieve_find_command(msieve_word(&text));

	buf_printf(out, "%s %zu %d", command ? command->name : "?", ms->text.n, ms->too_large);
	if (command && !ms->too_large)
		show_args(text, command->args ? command->args : "", out);
	buf_addc(out, '\n');
	buf_clear(&ms->text);
	ms->too_large = false;
}

/* As core/sess.c does it, with reads of `piece` bytes. */
static void play(struct slice in, size_t piece, enum msieve_state state, struct buf *out)
{
	struct msieve ms = { .state = state };
	struct slice left = { in.p, 0 };

	while (!ms.hopeless) {
		size_t used = 0;
		enum frame frame = msieve_gather(&ms, left, &used);
		need(used <= left.n);
		left = slice_from(left, used);
		if (frame != FRAME_MORE) {
			show(&ms, out);
		} else if (used == 0) {
			size_t more = (size_t)(in.p + in.n - left.p) - left.n;
			if (more == 0)
				break;
			left.n += more < piece ? more : piece;
		}
	}
	buf_done(&ms.text);
}

static void put_and_take(struct slice string)
{
	struct buf line = { 0 };
	struct msieve_arg arg;

	buf_addc(&line, ' ');
	msieve_put_string(&line, string);
	buf_addz(&line, "\r\n");
	if (line.p[1] == '"')
		need(msieve_args(buf_slice(&line), "s", &arg) && slice_eq(arg.string, string));
	buf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	enum msieve_state state = data[0] % 2 ? MSIEVE_KNOWN : MSIEVE_STRANGER;
	struct slice in = slice_of(data + 2, size - 2);
	struct buf whole = { 0 }, pieces = { 0 };

	play(in, in.n, state, &whole);
	play(in, 1 + data[1] % 64, state, &pieces);
	need(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	put_and_take(in);
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
