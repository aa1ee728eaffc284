/* answer.c - is an automatic answer safe, was it given before; and the sending */
#include "storage/answer.h"

#include <time.h>

#include "core/digest.h"
#include "core/log.h"
#include "core/msg.h"
#include "core/num.h"
#include "core/text.h"
#include "storage/acct_record.h"
#include "storage/dir.h"
#include "storage/notice.h"

enum { VERSION = 1, ADDRESSES_MAX = 200, KEY = 16 };

static const char room[] = "answered";

/* --- fields that forbid it --- */

static bool has_word(struct slice text, const char *const *words)
{
	for (; *words; words++)
		if (slice_ifind(text, slice_str(*words)) >= 0)
			return true;
	return false;
}

/* RFC 3834 2, and what others have said before it */
static const char *forbidden_by(const struct msg_field *field)
{
	static const char *const bulk[] = { "bulk", "list", "junk", "auto_reply", NULL };
	static const char *const suppress[] = { "all", "oof", "autoreply", NULL };
	struct slice name = field->name, value = slice_trim(field->value);

	if (slice_ieq(name, SLICE("Auto-Submitted")) && !slice_istarts(value, SLICE("no")))
		return "it was sent by a machine";
	if (slice_ieq(name, SLICE("Precedence")) && has_word(value, bulk))
		return "it is bulk mail";
	if (slice_istarts(name, SLICE("List-")) || slice_ieq(name, SLICE("Mailing-List")))
		return "it came by a list";
	if (slice_ieq(name, SLICE("X-Auto-Response-Suppress")) && has_word(value, suppress))
		return "its sender wants no answers";
	if (slice_ieq(name, SLICE("X-Autoreply")) || slice_ieq(name, SLICE("X-Autorespond")) ||
	    slice_ieq(name, SLICE("X-Loop")))
		return "it was sent by a machine";
	return NULL;
}

/* --- was it addressed to the account? --- */

static bool is_one_of(const struct answer *answer, struct slice address)
{
	if (slice_ieq(address, answer->address) || slice_ieq(address, answer->to))
		return true;
	for (size_t i = 0; i < answer->vacation.n_addresses; i++)
		if (slice_ieq(address, answer->vacation.addresses[i]))
			return true;
	return false;
}

/* It leads to the account and to nobody else: an alias, a detail, another name of the
   domain. */
static bool leads_here(const struct answer *answer, struct slice address, struct pool *pool)
{
	struct dir_target *target;

	return dir_route(address, pool, &target) == DIR_LOCAL && !target->next &&
	    target->account == answer->account;
}

static bool names_us(const struct answer *answer, struct slice value, struct pool *pool, int *left)
{
	for (const struct msg_address *a = msg_addresses(pool, value); a; a = a->next) {
		if (a->kind != MSG_MAILBOX || a->host.n == 0)
			continue;
		struct slice address = slice_str(
		    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(a->mailbox), SLICE_ARG(a->host)));
		if (is_one_of(answer, address))
			return true;
		if ((*left)-- > 0 && leads_here(answer, address, pool))
			return true;
	}
	return false;
}

static bool is_destination(struct slice name)
{
	static const char *const names[] = { "To", "Cc", "Bcc", "Resent-To", "Resent-Cc",
		"Resent-Bcc", NULL };

	for (const char *const *n = names; *n; n++)
		if (slice_ieq(name, slice_str(*n)))
			return true;
	return false;
}

/* --- who sent it --- */

/* RFC 3834 2: addresses that nobody reads */
static bool is_machine(struct slice sender)
{
	static const char *const whole[] = { "mailer-daemon", "postmaster", "listserv", "majordomo",
		"noreply", "no-reply", "donotreply", "do-not-reply", NULL };
	struct slice local = slice_head(sender, (size_t)slice_rchr(sender, '@'));

	for (const char *const *w = whole; *w; w++)
		if (slice_ieq(local, slice_str(*w)))
			return true;
	return slice_istarts(local, SLICE("owner-")) || slice_iends(local, SLICE("-owner")) ||
	    slice_iends(local, SLICE("-request")) || slice_iends(local, SLICE("-bounces")) ||
	    slice_ifind(local, SLICE("-bounces+")) >= 0;
}

const char *answer_unsafe(const struct answer *answer, struct pool *pool)
{
	struct slice rest = answer->message;
	struct msg_field field;
	bool addressed = false;
	int left = ADDRESSES_MAX;

	if (slice_rchr(answer->sender, '@') <= 0)
		return "it has no sender";
	if (is_machine(answer->sender))
		return "its sender is a machine";
	if (slice_ieq(answer->sender, answer->address) || leads_here(answer, answer->sender, pool))
		return "it is of the account itself";
	while (msg_field_next(&rest, &field)) {
		const char *why = forbidden_by(&field);
		if (why)
			return why;
		if (!addressed && is_destination(field.name))
			addressed = names_us(answer, field.value, pool, &left);
	}
	return addressed ? NULL : "it is not addressed to the account";
}

