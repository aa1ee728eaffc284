/* expiry_mail.c - a mail of the server's own to a postmaster */
#include <time.h>

#include "core/log.h"
#include "core/text.h"
#include "pki/expiry_private.h"
#include "storage/deliver.h"

static void write_message(
    const char *domain, const char *subject, uint64_t mid, struct slice text, struct buf *out)
{
	char date[40];

	buf_printf(out,
	    "From: Signet <postmaster@%s>\r\nTo: postmaster@%s\r\nSubject: %s\r\nDate: %s\r\n"
	    "Message-ID: <%llu@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
	    domain, domain, subject, date_rfc5322(time(NULL), date), (unsigned long long)mid,
	    domain);
	while (text.n > 0) {
		buf_adds(out, slice_cut(&text, '\n'));
		buf_addz(out, "\r\n");
	}
}

static struct deliver_rcpt *recipients(
    const struct dir_target *target, struct slice original, struct pool *pool)
{
	struct deliver_rcpt *first = NULL, **last = &first;

	for (; target; target = target->next) {
		*last = pool_get(pool, sizeof(**last));
		(*last)->target = target;
		(*last)->original = original;
		last = &(*last)->next;
	}
	return first;
}

static int send_to(struct slice address, const char *domain, const char *subject, struct slice text,
    struct pool *pool, struct err *err)
{
	struct dir_target *target = NULL;
	struct buf message = { 0 };
	struct deliver d = {
		.mid = log_id(), .trace = SLICE("Return-Path: <>\r\n"), .body8 = true
	};

	if (dir_route(address, pool, &target) != DIR_LOCAL)
		return 1;
	write_message(domain, subject, d.mid, text, &message);
	d.message = buf_slice(&message);
	d.rcpts = recipients(target, address, pool);
	int rc = deliver(&d, err);
	buf_done(&message);
	return rc;
}

int expiry_mail(const char *domain, const char *subject, struct slice text, struct err *err)
{
	struct dir_domain main_domain;
	struct pool pool = { 0 };
	int rc = 1;

	if (!domain && dir_main_domain(&pool, &main_domain) == 1)
		domain = main_domain.name;
	if (domain)
		rc = send_to(slice_str(pool_printf(&pool, "postmaster@%s", domain)), domain,
		    subject, text, &pool, err);
	pool_done(&pool);
	return rc;
}
