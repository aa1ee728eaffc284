/* test_ldap_text.c - URLs of directories, and values in filters and names */
#include "tests/unit/unit.h"

#include "core/ldap.h"

static void urls(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		bool starttls;
	} good[] = {
		{ "ldaps://h", "h", 636, false },
		{ "LDAP://h.example/", "h.example", 389, true },
		{ "ldaps://192.0.2.1:10636", "192.0.2.1", 10636, false },
		{ "ldap://[2001:db8::1]:1389", "2001:db8::1", 1389, true },
		{ "ldap://[::1]", "::1", 389, true },
	};
	static const char *const bad[] = { "", "ldap:", "ldap://", "ldapi:///", "http://h", "h",
		"ldaps://h:", "ldaps://h:0", "ldaps://h:65536", "ldaps://h:1x", "ldaps://:636",
		"ldap://[::1", "ldap://[]", "ldap://[::1]x", "ldap://u@h", "ldap://h/dc=x",
		"ldap://a b", "ldap://h?x", "ldap://h%2f" };
	struct pool pool = { 0 };
	struct ldapc_url url;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(ldapc_url(slice_str(good[i].text), &pool, &url));
		assert_string_equal(url.host, good[i].host);
		assert_int_equal(url.port, good[i].port);
		assert_int_equal(url.starttls, good[i].starttls);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (ldapc_url(slice_str(bad[i]), &pool, &url))
			fail_msg("%s was taken", bad[i]);
	pool_done(&pool);
}

static void want(
    void (*put)(struct buf *out, struct slice value), struct slice value, const char *escaped)
{
	struct buf out = { 0 };

	put(&out, value);
	assert_string_equal(buf_z(&out), escaped);
	buf_done(&out);
}

/* RFC 4515 4 */
static void filters(void **state)
{
	(void)state;
	want(ldapc_put_filter, SLICE("ann"), "ann");
	want(ldapc_put_filter, SLICE("Parens R Us (for all)"), "Parens R Us \\28for all\\29");
	want(ldapc_put_filter, SLICE("*)(uid=*"), "\\2a\\29\\28uid=\\2a");
	want(ldapc_put_filter, SLICE("C:\\MyFile"), "C:\\5cMyFile");
	want(ldapc_put_filter, SLICE("a\0b"), "a\\00b");
	want(ldapc_put_filter, SLICE("Lu\xc4\x8di\xc4\x87"), "Lu\\c4\\8di\\c4\\87");
}

/* RFC 4514 2.4 */
static void names(void **state)
{
	(void)state;
	want(ldapc_put_dn, SLICE("ann"), "ann");
	want(ldapc_put_dn, SLICE("James \"Jim\" Smith, III"), "James \\22Jim\\22 Smith\\2c III");
	want(ldapc_put_dn, SLICE(" a "), "\\20a\\20");
	want(ldapc_put_dn, SLICE("#a#"), "\\23a#");
	want(ldapc_put_dn, SLICE("a+b=c;<d>\\"), "a\\2bb\\3dc\\3b\\3cd\\3e\\5c");
	want(ldapc_put_dn, SLICE("a\0\n"), "a\\00\\0a");
}

static void whole_filters(void **state)
{
	static const char *const good[] = { "(a=b)", "(&(a=b)(c=d))", "(!(a=%u))" };
	static const char *const bad[] = { "", "a=b", "(a=b", "a=b)", "(a=b))", "((a=b)",
		"(a=b)(c=d)", ")(", "()x" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(ldapc_is_filter(slice_str(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (ldapc_is_filter(slice_str(bad[i])))
			fail_msg("%s was taken", bad[i]);
	assert_false(ldapc_is_filter(SLICE("(a=\0)")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(filters),
		cmocka_unit_test(names),
		cmocka_unit_test(whole_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
