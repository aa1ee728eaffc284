/* log_say.c - what a line of the log says, in a sentence
 *
 * Lines are for programs; these sentences are for who follows one message. An event
 * that is not in the list is said as it is. */
#include <stdio.h>
#include <time.h>

#include "core/log_read.h"

/* {key} is the field's value; {ICID} and {PROTO} are the line's own. */
static const struct {
	const char *event, *sentence;
} sentences[] = {
	{ "connect",
	    "New {PROTO} ICID {ICID} interface {interface} address {peer} listener {listener}" },
	{ "tls", "ICID {ICID} TLS success protocol {protocol} cipher {cipher}" },
	{ "tls-failed", "ICID {ICID} TLS failed: ({reason})" },
	{ "lost", "ICID {ICID} lost" },
	{ "close", "ICID {ICID} close" },
	{ "login", "ICID {ICID} login {account}" },
	{ "message", "Start MID {mid} ICID {ICID} from <{from}>" },
	{ "stored", "MID {mid} stored for {account}" },
	{ "queued", "MID {mid} RID {rid} queued to <{to}>" },
	{ "redirected", "MID {about} redirected as MID {mid}" },
	{ "accepted", "MID {mid} accepted from <{from}> {size} bytes" },
	{ "rejected", "MID {mid} rejected by its recipients' rules" },
	{ "rule-files", "MID {mid} rule of {account} files into {into}" },
	{ "relay-connected", "New SMTP DCID {dcid} address {address} port {port} host {name}" },
	{ "relay-not-connected",
	    "Connection Error: DCID {dcid} domain: {domain} host: {host} address: {address} reason: "
	    "{reason}" },
	{ "relay-tls",
	    "DCID {dcid} TLS success protocol {tls} cipher {cipher} verified {verified}" },
	{ "relay-tls-failed", "DCID {dcid} TLS failed: {reason}" },
	{ "relay-offer", "Delivery start DCID {dcid} MID {mid} to RID [{rid}]" },
	{ "delivered", "Message done DCID {dcid} MID {mid} to RID {rid} <{to}> {reply}" },
	{ "deferred", "Delayed: DCID {dcid} MID {mid} to RID {rid} <{to}> {reply}" },
	{ "failed", "Bounced: DCID {dcid} MID {mid} to RID {rid} <{to}> {reply}" },
	{ "relay-closed", "DCID {dcid} close" },
	{ "report-sent", "MID {mid} its sender <{to}> is told: {action}, MID {report}" },
};

/* "2018-04-17T00:57:53.123Z" as "Tue Apr 17 00:57:53 2018". */
static void say_time(struct slice time, struct buf *out)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm = { 0 };
	char text[20] = { 0 };

	memcpy(text, time.p, time.n < 19 ? time.n : 19);
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		&tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6 ||
	    tm.tm_mon < 1 || tm.tm_mon > 12) {
		buf_adds(out, time);
		return;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	timegm(&tm); /* finds the day of the week */
	buf_printf(out, "%s %s %2d %02d:%02d:%02d %d", days[tm.tm_wday], months[tm.tm_mon],
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 1900 + tm.tm_year);
}

static void say_level(struct slice level, struct buf *out)
{
	bool warn = slice_eq(level, SLICE("warn"));

	buf_addc(out, ' ');
	buf_addc(out, (char)(level.p[0] - 'a' + 'A'));
	buf_adds(out, slice_from(level, 1));
	buf_addz(out, warn ? "ing: " : ": ");
}

static void say_upper(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 'a' + 'A') : s.p[i]);
}

/* Printable: what a peer sent must make no second line. */
static void say_value(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void say_field(const struct log_line *line, struct slice key, struct buf *out)
{
	struct buf value = { 0 }, name = { 0 };

	buf_adds(&name, key);
	if (slice_eq(key, SLICE("ICID")))
		buf_printf(out, "%llu", (unsigned long long)line->icid);
	else if (slice_eq(key, SLICE("PROTO")))
		say_upper(line->proto, out);
	else if (log_line_field(line, buf_z(&name), &value))
		say_value(buf_slice(&value), out);
	else
		buf_addc(out, '-');
	buf_done(&value);
	buf_done(&name);
}

static const char *sentence_of(struct slice event)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++)
		if (slice_eq(event, slice_str(sentences[i].event)))
			return sentences[i].sentence;
	return NULL;
}

void log_line_say(const struct log_line *line, struct buf *out)
{
	const char *sentence = sentence_of(line->event);
	struct slice rest = slice_str(sentence);

	say_time(line->time, out);
	say_level(line->level, out);
	if (!sentence) {
		if (line->icid)
			buf_printf(out, "ICID %llu ", (unsigned long long)line->icid);
		buf_adds(out, line->event);
		say_value(line->fields, out);
		return;
	}
	while (rest.n > 0) {
		struct slice text = slice_cut(&rest, '{');
		buf_adds(out, text);
		if (rest.n > 0)
			say_field(line, slice_cut(&rest, '}'), out);
	}
}
