/* trust_record.c - what admins trust, as it is stored
 *
 *	c DOMAIN    version, certificates in DER one behind another; DOMAIN empty: the server's
 *	v DOMAIN    version, lists of revoked certificates likewise */
#include "core/text.h"
#include "pki/pki_private.h"
#include "pki/told.h"
#include "pki/trust_private.h"
#include "storage/store.h"

enum { VERSION = 1 };

static struct slice record_key(struct buf *out, enum trust_kind kind, struct slice scope)
{
	buf_addc(out, (char)kind);
	buf_addc(out, ' ');
	buf_add_lower(out, scope);
	return buf_slice(out);
}

int trust_read(enum trust_kind kind, struct slice scope, struct buf *der)
{
	struct buf key = { 0 };
	int found = store_record_get(PKI_ROOM, record_key(&key, kind, scope), der);

	buf_done(&key);
	if (found == 1 && der->n > 0 && der->p[0] == VERSION) {
		buf_drop(der, 1);
		return 0;
	}
	buf_clear(der);
	return found == 0 ? 0 : -1;
}

static void tell(enum trust_kind kind, struct slice scope, struct slice before, struct slice after)
{
	struct pool pool = { 0 };
	const char *of = scope.n > 0 ? pool_str(&pool, scope) : "server";

	if (kind == TRUST_CERTIFICATES)
		told_certs("trusted", of, before, after);
	else
		told_der("lists of revoked", of, before, after);
	pool_done(&pool);
}

int trust_write(enum trust_kind kind, struct slice scope, struct slice der, struct err *err)
{
	struct buf key = { 0 }, value = { 0 }, before = { 0 };

	trust_read(kind, scope, &before);
	if (der.n > 0) {
		buf_addc(&value, VERSION);
		buf_adds(&value, der);
	}
	int rc = store_record_put(PKI_ROOM, record_key(&key, kind, scope), buf_slice(&value), err);
	if (rc == 0)
		tell(kind, scope, buf_slice(&before), der);
	buf_done(&key);
	buf_done(&value);
	buf_done(&before);
	return rc;
}
