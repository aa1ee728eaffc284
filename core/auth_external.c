/* auth_external.c - SASL EXTERNAL (RFC 4422 A): the client's certificate says who it is
 *
 * What the certificate proves was found out in the handshake: addresses of
 * accounts. Here one of them is chosen. */
#include "core/auth_private.h"
#include "core/loop.h"
#include "core/sess.h"

void auth_channel_of(struct sess *s, struct auth_channel *out)
{
	struct tls_info info;
	struct tls_peer peer;

	*out = (struct auth_channel){ .tls = sess_is_tls(s) };
	out->shown = sess_tls_info(s, &info) && auth_elsewhere(info.domain);
	out->bound = sess_channel_binding(s, out->binding);
	if (sess_tls_peer(s, &peer) && peer.verified)
		out->external = peer.accounts;
}

/* Asked for nobody, it is the first. */
static struct slice choose(const char *proved, struct slice asked)
{
	struct slice rest = slice_str(proved), word;

	if (asked.n == 0)
		return slice_word(&rest);
	while ((word = slice_word(&rest)).n > 0)
		if (slice_ieq(word, asked))
			return word;
	return (struct slice){ 0 };
}

enum auth_result auth_external(
    const char *proved, struct slice asked, struct pool *pool, struct auth_account *out, int *found)
{
	struct slice name = choose(proved, asked);

	if (name.n == 0) {
		*out = (struct auth_account){ .name = pool_str(pool, asked) };
		return AUTH_WRONG;
	}
	*found = auth_find(name, pool, out);
	if (*found < 0)
		return loop_thread() ? AUTH_LATER : AUTH_TEMP;
	/* The address may be an alias by now, and lead to somebody else. */
	if (*found == 0 || !slice_eq(slice_str(out->name), name))
		return AUTH_WRONG;
	return auth_admit(out);
}
