/* fuzz_milter.c - what filters send, and what becomes of a message by it; settings of lists
 *
 * The first byte says which. A filter's bytes are packets one behind another, with the
 * length in two bytes instead of four, so that a fuzzer finds its way. */
#include <stdint.h>
#include <stdlib.h>

#include "core/msg.h"
#include "core/net.h"
#include "core/num.h"
#include "protocols/smtp/dnsbl.h"
#include "protocols/smtp/milter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static const char message[] = "Received: from a\r\n\tby b\r\nSubject: x\r\nX-A: 1\r\nx-a: 2\r\n"
			      "\r\nbody\r\n";

/* --- what may never be --- */

static void must_be_lines(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		must(text.p[i] != '\0');
		must(text.p[i] != '\n' || (i > 0 && text.p[i - 1] == '\r'));
		must(text.p[i] != '\r' || (i + 1 < text.n && text.p[i + 1] == '\n'));
	}
}

static void must_be_field(const struct edit_field *field)
{
	struct slice rest = field->raw;
	struct msg_field read;

	must_be_lines(field->raw);
	must(msg_field_next(&rest, &read) && rest.n == 0); /* one, and no more */
	must(slice_eq(read.name, field->name) && field->name.n > 0);
}

static void must_be_whole(const struct milter_edit *edit)
{
	for (const struct edit_field *f = edit->first; f; f = f->next)
		must_be_field(f);
	must_be_lines(edit->body);
}

static void must_be_reply(const char *reply)
{
	struct slice text = slice_str(reply);

	must(text.n >= 4 && (text.p[0] == '4' || text.p[0] == '5'));
	must_be_lines(text);
	while (text.n > 0) {
		struct slice line = slice_cut(&text, '\n');
		must(line.n >= 4 && slice_starts(line, slice_of(reply, 3)));
		must(line.p[3] == (text.n > 0 ? '-' : ' '));
	}
}

/* --- packets --- */

static void change(struct milter_edit *edit, const struct milter_packet *packet, bool spaced)
{
	struct milter_header header;
	bool indexed = packet->command != MILTER_ADD_HEADER;

	if (packet->command == MILTER_REPLACE_BODY) {
		edit_body(edit, packet->data, 4096);
		return;
	}
	if (!milter_read_header(packet->data, indexed, &header))
		return;
	if (packet->command == MILTER_CHANGE_HEADER)
		edit_change(edit, &header, spaced);
	else if (packet->command == MILTER_INSERT_HEADER)
		edit_insert(edit, header.index, header.name, header.value, spaced);
	else
		edit_add(edit, header.name, header.value, spaced);
}

static void read_all(const struct milter_packet *packet, struct pool *pool)
{
	struct milter_options options;
	struct slice text;

	if (milter_read_options(packet->data, &options))
		must(options.version <= MILTER_VERSION &&
		    (options.steps & ~(uint32_t)MILTER_STEPS) == 0);
	const char *reply = milter_read_reply(packet->data, pool);
	if (reply)
		must_be_reply(reply);
	if (milter_read_text(packet->data, &text))
		must(slice_chr(text, '\0') < 0);
}

/* Lengths of two bytes become those of four. */
static void widen(struct slice in, struct buf *out)
{
	while (in.n >= 2) {
		size_t n = (size_t)(unsigned char)in.p[0] << 8 | (unsigned char)in.p[1];
		struct slice packet = slice_head(slice_from(in, 2), n);

		milter_put_32(out, (uint32_t)n);
		buf_adds(out, packet);
		in = slice_from(in, 2 + n);
	}
}

static void try_packets(struct slice in, bool spaced)
{
	struct milter_packet packet;
	struct milter_edit edit;
	struct buf wide = { 0 };

	widen(in, &wide);
	edit_begin(&edit, SLICE(message));
	struct slice rest = buf_slice(&wide);
	for (unsigned i = 0; i < 50 && milter_take(&rest, &packet) == 1; i++) {
		read_all(&packet, &edit.pool);
		change(&edit, &packet, spaced);
	}
	edit_settle(&edit);
	must_be_whole(&edit);
	edit_done(&edit);
	buf_done(&wide);
}

/* As they come, with nothing made easy. */
static void try_stream(struct slice in)
{
	struct milter_packet packet;
	size_t before;

	do {
		before = in.n;
		if (milter_take(&in, &packet) != 1)
			return;
		must(packet.data.n <= MILTER_PACKET_MAX);
	} while (in.n < before);
	abort();
}

/* --- settings --- */

static void try_settings(struct slice in)
{
	struct milter_spec specs[MILTERS_MAX];
	struct dnsbl lists[DNSBL_MAX];
	struct pool pool = { 0 };
	struct err err = { 0 };
	struct net net;

	must(milter_specs(in, &pool, specs, &err) <= MILTERS_MAX);
	must(dnsbl_read(in, &pool, lists, &err) <= DNSBL_MAX);
	if (net_parse(in, &net)) {
		struct buf text = { 0 };
		struct net again;

		net_text(&net, &text);
		must(net_parse(buf_slice(&text), &again) && net_has(&net, &again) &&
		    again.bits == net.bits);
		buf_done(&text);
	}
	nets_fault(in);
	pool_done(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_from(slice_of(data, n), 1);

	switch (n > 0 ? data[0] % 4 : 3) {
	case 0:
		try_packets(in, false);
		break;
	case 1:
		try_packets(in, true);
		break;
	case 2:
		try_settings(in);
		break;
	default:
		try_stream(in);
		break;
	}
	return 0;
}
