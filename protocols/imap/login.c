/* login.c - what LOGIN and AUTHENTICATE have in common: the outcome */
#include "core/limit.h"
#include "core/log.h"
#include "protocols/imap/imap.h"

CONF_KEY(imap_timeout) = {
	.name = "imap.timeout",
	.type = CONF_DURATION,
	.def = "30m", /* RFC 9051 §5.4: no less */
	.min = 1000,
	.max = 86400000,
	.help = "how long an IMAP client may be silent",
};

CONF_KEY(imap_max_logins) = {
	.name = "imap.max-failed-logins",
	.type = CONF_INT,
	.def = "3",
	.min = 1,
	.max = 100,
	.help = "failed logins after which an IMAP connection is closed",
};

static enum imap_done welcome(struct imap *im, const struct auth_account *who)
{
	struct slice name = slice_str(who->name);
	struct buf text = { 0 };

	limit_succeed(sess_peer(im->sess), name);
	if (!sess_account(im->sess, name)) {
		buf_addz(sess_out(im->sess), "* BYE [LIMIT] Too many sessions of this account\r\n");
		return IMAP_END;
	}
	im->acct = acct_open(who->id, who->shard);
	if (!im->acct)
		return imap_reply(im, IMAP_NO, "[UNAVAILABLE] Your mail is not here now");
	im->who = pool_str(sess_pool(im->sess), name);
	im->state = IMAP_AUTHENTICATED;
	sess_timeout(im->sess, (uint64_t)conf_num(&conf_key_imap_timeout));
	log_event(LOG_INFO, "login", log_s("account", name));
	buf_addc(&text, '[');
	imap_put_capabilities(im, &text);
	buf_addz(&text, "] Welcome");
	imap_reply(im, IMAP_OK, pool_str(sess_cmd_pool(im->sess), buf_slice(&text)));
	buf_done(&text);
	return IMAP_OK;
}

/* One answer for every reason, later each time. */
static enum imap_done reject(struct imap *im, struct slice tried)
{
	log_event(LOG_WARN, "login-failed", log_s("account", tried),
	    log_z("peer", sess_peer_text(im->sess)));
	sess_delay(im->sess, limit_fail(sess_peer(im->sess), tried));
	im->reply = "[AUTHENTICATIONFAILED] Wrong name or password";
	if (++im->logins_failed < (unsigned)conf_num(&conf_key_imap_max_logins))
		return IMAP_NO;
	imap_answer(im, IMAP_NO);
	buf_addz(sess_out(im->sess), "* BYE Too many failed logins\r\n");
	return IMAP_END;
}

enum imap_done imap_login(
    struct imap *im, enum auth_result result, struct slice tried, const struct auth_account *who)
{
	switch (result) {
	case AUTH_OK:
		return welcome(im, who);
	case AUTH_WRONG:
		return reject(im, tried);
	case AUTH_TEMP:
		return imap_reply(
		    im, IMAP_NO, "[UNAVAILABLE] Cannot look that up now, try again later");
	default:
		return imap_reply(im, IMAP_BAD, "Exchange cancelled or malformed");
	}
}
