/* ldap.c - what a directory is asked: is there such an entry, is that its password? */
#include <sys/time.h>

#include "core/ldap_private.h"

/* --- find --- */

static void take_values(
    LDAP *ld, LDAPMessage *entry, const char *attribute, struct pool *pool, struct ldapc_entry *out)
{
	struct berval **values = ldap_get_values_len(ld, entry, attribute);
	struct ldapc_value *to = (struct ldapc_value *)out->values;

	for (int i = 0; values && values[i] && out->n < LDAPC_VALUES_MAX; i++)
		to[out->n++] = (struct ldapc_value){ attribute,
			pool_slice(pool, slice_of(values[i]->bv_val, values[i]->bv_len)) };
	ldap_value_free_len(values);
}

static int take_entry(struct ldapc *link, LDAPMessage *answer,
    const struct ldapc_question *question, struct pool *pool, struct ldapc_entry *out,
    struct err *err)
{
	int n = ldap_count_entries(link->ld, answer);
	LDAPMessage *entry = n == 1 ? ldap_first_entry(link->ld, answer) : NULL;
	char *dn = entry ? ldap_get_dn(link->ld, entry) : NULL;

	if (n > 1)
		return err_set(err, ERR_INPUT, "more than one entry fits");
	if (n == 0)
		return LDAPC_NO;
	if (!dn || *dn == '\0') {
		ldap_memfree(dn);
		return ldapc_fail(link, LDAP_DECODING_ERROR, "search", err);
	}
	*out = (struct ldapc_entry){ .dn = pool_str(pool, slice_str(dn)),
		.values = pool_get(pool, LDAPC_VALUES_MAX * sizeof(struct ldapc_value)) };
	ldap_memfree(dn);
	for (const char *const *a = question->attributes; a && *a; a++)
		take_values(link->ld, entry, *a, pool, out);
	return LDAPC_YES;
}

enum ldapc_result ldapc_find(struct ldapc *link, const struct ldapc_question *question,
    struct pool *pool, struct ldapc_entry *out, struct err *err)
{
	static const char *const nothing[] = { LDAP_NO_ATTRS, NULL };
	const char *const *wanted = question->attributes ? question->attributes : nothing;
	struct timeval limit = { .tv_sec = (time_t)(link->ms / 1000) + 1 };
	LDAPMessage *answer = NULL;
	int result;

	ldapc_begin(link);
	if (ldapc_bind_asker(link, err) != 0)
		return LDAPC_FAILED;
	int rc = ldap_search_ext_s(link->ld, question->base, LDAP_SCOPE_SUBTREE, question->filter,
	    (char **)wanted, 0, NULL, NULL, &limit, 2, &answer);
	/* RFC 4511 4.5.1.4: two are enough to know that there is more than one. */
	if (rc == LDAP_SUCCESS || rc == LDAP_SIZELIMIT_EXCEEDED)
		result = take_entry(link, answer, question, pool, out, err);
	else if (rc == LDAP_NO_SUCH_OBJECT)
		result = LDAPC_NO;
	else
		result = ldapc_fail(link, rc, "search", err);
	ldap_msgfree(answer);
	return (enum ldapc_result)result;
}

/* --- check --- */

/* What a directory says of somebody whom it lets not in, whatever the password. */
static bool says_no(int rc)
{
	return rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_INAPPROPRIATE_AUTH ||
	    rc == LDAP_INSUFFICIENT_ACCESS || rc == LDAP_NO_SUCH_OBJECT ||
	    rc == LDAP_CONSTRAINT_VIOLATION || rc == LDAP_UNWILLING_TO_PERFORM;
}

enum ldapc_result ldapc_check(
    struct ldapc *link, const char *dn, struct slice password, struct err *err)
{
	if (*dn == '\0' || password.n == 0)
		return LDAPC_NO;
	ldapc_begin(link);
	link->bound = false;
	int rc = ldapc_bind(link->ld, dn, password);
	if (rc == LDAP_SUCCESS)
		return LDAPC_YES;
	return says_no(rc) ? LDAPC_NO
			   : (enum ldapc_result)ldapc_fail(link, rc, "bind as the user", err);
}
