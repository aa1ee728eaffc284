/* auth_offer.c - what SASL mechanisms are offered, and what a client may say to them */
#include "core/auth_private.h"

/* The mechanisms; nowhere else is a list of them. Preferred ones first. */
#define PLUS "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS"
#define SCRAM "SCRAM-SHA-256 SCRAM-SHA-1"
#define SHOWN "PLAIN LOGIN" /* the password itself is sent */

const char *auth_mechs(const struct auth_channel *channel)
{
	if (!channel->tls)
		return channel->shown ? "" : SCRAM;
	if (channel->shown)
		return channel->external && *channel->external ? "EXTERNAL " SHOWN : SHOWN;
	if (channel->external && *channel->external)
		return channel->bound ? "EXTERNAL " PLUS " " SCRAM " " SHOWN
				      : "EXTERNAL " SCRAM " " SHOWN;
	return channel->bound ? PLUS " " SCRAM " " SHOWN : SCRAM " " SHOWN;
}

bool auth_offered(const char *mechs, struct slice mech)
{
	struct slice rest = slice_str(mechs), word;
	while ((word = slice_word(&rest)).n > 0)
		if (slice_ieq(word, mech))
			return true;
	return false;
}

/* "y" means that the client could bind but saw no -PLUS in our list: if we had
   sent one, somebody took it out. */
bool auth_binding_fits(struct slice first, bool plus, bool offered)
{
	if (plus)
		return slice_starts(first, SLICE("p=" AUTH_BINDING ","));
	if (slice_starts(first, SLICE("y,")))
		return !offered;
	return slice_starts(first, SLICE("n,"));
}

struct slice auth_usable_name(struct slice name, size_t max)
{
	name = slice_trim(name);
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ')
			return SLICE("?");
	return name.n > 0 && name.n < max ? name : SLICE("?");
}
