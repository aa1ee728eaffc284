/* filter.c - stored mail is encrypted for its accounts */
#include <stdlib.h>

#include "core/conf.h"
#include "pki/issue.h"
#include "smime/encrypt.h"
#include "smime/identity.h"
#include "smime/smime.h"
#include "storage/filter.h"

static const char *const ciphers[] = {
	[CMS_AES_256_CBC] = "aes-256-cbc", [CMS_AES_256_GCM] = "aes-256-gcm", NULL
};

CONF_KEY(smime_cipher) = {
	.name = "smime.cipher",
	.type = CONF_CHOICE,
	.choices = ciphers,
	.def = "aes-256-cbc",
	.help = "how stored mail is encrypted; aes-256-gcm (RFC 5084) is newer, and not all mail "
		"programs read it",
};

CONF_KEY(smime_hide_subject) = {
	.name = "smime.hide-subject",
	.type = CONF_BOOL,
	.def = "off",
	.help = "encrypt the subject of stored mail, too (RFC 9788): lists and searches show [...]",
};

static int find_all(
    const char *const accounts[], size_t n, struct cms_recipient **to, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = identity_recipient(accounts[i], err);
		if (!to[i])
			return -1;
	}
	return 0;
}

/* C-008: one message for all of them. */
static int encrypt(void *arg, struct slice message, const char *const accounts[], size_t n,
    struct buf *out, struct err *err)
{
	(void)arg;
	if (smime_is_encrypted(message)) /* C-129 */
		return 0;
	size_t mark = out->n;
	struct cms_recipient **to = mem_get((n + 1) * sizeof(struct cms_recipient *));
	struct smime_way way = { (enum cms_cipher)conf_num(&conf_key_smime_cipher),
		conf_on(&conf_key_smime_hide_subject) };
	int rc = find_all(accounts, n, to, err);
	if (rc == 0)
		rc = smime_encrypt(message, &way, to, n, out, err);
	for (size_t i = 0; i < n; i++)
		cms_recipient_unref(&to[i]);
	free(to);
	if (rc != 0)
		out->n = mark;
	return rc;
}

void smime_start(void)
{
	static const struct store_filter filter = { .encrypt = encrypt };

	issue_start();
	store_filter_set(&filter);
}
