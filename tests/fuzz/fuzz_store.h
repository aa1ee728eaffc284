/* fuzz_store.h - a store of a fuzzer's own, in memory
 *
 * Each input has an account that nothing was in before, so what it does can be done again. */
#ifndef TESTS_FUZZ_FUZZ_STORE_H
#define TESTS_FUZZ_FUZZ_STORE_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/auth.h"
#include "core/log.h"
#include "core/loop.h"
#include "storage/box.h"
#include "storage/dir.h"
#include "storage/shard.h"
#include "storage/store.h"

static inline void fuzz_need(bool condition)
{
	if (!condition)
		abort();
}

/* Berkeley DB knows its memory by offsets, so none of it seems to be in use. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libdb";
}

/* --- the store --- */

static char fuzz_folder[] = "/dev/shm/signet-fuzz-XXXXXX"; /* in memory: each change is synced */

static inline int fuzz_remove(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

/* Nobody logs in: that takes long. */
static inline int fuzz_nobody(
    void *arg, struct slice login, struct pool *pool, struct auth_account *out)
{
	(void)arg, (void)login, (void)pool, (void)out;
	return -1;
}

static inline void fuzz_store_end(void)
{
	threads_stop();
	store_close();
	nftw(fuzz_folder, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Open it, with ann@alpha.test and bob@alpha.test; once. */
static inline void fuzz_store(void)
{
	static const struct auth_backend nobody = { .find = fuzz_nobody };
	static const char *const secrets[] = { "none", NULL };
	static bool open;
	struct err err;

	if (open)
		return;
	open = true;
	log_level_set(LOG_ERROR);
	fuzz_need(mkdtemp(fuzz_folder) && store_open(fuzz_folder, &err) == 0);
	fuzz_need(store_start(&err) == 0 && dir_domain_add(SLICE("alpha.test"), &err) == 0);
	fuzz_need(dir_account_add(SLICE("ann@alpha.test"), secrets, &err) == 0);
	fuzz_need(dir_account_add(SLICE("bob@alpha.test"), secrets, &err) == 0);
	fuzz_need(auth_start(&nobody, &err) == 0);
	atexit(fuzz_store_end);
}

/* An account that nobody had; what was in the last one is removed. There is little room:
   whoever copies all messages to where they are has twice as many each time. */
static inline uint64_t fuzz_account(void)
{
	static uint64_t id = 1000;
	struct err err;

	fuzz_need(shard_purge_account(shard_of(0), id, &err) == 0);
	fuzz_need(shard_set_quota(shard_of(0), ++id, 64 * 1024, &err) == 0);
	return id;
}

static inline void fuzz_append(uint64_t account, const char *message)
{
	struct box_append append = { .message = slice_str(message), .internal_date = 1000000 };
	struct acct *acct = acct_open(account, 0);
	struct pool pool = { 0 };
	struct box_added added;
	struct err err;

	fuzz_need(box_append(acct, SLICE("INBOX"), &append, 1, &pool, &added, &err) == 0);
	pool_done(&pool);
	acct_close(&acct);
}

#endif
