/* tlsrpt_send.c - reports on TLS leave when their day is over: by mail, or by HTTPS (RFC 8460 3, 5)
 */
#include <stdlib.h>
#include <time.h>

#include "core/fetch.h"
#include "core/gzip.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/text.h"
#include "protocols/relay/talk.h"
#include "protocols/relay/tlsrpt.h"
#include "storage/notice.h"
#include "storage/store.h"

enum {
	LOOK_EVERY_MS = 3600 * 1000,
	SPREAD_S = 4 * 3600, /* RFC 8460 4.1: not all at midnight */
	GIVE_UP_S = 3 * TLSRPT_DAY_S,
	KEYS_MAX = 100000,
	TARGETS_MAX = 5,
	POST_MS = 60000,
	ANSWER_MAX = 64 * 1024,
};

/* One domain's day. */
struct report {
	struct tlsrpt_head head;
	struct pool pool;
	struct buf packed;
};

/* --- by mail (RFC 8460 5.3) --- */

/* Mail that is about TLS that fails must not wait for TLS (RFC 8689 5). A signer of outgoing
   mail signs it like any other. */
static void write_mail(const struct report *r, struct slice to, uint64_t mid, struct buf *out)
{
	const struct tlsrpt_head *h = &r->head;
	struct buf text = { 0 };
	struct slice rest;
	char date[40];

	buf_printf(out,
	    "From: %s\r\nTo: %.*s\r\nDate: %s\r\nMessage-ID: <%llu.tls@%s>\r\n"
	    "Subject: Report Domain: %.*s Submitter: %s Report-ID: <%s>\r\n"
	    "TLS-Report-Domain: %.*s\r\nTLS-Report-Submitter: %s\r\nTLS-Required: No\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=tlsrpt; boundary=\"=_%llu\"\r\n\r\n"
	    "--=_%llu\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
	    "How TLS from %s to the mail servers of %.*s went.\r\n\r\n"
	    "--=_%llu\r\nContent-Type: application/tlsrpt+gzip\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n\tfilename=\"%s!%.*s!%lld!%lld.json.gz\"\r\n\r\n",
	    h->contact, SLICE_ARG(to), date_rfc5322(time(NULL), date), (unsigned long long)mid,
	    h->own, SLICE_ARG(h->domain), h->own, h->id, SLICE_ARG(h->domain), h->own,
	    (unsigned long long)mid, (unsigned long long)mid, h->own, SLICE_ARG(h->domain),
	    (unsigned long long)mid, h->own, SLICE_ARG(h->domain), (long long)h->day,
	    (long long)h->day + TLSRPT_DAY_S - 1);
	base64_put(&text, buf_slice(&r->packed));
	for (rest = buf_slice(&text); rest.n > 0; rest = slice_from(rest, 76))
		buf_printf(out, "%.*s\r\n", SLICE_ARG(slice_head(rest, 76)));
	buf_printf(out, "--=_%llu--\r\n", (unsigned long long)mid);
	buf_done(&text);
}

static int send_mail(struct report *r, struct slice to, struct err *err)
{
	struct buf message = { 0 };
	struct address parsed;
	uint64_t mid = log_id();

	if (!address_parse(&r->pool, to, &parsed))
		return err_set(err, ERR_INPUT, "'%.*s' is no address", SLICE_ARG(to));
	write_mail(r, to, mid, &message);
	int rc = notice_message((struct slice){ 0 }, to, buf_slice(&message), mid, err);
	buf_done(&message);
	return rc > 0 ? err_set(err, ERR_ABSENT, "nobody is there") : rc;
}

/* --- by HTTPS (RFC 8460 5.4) --- */

static int post(struct report *r, struct slice url, struct err *err)
{
	struct fetch_spec spec = { .url = url,
		.body = buf_slice(&r->packed),
		.content_type = "application/tlsrpt+gzip",
		.max = ANSWER_MAX,
		.ms = POST_MS };
	struct buf answer = { 0 };
	int rc = fetch(&spec, &answer, err);

	buf_done(&answer);
	return rc;
}

/* --- one report --- */

static int send_to(struct report *r, struct slice target, struct err *err)
{
	if (slice_istarts(target, SLICE("mailto:")))
		return send_mail(r, slice_from(target, 7), err);
	if (slice_istarts(target, SLICE("https:")))
		return post(r, target, err);
	return err_set(err, ERR_INPUT, "that is neither mailto: nor https:");
}

/* 0: somebody has it, or nobody wants it any more. */
static int send_all_of(struct report *r)
{
	struct slice rua;
	struct err err = { 0 };
	int rc = -1;

	if (!tlsrpt_wanted(r->head.domain, &r->pool, &rua))
		return 0;
	for (unsigned i = 0; rua.n > 0 && i < TARGETS_MAX; i++) {
		struct slice target = slice_trim(slice_cut(&rua, ','));
		bool sent = send_to(r, target, &err) == 0;
		rc = sent ? 0 : rc;
		log_event(sent ? LOG_INFO : LOG_WARN, "tls-report", log_s("domain", r->head.domain),
		    log_s("to", target), log_z("sent", sent ? "yes" : "no"),
		    log_z("reason", sent ? "" : err.text));
	}
	return rc;
}

