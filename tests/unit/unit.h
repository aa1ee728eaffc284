/* unit.h - what every unit test begins with: cmocka, and checks that name their case
 *
 *	static const struct {
 *		const char *name, *in;
 *		int64_t want;
 *	} cases[] = { ... };
 *
 *	for (size_t i = 0; i < COUNT(cases); i++)
 *		want_num(cases[i].name, parse(cases[i].in), cases[i].want);
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define want_true(name, condition)                                                                 \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("%s: not %s", (name), #condition);                                \
	} while (0)

#define want_num(name, got, want) unit_num((name), (got), (want), __FILE__, __LINE__)
#define want_text(name, got, want) unit_text((name), (got), (want), __FILE__, __LINE__)

static inline void unit_num(const char *name, int64_t got, int64_t want, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s: got %lld, want %lld\n", name, (long long)got, (long long)want);
	_fail(file, line);
}

static inline void unit_text(
    const char *name, struct slice got, const char *want, const char *file, int line)
{
	if (got.n == strlen(want) && (got.n == 0 || memcmp(got.p, want, got.n) == 0))
		return;
	print_error("%s: got \"%.*s\", want \"%s\"\n", name, (int)got.n, got.n ? got.p : "", want);
	_fail(file, line);
}

#endif
