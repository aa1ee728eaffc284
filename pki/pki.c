/* pki.c - the room's start, its end and its thread */
#include "pki/pki.h"

#include <stdatomic.h>

#include "core/log.h"
#include "core/loop.h"
#include "pki/domainkey.h"
#include "pki/expiry.h"
#include "pki/from_files.h"
#include "pki/master_rotate.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "pki/staple.h"
#include "pki/ticket.h"
#include "pki/trust.h"
#include "storage/dir.h"
#include "storage/store.h"

enum { TURN_MS = 10 * 60 * 1000, RENEW_TURNS = 6 * 6 /* look at certificates every six hours */ };

/* --- domains come and go --- */

static atomic_bool started;

static void added_or_changed(struct slice name)
{
	struct pool pool = { 0 };
	struct dir_domain domain;
	struct err err = { 0 };

	if (dir_domain(name, &pool, &domain) == 1 &&
	    domain_ensure(slice_str(domain.name), &err) != 0)
		log_event(LOG_ERROR, "certificate-not-made", log_z("domain", domain.name),
		    log_z("reason", err.text));
	pool_done(&pool);
}

static void on_domain(void *arg, struct slice name, bool removed)
{
	struct err err = { 0 };

	(void)arg;
	if (!started)
		return;
	if (!removed)
		added_or_changed(name);
	else if (record_drop(name, &err) != 0)
		log_event(LOG_ERROR, "certificate-not-removed", log_s("domain", name),
		    log_z("reason", err.text));
	if (removed) {
		trust_drop(name);
		domainkey_drop(name);
	}
	choose_forget(name, false);
	if (removed)
		staple_look(name);
}

static void watch_domains(void)
{
	static struct dir_watch watch = { .domain = on_domain };
	static bool watching;

	if (!watching)
		dir_watch(&watch);
	watching = true;
}

static void at_start(struct slice name)
{
	added_or_changed(name);
	address_look(name);
}

static bool note_domain(void *arg, const struct dir_domain *domain)
{
	struct buf *names = arg;

	buf_addz(names, domain->name);
	buf_addc(names, '\n');
	return true;
}

/* A domain whose key cannot be made does not keep the others from starting. */
static int ensure_all(struct err *err)
{
	struct buf names = { 0 };

	if (dir_domains(note_domain, &names) != 0) {
		buf_done(&names);
		return err_set(err, ERR_TEMP, "cannot read the directory");
	}
	for (struct slice rest = buf_slice(&names); rest.n > 0;)
		at_start(slice_cut(&rest, '\n'));
	buf_done(&names);
	return 0;
}

/* --- the thread: keys of tickets turn, certificates are renewed in time --- */

static void keep_up(void *arg)
{
	struct err err = { 0 };

	(void)arg;
	domain_renew_old();
	for (unsigned turn = 1; !threads_sleep(TURN_MS); turn++) {
		from_files_look();
		if (ticket_turn(&err) != 0)
			log_event(LOG_ERROR, "ticket-keys", log_z("reason", err.text));
		if (turn % RENEW_TURNS == 0)
			domain_renew_old();
	}
}

/* --- start and end --- */

static bool stop_at_first(void *arg, struct slice domain, const struct domain_record *record)
{
	(void)domain;
	(void)record;
	*(bool *)arg = true;
	return false;
}

static int start_seal(const char *data, struct err *err)
{
	bool have_keys = false;

	if (record_each(stop_at_first, &have_keys) != 0)
		return err_set(err, ERR_TEMP, "cannot read the keys of domains");
	return seal_start(data, !have_keys, err);
}

int pki_start(const char *data, struct err *err)
{
	if (start_seal(data, err) != 0 || ticket_turn(err) != 0 || test_start(err) != 0)
		return -1;
	choose_start();
	judge_start();
	assign_start();
	started = true;
	domainkey_start();
	watch_domains();
	if (ensure_all(err) != 0)
		return -1;
	from_files_look();
	if (session_start(data, err) != 0 || staple_start(err) != 0 ||
	    master_rotate_start(err) != 0 || expiry_start(err) != 0)
		return -1;
	return thread_start("pki", keep_up, NULL, err);
}

void pki_stop(void)
{
	started = false;
	session_stop();
	staple_stop();
	expiry_stop();
	choose_stop();
	assign_stop();
	judge_stop();
	trust_stop();
	test_stop();
	address_stop();
	seal_stop();
}
