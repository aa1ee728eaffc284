/* send_form.c - may a message go to that server, and in which form?
 *
 * Which addresses and which header a message has, nobody may change on its way: what needs
 * SMTPUTF8 and can't have it goes back (RFC 6531 3.6). Its body may be told in 7 bits. */
#include "core/msg.h"
#include "protocols/relay/body.h"
#include "protocols/relay/send_private.h"

static const char unreadable[] = "4.3.0 The message cannot be read";

/* Whatever its sender announced: an alias or a rule may have led to such an address. */
bool send_names_utf8(const struct sending *s)
{
	bool ascii = slice_is_ascii(send_local_part(s->entry->reverse_path));

	for (size_t i = 0; ascii && i < s->n; i++)
		ascii = slice_is_ascii(send_local_part(send_rcpt_of(s, i)->address));
	return !ascii;
}

/* RFC 6531 3.6: a message that is not all ASCII in envelope or header must not be
   given to who does not know of it. Fields in 8 bits that nobody announced are older
   than that, and go as they came. */
static int needs_utf8(const struct sending *s)
{
	if (send_names_utf8(s))
		return 1;
	return s->entry->smtputf8 ? body_is_8bit(s->body, s->from, true) : 0;
}

/* RFC 6152 3: in 7 bits, or not at all. Also what nobody had declared. */
static const char *choose_seven(struct sending *s)
{
	struct slice whole;
	int eight = body_is_8bit(s->body, s->from, false);

	if (eight == 0)
		return NULL;
	if (eight < 0 || body_map(s->body, &whole, &s->talk->err) != 0)
		return unreadable;
	const char *bars = msg_seven_bars(slice_from(whole, s->from));
	s->seven = !bars;
	return !bars ? NULL
		     : pool_printf(s->pool,
			   "5.6.3 The message has 8 bits, of which the server takes 7, and "
			   "cannot be told in these: %s",
			   bars);
}

const char *send_form(struct sending *s)
{
	const struct talk *talk = s->talk;
	int utf8;

	if (s->entry->require_tls && !(talk->words & TALK_REQUIRETLS)) /* RFC 8689 4.2.1 */
		return "5.7.30 The message needs REQUIRETLS, which the server does not know";
	if (talk->size > 0 && s->entry->size - s->from > talk->size) /* RFC 1870 6 */
		return "5.3.4 The message is larger than the server takes";
	if (!(talk->words & TALK_SMTPUTF8) && (utf8 = needs_utf8(s)) != 0)
		return utf8 < 0
		    ? unreadable
		    : "5.6.7 The message needs SMTPUTF8, which the server does not know";
	return talk->words & TALK_8BITMIME ? NULL : choose_seven(s);
}