/* --- given before? --- */

static void make_key(const struct answer *answer, unsigned char key[DIGEST_SIZE])
{
	struct buf all = { 0 };

	buf_adds(&all, answer->vacation.handle);
	text_fold(&all, answer->sender, true);
	digest_sha256(buf_slice(&all), key);
	buf_done(&all);
}

static int64_t until_of(struct slice value)
{
	return value.n == 9 && value.p[0] == VERSION
	    ? (int64_t)num_get64((const unsigned char *)value.p + 1)
	    : 0;
}

struct note {
	int64_t now, until;
};

static int note(void *arg, struct slice value, struct buf *out, struct err *err)
{
	const struct note *n = arg;
	unsigned char bytes[9] = { VERSION };

	if (until_of(value) > n->now)
		return err_set(err, ERR_EXISTS, "it was answered before");
	num_put64(bytes + 1, (uint64_t)n->until);
	buf_add(out, bytes, sizeof(bytes));
	return 0;
}

/* Those that are over; when there are too many, the one that ends first, too. */
struct tidy {
	int64_t now, first;
	struct buf over; /* struct acct_record */
	struct slice soonest;
	struct pool pool;
	size_t n;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	struct tidy *tidy = arg;
	int64_t until = until_of(value);
	struct acct_record record = { 0 };

	tidy->n++;
	if (until <= tidy->now) {
		record.key = pool_slice(&tidy->pool, key);
		buf_add(&tidy->over, &record, sizeof(record));
	} else if (tidy->soonest.n == 0 || until < tidy->first) {
		tidy->first = until;
		tidy->soonest = pool_slice(&tidy->pool, key);
	}
	return true;
}

static void forget_old(struct acct *acct, int64_t now)
{
	struct tidy tidy = { .now = now };

	acct_record_each(acct, room, (struct slice){ 0 }, see, &tidy);
	if (tidy.over.n == 0 && tidy.n >= ANSWER_REMEMBERED_MAX)
		buf_add(&tidy.over, &(struct acct_record){ .key = tidy.soonest },
		    sizeof(struct acct_record));
	if (tidy.over.n > 0)
		acct_record_put(acct, room, (const void *)tidy.over.p,
		    tidy.over.n / sizeof(struct acct_record), NULL);
	buf_done(&tidy.over);
	pool_done(&tidy.pool);
}

/* True: nobody has answered, and it is written down that we do. */
static bool claim(const struct answer *answer, struct err *err)
{
	struct acct *acct = acct_open(answer->account, answer->shard);
	struct note n = { .now = time(NULL) };
	unsigned char key[DIGEST_SIZE];

	if (!acct)
		return false;
	n.until = n.now + (int64_t)answer->vacation.seconds;
	make_key(answer, key);
	int rc = acct_record_change(acct, room, slice_of(key, KEY), note, &n, err);
	if (rc == 0)
		forget_old(acct, n.now);
	acct_close(&acct);
	return rc == 0;
}

/* --- sending --- */

void answer_own(struct answer *answer, struct pool *pool)
{
	struct sieve_vacation *v = &answer->vacation;

	v->subject = pool_slice(pool, v->subject);
	v->from = pool_slice(pool, v->from);
	v->handle = pool_slice(pool, v->handle);
	v->addresses = NULL; /* of no more use: they were compared */
	v->n_addresses = 0;
}

void answer_send(const struct answer *answer)
{
	struct pool pool = { 0 };
	struct buf text = { 0 };
	struct err err = { 0 };
	uint64_t mid = log_id();

	if (claim(answer, &err)) {
		answer_write(answer, mid, &pool, &text);
		int rc = notice_message(
		    (struct slice){ 0 }, answer->sender, buf_slice(&text), mid, &err);
		log_event(rc == 0 ? LOG_INFO : LOG_WARN,
		    rc == 0 ? "rule-answers" : "answer-not-sent", log_s("account", answer->address),
		    log_s("to", answer->sender), log_n("as", (int64_t)mid),
		    log_z("reason", rc == 0 ? "" : err.text));
	} else if (err.kind != ERR_EXISTS) {
		log_event(LOG_WARN, "answer-not-sent", log_s("account", answer->address),
		    log_z("reason", err.text));
	}
	buf_done(&text);
	pool_done(&pool);
}
