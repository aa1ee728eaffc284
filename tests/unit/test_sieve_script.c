/* test_sieve_script.c - the language: tokens, grammar, what is wrong and in which line */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "tests/unit/sieve_case.h"

static void takes_the_language(void **state)
{
	static const struct sieve_case cases[] = {
		{ "", "implicit" },
		{ "# a comment\n", "implicit" },
		{ "/* a comment\n over * / lines **/ keep;", "keep" },
		{ "keep /* between */ ; # behind", "keep" },
		{ "KEEP;", "keep" },
		{ "discard;", "discard" },
		{ "stop; discard;", "implicit" },
		{ "keep;\r\nkeep;\r\n", "keep" },
		{ "require \"fileinto\"; fileinto \"a\\\"b\\\\c\\d\";", "into a\"b\\cd" },
		{ "require [\"fileinto\"]; FileInto \"x\";", "into x" },
		{ "require [\"fileinto\", \"copy\"]; fileinto :COPY \"x\";", "into x, implicit" },
		{ "require \"reject\"; reject text:\r\nfirst\r\n..second\r\n.\r\n;",
		    "reject first\r\n.second\r\n" },
		{ "require \"reject\"; reject text: # why\nno\n.\n;", "reject no\n" },
		{ "require \"reject\"; reject text:\t\n.\n;", "reject" },
		{ "require \"reject\"; reject text:\n.a\n . \n.\n;", "reject a\n . \n" },
		{ "require \"fileinto\"; fileinto \"text:\";", "into text:" },
		{ "if true { if not false { discard; } }", "discard" },
		{ "if false { discard; }", "implicit" },
		{ "if false { } elsif true { discard; } else { keep; }", "discard" },
		{ "if false { } elsif false { } else { discard; }", "discard" },
		{ "if true { keep; } elsif true { discard; } else { discard; }", "keep" },
		{ "if true { } elsif true { discard; } if true { discard; }", "discard" },
		{ "if true { stop; } discard;", "implicit" },
		{ "if anyof (false, true) { discard; }", "discard" },
		{ "if anyof (false, not true) { discard; }", "implicit" },
		{ "if allof (true, not false, anyof (true)) { discard; }", "discard" },
		{ "if allof (true, false) { discard; }", "implicit" },
		{ "if not not true { discard; }", "discard" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

/* Beginnings of what is said. */
static void names_line_and_reason(void **state)
{
	static const struct {
		const char *script, *want;
	} cases[] = {
		{ "keep", "line 1: a ';' is missing behind keep" },
		{ "keep;\n\nfoo;", "line 3: there is no command 'foo'" },
		{ "keep \"a\";", "line 1: keep takes nothing more" },
		{ "keep :copy;", "line 1: keep does not know :copy" },
		{ "/* never\n\n", "line 1: the comment that begins here has no end" },
		{ "keep;\n\"open\nkeep;", "line 2: the string that begins here has no end" },
		{ "\"open\\", "line 1: the string that begins here has no end" },
		{ "require \"reject\";\nreject text:\nno end\n",
		    "line 2: the text: that begins here has no end" },
		{ "if size :over 10X { keep; }", "line 1: '10X' is no number" },
		{ "if size :over 99999999999999999999 { keep; }",
		    "line 1: '99999999999999999999' is no number" },
		{ "if size 100 { keep; }", "line 1: size takes nothing more" },
		{ "if size { keep; }", "line 1: size wants :over or :under" },
		{ "if size :over :under 5 { keep; }", "line 1: :over wants a number here" },
		{ "if size :over 5 :under 5 { keep; }",
		    "line 1: :over and :under exclude each other" },
		{ "if header :is :is \"a\" \"b\" { keep; }", "line 1: :is stands there twice" },
		{ "if header :is :contains \"a\" \"b\" { keep; }",
		    "line 1: :is and :contains exclude each other" },
		{ "if header \"a\" :is \"b\" { keep; }",
		    "line 1: :is must stand before the values of header" },
		{ "if header \"a\" { keep; }", "line 1: header wants a string or a list" },
		{ "if header [\"a\",] \"b\" { keep; }", "line 1: a string is missing in the list" },
		{ "if header [] \"b\" { keep; }", "line 1: a string is missing in the list" },
		{ "if header [\"a\" \"b\"] \"b\" { keep; }", "line 1: a ']' is missing" },
		{ "if header 5 \"b\" { keep; }", "line 1: header wants a string or a list" },
		{ "if header :foo \"a\" \"b\" { keep; }", "line 1: header does not know :foo" },
		{ "if header :over 5 \"a\" \"b\" { keep; }", "line 1: header does not know :over" },
		{ "if header : is \"a\" \"b\" { keep; }",
		    "line 1: a ':' without a name behind it" },
		{ "if header :comparator \"i;none\" \"a\" \"b\" { keep; }",
		    "line 1: there is no comparator \"i;none\"" },
		{ "if header :comparator \"i;unicode-casemap\" \"a\" \"b\" { keep; }",
		    "line 1: i;unicode-casemap needs require \"comparator-i;unicode-casemap\"" },
		{ "require \"comparator-i;ascii-numeric\";\nif header :contains :comparator "
		  "\"i;ascii-numeric\" \"a\" \"1\" { keep; }",
		    "line 2: :contains does not go with i;ascii-numeric" },
		{ "fileinto \"a\";", "line 1: fileinto needs require \"fileinto\"" },
		{ "require \"fileinto\"; fileinto :copy \"a\";",
		    "line 1: :copy needs require \"copy\"" },
		{ "require \"fileinto\"; fileinto [\"a\"];",
		    "line 1: fileinto wants a string here" },
		{ "require \"fileinto\"; fileinto \"\";", "line 1: \"\" is no mailbox" },
		{ "require \"fileinto\"; fileinto \"a\nb\";", "line 1: \"a?b\" is no mailbox" },
		{ "require \"fileinto\"; fileinto \"~\";", "line 1: \"~\" is no mailbox" },
		{ "require \"fileinto\"; fileinto \"~/x\";", "line 1: \"~/x\" is no mailbox" },
		{ "require \"fileinto\"; fileinto \"~jim/\";", "line 1: \"~jim/\" is no mailbox" },
		{ "require \"nothing\";", "line 1: there is no extension \"nothing\" here" },
		{ "keep;\nrequire \"fileinto\";",
		    "line 2: require must stand before all other commands" },
		{ "if true { require \"copy\"; }",
		    "line 1: require must stand before all other commands" },
		{ "if address \"subject\" \"a\" { keep; }",
		    "line 1: \"subject\" is not known for addresses" },
		{ "if envelope \"from\" \"a\" { keep; }",
		    "line 1: envelope needs require \"envelope\"" },
		{ "require \"envelope\"; if envelope \"auth\" \"a\" { keep; }",
		    "line 1: an envelope has \"from\" and \"to\", not \"auth\"" },
		{ "redirect \"nobody\";", "line 1: \"nobody\" is no address" },
		{ "redirect \"a@b, c@d\";", "line 1: \"a@b, c@d\" is no address" },
		{ "redirect;", "line 1: redirect wants a string here" },
		{ "elsif true { keep; }", "line 1: elsif without an if before it" },
		{ "else { keep; }", "line 1: else without an if before it" },
		{ "if true { } else { } else { }", "line 1: else without an if before it" },
		{ "if true { } keep; else { }", "line 1: else without an if before it" },
		{ "if { keep; }", "line 1: a test is missing" },
		{ "if maybe { keep; }", "line 1: there is no test 'maybe'" },
		{ "if true keep;", "line 1: a '{' is missing before the commands" },
		{ "if true { keep;", "line 1: a '}' is missing behind the commands" },
		{ "if true { keep; } }", "line 1: a '}' without a '{'" },
		{ "if anyof true, false { keep; }", "line 1: a '(' is missing before the tests" },
		{ "if anyof (true false) { keep; }", "line 1: a ')' is missing behind the tests" },
		{ "if anyof () { keep; }", "line 1: a test is missing" },
		{ "if not { keep; }", "line 1: a test is missing" },
		{ "keep; ?", "line 1: '?' is not expected" },
		{ "\"text\";", "line 1: a command is missing" },
		{ "keep;\n\xff", "line 2: this is not UTF-8" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		err = (struct err){ 0 };
		struct sieve_script *script = sieve_compile(slice_str(cases[i].script), &err);
		if (script)
			fail_msg("'%s' was taken", cases[i].script);
		want_text(cases[i].script, slice_head(slice_str(err.text), strlen(cases[i].want)),
		    cases[i].want);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void bounds_size_and_depth(void **state)
{
	struct buf text = { 0 };
	struct err err = { 0 };
	struct sieve_script *script;

	(void)state;
	for (int depth = 15; depth <= 100000; depth += 20000) {
		buf_clear(&text);
		for (int i = 0; i < depth; i++)
			buf_addz(&text, "if true{");
		for (int i = 0; i < depth; i++)
			buf_addz(&text, "}");
		script = sieve_compile(buf_slice(&text), &err);
		want_true("RFC 5228 8.4: 15 blocks", (script != NULL) == (depth == 15));
		sieve_free(&script);
	}
	buf_clear(&text);
	buf_addz(&text, "if ");
	for (int i = 0; i < 10000; i++)
		buf_addz(&text, "not ");
	script = sieve_compile(buf_slice(&text), &err);
	want_true("tests in each other", !script && err.kind == ERR_INPUT);
	buf_clear(&text);
	while (text.n <= sieve_script_max())
		buf_addz(&text, "keep;");
	script = sieve_check(buf_slice(&text), NULL, &err);
	want_true("too large", !script && err.kind == ERR_LIMIT);
	script = sieve_compile(buf_slice(&text), &err);
	want_true("stored when more was allowed", script != NULL);
	sieve_free(&script);
	script = sieve_compile(slice_of("keep;\n\0", 7), &err);
	want_text("NUL", slice_str(err.text), "line 2: a NUL");
	buf_done(&text);
}

static void warns(void **state)
{
	static const struct {
		const char *script, *want;
	} cases[] = {
		{ "keep;", "" },
		{ "require [\"fileinto\",\n\"copy\"];\nfileinto \"a\";",
		    "line 1: \"copy\" is required but not used\n" },
		{ "keep;\nstop;\n\nkeep;", "line 4: what stands behind stop is never done\n" },
		{ "if true {\nstop; }\nkeep;", "" },
	};
	struct buf warnings = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&warnings);
		struct sieve_script *script =
		    sieve_check(slice_str(cases[i].script), &warnings, NULL);
		want_true(cases[i].script, script != NULL);
		want_text(cases[i].script, buf_slice(&warnings), cases[i].want);
		sieve_free(&script);
	}
	buf_done(&warnings);
}

/* Whatever is cut off, nothing is read behind the end. */
static void takes_any_beginning(void **state)
{
	static const char whole[] =
	    "require [\"fileinto\", \"reject\"]; # a\r\n/* b */ if anyof (header :matches "
	    "\"a\" [\"b\\\\\"], size :over 10K) { fileinto \"x\"; } elsif true { reject "
	    "text:\r\n..\r\n.\r\n; }";

	(void)state;
	for (size_t n = 0; n < sizeof whole; n++) {
		char *exact = malloc(n ? n : 1);
		memcpy(exact, whole, n);
		struct sieve_script *script = sieve_compile(slice_of(exact, n), NULL);
		sieve_free(&script);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_language),
		cmocka_unit_test(names_line_and_reason),
		cmocka_unit_test(bounds_size_and_depth),
		cmocka_unit_test(warns),
		cmocka_unit_test(takes_any_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
