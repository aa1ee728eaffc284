/* test_pki_seal.c - sealed secrets open as what they are, and as nothing else; the master key's
 * file */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tls.h"
#include "pki/seal.h"
#include "tests/unit/tempdir.h"

static char *data, *path;

static int set_up(void **state)
{
	struct err err = { 0 };

	(void)state;
	data = tempdir_new();
	path = tempdir_path(data, "master.key");
	if (seal_start(data, true, &err) != 0)
		fail_msg("%s", err.text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	seal_stop();
	free(path);
	tempdir_remove(&data);
	return 0;
}

static int start_library(void **state)
{
	(void)state;
	return tls_start(NULL);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static void read_file(char *out, size_t n)
{
	FILE *f = fopen(path, "r");

	memset(out, 0, n);
	assert_true(fread(out, 1, n - 1, f) > 0);
	fclose(f);
}

static void there_and_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 1000, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct buf plain = { 0 }, sealed = { 0 }, back = { 0 };
		memset(buf_room(&plain, sizes[i] + 1), 'k', sizes[i]);
		plain.n = sizes[i];
		assert_int_equal(seal_close("a key", buf_slice(&plain), &sealed, NULL), 0);
		assert_true(slice_find(buf_slice(&sealed), SLICE("kkk")) < 0);
		assert_int_equal(seal_open("a key", buf_slice(&sealed), &back, NULL), 0);
		assert_true(slice_eq(buf_slice(&plain), buf_slice(&back)));
		buf_done(&plain);
		buf_done(&sealed);
		buf_done(&back);
	}
}

static void tampered(void **state)
{
	struct buf sealed = { 0 }, back = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(seal_close("the key of alpha", SLICE("secret"), &sealed, NULL), 0);
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 1;
		assert_int_equal(
		    seal_open("the key of alpha", buf_slice(&sealed), &back, &err), -1);
		assert_int_equal(back.n, 0);
		sealed.p[i] ^= 1;
	}
	for (size_t n = 0; n < sealed.n; n++)
		assert_int_equal(
		    seal_open("the key of alpha", slice_head(buf_slice(&sealed), n), &back, &err),
		    -1);
	assert_int_equal(seal_open("the key of beta", buf_slice(&sealed), &back, &err), -1);
	assert_int_equal(seal_open("the key of alpha", buf_slice(&sealed), &back, &err), 0);
	buf_done(&sealed);
	buf_done(&back);
}

/* Sealing the same twice gives two different texts. */
static void fresh_each_time(void **state)
{
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	seal_close("x", SLICE("same"), &a, NULL);
	seal_close("x", SLICE("same"), &b, NULL);
	assert_false(slice_eq(buf_slice(&a), buf_slice(&b)));
	buf_done(&a);
	buf_done(&b);
}

static void file(void **state)
{
	struct stat st;
	struct buf sealed = { 0 }, back = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	/* the next start reads it */
	seal_close("x", SLICE("kept"), &sealed, NULL);
	seal_stop();
	assert_int_equal(seal_open("x", buf_slice(&sealed), &back, &err), -1);
	assert_int_equal(seal_start(data, false, &err), 0);
	assert_int_equal(seal_open("x", buf_slice(&sealed), &back, &err), 0);
	buf_done(&back);

	/* others may not read it */
	chmod(path, 0640);
	assert_int_equal(seal_start(data, false, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	chmod(path, 0600);

	/* when it is lost no other is made in its place */
	unlink(path);
	assert_int_equal(seal_start(data, false, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	assert_int_equal(access(path, F_OK), -1);
	buf_done(&sealed);
}

/* A new line in front seals, the old ones open. */
static void several_keys(void **state)
{
	struct buf old = { 0 }, new = { 0 }, back = { 0 };
	char line[128], text[512];
	struct err err;

	(void)state;
	seal_close("x", SLICE("old"), &old, NULL);
	read_file(line, sizeof(line));
	snprintf(text, sizeof(text), "0123456789abcdef %064d\n%s", 7, line);
	write_file(text);
	assert_int_equal(seal_start(data, false, &err), 0);
	seal_close("x", SLICE("new"), &new, NULL);
	assert_memory_equal(new.p + 1, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	assert_int_equal(seal_open("x", buf_slice(&old), &back, &err), 0);
	assert_int_equal(seal_open("x", buf_slice(&new), &back, &err), 0);
	want_text("both", buf_slice(&back), "oldnew");
	buf_done(&old);
	buf_done(&new);
	buf_done(&back);
}

static void bad_files(void **state)
{
	static const char *const texts[] = { "", "\n", "0123456789abcdef\n",
		"0123456789abcdef 00\n",
		"0123456789abcdeg 00000000000000000000000000000000"
		"00000000000000000000000000000000\n",
		"0123456789abcdef 00000000000000000000000000000000"
		"00000000000000000000000000000000 more\n" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		write_file(texts[i]);
		want_num(texts[i], seal_start(data, false, &err), -1);
		want_num(texts[i], err.kind, ERR_INPUT);
	}
}

#define WITH_KEY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEY(there_and_back),
		WITH_KEY(tampered),
		WITH_KEY(fresh_each_time),
		WITH_KEY(file),
		WITH_KEY(several_keys),
		WITH_KEY(bad_files),
	};

	return cmocka_run_group_tests(tests, start_library, NULL);
}
