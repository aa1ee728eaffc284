/* test_srs.c - senders rewritten and found again */
#include "core/srs.h"

#include "tests/unit/unit.h"

static const struct srs_key keys[] = { { "new key" }, { "old key" }, { "a stranger's" } };

enum { TODAY = 20000 };

/* From sender by domain, and back by who has the first two keys; NULL: it can't be. */
static void check(const char *sender, const char *domain, const char *begins, const char *back)
{
	struct buf out = { 0 }, again = { 0 };

	assert_true(srs_forward(&keys[0], TODAY, slice_str(sender), slice_str(domain), &out));
	assert_true(slice_starts(buf_slice(&out), slice_str(begins)));
	struct slice local = slice_head(buf_slice(&out), (size_t)slice_rchr(buf_slice(&out), '@'));
	assert_true(slice_eq(slice_from(buf_slice(&out), local.n + 1), slice_str(domain)));
	assert_int_equal(srs_reverse(keys, 2, TODAY, 21, local, &again), SRS_GOOD);
	assert_string_equal(buf_z(&again), back);
	buf_done(&out);
	buf_done(&again);
}

static void round_trips(void **state)
{
	static const struct {
		const char *sender, *begins, *back;
	} cases[] = {
		{ "ann@origin.test", "SRS0=", "ann@origin.test" },
		{ "Ann.B+c=d@origin.test", "SRS0=", "Ann.B+c=d@origin.test" },
		{ "SRS0=abcd=ef=origin.test=ann@first.test",
		    "SRS1=", "SRS0=abcd=ef=origin.test=ann@first.test" },
		{ "srs0+abcd=ef=origin.test=ann@first.test",
		    "SRS1=", "SRS0+abcd=ef=origin.test=ann@first.test" },
		{ "SRS1=xyz=first.test==abcd=ef=origin.test=ann@second.test",
		    "SRS1=", "SRS0=abcd=ef=origin.test=ann@first.test" },
		{ "SRS1-xyz=first.test=-abcd=ef=origin.test=ann@second.test",
		    "SRS1=", "SRS0-abcd=ef=origin.test=ann@first.test" },
		{ "SRS1=broken@second.test", "SRS0=", "SRS1=broken@second.test" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(cases[i].sender, "forward.test", cases[i].begins, cases[i].back);
}

static void refused(void **state)
{
	static const char *const senders[] = { "", "ann", "@origin.test", "ann@", "a b@origin.test",
		"\"a b\"@origin.test", "ann@a=b", "ann@[192.0.2.1]", "a\r\nb@origin.test" };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(senders) / sizeof(*senders); i++)
		assert_false(
		    srs_forward(keys, TODAY, slice_str(senders[i]), SLICE("f.test"), &out));
	assert_int_equal(out.n, 0);
}

static struct slice made(
    const struct srs_key *key, int64_t day, const char *sender, struct buf *out)
{
	buf_clear(out);
	assert_true(srs_forward(key, day, slice_str(sender), SLICE("f.test"), out));
	return slice_head(buf_slice(out), (size_t)slice_rchr(buf_slice(out), '@'));
}

static void keys_and_days(void **state)
{
	struct buf out = { 0 }, back = { 0 };
	struct slice local;

	(void)state;
	local = made(&keys[1], TODAY, "ann@origin.test", &out);
	assert_int_equal(srs_reverse(keys, 2, TODAY, 21, local, &back), SRS_GOOD);
	assert_int_equal(srs_reverse(keys, 1, TODAY, 21, local, &back), SRS_FORGED);
	assert_int_equal(srs_reverse(keys, 0, TODAY, 21, local, &back), SRS_FORGED);
	local = made(&keys[2], TODAY, "ann@origin.test", &out);
	assert_int_equal(srs_reverse(keys, 2, TODAY, 21, local, &back), SRS_FORGED);
	for (int64_t day = TODAY; day < TODAY + 3000; day += 7) {
		local = made(&keys[0], day, "ann@origin.test", &out);
		assert_int_equal(srs_reverse(keys, 2, day - 1, 21, local, &back), SRS_GOOD);
		assert_int_equal(srs_reverse(keys, 2, day + 21, 21, local, &back), SRS_GOOD);
		assert_int_equal(srs_reverse(keys, 2, day + 22, 21, local, &back), SRS_OLD);
	}
	buf_done(&out);
	buf_done(&back);
}

/* Case may change on the way; nothing else may. */
static void changed_on_the_way(void **state)
{
	struct buf out = { 0 }, back = { 0 }, text = { 0 };
	struct slice local = made(&keys[0], TODAY, "ann@origin.test", &out);

	(void)state;
	for (size_t i = 0; i < local.n; i++) {
		char c = local.p[i];
		buf_addc(&text, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
	}
	assert_int_equal(srs_reverse(keys, 2, TODAY, 21, buf_slice(&text), &back), SRS_GOOD);
	assert_true(slice_ieq(buf_slice(&back), SLICE("ann@origin.test")));
	buf_clear(&back);
	for (size_t i = 5; i < local.n; i++) {
		buf_clear(&text);
		buf_adds(&text, local);
		text.p[i] = text.p[i] == 'q' ? 'r' : 'q';
		assert_int_not_equal(
		    srs_reverse(keys, 2, TODAY, 21, buf_slice(&text), &back), SRS_GOOD);
	}
	for (size_t n = 0; n < local.n; n++)
		assert_int_not_equal(
		    srs_reverse(keys, 2, TODAY, 21, slice_head(local, n), &back), SRS_GOOD);
	assert_int_equal(back.n, 0);
	assert_int_equal(srs_reverse(keys, 2, TODAY, 21, SLICE("ann"), &back), SRS_NONE);
	assert_int_equal(srs_reverse(keys, 2, TODAY, 21, SLICE("SRS0"), &back), SRS_NONE);
	buf_done(&out);
	buf_done(&back);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(refused),
		cmocka_unit_test(keys_and_days),
		cmocka_unit_test(changed_on_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
