/* trust_store.c - the sets that count: a file of the system's, and what admins add
 *
 *	c DOMAIN    version, certificates in DER one behind another; DOMAIN empty: the server's
 *	v DOMAIN    version, lists of revoked certificates likewise
 *
 * Sets in memory are dropped when they change; who works with one keeps it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/text.h"
#include "pki/crl.h"
#include "pki/pki_private.h"
#include "pki/trust.h"
#include "storage/store.h"

enum { VERSION = 1, SCOPES_KEPT = 64, FILE_MAX = 16 * 1024 * 1024, LISTS_MAX = 4 * 1024 * 1024 };

CONF_KEY(trust_file) = {
	.name = "trust.file",
	.type = CONF_TEXT,
	.def = "/etc/ssl/certs/ca-certificates.crt",
	.help = "PEM file of the authorities that are trusted everywhere; empty: none",
};

static struct {
	pthread_mutex_t lock; /* over reading and changing what is stored, too */
	struct trust_set *builtin;
	char *path; /* the file that it was read from, as it was then */
	struct stat file;
	struct {
		char *scope;
		struct trust_set *set;
	} kept[SCOPES_KEPT];
	size_t next; /* place that is used next */
} sets = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- the file --- */

static bool read_all(const char *path, struct buf *out)
{
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (got > 0 && out->n < FILE_MAX) {
		got = read(fd, buf_room(out, 64 * 1024), 64 * 1024);
		if (got > 0)
			out->n += (size_t)got;
	}
	close(fd);
	return got == 0;
}

static struct trust_set *read_file(const char *path)
{
	struct buf pem = { 0 }, der = { 0 };

	if (!read_all(path, &pem))
		log_event(LOG_ERROR, "trust-file", log_z("path", path),
		    log_z("reason", errno ? strerror(errno) : "too large"));
	cert_readable_from_pem(buf_slice(&pem), &der);
	struct trust_set *set = trust_set_new(buf_slice(&der));
	log_event(LOG_INFO, "trust-file", log_z("path", path),
	    log_n("certificates", (int64_t)trust_set_count(set)));
	buf_done(&pem);
	buf_done(&der);
	return set;
}

static bool is_as_before(const char *path, const struct stat *file)
{
	return sets.path && strcmp(path, sets.path) == 0 && file->st_ino == sets.file.st_ino &&
	    file->st_size == sets.file.st_size && file->st_mtime == sets.file.st_mtime;
}

/* With the lock held. */
static struct trust_set *builtin_now(void)
{
	struct buf path = { 0 };
	struct stat file = { 0 };

	conf_text(&conf_key_trust_file, NULL, &path);
	buf_z(&path);
	if (path.n > 0 && stat(path.p, &file) != 0)
		file = (struct stat){ 0 };
	if (!is_as_before(path.p, &file)) {
		trust_set_unref(&sets.builtin);
		free(sets.path);
		sets.path = mem_str(buf_slice(&path));
		sets.file = file;
		if (path.n > 0)
			sets.builtin = read_file(path.p);
	}
	buf_done(&path);
	return trust_set_ref(sets.builtin);
}

struct trust_set *trust_builtin(void)
{
	pthread_mutex_lock(&sets.lock);
	struct trust_set *set = builtin_now();
	pthread_mutex_unlock(&sets.lock);
	return set;
}

/* --- what is stored --- */

enum kind { CERTIFICATES = 'c', LISTS = 'v' };

static struct slice record_key(struct buf *out, enum kind kind, struct slice scope)
{
	buf_addc(out, (char)kind);
	buf_addc(out, ' ');
	host_lower(out, scope);
	return buf_slice(out);
}

/* Empty when there are none. -1: it cannot be read. */
static int read_stored(enum kind kind, struct slice scope, struct buf *der)
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

