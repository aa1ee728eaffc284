/* test_box_entry.c - records of messages: in blocks, alone, and as older versions wrote them */
#include "tests/unit/unit.h"

#include "storage/box_private.h"

static const unsigned char key[16] = { [15] = 7 };
static const unsigned char block_key[17] = { [16] = 'b' };

static int list_one(const unsigned char *record, size_t n, struct box_entry *out)
{
	return box_entry_list(slice_of(key, sizeof(key)), slice_of(record, n), out);
}

static const struct {
	bool fits; /* into a slot */
	struct box_entry entry;
} cases[] = {
	{ true, { .uid = 7 } },
	{ true,
	    { .uid = 7, .size = UINT32_MAX, .flags = 127, .modseq = 1, .message = UINT64_MAX } },
	{ true, { .uid = 7, .internal_date = 1795305600, .saved = -1 } },
	{ true,
	    { .uid = 7,
		.modseq = 0x7fffffffff,
		.internal_date = -0x7fffffffff,
		.saved = 0x7fffffffff } },
	{ false, { .uid = 7, .flags = 128 } },
	{ false, { .uid = 7, .flags = UINT64_MAX, .modseq = UINT64_MAX } },
	{ false, { .uid = 7, .modseq = 0x8000000000 } },
	{ false, { .uid = 7, .internal_date = 0x8000000000 } },
	{ false, { .uid = 7, .internal_date = INT64_MIN, .saved = INT64_MAX } },
	{ false, { .uid = 7, .saved = -0x8000000000 } },
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

static void alone(void **state)
{
	unsigned char p[BOX_ENTRY_BYTES];
	struct box_entry entry;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		box_entry_write(p, &cases[i].entry);
		assert_int_equal(list_one(p, sizeof(p), &entry), 1);
		assert_same(&entry, &cases[i].entry);
		for (size_t less = 0; less < sizeof(p) - 8; less++)
			assert_int_equal(list_one(p, less, &entry), -1);
	}
}

static void in_slots(void **state)
{
	unsigned char block[BOX_BLOCK_BYTES], empty[BOX_BLOCK_BYTES];
	struct box_entry entry;

	(void)state;
	memset(block, 0, sizeof(block));
	memset(empty, 0, sizeof(empty));
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(box_slot_read(block, 7, &entry));
		assert_int_equal(box_slot_write(block, &cases[i].entry), cases[i].fits);
		assert_int_equal(box_slot_read(block, 7, &entry), cases[i].fits);
		if (cases[i].fits)
			assert_same(&entry, &cases[i].entry);
		box_slot_clear(block, 7);
		assert_memory_equal(block, empty, sizeof(block));
	}
}

static int list_block(const unsigned char *block, size_t n, struct box_entry *out)
{
	return box_entry_list(slice_of(block_key, sizeof(block_key)), slice_of(block, n), out);
}

/* Neighbours do not touch each other, and come in the order of their UIDs. */
static void whole_blocks(void **state)
{
	unsigned char block[BOX_BLOCK_BYTES];
	struct box_entry entry = { .size = UINT32_MAX, .flags = 127, .message = UINT64_MAX };
	struct box_entry list[BOX_BLOCK];

	(void)state;
	memset(block, 0, sizeof(block));
	assert_int_equal(list_block(block, sizeof(block), list), 0);
	for (entry.uid = 1; entry.uid < BOX_BLOCK; entry.uid += 2)
		assert_true(box_slot_write(block, &entry));
	assert_int_equal(list_block(block, sizeof(block), list), BOX_BLOCK / 2);
	for (size_t i = 0; i < BOX_BLOCK / 2; i++) {
		entry.uid = (uint32_t)(2 * i + 1);
		assert_same(&list[i], &entry);
	}
	assert_int_equal(list_block(block, sizeof(block) - 1, list), -1);
	assert_int_equal(list_block(block, box_slot_at(4), list), 2);
	block[0]++;
	assert_int_equal(list_block(block, sizeof(block), list), -1);
}

/* Version, size, flags, MODSEQ, message, date, and from version 2 on `saved`. */
static void older_ones(void **state)
{
	static const unsigned char record[45] = { 2, 0, 0, 16,
		0, [12] = 1, [20] = 99, [28] = 5, [33] = 0x6b, [34] = 2, [44] = 3 };
	unsigned char first[37];
	struct box_entry want = { 7, 4096, 1, 99, 5, 0x6b020000, 3 }, entry;

	(void)state;
	assert_int_equal(list_one(record, sizeof(record), &entry), 1);
	assert_same(&entry, &want);
	memcpy(first, record, sizeof(first));
	assert_int_equal(list_one(first, sizeof(first), &entry), -1);
	first[0] = 1;
	want.saved = 0;
	assert_int_equal(list_one(first, sizeof(first), &entry), 1);
	assert_same(&entry, &want);
	assert_int_equal(box_entry_list(slice_of(key, 15), slice_of(first, 37), &entry), -1);

	static const unsigned char third[29] = { 3, 0, 0, 16,
		0, [5] = 255, [10] = 99, [18] = 5, [20] = 0x6b, [21] = 2, [28] = 3 };
	want.saved = 3;
	want.flags = 255;
	assert_int_equal(list_one(third, sizeof(third), &entry), 1);
	assert_same(&entry, &want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(in_slots),
		cmocka_unit_test(whole_blocks),
		cmocka_unit_test(older_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
