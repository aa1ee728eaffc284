/* login.c - from a stranger to somebody who is known, and back */
#include "core/conf.h"
#include "core/limit.h"
#include "core/listen.h"
#include "core/log.h"
#include "protocols/managesieve/managesieve.h"

CONF_KEY(managesieve_max_logins) = {
	.name = "managesieve.max-failed-logins",
	.type = CONF_INT,
	.def = "3",
	.min = 1,
	.max = 100,
	.help = "wrong passwords after which a ManageSieve session is ended",
};

CONF_KEY(managesieve_timeout) = {
	.name = "managesieve.timeout",
	.type = CONF_DURATION,
	.def = "30m",
	.min = 1800000, /* RFC 5804 1.5: at least 30 minutes */
	.max = 24 * 3600 * 1000LL,
	.help = "how long a ManageSieve session may say nothing",
};

CONF_KEY(managesieve_login_time) = {
	.name = "managesieve.login-time",
	.type = CONF_DURATION,
	.def = "2m",
	.min = 1000,
	.max = 3600000,
	.help = "how long a ManageSieve session that is not logged in may say nothing",
};

bool msieve_may_login(const struct msieve *ms)
{
	return sess_is_tls(ms->s) || sess_listener(ms->s)->tls == LISTEN_CLEAR;
}

void msieve_login_forget(struct msieve *ms)
{
	ms->answer = NULL;
	auth_free(&ms->auth);
}

void msieve_become_stranger(struct msieve *ms)
{
	msieve_login_forget(ms);
	if (ms->state == MSIEVE_KNOWN)
		log_event(LOG_INFO, "logout", log_s("account", buf_slice(&ms->account)));
	ms->state = MSIEVE_STRANGER;
	buf_done(&ms->account);
	if (ms->s) /* a session over the limit was never opened */
		sess_timeout(ms->s, (uint64_t)conf_num(&conf_key_managesieve_login_time));
}

/* Every reason gets the same answer, late. */
static enum sess_next refuse(struct msieve *ms, struct slice login)
{
	log_event(LOG_WARN, "login-failed", log_s("account", login),
	    log_z("mech", auth_mech(ms->auth)), log_z("peer", sess_peer_text(ms->s)));
	sess_delay(ms->s, limit_fail(sess_peer(ms->s), login));
	msieve_no(ms, NULL, "wrong user name or password");
	if (++ms->refused < (unsigned)conf_num(&conf_key_managesieve_max_logins))
		return SESS_NEXT;
	msieve_bye(ms, NULL, "too many failed logins");
	return SESS_CLOSE;
}

static enum sess_next enter(struct msieve *ms, const struct auth_account *who, const char *code)
{
	struct slice name = slice_str(who->name);

	if (!sess_account(ms->s, name))
		return msieve_no(ms, "TRYLATER", "this account has too many sessions");
	limit_succeed(sess_peer(ms->s), name);
	sess_timeout(ms->s, (uint64_t)conf_num(&conf_key_managesieve_timeout));
	ms->state = MSIEVE_KNOWN;
	ms->owner = script_of_account(who->id, who->shard);
	buf_clear(&ms->account);
	buf_adds(&ms->account, name);
	log_event(LOG_INFO, "login", log_s("account", name), log_z("mech", auth_mech(ms->auth)));
	sess_printf(
	    ms->s, "OK%s%s%s \"welcome\"\r\n", code ? " (" : "", code ? code : "", code ? ")" : "");
	return SESS_NEXT;
}

enum sess_next msieve_login(struct msieve *ms, enum auth_result result, const char *code)
{
	enum sess_next next = SESS_NEXT;

	switch (result) {
	case AUTH_OK:
		next = enter(ms, auth_who(ms->auth), code);
		break;
	case AUTH_WRONG:
		next = refuse(ms, auth_tried(ms->auth));
		break;
	case AUTH_TEMP:
	case AUTH_LATER: /* said on a loop only */
		next = msieve_no(ms, "TRYLATER", "logins cannot be checked now");
		break;
	case AUTH_ABORT:
	case AUTH_MORE:
		next = msieve_bad(ms, "authentication cancelled, malformed or not offered");
		break;
	}
	msieve_login_forget(ms);
	return next;
}
