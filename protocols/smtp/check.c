/* check.c - ask each check that a session wants, in order, on a thread where it may wait */
#include "protocols/smtp/check.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"

enum stage { CONNECT, HELO, MAIL, RCPT, TEXT, STAGES };

/* The rows by their order, and for each stage those that have something to say; filled
   once. */
static const struct smtp_check **checks;
static struct {
	unsigned n;
	unsigned *at; /* places in checks */
} stages[STAGES];

static int by_order(const void *a, const void *b)
{
	const struct smtp_check *x = *(const struct smtp_check *const *)a;
	const struct smtp_check *y = *(const struct smtp_check *const *)b;

	return x->order != y->order ? x->order - y->order : strcmp(x->name, y->name);
}

static bool has_a_say(const struct smtp_check *check, enum stage stage)
{
	switch (stage) {
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

static void fill_stage(enum stage stage)
{
	stages[stage].at = mem_get((smtp_check_table_n + 1) * sizeof(*stages[stage].at));
	for (unsigned i = 0; i < smtp_check_table_n; i++)
		if (has_a_say(checks[i], stage))
			stages[stage].at[stages[stage].n++] = i;
}

static void sort_checks(void)
{
	if (smtp_check_table_n > 64)
		bug("more checks than bits");
	checks = mem_get((smtp_check_table_n + 1) * sizeof(*checks));
	for (size_t i = 0; i < smtp_check_table_n; i++)
		checks[i] = smtp_check_table[i];
	qsort(checks, smtp_check_table_n, sizeof(*checks), by_order);
	for (enum stage stage = CONNECT; stage < STAGES; stage++)
		fill_stage(stage);
}

/* What a check is asked about. */
struct question {
	enum stage stage;
	const struct deliver_rcpt *rcpt;
	struct slice *message;
};

static const char *ask_text(
    struct smtp *smtp, const struct smtp_check *check, struct slice *message)
{
	struct err err = { 0 };
	const char *why = check->text(smtp, *message);

	if (why || !smtp->mail->replaced)
		return why;
	smtp->mail->replaced = false;
	if (spool_map(smtp->mail->text, message, &err) != 0)
		return smtp_delivery_failed(&err);
	smtp_read_head(smtp, *message);
	return NULL;
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

/* For a message it is settled at MAIL which checks want it. */
static void look_who_wants(struct smtp *smtp)
{
	smtp->mail->wanted = 0;
	for (unsigned i = 0; i < smtp_check_table_n; i++)
		if (checks[i]->wanted(smtp))
			smtp->mail->wanted |= UINT64_C(1) << i;
}

static bool is_wanted(const struct smtp *smtp, enum stage stage, unsigned i)
{
	return stage < MAIL ? checks[i]->wanted(smtp) : smtp->mail->wanted >> i & 1;
}

/* All that a stage needs is seen to before the first is asked, so that none is asked
   twice; but for the first checks of a connection, which decide what is wanted. */
static const char *find_thread(const struct smtp *smtp, enum stage stage)
{
	enum smtp_needs needs = SMTP_NEEDS_NOTHING;

	for (unsigned k = 0; k < stages[stage].n; k++) {
		unsigned i = stages[stage].at[k];

		if (checks[i]->needs > needs && is_wanted(smtp, stage, i))
			needs = checks[i]->needs;
	}
	return why_elsewhere(needs);
}

static const char *ask_one(
    struct smtp *smtp, const struct smtp_check *check, const struct question *q)
{
	const char *why = why_elsewhere(check->needs);

	if (why)
		return why;
	why = ask(smtp, check, q);
	if (why && why != smtp_later && why != smtp_network)
		log_event(LOG_INFO, "check-refuses", log_z("check", check->name));
	return why;
}

static const char *ask_all(struct smtp *smtp, const struct question *q)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (smtp_is_lmtp(smtp))
		return NULL;
	pthread_once(&once, sort_checks);
	if (q->stage == MAIL)
		look_who_wants(smtp);
	const char *why = find_thread(smtp, q->stage);
	for (unsigned k = 0; !why && k < stages[q->stage].n; k++) {
		unsigned i = stages[q->stage].at[k];

		if (is_wanted(smtp, q->stage, i))
			why = ask_one(smtp, checks[i], q);
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
