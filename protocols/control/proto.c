/* proto.c - the control socket: operations as lines of JSON
 *
 *	{"op":"domain add","args":{"name":"alpha.test"}}
 *	{"progress":{"done":1,"total":20,"what":"..."}}      any number of these
 *	{"ok":true,"name":"alpha.test"}
 *
 * Who may connect is root or the user that the server runs as; the kernel says
 * who it is. */
#include <unistd.h>

#include "core/listen.h"
#include "core/log.h"
#include "core/op.h"
#include "core/sess.h"

enum { REQUEST_MAX = 16 * 1024 * 1024 }; /* certificates, scripts */

struct control {
	const char *caller, *from;
	struct buf request; /* may hold a password */
	bool too_long;
};

static void end_line(struct sess *s)
{
	buf_addc(sess_out(s), '\n');
}

static enum sess_next refuse(struct sess *s, enum err_kind kind, const char *why)
{
	op_refusal_text(kind, why, sess_out(s));
	end_line(s);
	return SESS_CLOSE;
}

static enum sess_next open_session(struct sess *s)
{
	struct control *control = sess_state(s);
	uid_t uid;

	op_start();
	if (!sess_peer_uid(s, &uid) || (uid != 0 && uid != geteuid())) {
		log_event(
		    LOG_WARN, "refused", log_z("reason", "neither root nor the server's user"));
		return refuse(s, ERR_DENIED, "only root and the server's own user may give orders");
	}
	control->caller = uid == 0 ? "root" : "server-user";
	control->from = pool_printf(sess_pool(s), "control uid %u", (unsigned)uid);
	return SESS_NEXT;
}

/* What was in a buffer before it grew is wiped. */
static void add_secret(struct buf *to, struct slice bytes)
{
	struct buf bigger = { 0 };

	if (to->cap - to->n < bytes.n) {
		buf_room(&bigger, 2 * (to->n + bytes.n));
		buf_adds(&bigger, buf_slice(to));
		buf_wipe(to);
		*to = bigger;
	}
	buf_adds(to, bytes);
}

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	struct control *control = sess_state(s);
	ptrdiff_t end = slice_chr(in, '\n');

	*used = end < 0 ? in.n : (size_t)end + 1;
	control->too_long = control->request.n + *used > REQUEST_MAX;
	if (control->too_long)
		return FRAME_INSTANT;
	add_secret(&control->request, slice_head(in, *used));
	return end < 0 ? FRAME_MORE : FRAME_WORK;
}

static void tell_progress(void *arg, int64_t done, int64_t total, const char *what)
{
	struct sess *s = arg;

	op_progress_text(done, total, what, sess_out(s));
	end_line(s);
	sess_push(s);
}

static enum sess_next run(struct sess *s)
{
	struct control *control = sess_state(s);
	struct op_caller caller = { .name = control->caller,
		.role = OP_SERVER_ADMIN,
		.from = control->from,
		.progress = tell_progress,
		.arg = s };

	if (control->too_long)
		return refuse(s, ERR_LIMIT, "the request is too long");
	if (!op_run_text(&caller, slice_trim(buf_slice(&control->request)), sess_out(s)))
		return SESS_NETWORK;
	end_line(s);
	buf_wipe(&control->request);
	return SESS_NEXT;
}

/* frame() takes all there is, so this is not called; a session must have it. */
static enum sess_next overlong(struct sess *s, struct slice in, size_t *used)
{
	(void)in;
	(void)used;
	return refuse(s, ERR_LIMIT, "the request is too long");
}

static void bye(struct sess *s, enum sess_bye why)
{
	static const char *const reasons[] = {
		[SESS_BYE_IDLE] = "nothing was asked for too long",
		[SESS_BYE_DRAIN] = "the server ends",
		[SESS_BYE_LIMIT] = "too many connections",
		[SESS_BYE_ENDED] = "the session was ended",
	};

	refuse(s, ERR_BUSY, reasons[why]);
}

static void done(struct sess *s)
{
	struct control *control = sess_state(s);

	buf_wipe(&control->request);
}

PROTOCOL(control) = {
	.name = "control",
	.state_size = sizeof(struct control),
	.line_max = REQUEST_MAX,
	.admin = true,
	.open = open_session,
	.frame = frame,
	.run = run,
	.overlong = overlong,
	.bye = bye,
	.done = done,
};

LISTENER(control) = {
	.name = "control", .path = "control", .proto = &proto_control, .tls = LISTEN_CLEAR
};
