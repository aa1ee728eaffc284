/* fuzz_box_name.c - names of mailboxes: folding is done once, and keys keep the name
 *
 * Two names, parted by a newline: what the order of keys says about parents and
 * children must hold for them. */
#include <stdint.h>
#include <stdlib.h>

#include "core/text.h"
#include "storage/box_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool fold(struct slice name, struct buf *out)
{
	struct buf again = { 0 };

	if (box_name_fold(name, out, NULL) < 0)
		return false;
	must(out->n > 0 && utf8_valid(buf_slice(out)));
	must(box_name_fold(buf_slice(out), &again, NULL) == 0);
	must(slice_eq(buf_slice(out), buf_slice(&again)));
	buf_done(&again);
	return true;
}

static void check_key(struct slice name, struct buf *key)
{
	struct buf back = { 0 };

	box_name_key(key, 7, name);
	box_name_of_key(&back, buf_slice(key));
	must(slice_eq(buf_slice(&back), name));
	buf_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice rest = slice_of(data, n), first = slice_cut(&rest, '\n');
	struct buf a = { 0 }, b = { 0 }, key_a = { 0 }, key_b = { 0 };

	if (fold(first, &a) && fold(rest, &b)) {
		check_key(buf_slice(&a), &key_a);
		check_key(buf_slice(&b), &key_b);
		must(slice_eq(buf_slice(&a), buf_slice(&b)) ==
		    slice_eq(buf_slice(&key_a), buf_slice(&key_b)));
		/* Those below a name have keys that begin with its key. */
		buf_addc(&key_a, 1);
		must(box_name_below(buf_slice(&b), buf_slice(&a)) ==
		    slice_starts(buf_slice(&key_b), buf_slice(&key_a)));
	}
	buf_done(&a);
	buf_done(&b);
	buf_done(&key_a);
	buf_done(&key_b);
	return 0;
}
