/* cmd_vrfy.c - VRFY and EXPN: who is told whether an address is there, and who is on a list
 *
 * RFC 5321 3.5.3: by default VRFY says neither yes nor no, and lists are not shown, so that
 * nobody can fish for users. A mail flow policy may say more to those that it is for. */
#include "core/ban.h"
#include "core/loop.h"
#include "core/text.h"
#include "protocols/smtp/check.h"
#include "storage/group.h"

#define PLACES (CONF_SERVER | CONF_LISTENER | CONF_POLICY)

enum { VRFY_OFF, VRFY_NEITHER, VRFY_ANSWER };

CONF_KEY(smtp_vrfy) = {
	.name = "smtp.vrfy",
	.type = CONF_CHOICE,
	.scopes = PLACES,
	.def = "neither",
	.choices = (const char *const[]){ "off", "neither", "answer", NULL },
	.help = "VRFY of SMTP clients: off: refused; neither: 252, which says neither yes nor no; "
		"answer: whether the address is there",
};

CONF_KEY(smtp_expn) = {
	.name = "smtp.expn",
	.type = CONF_BOOL,
	.scopes = PLACES,
	.def = "off",
	.help = "EXPN of SMTP clients: tell the members of groups and aliases",
};

enum { SHOWN_MAX = 1000 }; /* more than this is no answer to a person */

static const char no_answer[] = "451 4.3.0 Cannot look that up now, try again later";
static const char no_address[] = "501 5.1.3 An address is needed";

/* What is told to those that we trust is told as mail is taken from them. */
static const char *may_ask(const struct smtp *smtp)
{
	bool secured = sess_is_tls(smtp->sess);

	if (!secured && (smtp_tls(smtp) >= SMTP_TLS_REQUIRED || smtp_needs_auth(smtp)))
		return "530 5.7.0 Say STARTTLS first";
	return smtp_needs_auth(smtp) && !smtp->login ? "530 5.7.0 Log in first" : NULL;
}

/* "<ann@a.test>", "ann@a.test", or "ann" of the main domain; RFC 6531 3.7.4.2: SMTPUTF8
   may stand behind it. */
static const char *read_address(struct smtp *smtp, struct slice args, struct slice *out)
{
	static const struct slice utf8 = { " SMTPUTF8", 9 };
	struct pool *pool = sess_cmd_pool(smtp->sess);
	struct slice rest = { 0 };
	struct dir_domain domain;
	struct address address;

	*out = slice_trim(args);
	if (out->n > utf8.n && slice_ieq(slice_from(*out, out->n - utf8.n), utf8))
		*out = slice_trim(slice_head(*out, out->n - utf8.n));
	if (out->n > 0 && out->p[0] == '<' && smtp_path(*out, out, &rest))
		return no_address;
	if (out->n > 0 && slice_chr(*out, '@') < 0) {
		int found = dir_main_domain(pool, &domain);
		if (found < 0)
			return loop_thread() ? smtp_later : no_answer;
		if (found == 1)
			*out =
			    slice_str(pool_printf(pool, "%.*s@%s", SLICE_ARG(*out), domain.name));
	}
	return rest.n == 0 && address_parse(pool, *out, &address) ? NULL : no_address;
}

static const char *route(struct smtp *smtp, struct slice path, struct dir_target **target)
{
	switch (dir_route(path, sess_cmd_pool(smtp->sess), target)) {
	case DIR_LOCAL:
		return NULL;
	case DIR_REMOTE:
		return "252 2.1.5 Not an address of this server, which cannot tell";
	case DIR_UNKNOWN:
		ban_offence(sess_peer(smtp->sess), BAN_RECIPIENT);
		return "550 5.1.1 No such user here";
	case DIR_LATER:
		return smtp_later;
	default:
		return no_answer;
	}
}

static enum sess_next refuse(struct smtp *smtp, const char *why, struct slice args)
{
	return why[0] == '2' ? smtp_reply(smtp, why) : smtp_refuse_or_wait(smtp, why, args);
}

