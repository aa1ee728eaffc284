/* notice.c - mail of the server's own */
#include "storage/notice.h"

#include <time.h>

#include "core/log.h"
#include "core/text.h"
#include "storage/deliver.h"

/* --- to whom --- */

static struct deliver_rcpt *recipients(
    const struct dir_target *target, struct slice original, struct pool *pool)
{
	struct deliver_rcpt *first = NULL, **last = &first;

	for (; target; target = target->next) {
		*last = pool_get(pool, sizeof(**last));
		**last = (struct deliver_rcpt){
			.target = target, .original = original, .notify = SLICE("NEVER")
		};
		last = &(*last)->next;
	}
	return first;
}

/* 0: nobody; -1: it cannot be looked up now. */
static int find(struct slice to, struct pool *pool, struct deliver_rcpt **out)
{
	struct dir_target *target = NULL;

	switch (dir_route(to, pool, &target)) {
	case DIR_LOCAL:
		break;
	case DIR_REMOTE:
		target = pool_get(pool, sizeof(*target));
		target->address = pool_str(pool, to);
		break;
	case DIR_UNKNOWN:
		return 0;
	default:
		return -1;
	}
	*out = recipients(target, to, pool);
	return *out != NULL;
}

static int send_to(struct slice to, struct deliver *d, struct pool *pool, struct err *err)
{
	int found = find(to, pool, &d->rcpts);

	if (found < 0)
		return err_set(err, ERR_TEMP, "%.*s cannot be looked up now", SLICE_ARG(to));
	return found > 0 ? deliver(d, err) : 1;
}

int notice_message(
    struct slice from, struct slice to, struct slice message, uint64_t mid, struct err *err)
{
	struct pool pool = { 0 };
	struct deliver d = {
		.mid = mid, .reverse_path = from, .message = message, .body8 = true, .ours = true
	};

	d.trace = slice_str(pool_printf(&pool, "Return-Path: <%.*s>\r\n", SLICE_ARG(from)));
	int rc = send_to(to, &d, &pool, err);
	pool_done(&pool);
	return rc;
}

int notice_redirect(struct slice by, struct slice to, struct slice message, struct err *err)
{
	struct pool pool = { 0 };
	struct deliver d = {
		.mid = log_id(), .reverse_path = by, .message = message, .body8 = true
	};

	d.trace = slice_str(pool_printf(&pool, "Return-Path: <%.*s>\r\n%s: %.*s\r\n", SLICE_ARG(by),
	    deliver_redirected, SLICE_ARG(by)));
	int rc = send_to(to, &d, &pool, err);
	if (rc == 0)
		log_event(LOG_INFO, "rule-redirects", log_s("account", by), log_s("to", to),
		    log_n("as", (int64_t)d.mid));
	pool_done(&pool);
	return rc;
}

/* --- a text --- */

static void write_text(const char *domain, struct slice to, const char *subject, uint64_t mid,
    struct slice text, struct buf *out)
{
	char date[40];

	buf_printf(out,
	    "From: Signet <postmaster@%s>\r\nTo: %.*s\r\nSubject: %s\r\nDate: %s\r\n"
	    "Message-ID: <%llu@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
	    domain, SLICE_ARG(to), subject, date_rfc5322(time(NULL), date), (unsigned long long)mid,
	    domain);
	while (text.n > 0) {
		buf_adds(out, slice_cut(&text, '\n'));
		buf_addz(out, "\r\n");
	}
}

int notice_text(
    const char *domain, struct slice to, const char *subject, struct slice text, struct err *err)
{
	struct dir_domain main_domain;
	struct pool pool = { 0 };
	struct buf message = { 0 };
	uint64_t mid = log_id();
	int rc = 1;

	if (!domain && dir_main_domain(&pool, &main_domain) == 1)
		domain = main_domain.name;
	if (domain) {
		write_text(domain, to, subject, mid, text, &message);
		rc = notice_message((struct slice){ 0 }, to, buf_slice(&message), mid, err);
	}
	buf_done(&message);
	pool_done(&pool);
	return rc;
}
