/* login.c - from AUTHORIZATION to TRANSACTION, or not */
#include "protocols/pop/pop.h"

#include "core/conf.h"
#include "core/limit.h"
#include "core/listen.h"
#include "core/log.h"

CONF_KEY(pop_max_logins) = {
	.name = "pop.max-failed-logins",
	.type = CONF_INT,
	.def = "3",
	.min = 1,
	.max = 100,
	.help = "wrong passwords after which a POP3 session is ended",
};

extern const struct conf_key conf_key_pop_timeout;

bool pop_may_login(const struct pop *pop)
{
	return sess_is_tls(pop->s) || sess_listener(pop->s)->tls == LISTEN_CLEAR;
}

void pop_login_forget(struct pop *pop)
{
	pop->answer = NULL;
	auth_free(&pop->auth);
	buf_done(&pop->user);
}

/* Every reason gets the same answer, late. */
static enum sess_next refuse(struct pop *pop, struct slice login, const char *mech)
{
	log_event(LOG_WARN, "login-failed", log_s("account", login), log_z("mech", mech),
	    log_z("peer", sess_peer_text(pop->s)));
	sess_delay(pop->s, limit_fail(sess_peer(pop->s), login));
	pop_err(pop, "AUTH", "wrong user name or password");
	bool last = ++pop->refused >= (unsigned)conf_num(&conf_key_pop_max_logins);
	return last ? SESS_CLOSE : SESS_NEXT;
}

static enum sess_next enter(struct pop *pop, const struct auth_account *who, const char *mech)
{
	struct err err = { 0 };
	struct slice name = slice_str(who->name);

	if (pop_too_soon(who)) {
		log_event(LOG_INFO, "login-refused", log_s("account", name),
		    log_z("reason", "too soon after the last one"));
		pop_err(pop, "LOGIN-DELAY", "too soon after your last login");
		return SESS_NEXT;
	}
	if (pop_drop_open(&pop->drop, who, &err) < 0) {
		log_event(
		    LOG_INFO, "login-refused", log_s("account", name), log_z("reason", err.text));
		if (err.kind == ERR_BUSY)
			pop_err(pop, "IN-USE", "another session uses this maildrop");
		else
			pop_err(pop, "SYS/TEMP", "the maildrop cannot be opened now");
		return SESS_NEXT;
	}
	if (!sess_account(pop->s, name)) {
		pop_drop_close(&pop->drop);
		pop_err(pop, "IN-USE", "this account has too many sessions");
		return SESS_NEXT;
	}
	limit_succeed(sess_peer(pop->s), name);
	sess_timeout(pop->s, (uint64_t)conf_num(&conf_key_pop_timeout));
	pop->state = POP_TRANSACTION;
	log_event(LOG_INFO, "login", log_s("account", name), log_z("mech", mech),
	    log_n("messages", pop->drop.total));
	pop_ok(
	    pop, "%u messages (%llu octets)", pop->drop.count, (unsigned long long)pop->drop.size);
	return SESS_NEXT;
}

enum sess_next pop_login(struct pop *pop, enum auth_result result, struct slice login,
    const struct auth_account *who, const char *mech)
{
	enum sess_next next = SESS_NEXT;
	switch (result) {
	case AUTH_OK:
		next = enter(pop, who, mech);
		break;
	case AUTH_WRONG:
		next = refuse(pop, login, mech);
		break;
	case AUTH_TEMP:
	case AUTH_LATER: /* said on a loop only */
		pop_err(pop, "SYS/TEMP", "logins cannot be checked now");
		break;
	case AUTH_ABORT:
	case AUTH_MORE:
		next = pop_bad(pop, "authentication cancelled, malformed or not offered");
		break;
	}
	pop_login_forget(pop);
	return next;
}
