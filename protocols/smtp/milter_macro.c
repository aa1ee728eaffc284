/* milter_macro.c - what filters are told beside the commands
 *
 * Each value has a name that sendmail gave it, and a stage at which it is told. A
 * filter may name others for a stage: then it is told those of them that we know. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "config.h"
#include "core/listen.h"
#include "core/text.h"
#include "protocols/smtp/milter.h"

struct subject {
	struct smtp *smtp;
	const struct deliver_rcpt *rcpt; /* or NULL */
};

/* --- values: nothing is appended where there is none --- */

static void our_name(const struct subject *s, struct buf *out)
{
	smtp_host_name(s->smtp, out);
}

static void our_version(const struct subject *s, struct buf *out)
{
	(void)s;
	buf_addz(out, "Signet " SIGNET_VERSION);
}

static void listener_name(const struct subject *s, struct buf *out)
{
	buf_addz(out, sess_listener(s->smtp->sess)->name);
}

static void put_port(const struct sockaddr *address, struct buf *out)
{
	if (address->sa_family == AF_INET)
		buf_addu(out, ntohs(((const struct sockaddr_in *)address)->sin_port));
	else if (address->sa_family == AF_INET6)
		buf_addu(out, ntohs(((const struct sockaddr_in6 *)address)->sin6_port));
}

static void our_address(const struct subject *s, struct buf *out)
{
	const struct sockaddr *address = sess_local(s->smtp->sess);
	char text[64];

	if (address->sa_family != AF_UNIX)
		buf_addz(out, client_address_text(address, text));
}

static void our_port(const struct subject *s, struct buf *out)
{
	put_port(sess_local(s->smtp->sess), out);
}

static void peer_address(const struct subject *s, struct buf *out)
{
	buf_addz(out, sess_peer_text(s->smtp->sess));
}

static void peer_port(const struct subject *s, struct buf *out)
{
	put_port(sess_peer(s->smtp->sess), out);
}

static void peer_name(const struct subject *s, struct buf *out)
{
	buf_printf(out, "[%s]", sess_peer_text(s->smtp->sess));
}

static void peer_both(const struct subject *s, struct buf *out)
{
	buf_printf(
	    out, "%s [%s]", s->smtp->helo ? s->smtp->helo : "", sess_peer_text(s->smtp->sess));
}

static void tls_version(const struct subject *s, struct buf *out)
{
	struct tls_info tls;

	if (sess_tls_info(s->smtp->sess, &tls))
		buf_addz(out, tls.version);
}

static void tls_cipher(const struct subject *s, struct buf *out)
{
	struct tls_info tls;

	if (sess_tls_info(s->smtp->sess, &tls))
		buf_addz(out, tls.cipher);
}

static void tls_bits(const struct subject *s, struct buf *out)
{
	struct tls_info tls;

	if (sess_tls_info(s->smtp->sess, &tls))
		buf_addz(out, strstr(tls.cipher, "128") ? "128" : "256");
}

static void tls_verdict(const struct subject *s, struct buf *out)
{
	struct tls_peer peer;

	if (sess_tls_peer(s->smtp->sess, &peer))
		buf_addz(out, peer.verified ? "OK" : "FAIL");
	else if (sess_is_tls(s->smtp->sess))
		buf_addz(out, "NO");
}

static void login(const struct subject *s, struct buf *out)
{
	if (s->smtp->login)
		buf_addz(out, s->smtp->login);
}

static void login_way(const struct subject *s, struct buf *out)
{
	if (s->smtp->login_way)
		buf_addz(out, s->smtp->login_way);
}

static void message_id(const struct subject *s, struct buf *out)
{
	if (s->smtp->mail)
		buf_printf(out, "%llu", (unsigned long long)smtp_mail_id(s->smtp));
}

static void sender(const struct subject *s, struct buf *out)
{
	if (s->smtp->mail)
		buf_adds(out, s->smtp->mail->reverse_path);
}

static void put_host(struct slice address, struct buf *out)
{
	ptrdiff_t at = slice_rchr(address, '@');

	if (at >= 0)
		buf_adds(out, slice_from(address, (size_t)at + 1));
}

static void sender_host(const struct subject *s, struct buf *out)
{
	if (s->smtp->mail)
		put_host(s->smtp->mail->reverse_path, out);
}

/* Of a refused recipient, as sendmail has it: the mailer "error", and in place of host and
   address the status and the reason. NULL: it is none. */
static const char *refusal_of(const struct subject *s)
{
	return s->smtp->milters ? s->smtp->milters->refusal : NULL;
}

/* "550 5.1.1 No such user" behind the code. */
static struct slice refusal_text(const struct subject *s)
{
	struct slice reply = slice_str(refusal_of(s) ? refusal_of(s) : "");

