/* expiry_source.c - where this room's records have certificates that expire */
#include "pki/expiry.h"
#include "pki/issue_private.h"
#include "pki/pki_private.h"

/* One certificate of whoever owns the record. */
static void add_cert(struct expiry_put *put, const struct cert *cert, struct expiry_item *item)
{
	struct buf subject = { 0 }, sha256 = { 0 };

	cert_name_text(cert->subject, &subject);
	cert_fingerprint(cert, &sha256);
	item->not_after = cert->not_after;
	item->subject = buf_z(&subject);
	item->sha256 = buf_z(&sha256);
	expiry_add(put, item);
	buf_done(&subject);
	buf_done(&sha256);
}

static void add_each(struct expiry_put *put, struct slice certs, struct expiry_item *item)
{
	struct cert cert;

	while (cert_next(&certs, &cert))
		add_cert(put, &cert, item);
}

/* As domain_renew_old does. */
static bool renews_itself(const struct domain_record *record)
{
	struct slice rest = record->leaf;
	struct cert leaf;
	bool by_server;

	return !record->installed || (cert_next(&rest, &leaf) && issue_wrote(&leaf, &by_server));
}

/* --- domains and profiles: "d OWNER" --- */

static void read_owner(struct slice owner, struct slice value, struct expiry_put *put)
{
	struct pool pool = { 0 };
	struct domain_record record;
	const char *name = pool_str(&pool, owner);
	bool profile = owner_is_profile(owner);
	struct expiry_item item = { .kind = profile ? "profile" : "certificate",
		.owner = profile ? pool_str(&pool, owner_profile_name(owner)) : name,
		.domain = profile ? NULL : name };

	if (value.n > 0 && record_read(value, &record)) {
		item.automatic = renews_itself(&record);
		add_each(put, record.leaf, &item);
		item.kind = "chain";
		item.automatic = false;
		add_each(put, record.above, &item);
	}
	pool_done(&pool);
}

/* --- who is trusted: "c SCOPE", version, certificates --- */

static void read_trust(struct slice scope, struct slice value, struct expiry_put *put)
{
	struct pool pool = { 0 };
	const char *domain = scope.n > 0 ? pool_str(&pool, scope) : NULL;
	struct expiry_item item = {
		.kind = "trusted", .owner = domain ? domain : "server", .domain = domain
	};

	if (value.n > 0)
		add_each(put, slice_from(value, 1), &item);
	pool_done(&pool);
}

static void read_pki(struct slice key, struct slice value, struct expiry_put *put)
{
	if (slice_starts(key, SLICE("d ")))
		read_owner(slice_from(key, 2), value, put);
	else if (slice_starts(key, SLICE("c ")))
		read_trust(slice_from(key, 2), value, put);
}

EXPIRY_SOURCE(pki) = { .room = PKI_ROOM, .read = read_pki };

/* --- authorities: "a SCOPE"; what they issued: "i SCOPE NUL SERIAL" --- */

static void read_authority(struct slice scope, struct slice value, struct expiry_put *put)
{
	struct issue_record record;
	struct pool pool = { 0 };
	const char *domain = scope.n > 0 ? pool_str(&pool, scope) : NULL;
	struct expiry_item item = {
		.kind = "authority", .owner = domain ? domain : "server", .domain = domain
	};

	if (value.n > 0 && issue_record_read(value, &record) && !record.removed)
		add_each(put, record.chain, &item);
	pool_done(&pool);
}

/* The certificate that somebody got last is the one that counts. */
static void read_issued(struct slice scope, struct slice value, struct expiry_put *put)
{
	struct issue_row row;
	struct pool pool = { 0 };
	struct cert cert;

	if (value.n == 0 || !issue_row_read(value, &row))
		return;
	const char *whom = pool_str(&pool, row.whom);
	const char *name = pool_printf(&pool, "%.*s %u %s", SLICE_ARG(scope), row.profile, whom);
	struct expiry_item item = { .kind = "issued",
		.owner = whom,
		.domain = scope.n > 0 ? pool_str(&pool, scope) : NULL,
		.not_after = row.not_after,
		.subject = whom,
		.sha256 = "" };
	if (row.revoked) {
		expiry_void(put, name, row.not_after);
	} else {
		expiry_name(put, name);
		if (cert_next(&row.der, &cert))
			add_cert(put, &cert, &item);
		else
			expiry_add(put, &item);
	}
	pool_done(&pool);
}

static void read_issue(struct slice key, struct slice value, struct expiry_put *put)
{
	struct slice rest = slice_from(key, 2), scope = slice_cut(&rest, '\0');

	if (slice_starts(key, SLICE("a ")))
		read_authority(slice_from(key, 2), value, put);
	else if (slice_starts(key, SLICE("i ")))
		read_issued(scope, value, put);
}

EXPIRY_SOURCE(issue) = { .room = ISSUE_ROOM, .read = read_issue };
