/* issue_names.c - which names of a request may be in a certificate
 *
 * A scope speaks for what it hosts: a domain for itself, its aliases, hosts below them
 * unless another hosted domain is nearer, and addresses at them; the server for all
 * domains. Only a server admin may say that other names are good, too. */
#include <arpa/inet.h>

#include "core/text.h"
#include "pki/der.h"
#include "pki/issue_private.h"
#include "storage/dir.h"

enum { NAMES_MAX = 100, HOST_MAX = 253, SUBJECT_MAX = 4096 };
enum { EMAIL = DER_CONTEXT | 1, HOST = DER_CONTEXT | 2, ADDRESS = DER_CONTEXT | 7 };

/* --- whose is it? --- */

static bool is_scopes(struct slice scope, const struct dir_domain *domain)
{
	return scope.n == 0 || slice_eq(scope, slice_str(domain->name));
}

/* The nearest hosted domain at or above the host. */
static bool speaks_for_host(struct slice scope, struct slice host, struct pool *pool)
{
	struct dir_domain domain;

	for (;;) {
		if (dir_domain(host, pool, &domain) == 1)
			return is_scopes(scope, &domain);
		ptrdiff_t dot = slice_chr(host, '.');
		if (dot < 0)
			return false;
		host = slice_from(host, (size_t)dot + 1);
	}
}

static bool speaks_for_domain(struct slice scope, struct slice name, struct pool *pool)
{
	struct dir_domain domain;

	return dir_domain(name, pool, &domain) == 1 && is_scopes(scope, &domain);
}

static int refuse(const struct issue_policy *policy, struct slice name, struct err *err)
{
	return err_set(err, ERR_DENIED, "%.*s is not a name of %s", SLICE_ARG(name),
	    policy->scope.n > 0 ? policy->scope.p : "a domain that is hosted here");
}

/* --- one name; appended as it will stand there --- */

static int host_name(const struct issue_policy *policy, struct slice name, struct pool *pool,
    struct buf *out, struct err *err)
{
	bool wildcard = slice_starts(name, SLICE("*."));
	struct slice host = wildcard ? slice_from(name, 2) : name;
	const char *ascii = host.n > 0 && host.n <= HOST_MAX ? domain_ascii(pool, host) : NULL;

	if (!ascii || (wildcard && !strchr(ascii, '.')))
		return err_set(err, ERR_INPUT, "'%.*s' is no host name",
		    SLICE_ARG(slice_head(name, HOST_MAX)));
	if (!policy->any && !speaks_for_host(policy->scope, slice_str(ascii), pool))
		return refuse(policy, name, err);
	buf_printf(out, "%s%s", wildcard ? "*." : "", ascii);
	return 0;
}

/* RFC 5280 4.2.1.6: rfc822Name is ASCII. */
static int mailbox(const struct issue_policy *policy, struct slice name, struct pool *pool,
    struct buf *out, struct err *err)
{
	struct address address;

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return err_set(err, ERR_INPUT, "an e-mail address that is not ASCII");
	if (name.n > HOST_MAX || !address_parse(pool, name, &address))
		return err_set(err, ERR_INPUT, "'%.*s' is no e-mail address",
		    SLICE_ARG(slice_head(name, HOST_MAX)));
	if (!policy->any && !speaks_for_domain(policy->scope, address.domain, pool))
		return refuse(policy, name, err);
	buf_printf(out, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
	return 0;
}

static int address(
    const struct issue_policy *policy, struct slice bytes, struct buf *text, struct err *err)
{
	char out[INET6_ADDRSTRLEN];

	if ((bytes.n != 4 && bytes.n != 16) ||
	    !inet_ntop(bytes.n == 4 ? AF_INET : AF_INET6, bytes.p, out, sizeof(out)))
		return err_set(err, ERR_INPUT, "an IP address that is none");
	buf_addz(text, out);
	return policy->any ? 0 : refuse(policy, slice_str(out), err);
}

static bool fits_profile(enum issue_profile profile, unsigned tag)
{
	switch (profile) {
	case ISSUE_SERVER:
		return tag != EMAIL;
	case ISSUE_EMAIL:
		return tag == EMAIL;
	default:
		return true;
	}
}

static int one_name(const struct issue_policy *policy, const struct der *name, struct pool *pool,
    struct buf *text, struct err *err)
{
	if (name->tag != EMAIL && name->tag != HOST && name->tag != ADDRESS)
		return err_set(err, ERR_INPUT,
		    "the request asks for a name of a kind that is not issued: only host names, "
		    "e-mail and IP addresses are");
	if (!fits_profile(policy->profile, name->tag))
		return err_set(err, ERR_INPUT,
		    policy->profile == ISSUE_SERVER
			? "the certificate of a server is for no e-mail address"
			: "a certificate for mail is for e-mail addresses alone");
	if (name->tag == ADDRESS)
		return address(policy, name->value, text, err);
	return name->tag == EMAIL ? mailbox(policy, name->value, pool, text, err)
				  : host_name(policy, name->value, pool, text, err);
}

/* --- all names --- */

int issue_names(const struct issue_policy *policy, struct slice names, struct pool *pool,
    struct buf *out, struct buf *words, struct err *err)
{
	struct der name;
	int rc = 0;

