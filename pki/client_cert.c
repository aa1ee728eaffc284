/* client_cert.c - certificates that accounts list as theirs
 *
 *	DOMAIN blank SHA-256 in hex -> version, the account's number, its address, NUL,
 *	                               the certificate in DER */
#include "pki/client_cert.h"

#include <pthread.h>

#include "core/digest.h"
#include "core/num.h"
#include "core/text.h"
#include "pki/pki_private.h"
#include "storage/rename.h"
#include "storage/store.h"

#define ROOM "client-cert"

enum { VERSION = 1, HEADER = 1 + 8 };

/* What is added is compared with what is there. */
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

static struct slice domain_of(const char *address)
{
	struct slice rest = slice_str(address);
	ptrdiff_t at = slice_rchr(rest, '@');

	return slice_from(rest, (size_t)(at + 1));
}

static struct slice key_of(struct buf *out, struct slice domain, struct slice fingerprint)
{
	buf_adds(out, domain);
	buf_addc(out, ' ');
	hex_put(out, fingerprint);
	return buf_slice(out);
}

struct listed {
	uint64_t account;
	struct slice address;
	struct cert cert;
};

static bool read_value(struct slice value, struct listed *out)
{
	struct slice rest = slice_from(value, HEADER);

	if (value.n < HEADER || value.p[0] != VERSION)
		return false;
	out->account = num_get64((const unsigned char *)value.p + 1);
	out->address = slice_cut(&rest, '\0');
	return cert_next(&rest, &out->cert);
}

static void write_value(const struct dir_account *account, const struct cert *cert, struct buf *out)
{
	unsigned char header[HEADER] = { VERSION };

	num_put64(header + 1, account->id);
	buf_add(out, header, sizeof(header));
	buf_addz(out, account->name);
	buf_addc(out, '\0');
	buf_adds(out, cert->der);
}

static void rename_listed(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice rest = slice_from(value, HEADER), address = slice_cut(&rest, '\0');

	rename_words(names, key, new_key);
	if (value.n <= HEADER)
		return;
	buf_adds(new_value, slice_head(value, HEADER));
	rename_word(names, address, new_value);
	buf_addc(new_value, '\0');
	buf_adds(new_value, rest);
}

RENAMED(client_cert) = { .room = ROOM, .change = rename_listed };

/* --- read --- */

/* The account that it is listed by, if that is still the same one. */
static const char *owner_of(struct slice value, struct pool *pool)
{
	struct dir_account account;
	struct listed listed;

	if (!read_value(value, &listed) || dir_account(listed.address, pool, &account) != 1 ||
	    account.id != listed.account)
		return NULL;
	return account.name;
}

static const char *find_owner(struct slice key, struct pool *pool)
{
	struct buf value = { 0 };
	const char *owner = NULL;

	if (store_record_get(ROOM, key, &value) == 1)
		owner = owner_of(buf_slice(&value), pool);
	buf_done(&value);
	return owner;
}

const char *client_cert_owner(const char *domain, const struct cert *leaf, struct pool *pool)
{
	unsigned char digest[DIGEST_SIZE];
	struct buf key = { 0 };

	digest_sha256(leaf->der, digest);
	const char *owner =
	    find_owner(key_of(&key, slice_str(domain), slice_of(digest, sizeof(digest))), pool);
	buf_done(&key);
	return owner;
}

struct each {
	const struct dir_account *account;
	void (*visit)(void *arg, const struct cert *cert);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct listed listed;

	(void)key;
	if (read_value(value, &listed) && listed.account == each->account->id)
		each->visit(each->arg, &listed.cert);
	return true;
}

int client_cert_each(
    const struct dir_account *account, void (*visit)(void *arg, const struct cert *cert), void *arg)
{
	struct each each = { account, visit, arg };
	struct buf prefix = { 0 };

	key_of(&prefix, domain_of(account->name), (struct slice){ 0 });
	int rc = store_record_each(ROOM, buf_slice(&prefix), see, &each);
	buf_done(&prefix);
	return rc;
}

/* --- change --- */

static void count(void *arg, const struct cert *cert)
{
	(void)cert;
	++*(size_t *)arg;
}

/* With the lock held. */
static int add_now(
    const struct dir_account *account, struct slice key, struct slice value, struct err *err)
{
	struct pool pool = { 0 };
	const char *owner = find_owner(key, &pool);
	size_t n = 0;
	int rc = 0;

	if (owner)
		rc = err_set(err, ERR_EXISTS, "that certificate is listed already");
	else if (client_cert_each(account, count, &n) < 0)
		rc = err_set(err, ERR_TEMP, "cannot read the directory");
	else if (n >= CLIENT_CERTS_MAX)
		rc = err_set(
		    err, ERR_LIMIT, "an account lists at most %d certificates", CLIENT_CERTS_MAX);
	else
		rc = store_record_put(ROOM, key, value, err);
	pool_done(&pool);
	return rc;
}

int client_cert_add(const struct dir_account *account, const struct cert *cert, struct err *err)
{
	unsigned char digest[DIGEST_SIZE];
	struct buf key = { 0 }, value = { 0 };

	digest_sha256(cert->der, digest);
	key_of(&key, domain_of(account->name), slice_of(digest, sizeof(digest)));
	write_value(account, cert, &value);
	pthread_mutex_lock(&changing);
	int rc = add_now(account, buf_slice(&key), buf_slice(&value), err);
	pthread_mutex_unlock(&changing);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

static bool is_listed_by(const struct dir_account *account, struct slice key)
{
	struct buf value = { 0 };
	struct listed listed;
	bool is = store_record_get(ROOM, key, &value) == 1 &&
	    read_value(buf_slice(&value), &listed) && listed.account == account->id;

	buf_done(&value);
	return is;
}

int client_cert_remove(const struct dir_account *account, struct slice fingerprint, struct err *err)
{
	struct buf key = { 0 };
	int rc;

	key_of(&key, domain_of(account->name), fingerprint);
	pthread_mutex_lock(&changing);
	if (is_listed_by(account, buf_slice(&key)))
		rc = store_record_put(ROOM, buf_slice(&key), (struct slice){ 0 }, err);
	else
		rc = err_set(err, ERR_ABSENT, "%s lists no such certificate", account->name);
	pthread_mutex_unlock(&changing);
	buf_done(&key);
	return rc;
}
