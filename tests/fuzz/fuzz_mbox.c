/* fuzz_mbox.c - an mbox file, imported: the messages that stand in it, each of them once
 *
 * What was imported is known the second time; and what is exported again is an mbox with as
 * many messages. */
#include <sys/mman.h>

#include "storage/import.h"
#include "tests/fuzz/fuzz_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void tell(void *arg, int64_t done, int64_t total, const char *what)
{
	(void)arg, (void)what;
	fuzz_need(done >= 0 && done <= total);
}

static void take(struct import *import, const char *path, bool *good)
{
	static const struct import_progress progress = { .tell = tell };
	struct err err;

	*good = import_mbox(import, path, SLICE("Mail"), &progress, &err) == 0;
}

/* How many messages there are, each between an empty line, or the beginning, and the next. */
static uint64_t count(uint64_t account)
{
	struct acct *acct = acct_open(account, 0);
	struct box_status status = { 0 };
	struct err err;

	bool there = box_status(acct, SLICE("Mail"), &status, &err) == 0;
	acct_close(&acct);
	return there ? status.messages : 0;
}

static void import_twice(uint64_t account, const char *path)
{
	struct import first = { .acct = acct_open(account, 0) }, again = { .acct = first.acct };
	bool good, better;

	take(&first, path, &good);
	take(&again, path, &better);
	if (good) {
		fuzz_need(
		    better && again.imported == 0 && again.known == first.imported + first.known);
		fuzz_need(count(account) == first.imported);
	}
	import_done(&again);
	import_done(&first);
	acct_close(&first.acct);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("mbox", MFD_CLOEXEC);
	char path[64];

	fuzz_store();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	fuzz_need(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	import_twice(fuzz_account(), path);
	close(fd);
	return 0;
}
