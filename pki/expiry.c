/* expiry.c - the watch over what expires: its thread, and what it asks for */
#include "pki/expiry.h"

#include <stdatomic.h>

#include "core/conf.h"
#include "core/loop.h"
#include "pki/crl_fetch.h"
#include "pki/domainkey.h"
#include "pki/expiry_private.h"
#include "pki/renew.h"
#include "storage/store.h"

enum { TICK_MS = 500 };

static atomic_bool look_now;

static void set(int64_t num)
{
	(void)num;
	look_now = true;
}

CONF_KEY(pki_expiry_check) = {
	.name = "pki.expiry.check",
	.type = CONF_DURATION,
	.def = "1h",
	.min = 1000,
	.max = 7LL * 24 * 3600 * 1000,
	.help = "how often it is looked for certificates that end, to warn and to renew",
	.changed = set,
};

static void keep_up(void *arg)
{
	uint64_t next = 0;

	(void)arg;
	expiry_index_load();
	while (!threads_sleep(TICK_MS)) {
		crl_fetch_due();
		domainkey_due();
		if (!atomic_exchange(&look_now, false) && loop_now() < next)
			continue;
		renew_due();
		expiry_warn();
		next = loop_now() + (uint64_t)conf_num(&conf_key_pki_expiry_check);
	}
}

int expiry_start(struct err *err)
{
	store_record_watch(expiry_index_told);
	return thread_start("expiry", keep_up, NULL, err);
}

void expiry_stop(void)
{
	store_record_watch(NULL);
	expiry_index_done();
	crl_fetch_stop();
	renew_stop();
}
