/* expiry_mail.c - a mail of the server's own to a postmaster */
#include "pki/expiry_private.h"
#include "storage/dir.h"
#include "storage/notice.h"

int expiry_mail(const char *domain, const char *subject, struct slice text, struct err *err)
{
	struct dir_domain main_domain;
	struct pool pool = { 0 };
	int rc = 1;

	if (!domain && dir_main_domain(&pool, &main_domain) == 1)
		domain = main_domain.name;
	if (domain)
		rc = notice_text(domain, slice_str(pool_printf(&pool, "postmaster@%s", domain)),
		    subject, text, err);
	pool_done(&pool);
	return rc;
}
