/* op_issue.c - a user asks his domain for a certificate */
#include "core/conf.h"
#include "pki/issue.h"
#include "pki/key.h"
#include "pki/pkcs8.h"
#include "smime/op_smime.h"

CONF_KEY(smime_key_type) = {
	.name = "smime.key-type",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.choices = key_kind_names,
	/* COMPAT NSS before 3.101, gpgsm 2.2: they read no mail for keys on curves. */
	.def = "RSA-2048",
	.help = "kind of the keys that are made for users; P-256 is quicker, but not all mail "
		"programs read what is encrypted for it",
};

/* A new key pair; the private half in the one form that is kept. */
static int make_key(
    struct op_call *call, const char *domain, struct buf *key, struct key_info *info)
{
	struct conf_at at = { .domain = domain };
	int64_t kind = op_number(call, "type", conf_num_at(&conf_key_smime_key_type, &at));
	struct buf made = { 0 };
	struct err err = { 0 };
	int rc = key_make((enum key_kind)kind, &made, &err);

	if (rc == 0)
		rc = pkcs8_wrap(buf_slice(&made), key, &err);
	if (rc == 0)
		rc = key_look(buf_slice(key), info, &err);
	buf_wipe(&made);
	return op_done(call, rc, &err);
}

static int issue(struct op_call *call, const struct dir_account *account, const char *domain,
    const struct key_info *info, struct buf *chain)
{
	struct issue_user user = {
		.address = account->name,
		.key_type = info->type,
		.public_info = buf_slice(&info->public_info),
		.days = op_number(call, "days", 0),
	};
	struct err err = { 0 };

	return op_done(call, issue_user(slice_str(domain), &user, chain, &err), &err);
}

static int keep(
    struct op_call *call, const struct dir_account *account, struct slice key, struct slice chain)
{
	struct identity_new new = { key, chain, op_secret(call, "secret") };
	struct err err = { 0 };
	struct cert cert;

	if (identity_add(account, &new, &err) != 0)
		return op_fail_err(call, &err);
	if (cert_next(&chain, &cert))
		smime_op_put_cert(call, &cert);
	return 0;
}

static int run_issue(struct op_call *call)
{
	struct dir_account account;
	struct buf key = { 0 }, chain = { 0 };
	struct key_info info = { 0 };
	struct err err = { 0 };

	if (smime_op_account(call, true, &account) != 0)
		return -1;
	/* Before anything is issued: is it the secret of the other keys? */
	if (identity_check(&account, op_secret(call, "secret"), &err) != 0)
		return op_fail_err(call, &err);
	const char *domain = strrchr(account.name, '@') + 1;
	int rc = make_key(call, domain, &key, &info);
	if (rc == 0)
		rc = issue(call, &account, domain, &info, &chain);
	if (rc == 0)
		rc = keep(call, &account, buf_slice(&key), buf_slice(&chain));
	key_info_done(&info);
	buf_wipe(&key);
	buf_done(&chain);
	return rc;
}

static const struct op_arg issue_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "secret", OP_SECRET, OP_REQUIRED | OP_NEW, "the user's secret for S/MIME keys", NULL },
	{ "type", OP_CHOICE, OP_OPTION, "kind of the key; else as smime.key-type says",
	    key_kind_names },
	{ "days", OP_NUMBER, OP_OPTION, "for how many days; else as smime.certificate-days says",
	    NULL },
	{ 0 },
};

/* C-109 */
OPERATION(smime_issue) = {
	.name = "smime issue",
	.role = OP_USER,
	.args = issue_args,
	.help = "make a key and have the user's domain issue a certificate for it",
	.more =
	    "The key is locked with the secret, which only the user should know, and is not kept\n"
	    "anywhere: without it the key is lost. All keys of a user have one secret. From now\n"
	    "on mail is encrypted with the new certificate; keys that were there stay for old\n"
	    "mail. The domain must have PKI services enabled, a key and a certificate in force.",
	.example = "smime issue ann@example.org\n"
		   "smime issue ann@example.org --secret-file /root/anns-secret --days 365",
	.run = run_issue,
};
