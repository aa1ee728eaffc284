/* fuzz_relay.c - what strangers' servers answer: SMTP replies, what EHLO offers, dots undone, DNS
 * records, TLSA among them
 *
 * The first byte says which. */
#include <stdint.h>
#include <stdlib.h>

#include "core/dns.h"
#include "core/text.h"
#include "pki/dane.h"
#include "protocols/relay/body.h"
#include "protocols/relay/dane.h"
#include "protocols/relay/reply.h"
#include "protocols/relay/talk.h"
#include "tests/fuzz/ocsp_certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* What goes into logs and notifications is short, printable and has a status. */
static void try_reply(struct slice in)
{
	struct reply reply = { 0 };
	struct buf text = { 0 };
	enum reply_part part = REPLY_MORE;
	char status[12];

	while (part == REPLY_MORE && in.n > 0)
		part = reply_take(&reply, slice_cut(&in, '\n'));
	must(reply.text.n <= REPLY_TEXT_MAX && reply.lines <= REPLY_LINES_MAX + 1);
	if (part == REPLY_DONE) {
		reply_short(&reply, &text);
		must(text.n >= 3 && text.n <= REPLY_SHORT_MAX);
		for (size_t i = 0; i < text.n; i++)
			must(text.p[i] >= ' ' && text.p[i] < 0x7f);
		must(reply_code(buf_slice(&text)) == reply.code);
		struct slice s = slice_str(reply_status(buf_slice(&text), false, status));
		must(s.n >= 5 && s.n < 12 && s.p[1] == '.');
	}
	buf_done(&text);
	reply_done(&reply);
}

/* Undo what DATA's sender did: the same text, but for ends of lines; and the end
   is nowhere but at the end. */
static void try_dots(struct slice in)
{
	struct dots dots = { 0 };
	struct buf out = { 0 };
	size_t piece = in.n > 0 ? 1 + (unsigned char)in.p[0] % 7 : 1;

	for (struct slice rest = in; rest.n > 0; rest = slice_from(rest, piece))
		dots_add(&dots, slice_head(rest, piece), &out);
	dots_end(&dots, &out);
	must(out.n >= 3 && memcmp(out.p + out.n - 3, ".\r\n", 3) == 0);
	struct slice inner = slice_head(buf_slice(&out), out.n - 1);
	must(slice_find(inner, SLICE("\r\n.\r\n")) < 0 && slice_find(inner, SLICE("\n.\n")) < 0);
	for (size_t i = 0; i < out.n; i++)
		must(out.p[i] != '\n' || (i > 0 && out.p[i - 1] == '\r'));
	buf_done(&out);
}

static void try_dns(struct slice in)
{
	struct pool pool = { 0 };
	struct slice text;
	struct dns_mx mx;
	struct dns_srv srv;

	if (dns_read_mx(in, &pool, &mx))
		for (size_t i = 0; i < mx.host.n; i++)
			must(mx.host.p[i] > ' ' && mx.host.p[i] < 0x7f);
	if (dns_read_srv(in, &pool, &srv))
		must(srv.host.n > 0 && srv.host.n <= 255 && srv.port <= 65535);
	dns_read_address(in, DNS_A, &pool, &text);
	dns_read_address(in, DNS_AAAA, &pool, &text);
	pool_done(&pool);
}

/* However it is said, nothing is believed to be offered that has no name here. */
static void try_words(struct slice in)
{
	struct talk talk = { .words = ~0U, .size = 1 };

	while (in.n > 0 && reply_take(&talk.reply, slice_cut(&in, '\n')) == REPLY_MORE)
		;
	talk_words_read(&talk);
	must(talk.words & TALK_ESMTP && talk.words < TALK_CHUNKING * 2);
	must(talk.words & TALK_SIZE || talk.size == 0);
	reply_done(&talk.reply);
}

/* Records, each behind a byte that says how long it is. Pins are whole, and a certificate is
   compared with them. */
static void try_tlsa(struct slice in)
{
	struct slice rr[DNS_RECORDS_MAX], pins;
	struct dns_answer answer = { .secure = true, .rr = rr };
	struct pool pool = { 0 };
	struct err err = { 0 };

	while (in.n > 0 && answer.n < DNS_RECORDS_MAX) {
		size_t n = (unsigned char)*in.p;

		rr[answer.n++] = slice_head(slice_from(in, 1), n);
		in = slice_from(in, 1 + n);
	}
	if (dane_take(&answer, &pool, &pins) == DANE_USABLE) {
		const struct tls_claim claim = { .server = true,
			.host = "mx.a.test",
			.pins = pins,
			.chain = slice_of(ocsp_leaf, sizeof(ocsp_leaf)) };

		must(dane_verify(&claim, &err) == 0 || err.text[0] != '\0');
	}
	for (struct slice rest = pins; rest.n > 0;) {
		size_t n = (size_t)(unsigned char)rest.p[0] << 8 | (unsigned char)rest.p[1];

		must(n >= 4 && n + 2 <= rest.n && (rest.p[2] == 2 || rest.p[2] == 3));
		rest = slice_from(rest, n + 2);
	}
	pool_done(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const tries[])(
	    struct slice in) = { try_reply, try_dots, try_dns, try_words, try_tlsa };

	if (n > 0)
		tries[data[0] % 5](slice_of(data + 1, n - 1));
	return 0;
}
