/* op_pki_request.c - a key and a request in files, for services that are not this one (P-004)
 *
 * Runs without a server. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/disk.h"
#include "core/tls.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/op_pki.h"
#include "pki/pkcs8.h"
#include "pki/seal.h"

/* P-007 */
enum { KEY_MODE = 0400, REQUEST_MODE = 0644 };

/* Never over one that is there: it may be a key that is in use. */
static int write_file(const char *path, mode_t mode, struct slice text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "%s", path);
	int rc = 0;
	if (disk_write(fd, text) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
		rc = err_sys(err, "%s", path);
	close(fd);
	if (rc != 0)
		unlink(path);
	return rc;
}

/* No store is open: what the certificate is for is said. */
static int complete(
    struct op_call *call, struct subject *subject, struct slice *name, struct err *err)
{
	pki_call_subject(call, subject);
	if (!subject->part[SUBJECT_CN])
		return err_set(err, ERR_INPUT, "which host name is it for? --cn NAME");
	*name = slice_str(subject->part[SUBJECT_CN]);
	if (!subject->names)
		subject->names = "";
	return subject_complete(subject, *name, op_pool(call), err);
}

static int make(struct op_call *call, struct buf *key_pem, struct buf *pem, struct err *err)
{
	enum key_kind kind = (enum key_kind)op_number(call, "type", KEY_P256);
	struct buf key = { 0 }, wrapped = { 0 }, sealed = { 0 }, request = { 0 };
	struct subject subject;
	struct slice name;
	int rc = complete(call, &subject, &name, err);

	if (rc == 0)
		rc = key_make(kind, &key, err);
	if (rc == 0)
		rc = pkcs8_wrap(buf_slice(&key), &wrapped, err);
	seal_alone();
	if (rc == 0)
		rc = sign_seal(name.p, buf_slice(&key), &sealed, err);
	struct sign_key signer = { name.p, buf_slice(&sealed) };
	if (rc == 0)
		rc = csr_make(&subject, name, &signer, &request, err);
	seal_stop();
	if (rc == 0) {
		pem_put("PRIVATE KEY", buf_slice(&wrapped), key_pem);
		pem_put("CERTIFICATE REQUEST", buf_slice(&request), pem);
	}
	buf_wipe(&key);
	buf_wipe(&wrapped);
	buf_done(&sealed);
	buf_done(&request);
	return rc;
}

static int run(struct op_call *call)
{
	const char *key_path = op_text(call, "key"), *path = op_text(call, "request");
	struct buf key = { 0 }, request = { 0 };
	struct err err = { 0 };
	int rc = tls_start(&err);

	if (rc == 0)
		rc = make(call, &key, &request, &err);
	if (rc == 0)
		rc = write_file(key_path, KEY_MODE, buf_slice(&key), &err);
	if (rc == 0 && write_file(path, REQUEST_MODE, buf_slice(&request), &err) != 0) {
		unlink(key_path);
		rc = -1;
	}
	buf_wipe(&key);
	buf_done(&request);
	if (rc != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "key", slice_str(key_path));
	op_put_text(call, "request", slice_str(path));
	return 0;
}

static const struct op_arg args[] = {
	{ "key", OP_FILE, OP_REQUIRED, "file for the private key, not there yet", NULL },
	{ "request", OP_FILE, OP_REQUIRED, "file for the request, not there yet", NULL },
	{ "type", OP_CHOICE, OP_OPTION, "P-256 unless said otherwise", key_kind_names },
	OP_PKI_SUBJECT,
	{ 0 },
};

OPERATION(pki_request) = {
	.name = "pki request",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "make a private key and a signing request as files, for another service",
	.more =
	    "Runs without a server. The key is not encrypted; its file has the mode 0400, that of\n"
	    "the request 0644. What comes back is taken by pki import, or by pki files.",
	.example = "pki request key.pem request.csr --cn www.example.org --o 'Example, Inc.'",
	.offline = true,
	.run = run,
};
