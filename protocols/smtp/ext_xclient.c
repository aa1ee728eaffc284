/* ext_xclient.c - XCLIENT: a filter or proxy in front of us says whom it serves
 *
 * Only whom smtp.xclient-from names may say it, and then all is as if the client had
 * connected itself: bans, limits, its sender group and policy, a new greeting. */
#include <stdlib.h>

#include "core/ban.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/net.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/milter.h"
#include "protocols/smtp/xclient.h"

CONF_KEY(smtp_xclient_from) = {
	.name = "smtp.xclient-from",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_LISTENER,
	.def = "",
	.check = nets_check,
	.help = "networks of filters and proxies, parted by blanks, that may say by XCLIENT whom "
		"they serve",
};

static bool is_trusted(const struct smtp *smtp)
{
	struct conf_at at = { .listener = sess_listener(smtp->sess)->name };
	struct buf networks = { 0 };

	if (smtp->speaks_for_others)
		return true;
	if (conf_num_at(&conf_key_smtp_xclient_from, &at) == 0) /* the text's length */
		return false;
	conf_text(&conf_key_smtp_xclient_from, &at, &networks);
	bool trusted = nets_have(buf_slice(&networks), sess_peer(smtp->sess));
	buf_done(&networks);
	return trusted;
}

static void word(struct smtp *smtp, struct buf *out)
{
	if (!is_trusted(smtp))
		return;
	buf_addz(out, "XCLIENT");
	for (size_t i = 0; i < XCLIENT_WORDS; i++)
		buf_printf(out, " %s", xclient_words[i]);
}

/* --- another client --- */

static void forget(struct smtp *smtp)
{
	smtp_limit_end(smtp);
	smtp_policy_end(smtp);
	milters_free(&smtp->milters);
	smtp->dnsbl = NULL; /* in the session's pool */
	smtp->messages = smtp->recipients = 0;
	smtp->logins_failed = 0;
}

/* NULL, or the reply. Whom the filter has logged in. */
static const char *log_in(struct smtp *smtp, const char *login)
{
	struct pool pool = { 0 };
	struct dir_account account;

	free(smtp->login);
	free(smtp->login_way);
	smtp->login = smtp->login_way = NULL;
	smtp->account = 0;
	if (!*login)
		return NULL;
	int found = dir_account(slice_str(login), &pool, &account);
	if (found == 1 && !account.suspended && sess_account(smtp->sess, slice_str(account.name))) {
		smtp->login = mem_str(slice_str(account.name));
		smtp->account = account.id;
	}
	pool_done(&pool);
	if (smtp->login)
		return NULL;
	return found < 0 ? "421 4.3.0 Cannot look that login up now" : "501 5.7.8 No such login";
}

static const char *take(struct smtp *smtp, const struct xclient *x)
{
	const char *const *said = x->said;
	bool counted = true;

	forget(smtp);
	if (x->peer.ss_family != AF_UNSPEC)
		counted = sess_set_peer(smtp->sess, &x->peer, &x->local);
	if (said[XCLIENT_NAME])
		smtp->client_name = mem_str(slice_str(said[XCLIENT_NAME]));
	if (said[XCLIENT_HELO] && *said[XCLIENT_HELO]) {
		free(smtp->helo);
		smtp->helo = mem_str(slice_str(said[XCLIENT_HELO]));
	}
	if (said[XCLIENT_PROTO])
		smtp->esmtp = slice_ieq(slice_str(said[XCLIENT_PROTO]), SLICE("ESMTP"));
	log_event(LOG_INFO, "xclient", log_z("peer", sess_peer_text(smtp->sess)),
	    log_z("name", smtp->client_name ? smtp->client_name : ""),
	    log_z("login", said[XCLIENT_LOGIN] ? said[XCLIENT_LOGIN] : ""));
	if (!counted || ban_refuses(sess_peer(smtp->sess)))
		return "421 4.7.0 Too many connections from that address, or it is banned";
	return said[XCLIENT_LOGIN] ? log_in(smtp, said[XCLIENT_LOGIN]) : NULL;
}

/* Run anew when a check must wait elsewhere: what was taken then is kept. */
static enum sess_next run(struct smtp *smtp, struct slice args)
{
	struct xclient x;

	if (!is_trusted(smtp))
		return smtp_refuse(smtp, "550 5.7.1 Not from you", args);
	if (!smtp->xclient_taken) {
		const char *why = xclient_read(args, sess_cmd_pool(smtp->sess), &x);
		if (why)
			return smtp_fault(smtp, why);
		smtp->speaks_for_others = true;
		why = take(smtp, &x);
		if (why)
			return smtp_refuse_or_wait(smtp, why, args);
	}
	smtp->xclient_taken = true;
	enum sess_next next = smtp_open(smtp);
	smtp->xclient_taken = next == SESS_LATER || next == SESS_NETWORK;
	return next;
}

SMTP_EXTENSION(xclient) = { .word = word };
SMTP_COMMAND(xclient) = {
	.name = "XCLIENT", .phases = SMTP_GREETED | SMTP_READY, .kind = SMTP_ALONE, .run = run
};