static int write_stored(enum kind kind, struct slice scope, struct slice der, struct err *err)
{
	struct buf key = { 0 }, value = { 0 };

	if (der.n > 0) {
		buf_addc(&value, VERSION);
		buf_adds(&value, der);
	}
	int rc = store_record_put(PKI_ROOM, record_key(&key, kind, scope), buf_slice(&value), err);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

/* With the lock held. */
static void forget(struct slice scope)
{
	for (size_t i = 0; i < SCOPES_KEPT; i++)
		if (sets.kept[i].scope && slice_ieq(slice_str(sets.kept[i].scope), scope)) {
			free(sets.kept[i].scope);
			sets.kept[i].scope = NULL;
			trust_set_unref(&sets.kept[i].set);
		}
}

static void keep(struct slice scope, struct trust_set *set)
{
	size_t at = sets.next++ % SCOPES_KEPT;

	free(sets.kept[at].scope);
	trust_set_unref(&sets.kept[at].set);
	sets.kept[at].scope = mem_str(scope);
	sets.kept[at].set = trust_set_ref(set);
}

static struct trust_set *read_set(struct slice scope)
{
	struct buf der = { 0 }, lists = { 0 };
	struct trust_set *set = NULL;

	if (read_stored(CERTIFICATES, scope, &der) != 0 || read_stored(LISTS, scope, &lists) != 0)
		log_event(LOG_ERROR, "trust-unreadable", log_s("scope", scope));
	if (der.n + lists.n > 0) {
		set = trust_set_new(buf_slice(&der));
		trust_set_lists(set, buf_slice(&lists));
	}
	buf_done(&der);
	buf_done(&lists);
	return set;
}

static struct trust_set *stored_now(struct slice scope)
{
	for (size_t i = 0; i < SCOPES_KEPT; i++)
		if (sets.kept[i].scope && slice_ieq(slice_str(sets.kept[i].scope), scope))
			return trust_set_ref(sets.kept[i].set);
	struct trust_set *set = read_set(scope);
	keep(scope, set);
	return set;
}

struct trust_set *trust_stored(struct slice scope)
{
	pthread_mutex_lock(&sets.lock);
	struct trust_set *set = stored_now(scope);
	pthread_mutex_unlock(&sets.lock);
	return set;
}

void trust_take(struct slice domain, struct trust *out)
{
	pthread_mutex_lock(&sets.lock);
	*out = (struct trust){ { builtin_now(), stored_now((struct slice){ 0 }),
	    domain.n > 0 ? stored_now(domain) : NULL } };
	pthread_mutex_unlock(&sets.lock);
}

/* --- changes --- */

static bool holds(struct slice der, const struct cert *cert)
{
	for (struct cert other; cert_next(&der, &other);)
		if (slice_eq(other.der, cert->der))
			return true;
	return false;
}

static size_t count(struct slice der)
{
	size_t n = 0;

	for (struct cert cert; cert_next(&der, &cert);)
		n++;
	return n;
}

static int add_each(struct buf *der, struct slice more, struct err *err)
{
	for (struct cert cert; cert_next(&more, &cert);) {
		if (holds(buf_slice(der), &cert))
			return err_set(err, ERR_EXISTS, "this certificate is there already");
		buf_adds(der, cert.der);
	}
	return count(buf_slice(der)) <= TRUST_MAX
	    ? 0
	    : err_set(err, ERR_LIMIT, "a set holds at most %d certificates", TRUST_MAX);
}

int trust_add(struct slice scope, struct slice pem, struct err *err)
{
	struct buf der = { 0 }, more = { 0 };
	int rc = cert_from_pem(pem, &more, err);

	pthread_mutex_lock(&sets.lock);
	if (rc == 0 && read_stored(CERTIFICATES, scope, &der) != 0)
		rc = err_set(err, ERR_TEMP, "what is trusted so far cannot be read");
	if (rc == 0)
		rc = add_each(&der, buf_slice(&more), err);
	if (rc == 0)
		rc = write_stored(CERTIFICATES, scope, buf_slice(&der), err);
	forget(scope);
	pthread_mutex_unlock(&sets.lock);
	buf_done(&der);
	buf_done(&more);
	return rc;
}

static bool has_fingerprint(const struct cert *cert, struct slice fingerprint)
{
	struct buf hex = { 0 };

	cert_fingerprint(cert, &hex);
	bool has = slice_ieq(buf_slice(&hex), fingerprint);
	buf_done(&hex);
	return has;
}

static int remove_one(struct slice der, struct slice fingerprint, struct buf *left, struct err *err)
{
	bool found = false;

	for (struct cert cert; cert_next(&der, &cert);)
		if (has_fingerprint(&cert, fingerprint))
			found = true;
		else
			buf_adds(left, cert.der);
	return found ? 0
		     : err_set(err, ERR_ABSENT, "no certificate of this set has that fingerprint");
}

int trust_remove(struct slice scope, struct slice fingerprint, struct err *err)
{
	struct buf der = { 0 }, left = { 0 };
	int rc = 0;

	pthread_mutex_lock(&sets.lock);
	if (read_stored(CERTIFICATES, scope, &der) != 0)
		rc = err_set(err, ERR_TEMP, "what is trusted so far cannot be read");
	if (rc == 0)
		rc = remove_one(buf_slice(&der), fingerprint, &left, err);
	if (rc == 0)
		rc = write_stored(CERTIFICATES, scope, buf_slice(&left), err);
	forget(scope);
	pthread_mutex_unlock(&sets.lock);
	buf_done(&der);
	buf_done(&left);
	return rc;
}

/* --- lists --- */

/* With the lock held. */
static bool signed_by_trusted(struct slice scope, const struct crl *crl)
{
	struct trust trust = { { builtin_now(), stored_now((struct slice){ 0 }),
	    scope.n > 0 ? stored_now(scope) : NULL } };
	struct buf issuer = { 0 };
	const struct cert *ca;
	size_t at = 0;
	bool good = false;

	cert_name_canonical(crl->issuer, &issuer);
	while (!good && (ca = trust_next(&trust, buf_slice(&issuer), &at)) != NULL)
		good = crl_is_of(crl, ca);
	buf_done(&issuer);
	trust_give_back(&trust);
	return good;
}

static int check_lists(struct slice scope, struct slice lists, struct err *err)
{
	struct crl crl;

	while (crl_next(&lists, &crl))
		if (!signed_by_trusted(scope, &crl))
			return err_set(err, ERR_INPUT,
			    "nobody who is trusted here signed the list of revoked certificates");
	return 0;
}

/* Is one of them of the same issuer, about the same certificates? */
static bool has_like(struct slice lists, const struct crl *other)
{
	for (struct crl crl; crl_next(&lists, &crl);)
		if (crl_same_scope(&crl, other) && !crl.base.n == !other->base.n)
			return true;
	return false;
}

/* Those of `old` that have no like in `new`. */
static void keep_others(struct slice old, struct slice new, struct buf *out)
{
	for (struct crl crl; crl_next(&old, &crl);)
		if (!has_like(new, &crl))
			buf_adds(out, crl.der);
}

int trust_add_lists(struct slice scope, struct slice pem, struct err *err)
{
	struct buf old = { 0 }, new = { 0 }, all = { 0 };
	int rc = crl_from_pem(pem, &new, err);

	pthread_mutex_lock(&sets.lock);
	if (rc == 0)
		rc = check_lists(scope, buf_slice(&new), err);
	if (rc == 0 && read_stored(LISTS, scope, &old) != 0)
		rc = err_set(err, ERR_TEMP, "the lists so far cannot be read");
	if (rc == 0)
		keep_others(buf_slice(&old), buf_slice(&new), &all);
	buf_adds(&all, buf_slice(&new));
	if (rc == 0 && all.n > LISTS_MAX)
		rc = err_set(err, ERR_LIMIT, "the lists are longer than %d bytes", LISTS_MAX);
	if (rc == 0)
		rc = write_stored(LISTS, scope, buf_slice(&all), err);
	forget(scope);
	pthread_mutex_unlock(&sets.lock);
	buf_done(&old);
	buf_done(&new);
	buf_done(&all);
	return rc;
}

int trust_remove_lists(struct slice scope, struct err *err)
{
	pthread_mutex_lock(&sets.lock);
	int rc = write_stored(LISTS, scope, (struct slice){ 0 }, err);
	forget(scope);
	pthread_mutex_unlock(&sets.lock);
	return rc;
}

void trust_drop(struct slice domain)
{
	pthread_mutex_lock(&sets.lock);
	write_stored(CERTIFICATES, domain, (struct slice){ 0 }, NULL);
	write_stored(LISTS, domain, (struct slice){ 0 }, NULL);
	forget(domain);
	pthread_mutex_unlock(&sets.lock);
}

void trust_stop(void)
{
	pthread_mutex_lock(&sets.lock);
	for (size_t i = 0; i < SCOPES_KEPT; i++) {
		free(sets.kept[i].scope);
		sets.kept[i].scope = NULL;
		trust_set_unref(&sets.kept[i].set);
	}
	trust_set_unref(&sets.builtin);
	free(sets.path);
	sets.path = NULL;
	pthread_mutex_unlock(&sets.lock);
}
