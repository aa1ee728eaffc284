/* renamed.c - what becomes of this room's records when a domain gets another name
 *
 * Certificates stay as they are (C-044): what they say is said. What leads to them gets
 * the new name. */
#include "pki/issue_private.h"
#include "pki/pki_private.h"
#include "storage/rename.h"

/* --- what the next request will say: hosts of the domain are called as it is now --- */

static void put_host(const struct rename *names, struct slice host, struct buf *out)
{
	size_t n = names->old.n;

	if (host.n > n && host.p[host.n - n - 1] == '.' && slice_iends(host, names->old)) {
		buf_adds(out, slice_head(host, host.n - n));
		buf_adds(out, names->new);
	} else {
		rename_word(names, host, out);
	}
}

static const char *new_hosts(const struct rename *names, const char *hosts, struct pool *pool)
{
	struct slice rest = slice_str(hosts);
	struct buf out = { 0 };

	for (struct slice host; (host = slice_word(&rest)).n > 0;) {
		buf_addz(&out, out.n > 0 ? " " : "");
		put_host(names, host, &out);
	}
	hosts = hosts ? pool_str(pool, buf_slice(&out)) : NULL;
	buf_done(&out);
	return hosts;
}

static void rename_record_of(const struct rename *names, struct slice value, struct buf *new_value)
{
	struct domain_record record;
	struct buf said = { 0 };
	struct pool pool = { 0 };
	struct subject subject;

	if (record_read(value, &record) && record.subject.n > 0) {
		subject_read(record.subject, &pool, &subject);
		subject.names = new_hosts(names, subject.names, &pool);
		subject.part[SUBJECT_CN] = new_hosts(names, subject.part[SUBJECT_CN], &pool);
		subject_write(&subject, &said);
		record.subject = buf_slice(&said);
		record_write(&record, new_value);
	} else {
		buf_adds(new_value, value);
	}
	buf_done(&said);
	pool_done(&pool);
}

/* --- records --- */

/* "n HOST" leads to a domain by a name that its certificate has; "a NAME SCOPE PLACE" is
   a setting that waits, "=" before its value, which names an owner; all others name an
   owner in the key alone. */
static void rename_pki(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	char kind = key.n > 0 ? key.p[0] : '\0';

	if (kind == 'n')
		buf_adds(new_key, key);
	else
		rename_words(names, key, new_key);
	if (kind == 'n') {
		rename_word(names, value, new_value);
	} else if (kind == 'a') {
		buf_adds(new_value, slice_head(value, 1));
		rename_words(names, slice_from(value, 1), new_value);
	} else if (kind == 'd' && slice_eq(slice_from(key, 2), names->old)) {
		rename_record_of(names, value, new_value);
	} else {
		buf_adds(new_value, value);
	}
}

RENAMED(pki) = { .room = PKI_ROOM, .change = rename_pki };

/* An account that a certificate was issued to is the same one now. */
static void rename_entry(const struct rename *names, struct slice value, struct buf *new_value)
{
	struct buf whom = { 0 };
	struct issue_row row;

	if (issue_row_read(value, &row)) {
		rename_addresses(names, row.whom, &whom);
		row.whom = buf_slice(&whom);
		issue_row_write(&row, new_value);
	} else {
		buf_adds(new_value, value);
	}
	buf_done(&whom);
}

/* Keys are LETTER SCOPE, mostly with NUL REST behind; "k NUL KEYID" has SCOPE NUL ID as
   its value. */
static void rename_issue(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice rest = slice_from(key, 2), scope = slice_cut(&rest, '\0');
	char kind = key.n > 0 ? key.p[0] : '\0';

	buf_adds(new_key, slice_head(key, 2));
	rename_word(names, scope, new_key);
	buf_adds(new_key, slice_from(key, 2 + scope.n));
	if (kind == 'i') {
		rename_entry(names, value, new_value);
	} else if (kind == 'k') {
		rest = value;
		rename_word(names, slice_cut(&rest, '\0'), new_value);
		buf_adds(new_value, slice_from(value, value.n - (rest.p ? rest.n + 1 : 0)));
	} else {
		buf_adds(new_value, value);
	}
}

RENAMED(issue) = { .room = ISSUE_ROOM, .change = rename_issue };
