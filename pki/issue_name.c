/* issue_name.c - what authorities are called, and for whom they may speak */
#include "pki/issue_name.h"

#include "core/num.h"
#include "pki/der.h"
#include "pki/issue_private.h"
#include "storage/dir.h"
#include "storage/store.h"

#define COMMON_NAME "2.5.4.3"

enum { TRIES = 10000, COMMON_NAME_MAX = 64 };

/* CN=Authority, DC=alpha, DC=test fits any domain. */
void issue_own_name(struct slice scope, struct buf *out)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	if (scope.n > 0)
		cert_put_components(out, scope);
	cert_put_attribute(out, COMMON_NAME, DER_UTF8,
	    scope.n > 0 ? SLICE("Authority") : SLICE("Signet Authority"));
	der_close(out, mark);
}

/* --- one that was not used --- */

/* "Example CA 2" is the second of "Example CA". */
static void put_numbered(struct buf *out, struct slice common_name, unsigned number)
{
	struct buf text = { 0 }, tail = { 0 };
	ptrdiff_t blank = slice_rchr(common_name, ' ');
	uint32_t old;

	if (blank > 0 && num_u32(slice_from(common_name, (size_t)blank + 1), &old))
		common_name = slice_head(common_name, (size_t)blank);
	buf_printf(&tail, " %u", number);
	buf_adds(&text, cert_text_cut(common_name, COMMON_NAME_MAX - tail.n));
	buf_adds(&text, buf_slice(&tail));
	cert_put_attribute(out, COMMON_NAME, DER_UTF8, buf_slice(&text));
	buf_done(&text);
	buf_done(&tail);
}

/* The common name of a set, if that is what it holds. */
static bool is_common_name(struct slice set, struct slice *value)
{
	struct slice pair, oid;
	struct der text;

	if (!der_want(&set, DER_SEQUENCE, &pair) || set.n > 0 || !der_want(&pair, DER_OID, &oid) ||
	    !der_oid_is(oid, COMMON_NAME) || !der_next(&pair, &text))
		return false;
	*value = text.value;
	return true;
}

static void put_name(struct buf *out, struct slice name, unsigned number)
{
	struct slice list, common_name;
	struct der set;
	bool done = false;
	size_t mark = der_open(out, DER_SEQUENCE);

	der_want(&name, DER_SEQUENCE, &list);
	while (der_next(&list, &set)) {
		if (!done && is_common_name(set.value, &common_name)) {
			put_numbered(out, common_name, number);
			done = true;
		} else {
			buf_adds(out, set.whole);
		}
	}
	if (!done)
		put_numbered(out, SLICE("Authority"), number);
	der_close(out, mark);
}

/* Canonical forms of all names, one behind another with their lengths. */
static void add_used(struct slice chain, struct buf *used)
{
	struct buf form = { 0 };
	unsigned char n[4];
	struct cert cert;

	if (cert_next(&chain, &cert)) {
		cert_name_canonical(cert.subject, &form);
		num_put32(n, (uint32_t)form.n);
		buf_add(used, n, sizeof(n));
		buf_adds(used, buf_slice(&form));
	}
	buf_done(&form);
}

static bool is_used(struct slice used, struct slice name)
{
	struct buf form = { 0 };
	bool found = false;

	cert_name_canonical(name, &form);
	while (!found && used.n > 4) {
		size_t n = num_get32((const unsigned char *)used.p);
		found = slice_eq(slice_head(slice_from(used, 4), n), buf_slice(&form));
		used = slice_from(used, 4 + n);
	}
	buf_done(&form);
	return found;
}

static bool see_old(void *arg, const struct issue_record *record)
{
	add_used(record->chain, arg);
	return true;
}

int issue_free_name(struct slice scope, struct slice name, struct buf *out, struct err *err)
{
	struct buf used = { 0 };
	size_t mark = out->n;
	int rc = issue_record_each(scope, see_old, &used, err);

	buf_adds(out, name);
	for (unsigned i = 2; rc == 0 && is_used(buf_slice(&used), slice_from(buf_slice(out), mark));
	     i++) {
		if (i == TRIES)
			rc =
			    err_set(err, ERR_LIMIT, "there were too many authorities of this name");
		out->n = mark;
		put_name(out, name, i);
	}
	buf_done(&used);
	return rc;
}

/* --- for whom --- */

static void put_subtree(struct buf *out, unsigned tag, struct slice value)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_put(out, DER_CONTEXT | tag, value);
	der_close(out, mark);
}

static void permit(struct buf *out, struct slice domain)
{
	put_subtree(out, 1, domain); /* rfc822Name: mailboxes at that host */
	put_subtree(out, 2, domain); /* dNSName: that, and what is below it */
}

static bool permit_alias(void *arg, const struct dir_domain *alias)
{
	permit(arg, slice_str(alias->name));
	return true;
}

int issue_constraints(struct slice domain, struct buf *out, struct err *err)
{
	static const char all[32];
	size_t permitted = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);

	permit(out, domain);
	int rc = dir_domain_aliases(domain, permit_alias, out);
	der_close(out, permitted);
	size_t excluded = der_open(out, DER_CONTEXT_CONSTRUCTED | 1);
	put_subtree(out, 7, slice_of(all, 8)); /* iPAddress: all of IPv4, all of IPv6 */
	put_subtree(out, 7, slice_of(all, 32));
	der_close(out, excluded);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "cannot read the directory");
}
