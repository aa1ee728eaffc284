/* rules_world.h - a store with accounts, scripts at three levels, and an encryption that can be
 * read */
#ifndef TESTS_UNIT_RULES_WORLD_H
#define TESTS_UNIT_RULES_WORLD_H

#include "tests/unit/box_world.h"

#include "core/conf.h"
#include "core/log.h"
#include "storage/deliver.h"
#include "storage/dir.h"
#include "storage/filter.h"
#include "storage/queue.h"
#include "storage/right.h"
#include "storage/script.h"

/* Everybody has a certificate but those whose names begin with "no". */
static inline int fake_encrypt(void *arg, struct slice message, const char *const accounts[],
    size_t n, struct buf *out, struct err *err)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		if (slice_starts(slice_str(accounts[i]), SLICE("no")))
			return err_set(err, ERR_ABSENT, "%s has no certificate", accounts[i]);
	if (slice_find(message, SLICE("X-Encrypted")) >= 0)
		return 0;
	buf_addz(out, "X-Encrypted: for");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, " %s", accounts[i]);
	buf_printf(out, "\r\n\r\n%zu bytes\r\n", message.n);
	return 0;
}

static const char *const rules_users[] = { "ann@alpha.test", "bob@alpha.test", "john@alpha.test",
	"jim@alpha.test", "nora@alpha.test", "cy@beta.test" };

static inline int rules_setup(void **state)
{
	static const struct store_filter filter = { .encrypt = fake_encrypt };
	static const char *const secrets[] = { "secret", NULL };
	struct err err;

	world_setup(state);
	store_filter_set(&filter);
	if (dir_domain_add(SLICE("alpha.test"), &err) < 0 ||
	    dir_domain_add(SLICE("beta.test"), &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < COUNT(rules_users); i++)
		if (dir_account_add(slice_str(rules_users[i]), secrets, &err) < 0)
			fail_msg("%s", err.text);
	return 0;
}

#define RULES_TEST(test) cmocka_unit_test_setup_teardown(test, rules_setup, world_teardown)

static inline struct dir_account rules_account(const char *address, struct pool *pool)
{
	struct dir_account account;

	if (dir_account(text(address), pool, &account) != 1)
		fail_msg("no account %s", address);
	return account;
}

static inline struct acct *rules_acct(const char *address)
{
	struct pool pool = { 0 };
	struct dir_account account = rules_account(address, &pool);
	struct acct *acct = acct_open(account.id, account.shard);

	pool_done(&pool);
	return acct;
}

/* "" is the server, "alpha.test" a domain, "ann@alpha.test" an account. */
static inline void rules_script(const char *whose, const char *sieve)
{
	struct script_owner owner = script_of_server();
	struct pool pool = { 0 };
	struct err err;

	if (strchr(whose, '@')) {
		struct dir_account account = rules_account(whose, &pool);
		owner = script_of_account(account.id, account.shard);
	} else if (*whose) {
		owner = script_of_domain(text(whose));
	}
	if (script_put(&owner, SLICE("test"), text(sieve), NULL, &err) != 0 ||
	    script_activate(&owner, SLICE("test"), &err) != 0)
		fail_msg("%s: %s\n%s", whose, err.text, sieve);
	pool_done(&pool);
}

/* --- delivery: what became of a message --- */

/* To "ann@alpha.test far@x.test", in this order; the fates of first and last. */
struct rules_post {
	const char *from, *to, *message;
	bool each_answers;
	const char *notify;
	/* filled */
	enum deliver_fate fate, last_fate;
	char why[200];
	struct err err;
};

static inline int rules_deliver(struct rules_post *post)
{
	static uint64_t mid = 1000;
	struct deliver_rcpt *first = NULL, **end = &first, *last = NULL;
	struct pool pool = { 0 };
	struct slice rest = text(post->to), word;
	struct deliver d = { .mid = ++mid,
		.reverse_path = text(post->from),
		.trace = SLICE("Received: from x\r\n"),
		.message = text(post->message),
		.each_answers = post->each_answers,
		.pool = &pool };

	while ((word = slice_word(&rest)).n > 0) {
		struct deliver_rcpt *rcpt = pool_get(&pool, sizeof(*rcpt));
		struct dir_target *target, *elsewhere = pool_get(&pool, sizeof(*elsewhere));
		elsewhere->address = pool_str(&pool, word);
		bool here = dir_route(word, &pool, &target) == DIR_LOCAL;
		*rcpt = (struct deliver_rcpt){ .target = here ? target : elsewhere,
			.original = word,
			.notify = text(post->notify) };
		*end = last = rcpt;
		end = &rcpt->next;
		for (target = here ? target->next : NULL; target; target = target->next) {
			struct deliver_rcpt *more = pool_get(&pool, sizeof(*more));
			*more = (struct deliver_rcpt){ .target = target, .original = word };
			*end = last = more;
			end = &more->next;
		}
	}
	d.rcpts = first;
	int rc = deliver(&d, &post->err);
	post->fate = first->fate;
	post->last_fate = last->fate;
	snprintf(post->why, sizeof(post->why), "%.*s", SLICE_ARG(first->why));
	pool_done(&pool);
	return rc;
}

/* Post it, and it must be taken. */
static inline struct rules_post rules_post(const char *to, const char *message)
{
	struct rules_post post = { .from = "sender@far.test", .to = to, .message = message };

	if (rules_deliver(&post) != 0)
		fail_msg("%s: %s", to, post.err.text);
	return post;
}

static inline uint32_t rules_count(const char *address, const char *mailbox)
{
	struct acct *acct = rules_acct(address);
	struct box_status status = { 0 };

	box_status(acct, text(mailbox), &status, NULL);
	acct_close(&acct);
	return status.messages;
}

/* The text of the last message there. */
static inline void rules_text(const char *address, const char *mailbox, struct buf *out)
{
	struct acct *acct = rules_acct(address);
	struct err err;
	struct body *body;
	struct slice whole = { 0 };

	buf_clear(out);
	struct box *box = box_open(acct, text(mailbox), &err);
	if (!box)
		fail_msg("%s of %s: %s", mailbox, address, err.text);
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, box_snap_count(snap));
	if (!entry || box_body(box, entry, &body, &err) != 1 || body_map(body, &whole, &err) != 0)
		fail_msg("nothing in %s of %s", mailbox, address);
	buf_adds(out, whole);
	buf_z(out);
	body_close(&body);
	box_snap_free(&snap);
	box_close(&box);
	acct_close(&acct);
}

