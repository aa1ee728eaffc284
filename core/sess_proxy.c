/* sess_proxy.c - whom does this connection serve? What stands in front of those that load
 * balancers pass on
 *
 * A header is taken from those alone who are trusted with it, and then there must be
 * one: whoever may send it can say that he is anybody. To others it is what it looks
 * like, a first line that no protocol knows. It is read before TLS and before
 * anything is said, to its last byte and no further. */
#include <stdlib.h>

#include "core/ban.h"
#include "core/conf.h"
#include "core/net.h"
#include "core/proxy.h"
#include "core/sess_private.h"

CONF_KEY(listener_proxy_from) = {
	.name = "listener.proxy-from",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_LISTENER,
	.def = "",
	.check = nets_check,
	.help = "networks of load balancers, parted by blanks: each of their connections begins "
		"with a header of the PROXY protocol, version 1 or 2, that tells whom it serves",
};

bool sess_is_proxied(const struct sess *s)
{
	struct conf_at at = { .listener = s->listener->name };
	struct buf networks = { 0 };

	if (conf_num_at(&conf_key_listener_proxy_from, &at) == 0) /* the text's length */
		return false;
	conf_text(&conf_key_listener_proxy_from, &at, &networks);
	bool proxied = nets_have(buf_slice(&networks), sess_peer(s));
	buf_done(&networks);
	return proxied;
}

static void refuse(struct sess *s, const char *why)
{
	log_event(LOG_WARN, "proxy-refused", log_z("peer", s->peer_text),
	    log_z("listener", s->listener->name), log_z("reason", why));
	sess_finish(s);
}

/* The header is here. */
static void take(struct sess *s, const struct proxy *proxy)
{
	s->view = (struct slice){ 0 };
	sess_keep_input(s);
	if (!proxy->own) {
		log_event(LOG_INFO, "proxied", log_z("by", s->peer_text));
		sess_list_peer(s, &proxy->peer);
		s->local = proxy->local;
	}
	if (ban_refuses(sess_peer(s))) {
		sess_finish(s);
		return;
	}
	s->counted = sess_count_peer(s);
	sess_take_up(s);
}

bool sess_drive_proxy(struct sess *s)
{
	enum proxy_result result = PROXY_MORE;
	const char *why = NULL;
	struct proxy proxy;

	while (result == PROXY_MORE) {
		size_t wants = proxy_wants(buf_slice(&s->in));
		ssize_t got = io_read(s->io, buf_room(&s->in, wants), wants);
		if (got == IO_AGAIN) {
			s->view = buf_slice(&s->in); /* kept */
			sess_wait_socket(s, true);
			return false;
		}
		if (got <= 0) {
			refuse(s, "closed before its header was complete");
			return false;
		}
		s->in.n += (size_t)got;
		result = proxy_read(buf_slice(&s->in), &proxy, &why);
	}
	if (result == PROXY_DONE)
		take(s, &proxy);
	else
		refuse(s, why);
	return s->phase != PHASE_OVER && !s->busy;
}