static int make(struct report *r, struct slice domain, int64_t day, struct buf *json)
{
	struct slice own = relay_own_name(&r->pool);

	r->head = (struct tlsrpt_head){ .own = pool_str(&r->pool, own),
		.contact = pool_printf(&r->pool, "postmaster@%.*s", SLICE_ARG(own)),
		.id = pool_printf(
		    &r->pool, "%lld.%.*s@%.*s", (long long)day, SLICE_ARG(domain), SLICE_ARG(own)),
		.domain = domain,
		.day = day };
	return tlsrpt_json(&r->head, json);
}

/* --- all that is due --- */

struct due {
	struct pool pool;
	struct slice *keys;
	size_t n;
	int64_t now;
	bool all; /* also the day that is not over */
	unsigned sent;
};

static bool is_due(const struct due *due, struct slice key)
{
	struct slice domain;
	int64_t day;

	if (!tlsrpt_read_key(key, &day, &domain))
		return true;
	int64_t spread = (int64_t)(hash_bytes(domain) % SPREAD_S);
	return due->all || due->now >= day + TLSRPT_DAY_S + spread;
}

static bool gather(void *arg, struct slice key, struct slice value)
{
	struct due *due = arg;

	(void)value;
	if (due->n < KEYS_MAX && is_due(due, key))
		due->keys[due->n++] = pool_slice(&due->pool, key);
	return true;
}

static void forget(const struct due *due, struct slice domain, int64_t day)
{
	struct slice other;
	struct err err = { 0 };
	int64_t when;

	for (size_t i = 0; i < due->n; i++)
		if (tlsrpt_read_key(due->keys[i], &when, &other) && when == day &&
		    slice_eq(other, domain))
			store_record_put(tlsrpt_room, due->keys[i], (struct slice){ 0 }, &err);
}

/* Is it the first of its day and domain? They stand one behind the other. */
static bool is_first(const struct due *due, size_t i, int64_t day, struct slice domain)
{
	struct slice other;
	int64_t when;

	return i == 0 || !tlsrpt_read_key(due->keys[i - 1], &when, &other) || when != day ||
	    !slice_eq(other, domain);
}

static void send_one(struct due *due, struct slice domain, int64_t day)
{
	struct report r = { 0 };
	struct buf json = { 0 };

	bool good = make(&r, domain, day, &json) == 0;
	if (good) {
		gzip_pack(buf_slice(&json), &r.packed);
		good = send_all_of(&r) == 0;
	}
	due->sent += good;
	if (good || due->now > day + GIVE_UP_S)
		forget(due, domain, day);
	buf_done(&json);
	buf_done(&r.packed);
	pool_done(&r.pool);
}

static unsigned send_due(bool all)
{
	struct due *due = mem_get(sizeof(*due));
	struct slice domain;
	int64_t day;

	*due = (struct due){ .now = time(NULL), .all = all };
	due->keys = mem_get(KEYS_MAX * sizeof(*due->keys));
	store_record_each(tlsrpt_room, (struct slice){ 0 }, gather, due);
	for (size_t i = 0; i < due->n && !threads_ending(); i++)
		if (tlsrpt_read_key(due->keys[i], &day, &domain) && is_first(due, i, day, domain))
			send_one(due, domain, day);
	unsigned sent = due->sent;
	free(due->keys);
	pool_done(&due->pool);
	free(due);
	return sent;
}

static void run_thread(void *arg)
{
	(void)arg;
	while (!threads_sleep(LOOK_EVERY_MS))
		send_due(false);
}

int tlsrpt_start(struct err *err)
{
	return thread_start("tls-report", run_thread, NULL, err);
}

/* --- for admins --- */

static bool put_row(void *arg, struct slice key, struct slice value)
{
	struct op_call *call = arg;
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));
	struct slice domain;
	int64_t day;

	if (tlsrpt_read_key(key, &day, &domain) && tlsrpt_read(value, seen)) {
		op_row(call);
		op_put_text(call, "day", slice_head(key, 8));
		op_put_text(call, "domain", domain);
		op_put_text(call, "policy", seen->kind);
		op_put_number(call, "good", (int64_t)seen->good);
		op_put_number(call, "bad", (int64_t)seen->bad);
	}
	free(seen);
	return true;
}

static int run_show(struct op_call *call)
{
	if (store_record_each(tlsrpt_room, (struct slice){ 0 }, put_row, call) < 0)
		return op_fail(call, ERR_TEMP, "cannot read what was seen");
	return 0;
}

OPERATION(tls_report_show) = {
	.name = "tls-report show",
	.role = OP_SERVER_ADMIN,
	.help = "show what domains that want reports on TLS (RFC 8460) will be told",
	.reads = true,
	.lists = true,
	.run = run_show,
};

static int run_send(struct op_call *call)
{
	op_put_number(call, "sent", send_due(op_bool(call, "today")));
	return 0;
}

static const struct op_arg send_args[] = {
	{ "today", OP_BOOL, OP_OPTION, "also of the day that is not over", NULL },
	{ 0 },
};

OPERATION(tls_report_send) = {
	.name = "tls-report send",
	.role = OP_SERVER_ADMIN,
	.args = send_args,
	.help = "send the reports on TLS that are due now",
	.more = "They are sent by themselves in the hours after midnight, UTC.",
	.network = true,
	.run = run_send,
};
