/* op_smime.c - what the operations of this room share */
#include "smime/op_smime.h"

#include <time.h>

#include "core/text.h"
#include "pki/pki.h"
#include "smime/stored.h"

enum { LINE = 76 };

int smime_op_account(struct op_call *call, bool changes, struct dir_account *account)
{
	const char *address = op_text(call, "address");
	int found = dir_account(slice_str(address), op_pool(call), account);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "there is no account %s", address);
	if (changes && account->role > (int)op_caller(call)->role)
		return op_fail(call, ERR_DENIED, "%s may do more than you", address);
	return 0;
}

static const struct identity *numbered(const struct identities *all, int64_t number)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].number == number)
			return &all->list[i];
	return NULL;
}

int smime_op_identity(
    struct op_call *call, const struct dir_account *account, const struct identity **out)
{
	struct identities all;
	struct err err = { 0 };

	if (identities_get(account, op_pool(call), &all, &err) != 0)
		return op_fail_err(call, &err);
	*out = op_given(call, "number") ? numbered(&all, op_number(call, "number", 0))
					: identity_current(&all);
	if (*out)
		return 0;
	return all.n == 0
	    ? op_fail(call, ERR_ABSENT, "%s has no S/MIME certificate: see signet help smime issue",
		  account->name)
	    : op_fail(call, ERR_ABSENT, "%s has no certificate of that number", account->name);
}

int smime_op_message(struct op_call *call, const struct dir_account *account, struct buf *message,
    int64_t *when, struct err *err)
{
	if (when)
		*when = time(NULL);
	if (op_given(call, "text")) {
		buf_adds(message, op_secret(call, "text"));
		return 0;
	}
	if (!op_given(call, "uid"))
		return err_set(err, ERR_INPUT,
		    "which message? give it with --text-file FILE, or --mailbox and --uid");
	const char *mailbox = op_text(call, "mailbox");
	return smime_stored_message(account, mailbox ? mailbox : "INBOX",
	    (uint32_t)op_number(call, "uid", 0), message, when, err);
}

void smime_op_put_cert(struct op_call *call, const struct cert *cert)
{
	struct pki_cert said;

	cert_describe(cert, op_pool(call), &said);
	op_put_text(call, "key", slice_str(said.key_type));
	op_put_text(call, "subject", slice_str(said.subject));
	op_put_text(call, "issuer", slice_str(said.issuer));
	op_put_text(call, "serial", slice_str(said.serial));
	op_put_text(call, "sha256", slice_str(said.sha256));
	op_put_time(call, "from", said.not_before);
	op_put_time(call, "till", said.not_after);
}

void smime_op_put_base64(struct op_call *call, const char *key, struct slice bytes)
{
	struct buf all = { 0 }, lines = { 0 };

	base64_put(&all, bytes);
	for (struct slice rest = buf_slice(&all); rest.n > 0; rest = slice_from(rest, LINE)) {
		buf_adds(&lines, slice_head(rest, LINE));
		buf_addc(&lines, '\n');
	}
	op_put_text(call, key, buf_slice(&lines));
	buf_wipe(&all);
	buf_wipe(&lines);
}
