/* check.c - ask each check that a session wants, in order, on a thread where it may wait */
#include "protocols/smtp/check.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"

/* The rows by their order; filled once. */
static const struct smtp_check **checks;

static int by_order(const void *a, const void *b)
{
	const struct smtp_check *x = *(const struct smtp_check *const *)a;
	const struct smtp_check *y = *(const struct smtp_check *const *)b;

	return x->order != y->order ? x->order - y->order : strcmp(x->name, y->name);
}

static void sort_checks(void)
{
	size_t size = smtp_check_table_n * sizeof(struct smtp_check *);

	checks = mem_get(size ? size : 1);
	for (size_t i = 0; i < smtp_check_table_n; i++)
		checks[i] = smtp_check_table[i];
	qsort(checks, smtp_check_table_n, sizeof(*checks), by_order);
}

/* What a check is asked about. */
struct question {
	enum { CONNECT, HELO, MAIL, RCPT, TEXT } stage;
	const struct deliver_rcpt *rcpt;
	struct slice *message;
};

static bool has_a_say(const struct smtp_check *check, const struct question *q)
{
	switch (q->stage) {
	case CONNECT:
		return check->connect != NULL;
	case HELO:
		return check->helo != NULL;
	case MAIL:
		return check->mail != NULL;
	case RCPT:
		return check->rcpt != NULL;
	default:
		return check->text != NULL;
	}
}

static const char *ask_text(
    struct smtp *smtp, const struct smtp_check *check, struct slice *message)
{
	struct err err = { 0 };
	const char *why = check->text(smtp, *message);

	if (!why && smtp->mail->replaced && spool_map(smtp->mail->text, message, &err) != 0)
		why = smtp_delivery_failed(&err);
	smtp->mail->replaced = false;
	return why;
}

static const char *ask(struct smtp *smtp, const struct smtp_check *check, const struct question *q)
{
	switch (q->stage) {
	case CONNECT:
		return check->connect(smtp);
	case HELO:
		return check->helo(smtp);
	case MAIL:
		return check->mail(smtp);
	case RCPT:
		return check->rcpt(smtp, q->rcpt);
	default:
		return ask_text(smtp, check, q->message);
	}
}

/* NULL, or the wish for another thread. */
static const char *why_elsewhere(enum smtp_needs needs)
{
	if (needs == SMTP_NEEDS_NETWORK && !network_thread())
		return smtp_network;
	return needs == SMTP_NEEDS_DISK && loop_thread() ? smtp_later : NULL;
}

/* All that a stage needs is seen to before the first is asked, so that none is asked
   twice; but for the first checks of a connection, which decide what is wanted. */
static const char *find_thread(const struct smtp *smtp, const struct question *q)
{
	enum smtp_needs needs = SMTP_NEEDS_NOTHING;

	for (size_t i = 0; i < smtp_check_table_n; i++)
		if (has_a_say(checks[i], q) && checks[i]->needs > needs && checks[i]->wanted(smtp))
			needs = checks[i]->needs;
	return why_elsewhere(needs);
}

static const char *ask_all(struct smtp *smtp, const struct question *q)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (smtp_is_lmtp(smtp))
		return NULL;
	pthread_once(&once, sort_checks);
	const char *why = find_thread(smtp, q);
	for (size_t i = 0; !why && i < smtp_check_table_n; i++) {
		const struct smtp_check *check = checks[i];

		if (!has_a_say(check, q) || !check->wanted(smtp))
			continue;
		why = why_elsewhere(check->needs);
		if (why)
			break;
		why = ask(smtp, check, q);
		if (why && why != smtp_later && why != smtp_network)
			log_event(LOG_INFO, "check-refuses", log_z("check", check->name));
	}
	return why;
}

const char *smtp_check_connect(struct smtp *smtp)
{
	return ask_all(smtp, &(struct question){ .stage = CONNECT });
}

const char *smtp_check_helo(struct smtp *smtp)
{
	return ask_all(smtp, &(struct question){ .stage = HELO });
}

const char *smtp_check_mail(struct smtp *smtp)
{
	return ask_all(smtp, &(struct question){ .stage = MAIL });
}

const char *smtp_check_rcpt(struct smtp *smtp, const struct deliver_rcpt *rcpt)
{
	return ask_all(smtp, &(struct question){ .stage = RCPT, .rcpt = rcpt });
}

const char *smtp_check_text(struct smtp *smtp, struct slice *message)
{
	return ask_all(smtp, &(struct question){ .stage = TEXT, .message = message });
}

/* --- for checks --- */

/* Text may be read without a session: by tests. */
static struct conf_at place_of(const struct smtp *smtp)
{
	return (struct conf_at){ .policy = smtp->policy,
		.listener = smtp->sess ? sess_listener(smtp->sess)->name : NULL };
}

int64_t smtp_num(const struct smtp *smtp, const struct conf_key *key)
{
	struct conf_at at = place_of(smtp);

	return conf_num_at(key, &at);
}

bool smtp_on(const struct smtp *smtp, const struct conf_key *key)
{
	return smtp_num(smtp, key) != 0;
}

void smtp_conf_text(const struct smtp *smtp, const struct conf_key *key, struct buf *out)
{
	struct conf_at at = place_of(smtp);

	conf_text(key, &at, out);
}

bool smtp_names_any(const struct smtp *smtp, const struct conf_key *key)
{
	int64_t length = smtp_num(smtp, key); /* of a text its number is its length */
	struct buf text = { 0 };

	if (length != (int64_t)strlen(SMTP_NONE))
		return length > 0;
	smtp_conf_text(smtp, key, &text);
	bool any = !slice_eq(buf_slice(&text), slice_str(SMTP_NONE));
	buf_done(&text);
	return any;
}

void smtp_add_field(struct smtp *smtp, const char *name, struct slice value)
{
	buf_printf(&smtp->mail->fields, "%s: %.*s\r\n", name, SLICE_ARG(value));
}

void smtp_replace_text(struct smtp *smtp, struct spool **text)
{
	spool_free(&smtp->mail->text);
	smtp->mail->text = *text;
	smtp->mail->replaced = true;
	*text = NULL;
}

const char *smtp_replace_by(struct smtp *smtp, struct slice text)
{
	struct spool *spool = spool_new();
	struct err err = { 0 };

	if (spool_add(spool, text) && spool_spill(spool, &err) != 0) {
		spool_free(&spool);
		return smtp_delivery_failed(&err);
	}
	smtp_replace_text(smtp, &spool);
	return NULL;
}