	slice_word(&reply);
	return slice_trim(reply);
}

static void rcpt_address(const struct subject *s, struct buf *out)
{
	struct slice reply = refusal_text(s);

	if (reply.n > 0)
		buf_adds(out, slice_trim(slice_from(reply, text_status(reply))));
	else if (s->rcpt)
		buf_adds(out, s->rcpt->original);
}

static void rcpt_host(const struct subject *s, struct buf *out)
{
	struct slice reply = refusal_text(s);

	if (reply.n > 0)
		buf_adds(out, slice_head(reply, text_status(reply)));
	else if (s->rcpt)
		put_host(s->rcpt->original, out);
}

static void rcpt_way(const struct subject *s, struct buf *out)
{
	if (refusal_of(s))
		buf_addz(out, "error");
	else if (s->rcpt)
		buf_addz(out, s->rcpt->target && s->rcpt->target->account ? "local" : "smtp");
}

/* --- their names --- */

static const struct macro {
	const char *name;
	enum milter_stage stage; /* at which it is told unasked */
	void (*put)(const struct subject *s, struct buf *out);
} macros[] = {
	{ "j", MILTER_AT_CONNECT, our_name },
	{ "v", MILTER_AT_CONNECT, our_version },
	{ "_", MILTER_AT_CONNECT, peer_both },
	{ "{daemon_name}", MILTER_AT_CONNECT, listener_name },
	{ "{daemon_addr}", MILTER_AT_CONNECT, our_address },
	{ "{daemon_port}", MILTER_AT_CONNECT, our_port },
	{ "{if_name}", MILTER_AT_CONNECT, our_name },
	{ "{if_addr}", MILTER_AT_CONNECT, our_address },
	{ "{client_addr}", MILTER_AT_CONNECT, peer_address },
	{ "{client_name}", MILTER_AT_CONNECT, peer_name },
	{ "{client_port}", MILTER_AT_CONNECT, peer_port },
	{ "{tls_version}", MILTER_AT_HELO, tls_version },
	{ "{cipher}", MILTER_AT_HELO, tls_cipher },
	{ "{cipher_bits}", MILTER_AT_HELO, tls_bits },
	{ "{verify}", MILTER_AT_HELO, tls_verdict },
	{ "i", MILTER_AT_MAIL, message_id },
	{ "{auth_authen}", MILTER_AT_MAIL, login },
	{ "{auth_author}", MILTER_AT_MAIL, login },
	{ "{auth_type}", MILTER_AT_MAIL, login_way },
	{ "{mail_addr}", MILTER_AT_MAIL, sender },
	{ "{mail_host}", MILTER_AT_MAIL, sender_host },
	{ "{rcpt_addr}", MILTER_AT_RCPT, rcpt_address },
	{ "{rcpt_host}", MILTER_AT_RCPT, rcpt_host },
	{ "{rcpt_mailer}", MILTER_AT_RCPT, rcpt_way },
	{ "i", MILTER_AT_DATA, message_id },
	{ "i", MILTER_AT_END, message_id },
};

static void put_macro(const struct macro *macro, const struct subject *subject, struct buf *out)
{
	struct buf value = { 0 };

	macro->put(subject, &value);
	if (value.n > 0) {
		milter_put_text(out, slice_str(macro->name));
		milter_put_text(out, buf_slice(&value));
	}
	buf_done(&value);
}

static const struct macro *find(struct slice name)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++) {
		struct slice full = slice_str(macros[i].name);
		bool braced = full.n > 2;

		if (slice_eq(name, full) ||
		    (braced && slice_eq(name, slice_of(full.p + 1, full.n - 2))))
			return &macros[i];
	}
	return NULL;
}

static void put_named(struct slice names, const struct subject *subject, struct buf *out)
{
	struct slice name;

	while ((name = slice_word(&names)).n > 0) {
		const struct macro *macro = find(name);
		if (macro)
			put_macro(macro, subject, out);
	}
}

static void put_usual(enum milter_stage stage, const struct subject *subject, struct buf *out)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++)
		if (macros[i].stage == stage)
			put_macro(&macros[i], subject, out);
}

void milter_put_macros(struct smtp *smtp, struct milter_link *link, enum milter_stage stage,
    char command, const struct deliver_rcpt *rcpt)
{
	struct subject subject = { smtp, rcpt };
	struct slice names = link->options.macros[stage];
	size_t begin = milter_packet_begin(&link->out, MILTER_MACRO);

	buf_addc(&link->out, command);
	if (names.p)
		put_named(names, &subject, &link->out);
	else
		put_usual(stage, &subject, &link->out);
	milter_packet_end(&link->out, begin);
}
