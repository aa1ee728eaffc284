/* milter_wire.c - packets of the milter protocol: written, cut, read */
#include "protocols/smtp/milter_wire.h"

#include "core/num.h"

enum { LENGTH = 4, NAME_MAX_BYTES = 200, REPLY_LINE_MAX = 900 };

/* --- packets --- */

size_t milter_packet_begin(struct buf *out, char command)
{
	size_t begin = out->n;

	buf_add(out, "\0\0\0\0", LENGTH);
	buf_addc(out, command);
	return begin;
}

void milter_packet_end(struct buf *out, size_t begin)
{
	num_put32((unsigned char *)out->p + begin, (uint32_t)(out->n - begin - LENGTH));
}

void milter_put(struct buf *out, char command, struct slice data)
{
	size_t begin = milter_packet_begin(out, command);

	buf_adds(out, data);
	milter_packet_end(out, begin);
}

void milter_put_text(struct buf *out, struct slice text)
{
	ptrdiff_t nul = slice_chr(text, '\0');

	buf_adds(out, nul < 0 ? text : slice_head(text, (size_t)nul));
	buf_addc(out, '\0');
}

void milter_put_32(struct buf *out, uint32_t n)
{
	unsigned char bytes[4];

	num_put32(bytes, n);
	buf_add(out, bytes, sizeof(bytes));
}

int milter_take(struct slice *in, struct milter_packet *out)
{
	if (in->n < LENGTH)
		return 0;
	uint32_t n = num_get32((const unsigned char *)in->p);
	if (n == 0 || n > MILTER_PACKET_MAX)
		return -1;
	if (in->n - LENGTH < n)
		return 0;
	out->command = in->p[LENGTH];
	out->data = slice_head(slice_from(*in, LENGTH + 1), n - 1);
	*in = slice_from(*in, LENGTH + n);
	return 1;
}

/* --- their data --- */

bool milter_take_text(struct slice *data, struct slice *out)
{
	ptrdiff_t nul = slice_chr(*data, '\0');

	if (nul < 0)
		return false;
	*out = slice_head(*data, (size_t)nul);
	*data = slice_from(*data, (size_t)nul + 1);
	return true;
}

static bool milter_take_32(struct slice *data, uint32_t *out)
{
	if (data->n < 4)
		return false;
	*out = num_get32((const unsigned char *)data->p);
	*data = slice_from(*data, 4);
	return true;
}

bool milter_read_text(struct slice data, struct slice *out)
{
	return milter_take_text(&data, out) && data.n == 0;
}

void milter_put_options(struct buf *out)
{
	size_t begin = milter_packet_begin(out, MILTER_OPTIONS);

	milter_put_32(out, MILTER_VERSION);
	milter_put_32(out, MILTER_ACTIONS);
	milter_put_32(out, MILTER_STEPS);
	milter_packet_end(out, begin);
}

/* A stage and the names of the macros wanted there, again and again. */
static bool read_macros(struct slice data, struct milter_options *out)
{
	uint32_t stage;
	struct slice names;

	while (data.n > 0) {
		if (!milter_take_32(&data, &stage) || !milter_take_text(&data, &names) ||
		    stage >= MILTER_STAGES)
			return false;
		out->macros[stage] = names;
	}
	return true;
}

bool milter_read_options(struct slice data, struct milter_options *out)
{
	*out = (struct milter_options){ 0 };
	if (!milter_take_32(&data, &out->version) || !milter_take_32(&data, &out->actions) ||
	    !milter_take_32(&data, &out->steps))
		return false;
	if (out->version < MILTER_VERSION_MIN || out->version > MILTER_VERSION ||
	    out->actions & ~(uint32_t)MILTER_ACTIONS || out->steps & ~(uint32_t)MILTER_STEPS)
		return false;
	return read_macros(data, out);
}

static bool is_field_name(struct slice name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	return true;
}

bool milter_read_header(struct slice data, bool indexed, struct milter_header *out)
{
	out->index = 0;
	if (indexed && !milter_take_32(&data, &out->index))
		return false;
	return milter_take_text(&data, &out->name) && milter_take_text(&data, &out->value) &&
	    data.n == 0 && is_field_name(out->name);
}

/* --- a reply --- */

/* "550 text" or "550-text": the code of the first line, printable. */
static bool is_reply_line(struct slice line, struct slice code)
{
	if (line.n < 3 || line.n > REPLY_LINE_MAX || !slice_eq(slice_head(line, 3), code) ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-'))
		return false;
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
			return false;
	return true;
}

static bool refuses(struct slice code)
{
	return code.n == 3 && (code.p[0] == '4' || code.p[0] == '5') && code.p[1] >= '0' &&
	    code.p[1] <= '9' && code.p[2] >= '0' && code.p[2] <= '9';
}

/* Lines are parted as the filter likes; we part them as SMTP does. */
const char *milter_read_reply(struct slice data, struct pool *pool)
{
	struct slice text, line;
	struct buf out = { 0 };
	unsigned lines = 0;
	char *reply = NULL;

	if (!milter_read_text(data, &text) || !refuses(slice_head(text, 3)))
		return NULL;
	struct slice code = slice_head(text, 3), rest = slice_trim(text);
	bool good = true;
	while (good && rest.n > 0) {
		line = slice_trim(slice_cut(&rest, '\n'));
		good = is_reply_line(line, code) && ++lines <= MILTER_LINES_MAX;
		if (good)
			buf_printf(&out, "%.*s%c%.*s%s", SLICE_ARG(code), rest.n > 0 ? '-' : ' ',
			    SLICE_ARG(slice_from(line, 4)), rest.n > 0 ? "\r\n" : "");
	}
	if (good && lines > 0)
		reply = pool_str(pool, buf_slice(&out));
	buf_done(&out);
	return reply;
}
