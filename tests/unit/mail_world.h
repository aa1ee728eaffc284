/* mail_world.h - a store with two domains and three accounts, and mail for them */
#ifndef TESTS_UNIT_MAIL_WORLD_H
#define TESTS_UNIT_MAIL_WORLD_H

#include <stdio.h>

#include "core/log.h"
#include "core/loop.h"
#include "storage/body.h"
#include "storage/deliver.h"
#include "storage/dir.h"
#include "storage/shard.h"
#include "storage/store.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

static const char *const mail_users[] = { "ann@alpha.test", "bob@alpha.test", "cy@beta.test" };

static inline void mail_open(const char *data)
{
	struct err err;

	if (store_open(data, &err) < 0 || store_start(&err) < 0)
		fail_msg("%s", err.text);
}

static inline void mail_close(void)
{
	threads_stop();
	store_close();
}

static inline void mail_make_users(void)
{
	static const char *const secrets[] = { "secret", NULL };
	struct err err;

	if (dir_domain_add(SLICE("alpha.test"), &err) < 0 ||
	    dir_domain_add(SLICE("beta.test"), &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < COUNT(mail_users); i++)
		if (dir_account_add(slice_str(mail_users[i]), secrets, &err) < 0)
			fail_msg("%s", err.text);
}

/* One message with a number in its first line, to users given by bits. 0 when
   it was taken. */
static inline int mail_post(uint32_t number, unsigned users, size_t size)
{
	struct pool pool = { 0 };
	struct deliver_rcpt *rcpts = NULL;
	struct buf message = { 0 };
	struct err err;

	for (size_t i = 0; i < COUNT(mail_users); i++) {
		struct dir_target *target;
		if (!(users & 1u << i))
			continue;
		if (dir_route(slice_str(mail_users[i]), &pool, &target) != DIR_LOCAL)
			fail_msg("no route to %s", mail_users[i]);
		struct deliver_rcpt *rcpt = pool_get(&pool, sizeof(*rcpt));
		*rcpt = (struct deliver_rcpt){ .target = target, .next = rcpts };
		rcpts = rcpt;
	}
	const char *trace = pool_printf(&pool, "X-Number: %u\r\n", (unsigned)number);
	buf_addz(&message, "Subject: hello\r\nFrom: a@far.test\r\n\r\n");
	while (message.n < size)
		buf_addz(&message, "0123456789 0123456789 0123456789 0123456789\r\n");
	struct deliver d = { .mid = log_id(),
		.reverse_path = SLICE("a@far.test"),
		.trace = slice_str(trace),
		.message = buf_slice(&message),
		.rcpts = rcpts };
	int r = deliver(&d, &err);
	buf_done(&message);
	pool_done(&pool);
	return r;
}

/* How often each number is in the mailboxes: counts[number] for numbers below
   max. */
struct mail_counts {
	unsigned *counts;
	uint32_t max;
};

static inline bool mail_count_entry(
    void *arg, uint64_t account, uint32_t box, uint32_t uid, uint64_t message)
{
	struct mail_counts *counts = arg;
	struct body *body;
	struct err err;
	char start[64] = "";
	unsigned number;

	(void)account, (void)box, (void)uid;
	if (body_open(shard_of(0)->bodies, message, &body, &err) != 1)
		fail_msg("a body cannot be read: %s", err.text);
	assert_true(body_read(body, 0, start, sizeof(start) - 1) > 0);
	body_close(&body);
	assert_int_equal(sscanf(start, "X-Number: %u\r\n", &number), 1);
	if (number < counts->max)
		counts->counts[number]++;
	return true;
}

static inline void mail_count(struct mail_counts *counts)
{
	const struct shard_walk walk = { .entry = mail_count_entry, .arg = counts };

	assert_int_equal(shard_walk(shard_of(0), &walk), 0);
}

static inline uint64_t mail_faults(struct store_check *check)
{
	struct err err;

	if (store_check(NULL, NULL, check, &err) < 0)
		fail_msg("%s", err.text);
	return check->faults;
}

#endif
