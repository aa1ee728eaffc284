/* rename.c - a domain gets another name, and keeps its key and certificate */
#include "pki/rename.h"

#include "core/conf.h"
#include "core/log.h"
#include "core/sess.h"
#include "pki/expiry.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "pki/staple.h"
#include "storage/rename.h"

/* Names in its certificate that followed from the old name lead to it as well. */
static void note_names(struct slice domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct err err = { 0 };

	if (record_get(domain, &bytes, &record) == 1 && record.leaf.n > 0 &&
	    record_names_put(domain, record.leaf, &err) != 0)
		log_event(LOG_ERROR, "names-not-noted", log_s("domain", domain),
		    log_z("reason", err.text));
	buf_done(&bytes);
}

/* --- who is logged in --- */

struct ending {
	struct slice domain;
	struct buf ids;
};

static void note_session(void *arg, const struct sess_row *row)
{
	struct ending *e = arg;
	struct slice account = slice_str(row->account);
	ptrdiff_t at = slice_rchr(account, '@');

	if (at >= 0 && strcmp(row->proto, "http") != 0 &&
	    slice_ieq(slice_from(account, (size_t)at + 1), e->domain))
		buf_add(&e->ids, &row->icid, sizeof(row->icid));
}

/* They know themselves by the old name; but for requests by HTTP, each of which asks anew
   who it is, and one of which may have ordered this. */
static void end_sessions(struct slice domain)
{
	struct ending e = { .domain = domain };
	uint64_t icid;

	sess_each(note_session, &e);
	for (size_t at = 0; at < e.ids.n; at += sizeof(icid)) {
		memcpy(&icid, e.ids.p + at, sizeof(icid));
		sess_end(icid);
	}
	buf_done(&e.ids);
}

int domain_rename(struct slice name, struct slice to, bool keep_alias, struct err *err)
{
	static const struct rename_sealer sealer = { .anew = seal_anew };
	struct err trouble = { 0 };

	change_begin();
	int rc = dir_domain_rename(name, to, keep_alias, &sealer, err);
	change_end();
	if (rc != 0)
		return -1;
	if (conf_reload(&trouble) != 0)
		log_event(LOG_ERROR, "settings-not-read", log_z("reason", trouble.text));
	note_names(to);
	dir_domain_renamed(name, to);
	choose_forget((struct slice){ 0 }, true);
	staple_look(to);
	expiry_reload();
	end_sessions(name);
	return 0;
}
