/* sieve_case.h - what a script does with a message, as a line of words */
#ifndef TESTS_UNIT_SIEVE_CASE_H
#define TESTS_UNIT_SIEVE_CASE_H

#include "core/sieve.h"

/* The message that most cases are run for: a mail of ann to bob, from RFC 5228's
   examples; see sieve_case.c. */
extern const char sieve_case_mail[];

struct sieve_case {
	const char *script;
	/* "keep", "implicit", "into Box", "encrypt Box", "redirect a@b", "reject text",
	   "discard" when there is nothing to be done, parted by ", "; flags behind in
	   brackets. A fault begins with "fault: ", a script that does not compile
	   with "wrong: ". */
	const char *want;
};

/* Run all for sieve_case_mail, failing the test at the first that does something
   else. */
void sieve_cases(const struct sieve_case *cases, size_t n);

/* The same, each for a message of its own. */
struct sieve_mail_case {
	const char *mail, *script, *want;
};
void sieve_mail_cases(const struct sieve_mail_case *cases, size_t n);

#endif
