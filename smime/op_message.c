/* op_message.c - messages encrypted for users, and decrypted with a user's key */
#include <stdlib.h>

#include "core/text.h"
#include "smime/encrypt.h"
#include "smime/op_smime.h"
#include "storage/filter.h"

/* Text as it is; other bytes in base64. */
static void put_message(struct op_call *call, struct slice message)
{
	if (utf8_valid(message) && (message.n == 0 || !memchr(message.p, '\0', message.n)))
		op_put_text(call, "text", message);
	else
		smime_op_put_base64(call, "base64", message);
}

/* --- encrypt --- */

/* What comes from a file loses its last line end on the way here. */
static struct slice whole_lines(struct op_call *call, struct slice text)
{
	if (text.n == 0 || text.p[text.n - 1] == '\n')
		return text;
	char *whole = pool_get(op_pool(call), text.n + 2);
	memcpy(whole, text.p, text.n);
	memcpy(whole + text.n, "\r\n", 2);
	return slice_of(whole, text.n + 2);
}

static int run_encrypt(struct op_call *call)
{
	struct slice message = whole_lines(call, op_secret(call, "text"));
	size_t n = op_count(call, "addresses");
	const char **accounts = pool_get(op_pool(call), (n + 1) * sizeof(*accounts));
	struct buf out = { 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		accounts[i] = op_item(call, "addresses", i);
	int rc = store_filter_encrypt(message, accounts, n, &out, &err);
	if (rc == 0)
		put_message(call, out.n > 0 ? buf_slice(&out) : message);
	else
		op_fail_err(call, &err);
	buf_done(&out);
	return rc;
}

static const struct op_arg encrypt_args[] = {
	{ "addresses", OP_ADDRESS, OP_REQUIRED | OP_MANY | OP_FOREIGN, "accounts that may read it",
	    NULL },
	{ "text", OP_SECRET, OP_REQUIRED, "a whole mail message", NULL },
	{ 0 },
};

OPERATION(smime_encrypt) = {
	.name = "smime encrypt",
	.role = OP_USER,
	.args = encrypt_args,
	.help = "encrypt a mail message for accounts, as stored mail is encrypted",
	.more =
	    "The header stays in sight; the body and what describes it become one S/MIME message\n"
	    "that each of the accounts can read. A message that is encrypted already comes back\n"
	    "as it is.",
	.example = "smime encrypt ann@example.org bob@example.org < message.eml",
	.run = run_encrypt,
};

/* --- decrypt --- */

struct opening {
	struct op_call *call;
	const struct dir_account *account;
	const struct identity **with_key; /* in the order of the certificates */
};

static int open_key(void *arg, size_t i, struct buf *key, struct err *err)
{
	const struct opening *o = arg;

	return identity_open(o->account, o->with_key[i], op_secret(o->call, "secret"), key, err);
}

/* C-129's other side: with any of the user's keys. */
static int read_cms(struct op_call *call, const struct dir_account *account, struct slice cms,
    struct buf *content, struct err *err)
{
	struct identities all;
	struct opening o = { .call = call, .account = account };
	struct slice certs[IDENTITIES_MAX];
	const struct identity *with_key[IDENTITIES_MAX];
	struct cms_keys keys = { .certs = certs, .open = open_key, .arg = &o };

	if (identities_get(account, op_pool(call), &all, err) != 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (all.list[i].key.n > 0) {
			with_key[keys.n] = &all.list[i];
			certs[keys.n++] = all.list[i].chain;
		}
	o.with_key = with_key;
	return cms_read(cms, &keys, content, err);
}

static int run_decrypt(struct op_call *call)
{
	struct dir_account account;
	struct buf message = { 0 }, cms = { 0 }, content = { 0 };
	struct err err = { 0 };

	if (smime_op_account(call, false, &account) != 0)
		return -1;
	int rc = smime_op_message(call, &account, &message, NULL, &err);
	if (rc == 0)
		rc = smime_body(buf_slice(&message), &cms, &err);
	if (rc == 0)
		rc = read_cms(call, &account, buf_slice(&cms), &content, &err);
	if (rc == 0)
		put_message(call, buf_slice(&content));
	else
		op_fail_err(call, &err);
	buf_done(&message);
	buf_done(&cms);
	buf_wipe(&content);
	return rc;
}

static const struct op_arg decrypt_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "secret", OP_SECRET, OP_REQUIRED, "the user's secret", NULL },
	{ "text", OP_SECRET, 0, "an encrypted mail message", NULL },
	{ "mailbox", OP_TEXT, OP_OPTION, "the mailbox of a stored message; else INBOX", NULL },
	{ "uid", OP_NUMBER, OP_OPTION, "the UID of a stored message", NULL },
	{ 0 },
};

OPERATION(smime_decrypt) = {
	.name = "smime decrypt",
	.role = OP_USER,
	.args = decrypt_args,
	.help = "decrypt a message with a user's key",
	.more =
	    "The answer is what was encrypted: header fields that describe the content, an empty\n"
	    "line and the body. Nothing is stored. Any of the user's keys is used that fits.",
	.example = "smime decrypt ann@example.org --secret-file secret --text-file message.eml\n"
		   "smime decrypt ann@example.org --mailbox Secret --uid 7",
	.run = run_decrypt,
};
