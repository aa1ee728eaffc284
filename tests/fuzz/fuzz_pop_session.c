/* fuzz_pop_session.c - command lines of a POP3 session, before and after the login, run on a store
 *
 * Every answer begins with +OK, -ERR or, in an exchange, with + and a blank; every list has its
 * end, and no line of one but that is a dot alone. */
#include "core/num.h"
#include "protocols/pop/pop.h"
#include "tests/fuzz/fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern const struct proto proto_pop;

static struct slice line_of(struct slice *said)
{
	ptrdiff_t lf = slice_chr(*said, '\n');

	fuzz_need(lf > 0 && said->p[lf - 1] == '\r');
	struct slice line = slice_head(*said, (size_t)lf - 1);
	*said = slice_from(*said, (size_t)lf + 1);
	return line;
}

static void heard(void *arg, struct slice said)
{
	(void)arg;
	if (said.n == 0)
		return;
	struct slice first = line_of(&said);
	fuzz_need(slice_starts(first, SLICE("+OK")) || slice_starts(first, SLICE("-ERR")) ||
	    slice_starts(first, SLICE("+ ")));
	fuzz_need(slice_chr(first, '\0') < 0);
	while (said.n > 0) {
		struct slice line = line_of(&said);

		fuzz_need(line.n == 0 || *line.p != '.' || line.n > 1 || said.n == 0);
	}
}

static void log_in(struct sess *s, uint64_t account)
{
	struct auth_account who = { .id = account, .name = "ann@alpha.test" };
	struct pop *pop = sess_state(s);
	struct err err;

	fuzz_need(pop_drop_open(&pop->drop, &who, &err) == 0);
	pop->state = POP_TRANSACTION;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);

	fuzz_store();
	uint64_t account = fuzz_account();
	struct sess *s = fuzz_session(&proto_pop);
	if (n > 0 && data[0] % 8 != 0) {
		fuzz_append(account, "Subject: a\r\n\r\none\r\n.two\r\n");
		fuzz_append(account, "Subject: b\r\n\r\n");
		log_in(s, account);
	}
	fuzz_session_feed(s, slice_from(in, 1), heard, NULL);
	fuzz_session_end(s);
	return 0;
}
