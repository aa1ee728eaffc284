/* smime_world.h - keys with certificates, as DER and as files for openssl */
#ifndef TESTS_UNIT_SMIME_WORLD_H
#define TESTS_UNIT_SMIME_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/tls.h"
#include "pki/cert_build.h"
#include "pki/seal.h"
#include "smime/cms.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

enum { WORLD_P256, WORLD_P384, WORLD_RSA, WORLD_KEYS };

/* Who: KEY.pem and CERT.pem lie in the folder under its name. */
struct world_one {
	const char *name, *pem;
	struct buf key, cert;
	struct cms_recipient *recipient;
};

static struct world_one world[WORLD_KEYS] = {
	{ .name = "p256", .pem = test_key_p256 },
	{ .name = "p384", .pem = test_key_p384 },
	{ .name = "rsa", .pem = test_key_rsa },
};
static char *world_dir;

static inline void world_write(const char *name, struct slice bytes)
{
	char *path = tempdir_path(world_dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p ? bytes.p : "", 1, bytes.n, f), bytes.n);
	fclose(f);
	free(path);
}

static inline void world_read(const char *name, struct buf *out)
{
	char *path = tempdir_path(world_dir, name);
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	buf_clear(out);
	while ((n = fread(buf_room(out, 65536), 1, 65536, f)) > 0)
		out->n += n;
	fclose(f);
	free(path);
}

/* A command in the folder; 0 when it went well. Its words are in "said". */
static inline int world_run(const char *command)
{
	struct buf line = { 0 };

	buf_printf(&line, "cd %s && { %s; } >said 2>&1", world_dir, command);
	int status = system(buf_z(&line));
	buf_done(&line);
	return status == -1 ? -1 : status >> 8;
}

static inline void world_must(const char *command)
{
	struct buf said = { 0 };

	if (world_run(command) == 0)
		return;
	world_read("said", &said);
	fail_msg("%s: %s", command, buf_z(&said));
}

static inline void world_make(struct world_one *one)
{
	static const char *const purposes[] = { CERT_FOR_EMAIL, NULL };
	struct buf sealed = { 0 }, subject = { 0 }, pem = { 0 }, file = { 0 };
	struct key_info info;
	struct err err = { 0 };

	if (key_from_pem(slice_str(one->pem), &one->key, &err) != 0 ||
	    sign_take(one->name, slice_str(one->pem), &sealed, &err) != 0)
		fail_msg("%s", err.text);
	struct sign_key key = { one->name, buf_slice(&sealed) };
	assert_int_equal(sign_look(&key, &info, &err), 0);
	cert_put_domain(&subject, slice_str(one->name));
	struct cert_plan plan = {
		.subject = buf_slice(&subject),
		.public_info = buf_slice(&info.public_info),
		.not_before = time(NULL) - 3600,
		.not_after = time(NULL) + 86400,
		.usage = CERT_DIGITAL_SIGNATURE | CERT_KEY_AGREEMENT | CERT_KEY_ENCIPHERMENT,
		.purposes = purposes,
	};
	if (cert_build(&plan, NULL, &key, &one->cert, &err) != 0)
		fail_msg("%s", err.text);
	one->recipient = cms_recipient_new(buf_slice(&one->cert), &err);
	if (!one->recipient)
		fail_msg("%s", err.text);
	cert_to_pem(buf_slice(&one->cert), &pem);
	buf_printf(&file, "%s.cert", one->name);
	world_write(buf_z(&file), buf_slice(&pem));
	buf_clear(&file);
	buf_printf(&file, "%s.key", one->name);
	world_write(buf_z(&file), slice_str(one->pem));
	key_info_done(&info);
	buf_done(&sealed);
	buf_done(&subject);
	buf_done(&pem);
	buf_done(&file);
}

static inline int world_open(void **state)
{
	(void)state;
	world_dir = tempdir_new();
	if (tls_start(NULL) != 0 || seal_start(world_dir, true, NULL) != 0)
		return -1;
	for (size_t i = 0; i < WORLD_KEYS; i++)
		world_make(&world[i]);
	return 0;
}

static inline int world_close(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORLD_KEYS; i++) {
		buf_wipe(&world[i].key);
		buf_done(&world[i].cert);
		cms_recipient_unref(&world[i].recipient);
	}
	seal_stop();
	tempdir_remove(&world_dir);
	return 0;
}

/* --- keys for cms_read: those of the world given by bits --- */

static inline int world_key(void *arg, size_t i, struct buf *key, struct err *err)
{
	(void)err;
	buf_adds(key, buf_slice(&((struct world_one **)arg)[i]->key));
	return 0;
}

static inline int world_cms_read(
    struct slice cms, unsigned who, struct buf *content, struct err *err)
{
	struct world_one *ones[WORLD_KEYS];
	struct slice certs[WORLD_KEYS];
	struct cms_keys keys = { .certs = certs, .open = world_key, .arg = ones };

	for (size_t i = 0; i < WORLD_KEYS; i++)
		if (who & 1u << i) {
			ones[keys.n] = &world[i];
			certs[keys.n++] = buf_slice(&world[i].cert);
		}
	return cms_read(cms, &keys, content, err);
}

#endif
