/* fuzz_sieve.c - a hostile script, run for a hostile message
 *
 * Input: a script, a NUL, and a message. What is promised of the result is
 * checked; and that a script without its last bytes, or twice the same, does
 * nothing worse. */
#include <stdint.h>
#include <stdlib.h>

#include "core/sieve.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void check_action(const struct sieve_action *action)
{
	need(action->kind == SIEVE_STORE || action->name.n > 0 || action->kind == SIEVE_REJECT);
	need(utf8_valid(action->name));
	if (action->kind == SIEVE_REDIRECT)
		need(slice_chr(action->name, '@') > 0);
	need(action->flags < 32);
	for (size_t i = 0; i < action->n_keywords; i++)
		need(action->keywords[i].n > 0);
}

/* What is to be done, as text. */
static void show(const struct sieve_action *actions, struct buf *out)
{
	for (; actions; actions = actions->next) {
		check_action(actions);
		buf_printf(out, "%d %d %d %llu ", (int)actions->kind, actions->encrypt,
		    actions->implicit, (unsigned long long)actions->flags);
		buf_adds(out, actions->name);
		buf_addc(out, '\n');
	}
}

static void run(const struct sieve_script *script, struct slice mail, struct buf *out)
{
	struct sieve_message message = {
		.text = mail, .from = SLICE("ann@example.org"), .to = SLICE("bob+x@example.com")
	};
	struct sieve_action *actions;
	struct pool pool = { 0 };
	struct err err = { 0 };

	if (sieve_run(script, &message, &pool, &actions, &err) == 0) {
		need(err.kind == ERR_NONE);
	} else {
		need(err.kind != ERR_NONE && utf8_valid(slice_str(err.text)));
		need(actions && actions->implicit && !actions->next);
	}
	show(actions, out);
	pool_done(&pool);
}

static void run_twice(const struct sieve_script *script, struct slice mail)
{
	struct buf first = { 0 }, second = { 0 };

	run(script, mail, &first);
	run(script, mail, &second);
	need(slice_eq(buf_slice(&first), buf_slice(&second)));
	buf_done(&first);
	buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice mail = slice_of(data, size), text = slice_cut(&mail, '\0');
	struct buf warnings = { 0 };
	struct err err = { 0 };
	struct sieve_script *script = sieve_check(text, &warnings, &err);

	need((script != NULL) == (err.kind == ERR_NONE));
	need(sieve_beginning(text) <= text.n);
	if (script)
		run_twice(script, mail);
	sieve_free(&script);
	buf_done(&warnings);
	return 0;
}
