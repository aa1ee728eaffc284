/* test_box_entry.c - records of messages: short, long, and as older versions wrote them */
#include "tests/unit/unit.h"

#include "storage/box_private.h"

static const unsigned char key[16] = { [15] = 7 };

static struct slice key_slice(void)
{
	return slice_of(key, sizeof(key));
}

static const struct {
	size_t n;
	struct box_entry entry;
} cases[] = {
	{ 29, { .uid = 7 } },
	{ 29, { .uid = 7, .size = UINT32_MAX, .flags = 255, .modseq = 1, .message = UINT64_MAX } },
	{ 29, { .uid = 7, .internal_date = 1795305600, .saved = -1 } },
	{ 29,
	    { .uid = 7,
		.modseq = 0x7fffffffff,
		.internal_date = -0x7fffffffff,
		.saved = 0x7fffffffff } },
	{ 45, { .uid = 7, .flags = 256 } },
	{ 45, { .uid = 7, .flags = UINT64_MAX, .modseq = UINT64_MAX } },
	{ 45, { .uid = 7, .modseq = 0x8000000000 } },
	{ 45, { .uid = 7, .internal_date = 0x8000000000 } },
	{ 45, { .uid = 7, .internal_date = INT64_MIN, .saved = INT64_MAX } },
	{ 45, { .uid = 7, .saved = -0x8000000000 } },
};

static void assert_same(const struct box_entry *a, const struct box_entry *b)
{
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->modseq, b->modseq);
	assert_int_equal(a->message, b->message);
	assert_int_equal(a->internal_date, b->internal_date);
	assert_int_equal(a->saved, b->saved);
}

static void there_and_back(void **state)
{
	unsigned char p[BOX_ENTRY_BYTES];
	struct box_entry entry;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = box_entry_write(p, &cases[i].entry);
		assert_int_equal(n, cases[i].n);
		assert_true(box_entry_read(key_slice(), slice_of(p, n), &entry));
		assert_same(&entry, &cases[i].entry);
		for (size_t less = 0; less < n; less++)
			assert_false(box_entry_read(key_slice(), slice_of(p, less), &entry));
	}
}

/* Version, size, flags, MODSEQ, message, date, and in version 2 `saved`. */
static void older_ones(void **state)
{
	static const unsigned char record[45] = { 2, 0, 0, 16,
		0, [12] = 1, [20] = 99, [28] = 5, [33] = 0x6b, [34] = 2, [44] = 3 };
	unsigned char first[37];
	struct box_entry want = { 7, 4096, 1, 99, 5, 0x6b020000, 3 }, entry;

	(void)state;
	assert_true(box_entry_read(key_slice(), slice_of(record, sizeof(record)), &entry));
	assert_same(&entry, &want);
	memcpy(first, record, sizeof(first));
	assert_false(box_entry_read(key_slice(), slice_of(first, sizeof(first)), &entry));
	first[0] = 1;
	want.saved = 0;
	assert_true(box_entry_read(key_slice(), slice_of(first, sizeof(first)), &entry));
	assert_same(&entry, &want);
	assert_false(box_entry_read(slice_of(key, 15), slice_of(first, sizeof(first)), &entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(older_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
