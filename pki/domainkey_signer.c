/* domainkey_signer.c - what somebody here vouches for is signed in the name of its From
 *
 * It is done where a message comes in (storage/deliver.c), and not where it goes out:
 * there nobody knows any more who sent it, and what is passed on for a stranger who wrote
 * one of our addresses into From would be signed as ours. What was signed here and had to be told
 * in 7 bits since is signed again on its way out (protocols/relay/send_text.c). */
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "mailauth/dkim.h"
#include "pki/domainkey.h"
#include "pki/domainkey_private.h"
#include "storage/deliver.h"

CONF_KEY(dkim_sign) = {
	.name = "dkim.sign",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "sign mail of users and of the server with the domain's active DKIM keys",
};

struct signing {
	struct dkim_mail *mail;
	struct buf *fields;
	bool failed;
};

static const char *const algorithms[] = {
	[DOMAINKEY_RSA] = "rsa-sha256",
	[DOMAINKEY_ED25519] = "ed25519-sha256",
};

static bool sign_with(void *arg, const struct domainkey *key)
{
	struct signing *s = arg;
	struct dkim_signing how = { .domain = key->domain,
		.selector = key->selector,
		.algorithm = algorithms[key->kind],
		.now = time(NULL) };
	struct buf field = { 0 }, data = { 0 }, signature = { 0 };
	struct err err = { 0 };

	if (key->state != DOMAINKEY_ACTIVE)
		return true;
	if (dkim_sign_begin(s->mail, &how, &field, &data) &&
	    domainkey_sign(key, buf_slice(&data), &signature, &err) == 0) {
		dkim_sign_end(buf_slice(&signature), &field);
		buf_adds(s->fields, buf_slice(&field));
	} else {
		log_event(LOG_ERROR, "dkim-not-signed", log_s("domain", key->domain),
		    log_s("selector", key->selector), log_z("reason", err.text));
		s->failed = true;
	}
	buf_done(&field);
	buf_done(&data);
	buf_done(&signature);
	return true;
}

/* --- for whom --- */

static struct slice domain_of(struct slice address)
{
	return slice_from(address, (size_t)(slice_rchr(address, '@') + 1));
}

/* The reverse-path of a user is his own: SMTP saw to that. Else From must lead to him. */
static bool speaks_for(
    const struct deliver *d, const struct dkim_mail *mail, struct slice domain, struct pool *pool)
{
	struct dir_target *target = NULL;

	if (d->ours || slice_ieq(domain_of(d->reverse_path), domain))
		return true;
	for (size_t i = 0; i < mail->n; i++) {
		if (!slice_ieq(mail->fields[i].name, SLICE("From")))
			continue;
		const struct msg_address *a = msg_addresses(pool, mail->fields[i].value);
		const char *address = a
		    ? pool_printf(pool, "%.*s@%.*s", SLICE_ARG(a->mailbox), SLICE_ARG(a->host))
		    : "";
		if (dir_route(slice_str(address), pool, &target) != DIR_LOCAL)
			return false;
		for (; target; target = target->next)
			if (target->account == d->sender)
				return true;
	}
	return false;
}

static bool is_wanted(struct slice domain, struct pool *pool)
{
	struct conf_at at = { .domain = pool_str(pool, domain) };

	return conf_num_at(&conf_key_dkim_sign, &at) != 0;
}

static bool is_hosted(struct slice domain, struct pool *pool)
{
	struct dir_domain found;

	return dir_domain(domain, pool, &found) != 0;
}

/* up: the server's own name is mostly one below a domain that has keys. */
static void sign_for(struct slice domain, bool up, struct signing *s, struct pool *pool)
{
	while (domain.n > 0 && s->fields->n == 0 && !s->failed) {
		if (is_wanted(domain, pool) && domainkey_each(domain, sign_with, s) != 0)
			log_event(LOG_ERROR, "dkim-not-signed", log_s("domain", domain),
			    log_z("reason", "the keys cannot be read"));
		if (!up || is_hosted(domain, pool))
			break;
		slice_cut(&domain, '.');
	}
}

static void sign(const struct deliver *d, struct buf *fields)
{
	struct pool pool = { 0 };
	struct dkim_mail mail;
	struct signing s = { .mail = &mail, .fields = fields };

	dkim_mail_read(d->trace, d->message, &pool, &mail);
	struct slice domain = dkim_from_domain(&mail, &pool);
	if (domain.n > 0 && speaks_for(d, &mail, domain, &pool))
		sign_for(domain, d->ours, &s, &pool);
	pool_done(&pool);
}

/* Who it was for was judged when it came in. */
static void sign_again(struct slice whole, struct buf *fields)
{
	struct pool pool = { 0 };
	struct dkim_mail mail;
	struct signing s = { .mail = &mail, .fields = fields };

	dkim_mail_read((struct slice){ 0 }, whole, &pool, &mail);
	struct slice domain = dkim_from_domain(&mail, &pool);
	sign_for(domain, true, &s, &pool);
	pool_done(&pool);
}

void domainkey_start(void)
{
	static const struct deliver_signer signer = {
		.sign = sign, .sign_again = sign_again, .seal = domainkey_seal
	};

	deliver_sign_with(&signer);
}
