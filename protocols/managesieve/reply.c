/* reply.c - what is answered: OK, NO, BYE and their codes, strings, capabilities (RFC 5804 1) */
#include "core/ban.h"
#include "core/conf.h"
#include "core/log.h"
#include "protocols/managesieve/managesieve.h"

CONF_KEY(managesieve_max_faults) = {
	.name = "managesieve.max-bad-commands",
	.type = CONF_INT,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "wrong commands after which a ManageSieve session is ended",
};

enum { QUOTED_MAX = 1000 }; /* RFC 5804 4: 1024 */

/* --- strings --- */

static bool can_be_quoted(struct slice string)
{
	for (size_t i = 0; i < string.n; i++)
		if (string.p[i] == '\r' || string.p[i] == '\n' || string.p[i] == '\0')
			return false;
	return string.n <= QUOTED_MAX;
}

void msieve_put_string(struct buf *out, struct slice string)
{
	if (!can_be_quoted(string)) {
		buf_printf(out, "{%zu}\r\n", string.n);
		buf_adds(out, string);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < string.n; i++) {
		if (string.p[i] == '"' || string.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, string.p[i]);
	}
	buf_addc(out, '"');
}

/* --- OK, NO, BYE --- */

static void answer(struct msieve *ms, const char *word, const char *code, struct slice text)
{
	struct buf *out = sess_out(ms->s);

	buf_addz(out, word);
	if (code)
		buf_printf(out, " (%s)", code);
	if (text.n > 0) {
		buf_addc(out, ' ');
		msieve_put_string(out, text);
	}
	buf_addz(out, "\r\n");
}

enum sess_next msieve_ok(struct msieve *ms, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	answer(ms, "OK", NULL, buf_slice(&text));
	buf_done(&text);
	return SESS_NEXT;
}

enum sess_next msieve_no(struct msieve *ms, const char *code, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	answer(ms, "NO", code, buf_slice(&text));
	buf_done(&text);
	return SESS_NEXT;
}

enum sess_next msieve_no_err(struct msieve *ms, const struct err *err)
{
	static const char *const codes[] = { [ERR_ABSENT] = "NONEXISTENT",
		[ERR_EXISTS] = "ALREADYEXISTS",
		[ERR_DENIED] = "ACTIVE",
		[ERR_LIMIT] = "QUOTA",
		[ERR_BUSY] = "TRYLATER",
		[ERR_TEMP] = "TRYLATER" };

	return msieve_no(ms, codes[err->kind], "%s", err->text);
}

void msieve_bye(struct msieve *ms, const char *code, const char *why)
{
	answer(ms, "BYE", code, slice_str(why));
}

enum sess_next msieve_bad(struct msieve *ms, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	log_event(LOG_INFO, "bad-command", log_s("reply", buf_slice(&text)));
	answer(ms, "NO", NULL, buf_slice(&text));
	buf_done(&text);
	if (++ms->errors < (unsigned)conf_num(&conf_key_managesieve_max_faults))
		return SESS_NEXT;
	log_event(LOG_INFO, "too-many-bad-commands", log_n("count", ms->errors));
	ban_offence(sess_peer(ms->s), BAN_NONSENSE);
	msieve_bye(ms, NULL, "too many wrong commands");
	return SESS_CLOSE;
}

/* --- capabilities --- */

void msieve_greet(struct msieve *ms, const char *text)
{
	for (size_t i = 0; i < msieve_command_table_n; i++)
		if (msieve_command_table[i]->announce)
			msieve_command_table[i]->announce(ms, sess_out(ms->s));
	answer(ms, "OK", NULL, slice_str(text));
}
