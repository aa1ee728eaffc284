/* shown.c - what a domain shows, by its mode */
#include "pki/pki_private.h"

const char *const pki_mode_names[] = { "disabled", "test", "enabled", NULL };

int shown_of(const char *domain, const struct domain_record *record, struct shown *out)
{
	*out = (struct shown){ 0 };
	switch (record->mode) {
	case PKI_DISABLED:
		return 0;
	case PKI_TEST:
		return test_shown(out);
	case PKI_ENABLED:
		break;
	}
	if (record->key.n == 0 || record->leaf.n == 0)
		return 0;
	out->key = (struct sign_key){ domain, record->key };
	buf_adds(&out->chain, record->leaf);
	buf_adds(&out->chain, record->above);
	return 1;
}

void shown_done(struct shown *shown)
{
	buf_done(&shown->chain);
}

int pki_domain_leaf(struct slice domain, struct buf *der)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 };
	int found = record_get(domain, &bytes, &record);

	if (found == 1 && (record.mode != PKI_ENABLED || record.key.n == 0 || record.leaf.n == 0))
		found = 0;
	if (found == 1)
		buf_adds(der, record.leaf);
	buf_done(&bytes);
	return found;
}