/* --- the queue, said in words: "REVERSE>RCPT,RCPT;..." in order --- */

static inline bool rules_add_entry(void *arg, const struct queue_entry *entry)
{
	struct buf *out = arg;

	buf_printf(out, "%.*s>", SLICE_ARG(entry->reverse_path));
	for (size_t i = 0; i < entry->n_rcpts; i++)
		buf_printf(out, "%s%.*s%s", i ? "," : "", SLICE_ARG(entry->rcpts[i].address),
		    entry->rcpts[i].owed ? "!" : "");
	buf_addc(out, ';');
	return true;
}

static inline void rules_want_queue(const char *want)
{
	struct buf out = { 0 };

	assert_int_equal(queue_each(rules_add_entry, &out), 0);
	want_text("queue", buf_slice(&out), want);
	buf_done(&out);
}

#define FILE_INTO "require [\"fileinto\",\"copy\",\"imap4flags\"]; "
#define ENCRYPT "require [\"copy\",\"vnd.signet.store-encrypted\"]; "

/* A setting of the server. */
static inline void rules_set(const char *name, const char *value)
{
	assert_int_equal(
	    conf_set(conf_find(text(name)), CONF_SERVER, SLICE(""), text(value), NULL), 0);
}

/* Let who file into the mailbox. */
static inline void rules_grant(const char *owner, const char *mailbox, const char *who)
{
	struct acct *acct = rules_acct(owner);
	struct err err;

	assert_int_equal(
	    right_change(acct, text(mailbox), text(who), RIGHT_ADD, RIGHT_INSERT, &err), 0);
	acct_close(&acct);
}

#endif