static enum sess_next vrfy(struct smtp *smtp, struct slice args)
{
	int64_t policy = smtp_num(smtp, &conf_key_smtp_vrfy);
	struct dir_target *target;
	struct slice path;

	if (policy == VRFY_OFF)
		return smtp_fault(smtp, "502 5.5.1 Nothing is told of addresses");
	if (args.n == 0)
		return smtp_fault(smtp, "501 5.5.4 VRFY address");
	if (policy == VRFY_NEITHER)
		return smtp_reply(smtp, "252 2.1.5 Send and it will be tried");
	const char *why = may_ask(smtp);
	if (!why)
		why = read_address(smtp, args, &path);
	if (!why)
		why = route(smtp, path, &target);
	return why ? refuse(smtp, why, args)
		   : smtp_replyf(smtp, "250 2.1.5 <%.*s>", SLICE_ARG(path));
}

/* --- EXPN --- */

struct listing {
	struct pool *pool;
	const char *shown[SHOWN_MAX];
	size_t n;
};

static int add(void *arg, const struct dir_target *target)
{
	struct listing *listing = arg;

	if (listing->n < SHOWN_MAX)
		listing->shown[listing->n] = pool_str(listing->pool, slice_str(target->address));
	listing->n++;
	return 0;
}

/* Of an alias its targets, of a group all whom mail to it would reach. */
static const char *expand(const struct dir_target *target, struct listing *listing)
{
	struct err err = { 0 };

	for (; target; target = target->next)
		if (!target->group)
			add(listing, target);
		else if (group_expand(slice_str(target->address), add, listing, &err) != 0)
			return no_answer;
	if (listing->n > SHOWN_MAX)
		return "252 2.1.5 The list is too long to be shown";
	return listing->n > 0 ? NULL : "550 5.1.1 Nobody is on that list";
}

/* RFC 5321 3.5.1 */
static bool is_person(const struct dir_target *target, struct slice path)
{
	return target->account && !target->next && slice_ieq(slice_str(target->address), path);
}

static enum sess_next show(struct smtp *smtp, const struct listing *listing)
{
	for (size_t i = 0; i + 1 < listing->n; i++)
		smtp_replyf(smtp, "250-2.1.5 <%s>", listing->shown[i]);
	return smtp_replyf(smtp, "250 2.1.5 <%s>", listing->shown[listing->n - 1]);
}

static enum sess_next expn(struct smtp *smtp, struct slice args)
{
	struct listing *listing = pool_get(sess_cmd_pool(smtp->sess), sizeof(*listing));
	struct dir_target *target;
	struct slice path;

	if (!smtp_on(smtp, &conf_key_smtp_expn))
		return smtp_fault(smtp, "502 5.5.1 Lists are not shown");
	const char *why = may_ask(smtp);
	if (!why)
		why = read_address(smtp, args, &path);
	if (!why)
		why = route(smtp, path, &target);
	if (!why && is_person(target, path))
		why = "550 5.1.1 That is a user, not a list";
	listing->pool = sess_cmd_pool(smtp->sess);
	if (!why)
		why = expand(target, listing);
	return why ? refuse(smtp, why, args) : show(smtp, listing);
}

/* RFC 5321 3.5.2: offered where it answers. */
static void vrfy_word(struct smtp *smtp, struct buf *out)
{
	if (smtp_num(smtp, &conf_key_smtp_vrfy) == VRFY_ANSWER)
		buf_addz(out, "VRFY");
}

static void expn_word(struct smtp *smtp, struct buf *out)
{
	if (smtp_on(smtp, &conf_key_smtp_expn))
		buf_addz(out, "EXPN");
}

SMTP_EXTENSION(vrfy) = { .word = vrfy_word };
SMTP_EXTENSION(expn) = { .word = expn_word };

SMTP_COMMAND(vrfy) = {
	.name = "VRFY",
	.phases = SMTP_ANY,
	.instant = true,
	.help = "VRFY address: is it there?",
	.run = vrfy,
};

SMTP_COMMAND(expn) = {
	.name = "EXPN",
	.phases = SMTP_ANY,
	.help = "EXPN address: who is on that list?",
	.run = expn,
};