	for (size_t n = 0; rc == 0 && names.n > 0; n++) {
		struct buf text = { 0 };

		if (n == NAMES_MAX)
			rc = err_set(err, ERR_LIMIT, "more than %d names", NAMES_MAX);
		else if (!der_next(&names, &name))
			rc = err_set(err, ERR_INPUT, "a name cannot be read");
		else
			rc = one_name(policy, &name, pool, &text, err);
		if (rc == 0) {
			der_put(out, name.tag, name.tag == ADDRESS ? name.value : buf_slice(&text));
			buf_printf(words, "%s%.*s", words->n > 0 ? " " : "", SLICE_ARG(text));
		}
		buf_done(&text);
	}
	return rc;
}

static void put_word(struct slice word, struct pool *pool, struct buf *out)
{
	const char *z = pool_str(pool, word);
	unsigned char bytes[16];

	if (slice_chr(word, '@') >= 0)
		der_put(out, EMAIL, word);
	else if (inet_pton(AF_INET, z, bytes) == 1)
		der_put(out, ADDRESS, slice_of(bytes, 4));
	else if (inet_pton(AF_INET6, z, bytes) == 1)
		der_put(out, ADDRESS, slice_of(bytes, 16));
	else
		der_put(out, HOST, word);
}

int issue_names_of(const char *text, struct pool *pool, struct buf *out, struct err *err)
{
	struct slice rest = slice_str(text);

	for (struct slice word; (word = slice_word(&rest)).n > 0;)
		put_word(word, pool, out);
	return out->n > 0 ? 0 : err_set(err, ERR_INPUT, "names: there is none");
}

/* --- the subject --- */

/* What looks like a name for machines must be one that may be given. */
static int check_value(const struct issue_policy *policy, struct slice oid, const struct der *value,
    struct pool *pool, struct buf *found, struct err *err)
{
	bool common = der_oid_is(oid, "2.5.4.3"), email = der_oid_is(oid, "1.2.840.113549.1.9.1");
	struct slice text = value->value;
	struct buf name = { 0 };
	int rc = 0;

	/* C-037: whom to ask about a server may be anywhere; it names no user. */
	if (email && policy->profile == ISSUE_SERVER)
		return 0;
	email |= common && slice_chr(text, '@') >= 0;
	if (email)
		rc = mailbox(policy, text, pool, &name, err);
	else if (common && slice_chr(text, '.') >= 0 && slice_chr(text, ' ') < 0)
		rc = host_name(policy, text, pool, &name, err);
	if (rc == 0 && name.n > 0 && fits_profile(policy->profile, email ? EMAIL : HOST))
		der_put(found, email ? EMAIL : HOST, buf_slice(&name));
	buf_done(&name);
	return rc;
}

static bool is_text(unsigned tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5 || tag == DER_T61 ||
	    tag == DER_BMP;
}

static int check_set(const struct issue_policy *policy, struct slice set, struct pool *pool,
    struct buf *found, struct err *err)
{
	struct slice pair, oid;
	struct der value;

	while (set.n > 0) {
		if (!der_want(&set, DER_SEQUENCE, &pair) || !der_want(&pair, DER_OID, &oid) ||
		    !der_next(&pair, &value) || pair.n > 0 || !is_text(value.tag) ||
		    value.value.n == 0)
			return err_set(err, ERR_INPUT, "the subject cannot be read");
		if (check_value(policy, oid, &value, pool, found, err) != 0)
			return -1;
	}
	return 0;
}

int issue_subject(const struct issue_policy *policy, struct slice name, struct pool *pool,
    struct buf *found, struct err *err)
{
	struct slice list, set;

	if (name.n > SUBJECT_MAX)
		return err_set(err, ERR_LIMIT, "the subject is longer than %d bytes", SUBJECT_MAX);
	if (!der_want(&name, DER_SEQUENCE, &list))
		return err_set(err, ERR_INPUT, "the subject cannot be read");
	while (list.n > 0) {
		if (!der_want(&list, DER_SET, &set))
			return err_set(err, ERR_INPUT, "the subject cannot be read");
		if (check_set(policy, set, pool, found, err) != 0)
			return -1;
	}
	return 0;
}
